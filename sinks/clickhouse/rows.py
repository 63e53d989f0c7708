"""Decoded records → rows. Pure: no clock, no lookup; the same record gives the same row for ever.

`TABLES` declares each table once: its columns in order and which of them are provenance (where a
record happened to lie, when a mail happened to leave), left out when two stores are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sharedchain.canonical import dumps
from sharedchain.envelope import Headers
from sharedchain.fact import Derived, Fact
from sharedchain.spine import ENGINE

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A ClickHouse table as the rows below fill it."""

    name: str
    columns: tuple[str, ...]
    provenance: frozenset[str] = frozenset()

    @property
    def compared(self) -> tuple[str, ...]:
        """The columns in which two stores of the same log are equal."""
        return tuple(column for column in self.columns if column not in self.provenance)


def _table(name: str, *columns: str) -> Table:
    """`column*` is provenance."""
    return Table(
        name,
        tuple(column.rstrip("*") for column in columns),
        frozenset(column[:-1] for column in columns if column.endswith("*")),
    )


# fmt: off
FACTS = _table(
    "facts", "partition", "seq", "n", "kind", "scope", "tenant", "type", "id", "source", "subject", "time",
    "recorded", "actor", "correlation", "causation", "backfill", "data", "src*", "offset*",
)
METRIC_MINUTE = _table(
    "metric_minute", "tenant", "metric_id", "dims", "minute", "value", "n", "unit", "corrected", "recorded",
    "partition", "seq", "nth", "offset*",
)
ALERTS = _table(
    "alerts", "tenant", "alert_id", "transition", "rule_id", "rule_version", "subject", "severity", "value",
    "value_text", "threshold", "unit", "owner", "recipients", "title_zh", "title_en", "text_zh", "text_en", "link",
    "explain", "at", "opened_at", "partition", "seq", "n", "offset*",
)
NOTIFICATIONS = _table(
    "notifications", "tenant", "alert_id", "transition", "channel", "recipient", "outcome", "attempt*", "message_id",
    "subject", "text", "at", "sent_at*", "partition", "seq", "n", "offset*",
)
DEAD_LETTERS = _table(
    "dead_letters", "topic*", "partition*", "offset*", "tenant", "reason", "field", "text", "source", "type",
    "subject", "recorded", "headers", "value", "dlq_topic", "dlq_partition*", "dlq_offset*",
)
# fmt: on
TABLES: Mapping[str, Table] = {t.name: t for t in (FACTS, METRIC_MINUTE, ALERTS, NOTIFICATIONS, DEAD_LETTERS)}


def fact_row(fact: Fact) -> Row | None:
    """`facts` of a spine record; None for a tick: time is not a business fact, and there is one a second."""
    if fact.kind == "tick":
        return None
    place = (fact.partition, fact.seq, 0, fact.kind, fact.scope, fact.tenant, fact.type, fact.id, fact.source)
    context = (fact.actor, fact.correlation, fact.causation, fact.backfill, dumps(fact.data), fact.src, fact.offset)
    return (*place, fact.subject, fact.time, fact.recorded, *context)


def derived_row(derived: Derived, offset: int = -1) -> Row:
    """`facts` of what an engine derived (live updates, refresh requests, unsupported lines)."""
    d = derived
    place = (d.partition, d.seq, d.n, "fact", d.scope, d.scope, d.type, d.id, ENGINE, d.subject, d.time, d.recorded)
    return (*place, "", d.correlation, d.causation, d.backfill, dumps(d.data), "", offset)


def metric_row(derived: Derived, offset: int = -1) -> Row:
    """`metric_minute` of `metric.minute.computed` and `metric.corrected`."""
    d, data = derived, derived.data
    what = (d.scope, data["metric_id"], dumps(data["dims"]), data["minute"], data["value"], data["n"], data["unit"])
    return (*what, d.type == "metric.corrected", d.recorded, d.partition, d.seq, d.n, offset)


def alert_row(derived: Derived, offset: int = -1) -> Row:
    """`alerts`, one row a transition: raised, escalated, eased, resolved."""
    d, data = derived, derived.data
    who = (d.scope, data["alert_id"], transition(d.type), data["rule_id"], data["rule_version"], data["subject"])
    said = tuple(data[name] for name in _ALERT_WORDS)  # a missing value stays NULL, never 0
    return (*who, *said, d.recorded, data["opened_at"], d.partition, d.seq, d.n, offset)


_ALERT_WORDS = ALERTS.columns[ALERTS.columns.index("severity") : ALERTS.columns.index("at")]


def notification_row(derived: Derived, offset: int = -1) -> Row:
    """`notifications` of `notification.sent|failed`."""
    d, data = derived, derived.data
    who = (d.scope, data["alert_id"], data["transition"], data["channel"], data["recipient"], data["outcome"])
    what = (data["attempt"], data["message_id"], data["subject"], data["text"], d.recorded, data["sent_at"])
    return (*who, *what, d.partition, d.seq, d.n, offset)


def light_row(derived: Derived, offset: int = -1) -> Row:
    """`notifications` of `light.changed`: channel LIGHT, outcome ON or OFF, subject = what it shines for."""
    d, data = derived, derived.data
    who = (d.scope, data["alert_id"], "", "LIGHT", "", data["state"], 0, "", data["subject"], "")
    return (*who, d.recorded, d.recorded, d.partition, d.seq, d.n, offset)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused record as it lies in a dead-letter topic. `topic`, `origin` (partition, offset): where it was
    published; `recorded`: milliseconds, 0 if unknown."""

    topic: str
    origin: tuple[int, int]
    tenant: str
    reason: str
    field: str
    text: str
    source: str
    type: str
    subject: str
    recorded: int
    headers: Headers
    value: bytes
    dlq_topic: str
    dlq: tuple[int, int]


def dead_letter_row(letter: DeadLetter) -> Row:
    """`dead_letters`. `headers` is canonical JSON of [name, value] pairs; a value that is not UTF-8 is escaped."""
    said = dumps([[name, value.decode(errors="backslashreplace")] for name, value in letter.headers])
    why = (letter.tenant, letter.reason, letter.field, letter.text, letter.source, letter.type, letter.subject)
    return (letter.topic, *letter.origin, *why, letter.recorded, said, letter.value, letter.dlq_topic, *letter.dlq)


def transition(type_name: str) -> str:
    """`alert.raised` → `raised`."""
    return type_name.removeprefix("alert.")
