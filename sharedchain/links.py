"""Signed links: whoever holds the mail may confirm the forecast, and only that version, as that person."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from sharedchain.canonical import dumps

_CONFIRM = ("/v1/forecasts/", "/confirm")


def sign(secret: str, tenant: str, forecast_id: str, version: int, recipient: str) -> str:
    """HMAC-SHA256 (hex) over what the link allows: one recipient confirms one version of one forecast."""
    said = dumps(["confirm", tenant, forecast_id, version, recipient])
    return hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()


def verify(secret: str, tenant: str, forecast_id: str, version: int, recipient: str, sig: str) -> bool:
    """Whether `sig` is what `sign` gave for exactly these; takes the same time for every wrong one."""
    return hmac.compare_digest(sign(secret, tenant, forecast_id, version, recipient).encode(), sig.encode())


def confirm_path(tenant: str, forecast_id: str, version: int, recipient: str) -> str:
    """The unsigned path, as a reminder fact carries it: who signs needs the secret, and facts hold none."""
    query = urlencode({"tenant": tenant, "version": version, "recipient": recipient}, quote_via=quote)
    return f"{_CONFIRM[0]}{quote(forecast_id, safe='')}{_CONFIRM[1]}?{query}"


def alert_path(tenant: str, alert_id: str) -> str:
    """Where one alert is told: an alert is found under its tenant only."""
    return f"/v1/alerts/{quote(alert_id)}?{urlencode({'tenant': tenant}, quote_via=quote)}"


def link_for(secret: str, gateway: str, path: str, recipient: str) -> str:
    """The absolute link for one recipient: a confirm path is addressed to them and signed, any other path stays.

    An empty path gives an empty link. A path that is no path of ours (`//host`, `http:`) gives an empty link too:
    a mail must never lead a reader elsewhere.
    """
    if not path.startswith("/") or path.startswith(("//", "/\\")):
        return ""
    parts = urlsplit(path)
    asked = parse_qs(parts.query)
    head, tail = _CONFIRM
    if not (parts.path.startswith(head) and parts.path.endswith(tail) and asked.get("version", [""])[0].isdecimal()):
        return gateway.rstrip("/") + path
    forecast_id = unquote(parts.path[len(head) : -len(tail)])
    tenant, version = asked.get("tenant", ["default"])[0], int(asked["version"][0])
    signed = confirm_path(tenant, forecast_id, version, recipient)
    return f"{gateway.rstrip('/')}{signed}&sig={sign(secret, tenant, forecast_id, version, recipient)}"
