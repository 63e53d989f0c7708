"""The registry is away: a record whose schema was not met yet waits in its place, and nothing is decided meanwhile."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sharedchain.errors import ConnectionFailed

P = ParamSpec("P")
T = TypeVar("T")
_PAUSE = 0.5  # seconds between two questions
log = logging.getLogger("engine")


def patient(ask: Callable[P, T], pause: Callable[[float], None] = time.sleep) -> Callable[P, T]:
    """`ask`, which changes nothing, until its peer answers. Dying of it would take the other partitions along, and the
    successor would meet the same record; who waits for ever is the watchdog's business."""

    def asked(*args: P.args, **more: P.kwargs) -> T:
        waited = 0
        while True:
            try:
                return ask(*args, **more)
            except ConnectionFailed as error:
                if not waited:
                    log.warning("waiting, nothing is decided: %s", error)
                waited += 1
                pause(_PAUSE)

    return asked
