"""What an import did: rows and events by file, what stands in for something, what was refused, where and why."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sharedchain.display import Language
from sharedchain.errors import Refused
from sharedchain.tracewords import word

_WIDTH = 80  # columns of a terminal
_LINES = 1000  # refused rows of one reason named in the JSON; the count is of all
_LACKS = " lacks "  # between an event type and its field, in a note of the translator
_SAY: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "head": "{rows:,} 行 → {events:,} 个事件，拒绝 {refused:,} 行",
        "rows": "行",
        "events": "事件",
        "notes": "注明",
        "lacks": "{0} 缺 {1}",
        "refused": "拒绝 {n:,} 行：{what}（{reason}）",
        "at": "{file}:{line} 起",
        "read": "读取并判断 {read:.1f} 秒（{rate:,.0f} 行/秒）；内存峰值 {memory:.0f} MiB",
        "checked": "只检查，未发送",
        "sent": "发布 {published:.1f} 秒（{rate:,.0f} 行/秒），全部裁决并存储再 {settled:.1f} 秒：全程 "
        "{whole:,.0f} 事件/秒；内存峰值 {memory:.0f} MiB",
    },
    "en": {
        "head": "{rows:,} rows → {events:,} events, {refused:,} rows refused",
        "rows": "rows",
        "events": "events",
        "notes": "noted",
        "lacks": "{0} lacks {1}",
        "refused": "refused {n:,}: {what} ({reason})",
        "at": "from {file}:{line}",
        "read": "read and judged in {read:.1f} s ({rate:,.0f} rows/s); peak memory {memory:.0f} MiB",
        "checked": "checked only, nothing was sent",
        "sent": "published in {published:.1f} s ({rate:,.0f} rows/s), decided and stored {settled:.1f} s later: "
        "{whole:,.0f} events/s end to end; peak memory {memory:.0f} MiB",
    },
}


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """Rows of one file refused for one reason."""

    file: str
    reason: str
    field: str


@dataclass
class Report:
    """Counted as it goes. Times in seconds, memory in MiB; `published` 0 = nothing was sent."""

    rows: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    refused: Counter[Kind] = field(default_factory=Counter)
    texts: dict[Kind, str] = field(default_factory=dict)
    places: dict[Kind, list[int]] = field(default_factory=dict)
    read: float = 0.0
    published: float = 0.0
    settled: float = 0.0
    memory: float = 0.0

    def untold(self, file: str, number: int, faults: tuple[Refused, ...]) -> None:
        """A row that was refused: counted by its first fault, the first row tells all of its own."""
        kind = Kind(file, faults[0].reason, faults[0].field)
        self.refused[kind] += 1
        self.texts.setdefault(kind, "; ".join(fault.text for fault in faults))
        if len(lines := self.places.setdefault(kind, [])) < _LINES:
            lines.append(number)

    def record(self) -> dict[str, object]:
        """The report as JSON data."""
        refused = [
            {
                "file": kind.file,
                "reason": kind.reason,
                "field": kind.field,
                "rows": n,
                "lines": self.places[kind],
                "first": self.texts[kind],
            }
            for kind, n in sorted(self.refused.items())
        ]
        times = {"read": self.read, "published": self.published, "settled": self.settled}
        return {
            "rows": dict(self.rows),
            "events": dict(self.events),
            "notes": dict(self.notes),
            "refused": refused,
            "seconds": {name: round(value, 3) for name, value in times.items()},
            "memory_mib": round(self.memory, 1),
        }

    def lines(self, lang: Language, zh: Mapping[str, str]) -> Iterator[str]:
        """The report for people, at most 80 columns but for names; `zh`: notes in Chinese."""
        say, rows = _SAY[lang], self.rows.total()
        yield say["head"].format(rows=rows, events=self.events.total(), refused=self.refused.total())
        wide = 6 if lang == "en" else 4  # signs of Chinese are two columns wide
        notes = Counter({_note(note, lang, zh): n for note, n in self.notes.items()})
        for title, counted in (("rows", self.rows), ("events", self.events), ("notes", notes)):
            yield from (f"  {say[title]:{wide}} {n:>9,}  {name}" for name, n in sorted(counted.items()))
        for kind, n in sorted(self.refused.items()):
            said = {"what": " ".join(filter(None, (word(kind.reason, lang), kind.field))), "reason": kind.reason}
            at = say["at"].format(file=kind.file, line=self.places[kind][0])
            yield f"  {say['refused'].format(n=n, **said)}"
            yield from textwrap.wrap(
                f"{at}: {self.texts[kind]}", _WIDTH, initial_indent="    ", subsequent_indent="    "
            )
        yield from self._speed(say, rows)

    def _speed(self, say: Mapping[str, str], rows: int) -> Iterator[str]:
        if not self.published:
            rate = rows / self.read if self.read else 0
            yield from textwrap.wrap(say["read"].format(read=self.read, rate=rate, memory=self.memory), _WIDTH)
            yield say["checked"]
            return
        whole = self.events.total() / (self.published + self.settled)
        said = {"rate": rows / self.published, "whole": whole, "memory": self.memory}
        told = say["sent"].format(published=self.published, settled=self.settled, **said)
        yield from textwrap.wrap(told, _WIDTH) if say is _SAY["en"] else told.split("，全部", 1)


def _note(note: str, lang: Language, zh: Mapping[str, str]) -> str:
    if _LACKS in note and note not in zh:
        return _SAY[lang]["lacks"].format(*note.split(_LACKS, 1))
    return zh.get(note, note) if lang == "zh" else note
