"""What an import did: rows and events by file, what stands in for something, what was refused and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sharedchain.errors import Refused

_SHOWN = 5  # refused rows told one by one


@dataclass
class Report:
    """Counted as it goes; `refused` by file and reason. Times in seconds, memory in MiB."""

    rows: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)
    published: float = 0.0
    settled: float = 0.0
    memory: float = 0.0

    def untold(self, file: str, number: int, faults: tuple[Refused, ...]) -> None:
        self.refused[f"{file}: {faults[0].reason} {faults[0].field}".strip()] += 1
        if len(self.first) < _SHOWN:
            self.first.append(f"{file}:{number}: " + "; ".join(fault.text for fault in faults))

    def record(self) -> dict[str, object]:
        return {
            "rows": dict(self.rows),
            "events": dict(self.events),
            "notes": dict(self.notes),
            "refused": dict(self.refused),
            "first_refused": self.first,
            "seconds": {"published": round(self.published, 3), "settled": round(self.settled, 3)},
            "memory_mib": round(self.memory, 1),
        }

    def lines(self) -> list[str]:
        rows, events = self.rows.total(), self.events.total()
        said = [f"{rows} rows → {events} events, {self.refused.total()} rows refused"]
        for title, counted in (("rows", self.rows), ("events", self.events), ("noted", self.notes)):
            said += [f"  {title:7} {n:>7,}  {name}" for name, n in sorted(counted.items())]
        said += [f"  refused {n:>7,}  {name}" for name, n in sorted(self.refused.items())]
        said += [f"    {line}" for line in self.first]
        if self.published:
            whole = self.published + self.settled
            said += [
                f"published in {self.published:.1f} s ({rows / self.published:,.0f} rows/s), "
                f"decided and stored {self.settled:.1f} s later: {events / whole:,.0f} events/s end to end; "
                f"{self.memory:.0f} MiB here"
            ]
        return said
