"""A clock that can be set: the wall of one program of ours runs ahead or behind by what a file says, from then on.

The machine's own clock is not ours to move. Brokers, and everybody else, keep the right time."""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path

_SAID = struct.Struct("q")  # nanoseconds to add


def turn(file: Path, seconds: float) -> None:
    """Set the clock that this file moves; 0 = right again."""
    with file.open("r+b" if file.exists() else "wb") as out:
        out.write(_SAID.pack(int(seconds * 1e9)))


def bend(file: Path) -> None:
    """From now on this process reads the time as the file says. Its waiting, by the monotonic clock, is as long as it
    was."""
    right_ns, right = time.time_ns, time.time
    with file.open("rb") as said:
        view = mmap.mmap(said.fileno(), _SAID.size, access=mmap.ACCESS_READ)
    time.time_ns = lambda: right_ns() + int(_SAID.unpack_from(view)[0])
    time.time = lambda: right() + float(_SAID.unpack_from(view)[0]) / 1e9
