"""Where a live stream stands: `0=128,1=97`, the SSE id that a client sends back as Last-Event-ID."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.problem import Problem

_FORM = re.compile(r"[0-9]{1,4}=[0-9]{1,18}(,[0-9]{1,4}=[0-9]{1,18}){0,63}")


def read_positions(text: str) -> dict[int, int]:
    """Partition → offset of the last event seen there. Raises Problem(400) for another form."""
    if not text:
        return {}
    if not _FORM.fullmatch(text):
        raise Problem(
            400, "bad_position", "Last-Event-ID is not of the form 0=128,1=97; send the last id seen, or none"
        )
    return {int(p): int(o) for p, o in (pair.split("=") for pair in text.split(","))}


def write_positions(positions: Mapping[int, int]) -> str:
    """The id of an event after which a stream stands at `positions`."""
    return ",".join(f"{partition}={offset}" for partition, offset in sorted(positions.items()))
