"""Records of dead-letter topics, and records of our own topics that cannot be read, as dead letters."""

from __future__ import annotations

from sharedchain.envelope import read_headers
from sharedchain.errors import Refused
from sharedchain.fact import RECORDED
from sinks.batch import Record
from sinks.clickhouse.rows import DeadLetter

# As Kafka Connect writes them, so that existing tools read our dead letters too; ingest adds them behind the original
# headers, so the last one counts.
_ERRORS = "__connect.errors."


def taken_over(record: Record) -> DeadLetter:
    """What ingest refused, from the headers it added. What they do not say stays empty: never an error."""
    said = {name: value.decode(errors="replace") for name, value in record.headers}
    return DeadLetter(
        topic=said.get(_ERRORS + "topic", record.topic.removesuffix(".dlq.v1")),
        origin=(_number(said.get(_ERRORS + "partition")), _number(said.get(_ERRORS + "offset"))),
        tenant=said.get("ce_tenant", ""),
        reason=said.get(_ERRORS + "exception.class.name", ""),
        field=said.get(_ERRORS + "field", ""),
        text=said.get(_ERRORS + "exception.message", ""),
        source=said.get("ce_source", ""),
        type=said.get("ce_type", ""),
        subject=said.get("ce_subject", ""),
        recorded=max(0, _number(said.get(RECORDED))),
        headers=record.headers,
        value=record.value or b"",
        dlq_topic=record.topic,
        dlq=(record.partition, record.offset),
    )


def refused_here(record: Record, why: Refused) -> DeadLetter:
    """A record of one of our own topics that this sink cannot read: kept with its bytes, `dlq_topic` empty."""
    try:
        envelope = read_headers(record.headers)
    except Refused:
        envelope = read_headers(())
    return DeadLetter(
        topic=record.topic,
        origin=(record.partition, record.offset),
        tenant=envelope.tenant,
        reason=why.reason,
        field=why.field,
        text=why.text,
        source=envelope.source,
        type=envelope.type,
        subject=envelope.subject,
        recorded=_recorded(record),
        headers=record.headers,
        value=record.value or b"",
        dlq_topic="",
        dlq=(-1, -1),
    )


def _recorded(record: Record) -> int:
    return max([0, *(_number(value.decode(errors="replace")) for name, value in record.headers if name == RECORDED)])


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 19 else -1
