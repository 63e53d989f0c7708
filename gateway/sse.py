"""Server-sent events: frames as the HTML standard spells them, Chinese readable in curl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharedchain.canonical import dumps

KEEP_ALIVE = ": still here\n\n"
RETRY = "retry: 2000\n\n"


def frame(*, event: str, position: str, data: Mapping[str, Any]) -> str:
    """One event; canonical JSON holds no line break, so one data line is enough."""
    return f"event: {event}\nid: {position}\ndata: {dumps(data)}\n\n"
