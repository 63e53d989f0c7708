"""The dead letter: the refused record as it was, and why, in Kafka Connect's words and ours."""

from __future__ import annotations

from sharedchain.scope import SPINE
from streams.ingest.record import Record
from streams.ingest.turn import DeadLetter

_ROOM = 1_500_000  # bytes of key + value that surely fit a dead-letter topic
_CONNECT = "__connect.errors."


def headers(letter: DeadLetter, record: Record, lane: int) -> list[tuple[str, bytes | None]]:
    """Original headers first and untouched, then `__connect.errors.*`, then `sc_*`.

    `sc_headers` counts the original ones; `sc_key` is the original key, absent if there was none.
    """
    fact, data = letter.refusal, letter.refusal.data
    topic, partition, offset = letter.place.rsplit("/", 2)
    ours = {
        _CONNECT + "topic": topic,
        _CONNECT + "partition": partition,
        _CONNECT + "offset": offset,
        _CONNECT + "connector.name": "chain.ingest",
        _CONNECT + "task.id": str(lane),
        _CONNECT + "stage": "VALUE_CONVERTER",
        _CONNECT + "class.name": "streams.ingest",
        _CONNECT + "exception.class.name": letter.reason,
        _CONNECT + "exception.message": str(data["text"]),
        _CONNECT + "field": str(data["field"]),
        "sc_reason": letter.reason,
        "sc_field": str(data["field"]),
        "sc_text": str(data["text"]),
        "sc_tenant": fact.tenant,
        "sc_source": str(data["original_source"]),
        "sc_type": str(data["original_type"]),
        "sc_id": str(data["original_id"]),
        "sc_subject": fact.subject,
        "sc_owner": str(data["owner"]),
        "sc_recorded": str(fact.recorded),
        "sc_refusal": f"{SPINE}/{fact.partition}/{fact.seq}",
        "sc_headers": str(len(record.headers)),
    }
    said: list[tuple[str, bytes | None]] = [*record.headers, *((n, v.encode()) for n, v in ours.items())]
    if record.key is not None:
        said.append(("sc_key", record.key[:_ROOM]))
    if len(record.value or b"") > _ROOM:
        said.append(("sc_truncated", str(len(record.value or b"")).encode()))
    return said


def value(record: Record) -> bytes | None:
    """The bytes as published; only what no dead-letter topic can hold is cut (`sc_truncated`)."""
    return record.value[:_ROOM] if record.value is not None else None


def lost(letter: DeadLetter) -> Record:
    """For a child whose published bytes retention took meanwhile: our own bytes of it."""
    topic, partition, offset = letter.place.rsplit("/", 2)
    return Record(topic, int(partition), int(offset), None, letter.ours, (), letter.refusal.recorded)
