"""Reading from the gateway over HTTP: what the read commands stand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed, SharedChainError

_TIMEOUT = 20.0  # seconds


class NotThere(SharedChainError):
    """The gateway knows nothing of this name (404); `near` are names that look alike."""

    def __init__(self, text: str, near: list[str]) -> None:
        super().__init__(text)
        self.near = near


def read(
    endpoints: Endpoints,
    path: str,
    params: Mapping[str, str | list[str] | None],
    *,
    transport: httpx2.BaseTransport | None = None,
) -> Any:
    """The JSON that GET `path` answers; parameters that are None are left out.

    Raises ConnectionFailed when the gateway or a peer behind it does not answer, SharedChainError
    with the gateway's own words when it refuses, NotThere when it knows no such thing.
    """
    said = {name: value for name, value in params.items() if value is not None}
    try:
        with httpx2.Client(
            base_url=endpoints.gateway, timeout=_TIMEOUT, transport=transport, trust_env=False
        ) as client:
            answer = client.get(path, params=said)
            body = answer.json()
    except (httpx2.TransportError, ValueError):
        raise ConnectionFailed(
            f"the gateway at {endpoints.gateway} does not answer: see `sharedchain status`, start with `sharedchain up`"
        ) from None
    if answer.status_code == 200:
        return body
    detail = body.get("detail", answer.reason_phrase) if isinstance(body, dict) else answer.reason_phrase
    if answer.status_code == 503:
        raise ConnectionFailed(f"the gateway at {endpoints.gateway} cannot read now: {detail}")
    first: Mapping[str, str] = next(iter(body.get("errors", [])), {}) if isinstance(body, dict) else {}
    field = first.get("field", "")
    said_of = [field] if field and field not in detail else []
    text = ": ".join([*said_of, detail, *filter(None, [first.get("mend")])])
    if answer.status_code == 404:
        raise NotThere(text, list(body.get("near", [])) if isinstance(body, dict) else [])
    raise SharedChainError(text)
