"""Named places where a test lets a process die: `SHAREDCHAIN_FAILPOINT=name[:nth][,name[:nth]…]`.

The hit is written to `SHAREDCHAIN_FAILPOINT_LOG` before the SIGKILL, so a test can assert that the
death happened where it meant; a name already in that file does not kill again, so the restarted
process lives. Threads die one at a time: whoever comes second waits for an end that is not his.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

_hits: dict[str, int] = {}
_one = threading.Lock()
_places = {
    name: int(nth or 1)
    for name, _, nth in (place.partition(":") for place in os.environ.get("SHAREDCHAIN_FAILPOINT", "").split(","))
}


def failpoint(name: str) -> None:
    """Die here by SIGKILL, once, if the environment names this place."""
    if name in _places:
        with _one:
            _hit(name)


def _hit(name: str) -> None:
    _hits[name] = _hits.get(name, 0) + 1
    if _hits[name] < _places[name]:
        return
    log = Path(os.environ["SHAREDCHAIN_FAILPOINT_LOG"])
    if log.exists() and name in log.read_text().split():
        return
    with log.open("a") as out:
        out.write(name + "\n")
        out.flush()
        os.fsync(out.fileno())
    os.kill(os.getpid(), signal.SIGKILL)
