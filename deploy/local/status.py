"""What `sharedchain status` shows: every process of a home with its age, memory and restarts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.local import state
from deploy.local.meters import resident
from deploy.local.state import PartState


@dataclass(frozen=True)
class Row:
    """One process; `seconds` since its start, `bytes` of resident memory with its children."""

    name: str
    phase: str
    pid: int | None
    seconds: float | None
    bytes: int
    restarts: int
    port: int | None


@dataclass(frozen=True)
class Status:
    home: str
    ready: bool
    rows: tuple[Row, ...]

    def record(self) -> dict[str, Any]:
        return asdict(self) | {"bytes": sum(row.bytes for row in self.rows)}

    def table(self) -> str:
        """At most 80 columns."""
        lines = [f"{'':<12} {'':<12} {'pid':>8} {'up':>10} {'MiB':>7} {'restarts':>9} {'port':>6}"]
        for row in self.rows:
            pid, age, port = row.pid or "–", _age(row.seconds), row.port or "–"
            mib = f"{row.bytes / 2**20:.0f}"
            lines.append(f"{row.name:<12} {row.phase:<12} {pid:>8} {age:>10} {mib:>7} {row.restarts:>9} {port:>6}")
        total = sum(row.bytes for row in self.rows) / 2**20
        return "\n".join([*lines, f"{'':<44} {total:>7.0f}", f"{self.home}: {'ready' if self.ready else 'not ready'}"])


def look(home: Path, now: float) -> Status:
    """The processes of `home` at `now` (epoch seconds)."""
    seen = state.load(home)
    if seen is None:
        return Status(str(home), False, ())
    alive = seen.alive()
    supervisor = PartState(name="supervisor", phase="ready" if alive else "done", pid=seen.pid, born=seen.born)
    rows = tuple(_row(part, now) for part in (supervisor, *seen.parts))
    return Status(str(home), alive and seen.ready and all(p.phase in ("ready", "done") for p in seen.parts), rows)


def _row(part: PartState, now: float) -> Row:
    alive = part.pid is not None and part.born is not None and state.is_alive(part.pid, part.born)
    phase = part.phase if alive or part.pid is None else "gone"
    pid, age = (part.pid, now - part.born) if alive and part.born else (None, None)
    # The supervisor's children are rows of their own.
    memory = resident(pid, deep=part.name != "supervisor") if pid else 0
    return Row(part.name, phase, pid, age, memory, part.restarts, part.port)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
