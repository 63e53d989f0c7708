"""Records of the spine and of the derived topics ⇄ Fact and Derived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from sharedchain import fact as words
from sharedchain.codec import Codec
from sharedchain.envelope import Envelope, Headers, headers_of, read_headers
from sharedchain.errors import Refused
from sharedchain.fact import Derived, Fact, Kind
from sharedchain.fit import fitted
from sharedchain.scope import COMMANDS

ENGINE = "chain.engine"  # ce_source of everything derived; its group in Kafka has the same name

_OUR_WORDS = ("alert.", "metric.", "forecast.")  # said by the core itself, not by the actions of rules
BY_KEY = -1  # the partition that librdkafka finds by the key
RawHeaders = Iterable[tuple[str, bytes | str | None]] | None


class Message(Protocol):
    """What is read of a consumed record (confluent_kafka.Message has it all)."""

    def value(self) -> Any: ...
    def headers(self) -> Any: ...
    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Record:
    """What to produce, and where."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Headers


def spine_headers(envelope: Envelope, *, seq: int, recorded: int, kind: Kind, scope: str, src: str) -> Headers:
    """Headers of a spine record: the envelope (complete by now) and what ingest stamps."""
    return [*envelope.headers(), *_stamped(seq, recorded, kind, scope, src)]


def fact_headers(fact: Fact) -> Headers:
    """Headers of the spine record that a fact becomes."""
    found = [*headers_of(fact), *_stamped(fact.seq, fact.recorded, fact.kind, fact.scope, fact.src)]
    return [*found, ("traceparent", fact.traceparent.encode())] if fact.traceparent else found


def _stamped(seq: int, recorded: int, kind: Kind, scope: str, src: str) -> Headers:
    return [
        (words.SEQ, str(seq).encode()),
        (words.RECORDED, str(recorded).encode()),
        (words.KIND, kind.encode()),
        (words.SCOPE, scope.encode()),
        (words.SRC, src.encode()),
    ]


def read_fact(codec: Codec, message: Message) -> Fact:
    """A consumed spine record as a Fact. Raises as `read_fact_from`."""
    return read_fact_from(
        codec,
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        headers=message.headers(),
        value=message.value(),
    )


def read_fact_from(codec: Codec, *, partition: int, offset: int, headers: RawHeaders, value: bytes | None) -> Fact:
    """A spine record as a Fact. Raises Refused: then it is not a record that ingest wrote."""
    envelope, stamp = _read(headers)
    return Fact(
        partition=partition,
        seq=_number(stamp, words.SEQ),
        recorded=_number(stamp, words.RECORDED),
        kind=_text(stamp, words.KIND),  # type: ignore[arg-type]
        scope=_text(stamp, words.SCOPE),
        type=envelope.type,
        id=envelope.id,
        source=envelope.source,
        subject=envelope.subject,
        time=envelope.time if envelope.time is not None else _number(stamp, words.RECORDED),
        tenant=envelope.tenant,
        data=codec.decode_ours(value).data,
        actor=envelope.actor,
        correlation=envelope.correlation,
        causation=envelope.causation,
        backfill=envelope.backfill,
        offset=offset,
        src=_text(stamp, words.SRC),
        traceparent=envelope.traceparent,
    )


def is_command(codec: Codec, type_: str) -> bool:
    """Whether what the engine says of this type is a command: it goes back to ingest, which judges it."""
    return codec.catalog.topics[codec.catalog.types[type_].topic].ingest


def derived_record(codec: Codec, derived: Derived) -> Record:
    """Where and how a derived event is written: the partition of its cause, complete headers. A command is written
    as a publisher would: where its key says, with an envelope and nothing of ours, but on the topic of commands.

    Raises Refused for what the action of a rule says and no schema holds."""
    kind = codec.catalog.types[derived.type]
    command, data = is_command(codec, derived.type), derived.data
    if not derived.type.startswith(_OUR_WORDS):
        data = fitted(kind.schema, data)
    envelope = Envelope(
        type=derived.type,
        id=derived.id,
        source=words.ACTOR if command else ENGINE,
        time=derived.time,
        subject=derived.subject,
        tenant=derived.scope,
        correlation=derived.correlation,
        causation=derived.causation,
        backfill=derived.backfill,
        traceparent=derived.traceparent,
    )
    key = kind.key_of(derived.scope, data)
    if command:
        return Record(COMMANDS, BY_KEY, key, codec.encode(kind, data), envelope.headers())
    headers = [
        *envelope.headers(),
        (words.CAUSE_PARTITION, str(derived.partition).encode()),
        (words.CAUSE_SEQ, str(derived.seq).encode()),
        (words.NTH, str(derived.n).encode()),
        (words.RECORDED, str(derived.recorded).encode()),
        (words.SCOPE, derived.scope.encode()),
    ]
    return Record(kind.topic, derived.partition, key, codec.encode(kind, data), headers)


def read_derived_from(codec: Codec, *, headers: RawHeaders, value: bytes | None) -> Derived:
    """A record of a derived topic as it was derived. Raises Refused if no engine wrote it."""
    envelope, stamp = _read(headers)
    recorded = _number(stamp, words.RECORDED)
    return Derived(
        type=envelope.type,
        id=envelope.id,
        subject=envelope.subject,
        scope=_text(stamp, words.SCOPE),
        partition=_number(stamp, words.CAUSE_PARTITION),
        seq=_number(stamp, words.CAUSE_SEQ),
        n=_number(stamp, words.NTH),
        recorded=recorded,
        time=envelope.time if envelope.time is not None else recorded,
        causation=envelope.causation,
        correlation=envelope.correlation,
        backfill=envelope.backfill,
        data=codec.decode_ours(value).data,
        traceparent=envelope.traceparent,
    )


def _read(headers: RawHeaders) -> tuple[Envelope, dict[str, bytes | str | None]]:
    said = list(headers or ())
    return read_headers(said), {name: value for name, value in said if name.startswith("sc_")}


def _number(stamp: dict[str, bytes | str | None], name: str) -> int:
    try:
        return int(_text(stamp, name))
    except ValueError:
        raise Refused("bad_header", f"header {name} is not a number", name) from None


def _text(stamp: dict[str, bytes | str | None], name: str) -> str:
    value = stamp.get(name)
    if value is None:
        raise Refused("bad_header", f"header {name} is missing: not a record of the chain", name)
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        raise Refused("bad_header", f"header {name} is not UTF-8", name) from None
