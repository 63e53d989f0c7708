"""Records of dead-letter topics, and records of our own topics that cannot be read, as dead letters."""

from __future__ import annotations

from collections.abc import Iterator

from sharedchain.envelope import Headers, read_headers
from sharedchain.errors import Refused
from sharedchain.fact import RECORDED
from sinks.batch import Record
from sinks.clickhouse.rows import DeadLetter

_ERRORS = "__connect.errors."  # Kafka Connect's words for where a dead letter came from


def taken_over(record: Record) -> DeadLetter:
    """What ingest refused, from the headers it added behind the original ones (`sc_headers` counts those).

    What they do not say stays empty: never an error, for a dead letter has nowhere else to go.
    """
    count = _number(dict(_texts(record.headers)).get("sc_headers"))
    added = dict(_texts(record.headers[max(count, 0) :]))
    return DeadLetter(
        topic=added.get(_ERRORS + "topic", record.topic.removesuffix(".dlq.v1")),
        origin=(_number(added.get(_ERRORS + "partition")), _number(added.get(_ERRORS + "offset"))),
        tenant=added.get("sc_tenant", ""),
        reason=added.get("sc_reason", ""),
        field=added.get("sc_field", ""),
        text=added.get("sc_text", ""),
        source=added.get("sc_source", ""),
        type=added.get("sc_type", ""),
        subject=added.get("sc_subject", ""),
        recorded=max(0, _number(added.get(RECORDED))),
        headers=record.headers[: max(count, 0)],
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
        recorded=max(0, _number(dict(_texts(record.headers)).get(RECORDED))),
        headers=record.headers,
        value=record.value or b"",
        dlq_topic="",
        dlq=(-1, -1),
    )


def _texts(headers: Headers) -> Iterator[tuple[str, str]]:
    return ((name, value.decode(errors="replace")) for name, value in headers)


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 19 else -1
