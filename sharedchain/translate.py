"""Rows of a foreign system into our events, as its dialect says: a pure function of the row.

Nothing is guessed: what the row does not say stays unsaid, what stands in for it is noted, and a row
that cannot be understood is refused whole, with every reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sharedchain.contract import check_required, is_empty, map_terms
from sharedchain.dialect import Dialect, Part, Row, Source, Tells
from sharedchain.dictionary import Dictionary
from sharedchain.errors import Refused
from sharedchain.schemas import Catalog, EventType

_LONGEST = 32_768  # characters of a cell
_STRANGE, _NAME = 20, 200  # unknown columns of a row that are told, and characters of their names
Tables = Mapping[str, Mapping[str, Row]]  # part → id → row, of the parts that others look at


@dataclass(frozen=True, slots=True)
class Told:
    """An event, its payload in Avro values. `time` in milliseconds, None = nobody says when."""

    kind: EventType
    id: str
    time: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Translated:
    """What a row says, and what about it is to be counted."""

    told: tuple[Told, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Untold:
    """A row that cannot be understood: nothing of it goes."""

    faults: tuple[Refused, ...]


@dataclass(frozen=True)
class Translator:
    """A dialect with everything that its rows are read with. `excused` tells the contract fields
    of an event type that its tenant's flow does not insist on."""

    dialect: Dialect
    catalog: Catalog
    dictionaries: Mapping[str, Dictionary]
    excused: Callable[[str], Collection[str]]
    tables: Tables = field(default_factory=dict)

    def translate(self, name: str, row: Row) -> Translated | Untold:
        """The events of one row of the part `name`."""
        part = self.dialect.parts[name]
        strange = (
            one
            for one in row
            if one not in part.columns and not any(known.startswith(f"{one}.") for known in part.columns)
        )
        faults = [
            Refused("undeclared_type", f"the dialect does not know column {one[:_NAME]}: add it there", one[:_NAME])
            for one in islice(strange, _STRANGE)
        ]
        cells, notes = self._cells(part, row, faults)
        if not faults and is_empty(cells[part.id]):
            faults.append(Refused("missing_field", f"a row of {part.file} needs {part.id}", part.id))
        told = []
        for tells in () if faults else part.tells:
            if all(cells[column] in words for column, words in tells.when.items()):
                try:
                    told.append(self._event(name, part, tells, cells, notes))
                except Refused as fault:
                    faults.append(fault)
        return Untold(tuple(faults)) if faults else Translated(tuple(told), tuple(notes))

    def _cells(self, part: Part, row: Row, faults: list[Refused]) -> tuple[dict[str, Any], list[str]]:
        cells: dict[str, Any] = {}
        notes = []
        for name, column in part.columns.items():
            said = cells[name] = self.cell(part, row, name)
            if is_empty(said):
                notes += [column.blank] if column.blank else []
            elif isinstance(said, str) and len(said) > _LONGEST:
                told = f"{name} holds {len(said):,} characters, at most {_LONGEST:,} are taken: shorten it"
                faults.append(Refused("too_large", told, name))
            elif column.one_of and said not in column.one_of:
                told = f"{name} says {said!r}: it is one of {', '.join(column.one_of)}"
                faults.append(Refused("unknown_term", told, name, str(said)))
        return cells, notes

    def cell(self, part: Part, row: Row, name: str) -> Any:
        """What a row says in a column, in the words that are meant; None = nothing."""
        said: Any = row.get(name)
        if said is None and "." in name:
            said = row
            for step in name.split("."):
                said = said.get(step) if isinstance(said, Mapping) else None
        if isinstance(said, str):
            said = said.strip() or None
        words = part.columns[name].words
        return self.dialect.words[words].get(str(said), said) if words and said is not None else said

    def _event(self, name: str, part: Part, tells: Tells, cells: Mapping[str, Any], notes: list[str]) -> Told:
        kind = self.catalog.types[tells.type]
        zone = ZoneInfo(self.dialect.tenant.timezone)
        data = {one["name"]: one.get("default") for one in kind.schema["fields"]}
        for one in kind.schema["fields"]:
            for source in tells.set.get(one["name"], ()):
                said = self._said(source, cells)
                if not is_empty(said):
                    data[one["name"]] = value(one["type"], said, zone, one["name"])
                    notes += [source.note] if source.note else []
                    break
        data = map_terms(kind, data, self.dictionaries, self.dialect.source)
        excused = self.excused(kind.name)
        check_required(kind, data, excused)
        notes += [f"{kind.name} lacks {lack}" for lack in excused if is_empty(data[lack])]
        when = value("timestamp-millis", cells[tells.time], zone, tells.time) if tells.time else None
        return Told(kind, f"{self.dialect.id}/{name}/{cells[part.id]}/{kind.name}", when, data)

    def _said(self, source: Source, cells: Mapping[str, Any]) -> Any:
        if source.column:
            return cells[source.column]
        if source.look is None:
            return source.value
        by = cells[source.look.by]
        if is_empty(by):
            return None
        there = self.dialect.parts[source.look.file]
        row = self.tables.get(source.look.file, {}).get(str(by))
        if row is None:
            told = f"{source.look.by} says {by!r}, which {there.file} does not have: mend it, or add the word"
            raise Refused("unknown_term", told, source.look.by, str(by))
        return self.cell(there, row, source.look.take)


def value(schema: Any, said: Any, zone: ZoneInfo, where: str) -> Any:
    """A cell as the Avro value that a field of `schema` holds; a day is its first moment in `zone`.

    Raises Refused(domain).
    """
    kind = _kind(schema)
    if isinstance(said, (Mapping, list, bool)):
        raise Refused("domain", f"{where} is no cell but a {type(said).__name__}: name what is in it", where)
    try:
        match kind if isinstance(kind, str) else kind.get("logicalType") or kind["type"]:
            case "decimal":
                return _decimal(str(said), int(kind["precision"]), int(kind["scale"]), where)
            case "timestamp-millis":
                return _moment(str(said), zone)
            case "date":
                return date.fromisoformat(str(said))
            case "string":
                return str(said)
            case "int" | "long":
                return int(str(said))
    except (ValueError, OverflowError, InvalidOperation):
        raise Refused("domain", f"{where} says {str(said)[:60]!r}, which is no {_name(kind)}", where) from None
    raise Refused("domain", f"{where}: a cell cannot fill a field of type {_name(kind)}", where)


def _kind(schema: Any) -> Any:
    if isinstance(schema, list):
        return next(one for one in schema if one != "null")
    return schema


def _name(kind: Any) -> str:
    return kind if isinstance(kind, str) else str(kind.get("logicalType") or kind["type"])


def _decimal(said: str, precision: int, scale: int, where: str) -> Decimal:
    number = Decimal(said)
    if number.is_finite() and number.adjusted() >= precision - scale:
        raise Refused("domain", f"{where} says {said[:60]}: it does not fit decimal({precision},{scale})", where)
    exact = number.quantize(Decimal(1).scaleb(-scale))
    if exact != number:
        raise Refused("domain", f"{where} says {said}: at most {scale} decimal places", where)
    return exact


def _moment(said: str, zone: ZoneInfo) -> int:
    moment = datetime.combine(date.fromisoformat(said), time()) if len(said) == 10 else datetime.fromisoformat(said)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * 1000)
