"""A story in the pure fold: ingest and core in one process, no Kafka, no clock; ticked every minute in seconds."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from deploy.demo.player import Style
from deploy.demo.publisher import avro_value
from deploy.demo.story import Confirm, Publish, Row, Step, Story
from sharedchain.canonical import dumps
from sharedchain.config import bundle
from sharedchain.core import fold
from sharedchain.fact import Derived, Fact
from tests.streams.ingest.rig import CATALOG, Rig

# section, channel, its column, and what of the delivery it holds
_TOLD = (
    ("inbox", "INBOX", "recipient", "recipient"),
    ("mails", "EMAIL", "to", "address"),
    ("webhooks", "IM", "to", "recipient"),
)


@dataclass
class Telling:
    """Tells `story` of its one tenant. `shuffle` orders the records of one instant by chance; `load(dump(state))`
    after every `restart`-th fact."""

    story: Story
    style: Style = "once"
    dense: bool = False
    shuffle: int | None = None
    restart: int = 0
    facts: list[Fact] = field(default_factory=list)
    said: list[Derived] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.tenant,) = self.story.tenants
        self.rig = Rig()
        self._states = defaultdict[int, fold.State](fold.new_state)
        self._ticks = 0
        self._ids: Counter[str] = Counter()
        for one in bundle():
            self._take(self.rig.publish("config.defined", one.said))
        for fact, _ in self.rig.spine:  # dictionaries and flows were there before
            if fact.type == "config.defined" and fact.data["kind"] in ("dictionary", "flow"):
                self._fold([fact])
        self._take(self.rig.config("tenant", self.tenant, self.story.tenants[self.tenant]))

    def tell(self) -> Telling:
        story, steps = self.story, defaultdict[datetime, list[Step]](list)
        for step in story.steps:
            steps[story.instant(self.tenant, step.at)].append(step)
        for instant in story.minutes(self.tenant) if self.dense else story.ticks(self.tenant):
            self._ticks += 1
            self._publish("clock.ticked", {"at": _ms(instant), "n": self._ticks}, id=f"{self.tenant}/{self._ticks}")
            records = [(step, *one) for step in steps[instant] for one in step.published()]
            if self.shuffle is not None:
                records = _shuffled(records, random.Random(f"{self.shuffle}/{instant}"))
            for step, record, ident in records:
                self._record(step, record, ident)
            for step in steps[instant]:
                if step.confirm:
                    self._confirm(step, step.confirm)
        return self

    def _record(self, step: Step, record: Publish, ident: str) -> None:
        kind = CATALOG.types[record.type]
        said: dict[str, Any] = {
            "id": ident,
            "source": record.source,
            "subject": str(record.data.get(kind.subject, "")),
            "time": _ms(self.story.instant(self.tenant, record.time or step.at)),
            "actor": record.source,
        }
        if self.style == "no-headers" and kind.identity:
            said = {}
        for _ in range(1 if self.style == "once" else 2):
            self._publish(record.type, _plain(avro_value(kind.schema, record.data)), **said)

    def _confirm(self, step: Step, confirm: Confirm) -> None:
        """What the gateway publishes for the click: the newest version again, with these amounts."""
        versions = [f.data for f in self.facts if f.type == "forecast.published" and f.subject == confirm.forecast]
        last = versions[-1]
        lines = [
            {**line, "amount": Decimal(confirm.amounts.get(line["line_id"], line["amount"]))} for line in last["lines"]
        ]
        data = {**last, "version": last["version"] + 1, "lines": lines}
        at = _ms(self.story.instant(self.tenant, step.at))
        self._publish("forecast.published", data, id=f"{confirm.forecast}/{data['version']}", source="gateway", time=at)

    def _publish(self, type_: str, data: dict[str, Any], **said: Any) -> None:
        self._take(self.rig.publish(type_, data, tenant=self.tenant, **said))

    def _take(self, facts: Iterable[Fact]) -> None:
        """Fold what ingest accepted; what a rule commands is published in turn, until all is at rest."""
        commands = self._fold(list(facts))
        while commands:
            commands += self._fold(self.rig.command(commands.pop(0)))

    def _fold(self, facts: list[Fact]) -> list[Derived]:
        commands: list[Derived] = []
        for fact in facts:
            state, said = fold.step(self._states[fact.partition], [fact])
            self.facts.append(fact)
            if self.restart and len(self.facts) % self.restart == 0:
                state = fold.load(fold.dump(state))
            self._states[fact.partition] = state
            self.said += said
            commands += [d for d in said if CATALOG.topics[CATALOG.types[d.type].topic].ingest]
        return commands

    def rows(self) -> dict[str, list[Row]]:
        """Sections of the story that the pure fold can answer, in the columns of `deploy.demo.sections`."""
        zone = self.story.zone(self.tenant)

        def at(ms: int) -> str:
            return datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%d %H:%M")

        derived = [d for d in self.said if d.scope == self.tenant]
        facts = [f for f in self.facts if f.scope == self.tenant and f.kind in ("fact", "refusal")]
        engine = [d for d in derived if not _plumbing(d.type)]
        return {
            "alerts": _alerts(derived, at),
            "facts": [
                {"type": t, "n": n}
                for t, n in Counter([f.type for f in facts] + [d.type for d in engine if not _commanded(d)]).items()
            ],
            "measures": [
                {"metric": d.data["metric_id"], "dims": dumps(d.data["dims"]), "known": at(d.recorded),
                 "value": "" if d.data["value"] is None else f"{Decimal(d.data['value']):.4f}"}
                for d in derived if d.type in ("metric.minute.computed", "metric.corrected")
            ],
            "lamps": [
                {"rule": d.data["rule_id"], "subject": d.data["subject"],
                 "state": "OFF" if d.type == "alert.resolved" else "ON"}
                for d, one in _deliveries(derived) if one["channel"] == "LIGHT"
            ],
            **{
                section: [
                    {"rule": d.data["rule_id"], "subject": d.data["subject"],
                     "transition": d.type.removeprefix("alert."), column: one[field]}
                    for d, one in _deliveries(derived) if one["channel"] == channel
                ]
                for section, channel, column, field in _TOLD
            },
        }  # fmt: skip


def _commanded(derived: Derived) -> bool:
    return CATALOG.topics[CATALOG.types[derived.type].topic].ingest


def _plumbing(type_: str) -> bool:
    return type_.startswith(("alert.", "metric."))


def _deliveries(derived: Iterable[Derived]) -> list[tuple[Derived, dict[str, Any]]]:
    return [(d, one) for d in derived if d.type.startswith("alert.") for one in d.data["deliveries"]]


def _alerts(derived: Iterable[Derived], at: Any) -> list[Row]:
    found: dict[str, Row] = {}
    for d in derived:
        if not d.type.startswith("alert."):
            continue
        shown = "" if d.data["value"] is None else f"{Decimal(d.data['value']):.4f}"
        to = ",".join(d.data["recipients"])
        row = found.setdefault(d.data["alert_id"], {"escalated": "", "told_then": "", "resolved": ""})
        match d.type:
            case "alert.raised":
                row |= {"opened": at(d.recorded), "rule": d.data["rule_id"], "subject": d.data["subject"]}
                row |= {"severity": d.data["severity"], "value": shown, "value_text": d.data["value_text"]}
                row |= {"recipients": to}
            case "alert.escalated":
                row |= {"escalated": f"{at(d.recorded)} {d.data['severity']} {shown}", "told_then": to}
            case "alert.resolved":
                row |= {"resolved": at(d.recorded)}
    return list(found.values())


def _shuffled(records: list[Any], chance: random.Random) -> list[Any]:
    """Across keys: what is about one subject keeps its order."""
    left = defaultdict[tuple[str, str], list[Any]](list)
    for one in records:
        kind = CATALOG.types[one[1].type]
        left[kind.topic, str(one[1].data.get(kind.subject, ""))].append(one)
    mixed = []
    while left:
        key = chance.choice(sorted(left))
        mixed.append(left[key].pop(0))
        if not left[key]:
            del left[key]
    return mixed


def _plain(value: Any) -> Any:
    """Instants as milliseconds, as a decoded record holds them."""
    match value:
        case datetime():
            return _ms(value)
        case dict():
            return {key: _plain(part) for key, part in value.items()}
        case list():
            return [_plain(part) for part in value]
    return value


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
