"""Confluent-framed Avro ⇄ Python: 0x00, schema id (uint32, big endian), Avro binary.

Decoded values: timestamps are int milliseconds, money and rates Decimal, dates datetime.date,
everything else plain. Nothing that stands in a value or in a writer schema may hurt the reader:
what does not decode is Refused, and a refusal is all that can happen. (One leniency of fastavro
stays: a negative union index within the union counts from behind. It names a declared branch, and
the spine holds the value in our own encoding.)
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import fastavro

from sharedchain import foreign
from sharedchain.compiled import Unsure, Write, compiled
from sharedchain.errors import Refused
from sharedchain.schemas import Catalog, EventType
from sharedchain.scope import COMMANDS

MAX_VALUE = 256 * 1024  # bytes of what is published
MAX_DERIVED = 2 * MAX_VALUE  # what is derived of it repeats it, and says more
MAX_ITEMS = 10_000  # of one array or map
_KEPT = 4096  # writer schemas remembered
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # of an object: says nothing, and makes the same refusal another text


class Schemas(Protocol):
    """What the codec asks of a registry."""

    def schema_by_id(self, schema_id: int) -> str: ...
    def register(self, subject: str, schema: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Decoded:
    type: EventType
    data: dict[str, Any]
    schema_id: int


@dataclass(frozen=True, slots=True)
class _Reader:
    """How to read one writer schema: `reader` None = it is ours, nothing to resolve."""

    type: EventType
    writer: Any
    reader: Any


# Bounds that Avro does not hold: (field, decimal's integer digits or None, bounds of its elements)
_Bounds = tuple[tuple[str, int | None, "_Bounds | None"], ...]


@dataclass(frozen=True, slots=True)
class _Ours:
    parsed: Any
    bounds: _Bounds
    write: Write | None


class Codec:
    """Encodes with our schemas; decodes what any registered, declared, harmless schema wrote."""

    def __init__(self, registry: Schemas, catalog: Catalog) -> None:
        self.catalog = catalog
        self._registry = registry
        self._ours: dict[str, _Ours] = {}
        self._readers: dict[int, _Reader | Refused] = {}

    def encode(self, kind: EventType, data: Mapping[str, Any]) -> bytes:
        """The framed record in our current schema, registered under `<topic>-<full name>`.

        Raises Refused(domain) for a value that does not fit, Refused(too_large), ConnectionFailed,
        and ConfigError when the registry refuses our schema.
        """
        ours = self._own(kind)
        schema_id = self._registry.register(kind.registry_subject, kind.schema_text)
        try:
            _hold(ours.bounds, data, "")
            value = _written(ours, b"\0" + schema_id.to_bytes(4, "big"), data)
        except Refused:
            raise
        except Exception as error:
            raise Refused("domain", f"{kind.name} does not fit its schema: {_told(error)}") from None
        if len(value) > (most := self._most(kind.topic)):
            raise Refused("too_large", f"{kind.name} takes {len(value)} bytes, more than {most}")
        return value

    def decode(self, topic: str, value: bytes | None) -> Decoded:
        """A record as published on `topic`. Raises Refused, and ConnectionFailed (pause, ask again)."""
        found = self._decode(value, self._most(topic))
        own = found.type.topic
        if own != topic and not (topic == COMMANDS and self.catalog.topics[own].commanded):
            raise Refused("undeclared_type", f"{found.type.fullname} belongs on {own}, not on {topic}")
        return found

    def decode_ours(self, value: bytes | None) -> Decoded:
        """A record of the spine or of a derived topic, whatever type it has. Raises as `decode`."""
        return self._decode(value, MAX_DERIVED)

    def writer(self, schema_id: int) -> tuple[EventType, Any]:
        """The type that a registered schema writes, and that schema. Raises as `decode`."""
        reader = self._reader(schema_id)
        return reader.type, reader.writer

    def _most(self, topic: str) -> int:
        known = self.catalog.topics.get(topic)
        return MAX_VALUE if known is None or known.ingest or known.telemetry else MAX_DERIVED

    def _decode(self, value: bytes | None, most: int) -> Decoded:
        if value is None:
            raise Refused("tombstone", "the record has no value; a deletion is not an event")
        if len(value) > most:
            raise Refused("too_large", f"the value has {len(value)} bytes, more than {most}")
        if len(value) < 5 or value[0] != 0:
            raise Refused("bad_frame", "no 0x00 and schema id in front: use a Confluent Avro serializer")
        schema_id = int.from_bytes(value[1:5], "big")
        reader = self._reader(schema_id)
        source = io.BytesIO(value)
        source.seek(5)
        try:
            data: dict[str, Any] = fastavro.schemaless_reader(source, reader.writer, reader.reader)
        except Exception as error:  # EOFError, IndexError, UnicodeDecodeError, SchemaResolutionError, …
            raise Refused("unreadable", f"not readable by schema {schema_id}: {_told(error)}") from None
        if source.tell() != len(value):
            raise Refused("trailing", f"{len(value) - source.tell()} bytes behind the record")
        _hold(self._own(reader.type).bounds, data, "")
        return Decoded(reader.type, data, schema_id)

    def _reader(self, schema_id: int) -> _Reader:
        known = self._readers.get(schema_id)
        if known is None:
            text = self._registry.schema_by_id(schema_id)
            try:
                known = self._admit(schema_id, text)
            except Refused as refused:
                known = refused
            if len(self._readers) >= _KEPT:
                self._readers.clear()
            self._readers[schema_id] = known
        if isinstance(known, Refused):
            raise Refused(known.reason, known.text, known.field)
        return known

    def _admit(self, schema_id: int, text: str) -> _Reader:
        writer = foreign.judge(text)
        kind = self.catalog.by_fullname.get(foreign.fullname(writer))
        if kind is None:
            raise Refused(
                "undeclared_type", f"schema {schema_id} is {foreign.fullname(writer)}, which no topic declares"
            )
        foreign.check_meaning(writer, kind.schema)
        reader = self._own(kind).parsed
        parsed = fastavro.parse_schema(foreign.plain(writer))
        return _Reader(kind, reader, None) if parsed == reader else _Reader(kind, parsed, reader)

    def _own(self, kind: EventType) -> _Ours:
        known = self._ours.get(kind.name)
        if known is None:
            parsed = fastavro.parse_schema(foreign.plain(dict(kind.schema)))
            known = self._ours[kind.name] = _Ours(parsed, _bounds(kind.schema), compiled(parsed))
        return known


def _written(ours: _Ours, frame: bytes, data: Mapping[str, Any]) -> bytes:
    if ours.write:
        out = bytearray(frame)
        try:
            ours.write(out, data)
            return bytes(out)
        except (Unsure, KeyError, AttributeError, TypeError, ValueError, ArithmeticError):
            pass  # let fastavro write it, or say what is wrong
    slow = io.BytesIO()
    slow.write(frame)
    fastavro.schemaless_writer(slow, ours.parsed, data, strict_allow_default=True)
    return slow.getvalue()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {_ADDRESS.sub('', str(error))[:200]}"


def _bounds(record: Mapping[str, Any]) -> _Bounds:
    found: list[tuple[str, int | None, _Bounds | None]] = []
    for each in record["fields"]:
        for branch in each["type"] if isinstance(each["type"], list) else [each["type"]]:
            if isinstance(branch, dict):
                match branch:
                    case {"logicalType": "decimal", "precision": precision, "scale": scale}:
                        found.append((each["name"], precision - scale, None))
                    case {"type": "array", "items": {"type": "record"} as items}:
                        found.append((each["name"], None, _bounds(items)))
                    case {"type": "array" | "map"}:
                        found.append((each["name"], None, ()))
    return tuple(found)


def _hold(bounds: _Bounds, data: Mapping[str, Any], where: str) -> None:
    for name, digits, inner in bounds:
        value = data.get(name)
        if value is None:
            continue
        if digits is not None:
            # fastavro rounds what exceeds the precision and writes any exponent: both are caught by size
            if value.adjusted() >= digits:
                raise Refused("domain", f"{where}{name} is larger than 10^{digits}", where + name)
            continue
        if len(value) > MAX_ITEMS:
            raise Refused("too_large", f"{where}{name} has {len(value)} elements, more than {MAX_ITEMS}", where + name)
        if inner:
            for index, element in enumerate(value):
                _hold(inner, element, f"{where}{name}[{index}].")
