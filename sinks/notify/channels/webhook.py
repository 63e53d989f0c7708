"""IM: a webhook as Standard Webhooks 1.0 has it (signed, with a stable id)."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import httpx2
from standardwebhooks.webhooks import Webhook as Signer

from sharedchain.envelope import rfc3339
from sharedchain.log import trace_id
from sinks.notify.outcome import Outcome, Refused, Retry, Sent
from sinks.notify.texts import Notification

_TIMEOUT = 5.0  # seconds
_ANSWER = 64 * 1024  # bytes of an answer that are read: it is a stranger's
_LATER = frozenset({408, 425, 429})


class Webhook:
    """`secret` is `whsec_<base64>`. No redirect is followed and no proxy asked."""

    def __init__(self, url: str, secret: str, transport: httpx2.BaseTransport | None = None) -> None:
        self._url = url
        self._signer = Signer(secret)
        self._http = httpx2.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=False, transport=transport)

    def send(self, notification: Notification) -> Outcome:
        """Success is 2xx and no business code but 0: robots answer 200 to what they refuse."""
        text = json.dumps(body(notification), ensure_ascii=False, separators=(",", ":"))
        moment = datetime.now(UTC)  # part of the signature: receivers refuse what is older than 5 minutes
        headers = {
            "content-type": "application/json",
            "webhook-id": notification.id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._signer.sign(notification.id, moment, text),
        }
        if trace_id(notification.traceparent):
            headers["traceparent"] = notification.traceparent
        try:
            with self._http.stream("POST", self._url, content=text.encode(), headers=headers) as answer:
                return judge(answer.status_code, _read(answer))
        except (httpx2.HTTPError, OSError) as error:
            return Retry(f"the webhook does not answer: {type(error).__name__}")


def body(notification: Notification) -> dict[str, Any]:
    """`{type, timestamp, data}`: one alert in full; several as a list of the same."""
    told = [
        {name: delivery.alert.data[name] for name in _TOLD} | {"tenant": delivery.alert.scope}
        for delivery in notification.deliveries
    ]
    to = {"recipient": notification.recipient, "address": notification.address}
    data = told[0] if len(told) == 1 else {"alerts": told}
    words = {"title": notification.subject, "text": notification.text, "links": list(notification.links)}
    return {"type": notification.type, "timestamp": rfc3339(notification.at), "data": {**data, **to, **words}}


_TOLD = (
    "alert_id",
    "rule_id",
    "subject",
    "severity",
    "value_text",
    "unit",
    "owner",
    "title_zh",
    "title_en",
    "text_zh",
    "text_en",
)


def judge(status: int, answer: bytes) -> Outcome:
    """What a status and an answer mean."""
    if 200 <= status < 300:
        code = business_code(answer)
        return Sent() if code in (None, 0, "0") else Retry(f"the webhook answers {status} with code {str(code)[:20]}")
    if status in _LATER or status >= 500:
        return Retry(f"the webhook answers {status}")
    return Refused(f"the webhook answers {status}")


def business_code(answer: bytes) -> Any:
    """`errcode` (DingTalk, WeCom) or `code` (Feishu) of a JSON answer, None if it has neither."""
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    return said.get("errcode", said.get("code")) if isinstance(said, dict) else None


def _read(answer: httpx2.Response) -> bytes:
    taken = b""
    until = time.monotonic() + _TIMEOUT  # a receiver may drip; the status is known already
    for chunk in answer.iter_bytes():
        taken += chunk
        if len(taken) > _ANSWER or time.monotonic() > until:
            break
    return taken
