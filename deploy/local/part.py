"""One process of the chain: how it is started, and how to see that it is ready."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """What the supervisor needs to run one process. `ready` is asked often, answers at once, never raises.

    A part that runs `once` does its work and ends with 0; then it counts as ready.
    """

    name: str
    command: list[str]
    ready: Callable[[], bool] = lambda: True
    port: int | None = None
    needs: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    once: bool = False
    early: bool = False  # starts before its needs are ready, and waits for them itself: two cores warm up side by side
    patience: float | None = (
        None  # seconds with its needs met until ready; then it is started again, with twice as many
    )
    stop_seconds: float = 10.0  # patience between SIGTERM and SIGKILL


def listens(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:`port` now."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False
