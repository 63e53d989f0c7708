"""What a rule looked at, as a curve of bounded size: a log of any length fits into so many buckets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sharedchain.core import wire
from sharedchain.core.paths import text_at, walk
from sharedchain.core.rule import OnEvent, OnMeasure, Rule
from sharedchain.fact import Derived, Fact

_BUCKETS = 800
_CURVES = 300  # subjects drawn; the alerts of others are listed without a curve
Key = tuple[str, str, str, str]  # scope, rule, subject, part


@dataclass(slots=True)
class Bucket:
    """Values of one span: the lowest, the highest, the last."""

    at: int
    low: float
    high: float
    last: float


@dataclass(slots=True)
class Curve:
    """Adds values in order of time; when there are too many buckets, two become one."""

    width: int = 1
    buckets: list[Bucket] = field(default_factory=list)

    def add(self, at: int, value: float) -> None:
        last = self.buckets[-1] if self.buckets else None
        if last is not None and at < last.at + self.width:
            last.low, last.high, last.last = min(last.low, value), max(last.high, value), value
            return
        self.buckets.append(Bucket(at, value, value, value))
        while len(self.buckets) > _BUCKETS:
            self._thin()

    def _thin(self) -> None:
        span = self.buckets[-1].at - self.buckets[0].at
        self.width = max(self.width * 2, span // (_BUCKETS // 2) + 1)
        told, self.buckets = self.buckets, []
        for one in told:
            last = self.buckets[-1] if self.buckets else None
            if last is not None and one.at < last.at + self.width:
                last.low, last.high, last.last = min(last.low, one.low), max(last.high, one.high), one.last
            else:
                self.buckets.append(one)


def looked_at(rule: Rule) -> str:
    """The path of the numbers that an event rule looks at: its value, or what it remembers to compute that; else ""."""
    seen = (path for column in rule.seen.values() for path in column.paths)
    found = (path for path in (*rule.value[:1], *seen) if path.startswith("message."))
    return "" if rule.each else next(found, "")


class Curves:
    """The values that the given rules looked at, by scope, rule, subject and part."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.found: dict[Key, Curve] = {}
        self._by_event: dict[str, list[Rule]] = {}
        self._by_measure: dict[str, list[tuple[Rule, OnMeasure]]] = {}
        for rule in rules:
            match rule.on:
                case OnEvent(event=types) if looked_at(rule):
                    for type_ in types:
                        self._by_event.setdefault(type_, []).append(rule)
                case OnMeasure(measure=measure) as on:
                    self._by_measure.setdefault(measure, []).append((rule, on))

    def see(self, fact: Fact) -> None:
        """A fact that event rules look at."""
        for rule in self._by_event.get(fact.type, ()) if fact.kind == "fact" else ():
            said = {"message": fact.data}
            value = wire.number(walk(said, looked_at(rule)))
            subject = "/".join(filter(None, (text_at(said, path) for path in rule.subject)))
            self._add((fact.scope, rule.id, subject, text_at(said, rule.part)), fact.recorded, value)

    def hear(self, derived: Sequence[Derived]) -> None:
        """Rows of the measures that rules look at."""
        for event in derived:
            if event.type != "metric.minute.computed" or event.data["metric_id"] not in self._by_measure:
                continue
            dims: Mapping[str, str] = event.data["dims"]
            for rule, on in self._by_measure[event.data["metric_id"]]:
                if set(on.dims) == set(dims):
                    subject = "/".join(filter(None, (dims.get(dim, "") for dim in rule.subject)))
                    self._add((event.scope, rule.id, subject, ""), event.data["minute"], event.data["value"])

    def about(self, scope: str, rule: str, subject: str) -> Iterator[tuple[str, Curve]]:
        """(part, curve) of one subject."""
        for (of, id_, about, part), curve in self.found.items():
            if (of, id_, about) == (scope, rule, subject):
                yield part, curve

    def _add(self, key: Key, at: int, value: Any) -> None:
        if value is None:
            return
        curve = self.found.get(key)
        if curve is None:
            if len(self.found) >= _CURVES:
                return
            curve = self.found[key] = Curve()
        curve.add(at, float(value))
