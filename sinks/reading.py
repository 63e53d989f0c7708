"""What was read, as the sinks know it: with nothing of the client about it."""

from __future__ import annotations

from typing import Any

from confluent_kafka import Message

from sharedchain.envelope import Headers
from sinks.batch import Place, Record


def known(number: int | None) -> int:
    return -1 if number is None else number


def record_of(place: Place, message: Message) -> Record:
    """What was read, with nothing of the client about it."""
    key, value, said = message.key(), message.value(), message.headers()
    return Record(
        *place,
        known(message.offset()),
        key.encode() if isinstance(key, str) else key,
        value.encode() if isinstance(value, str) else value,
        _headers(said) if said else [],
        message.timestamp()[1],
    )


def _headers(said: Any) -> Headers:
    pairs = said.items() if isinstance(said, dict) else said
    return [(name, value.encode() if isinstance(value, str) else value or b"") for name, value in pairs]
