"""Free ports on loopback, held against other homes of the same user.

A port that was chosen is not yet bound: until its part starts, another supervisor could choose it
too. So a choice is a lock file held for as long as the chooser lives (flock: gone with the process).
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

# Below the range the kernel gives to outgoing connections (32768–60999), above the usual services.
_SEARCH = range(20_000, 32_000)


class Ports:
    """Ports taken by this process. Keep the object alive as long as the ports must stay ours."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._held: dict[int, IO[str]] = {}
        self._folder = Path(tempfile.gettempdir()) / f"sharedchain-ports-{os.getuid()}"
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def take(self, wanted: int | None = None) -> int:
        """`wanted` if nobody has it, else any free port. Never the same port twice."""
        if wanted is not None and self._hold(wanted):
            return wanted
        while True:
            port = self._random.choice(_SEARCH)
            if self._hold(port):
                return port

    def _hold(self, port: int) -> bool:
        if port in self._held or not _free(port):
            return False
        lock = (self._folder / f"{port}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._held[port] = lock
        return True


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a port whose last connections linger in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
