"""One moment of a home: links to its files and how long each was, taken while the broker stands still."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import state
from deploy.local.backup.still import still
from deploy.local.supervisor import claim
from sharedchain.errors import ConfigError
from sharedchain.failpoint import failpoint

LOG = Path("kafka") / "data"
BESIDE = ("endpoints.json", "home.json")  # addresses and secrets; who wrote the home
# Kafka makes its indexes again; the others say that it runs, or that it ended well, which is not so.
_LEFT = (".index", ".timeindex", ".txnindex", ".lock", ".kafka_cleanshutdown", ".deleted", ".cleaned")


@dataclass(frozen=True, slots=True)
class Piece:
    """The first `size` bytes of `file` are what HOME/`name` was at the cut: Kafka only ever appends."""

    name: str
    file: Path
    size: int


@dataclass(frozen=True, slots=True)
class Cut:
    pieces: tuple[Piece, ...]
    frozen: float  # seconds that the broker stood still; 0 where none ran

    @property
    def bytes(self) -> int:
        return sum(piece.size for piece in self.pieces)


@contextmanager
def cut(home: Path) -> Iterator[Cut]:
    """The home as it is at one moment. Raises ConfigError for a home without a log, ConnectionFailed."""
    if not (home / LOG / "meta.properties").exists():
        raise ConfigError([f"{home} holds no log of an embedded Kafka: back up the Kafka that the chain uses"])
    folder = home / "run" / "backup"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError([f"{home}: another backup of it is being made: wait for it"]) from None
        try:
            _clear(folder)  # of one that was killed
            with _resting(home) as began:
                pieces = tuple(_linked(home, folder))
                failpoint("backup.during_cut")
                frozen = time.monotonic() - began if began else 0.0
            yield Cut(pieces, frozen)
        finally:
            _clear(folder)


def _clear(folder: Path) -> None:
    for link in folder.glob("[0-9]*"):
        link.unlink()


@contextmanager
def _resting(home: Path) -> Iterator[float]:
    """Nothing is appended within. Gives when the broker was stopped; 0 if none runs, and none can start."""
    now = state.load(home)
    with ExitStack() as held:
        if now is not None and now.alive():
            broker = next((p for p in now.parts if p.name == "kafka" and p.pid and p.phase == "ready"), None)
            if broker is None or broker.pid is None:
                raise ConfigError([f"{home} runs, its Kafka does not: see `sharedchain status`, then try again"])
            held.enter_context(still(broker.pid))
            yield time.monotonic()
            return
        lock = claim(home)
        if lock is None:
            raise ConfigError([f"{home} is being started: wait for it, then try again"])
        held.enter_context(lock)
        state.kill_leftovers(home)
        yield 0.0


def _linked(home: Path, folder: Path) -> Iterator[Piece]:
    files = [home / name for name in BESIDE if (home / name).exists()]
    for room, _, names in os.walk(home / LOG):
        files += [Path(room, name) for name in names if not name.endswith(_LEFT)]
    for number, file in enumerate(files):
        link = folder / str(number)
        os.link(file, link)
        yield Piece(str(file.relative_to(home)), link, link.stat().st_size)
