"""The payload of a case as the wire would bring it: every field is there, decimals are exact, days are days."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Avro = Mapping[str, Any]


def payload(schema: Avro, told: Mapping[str, Any], where: str = "message") -> dict[str, Any]:
    """A field left out is null, or what the schema says instead. Raises ValueError for one that the schema lacks."""
    known = {field["name"]: field for field in schema["fields"]}
    for name in told:
        if name not in known:
            close = difflib.get_close_matches(name, list(known), n=1)
            raise ValueError(f"{where}.{name} is no field{f'; did you mean {close[0]}?' if close else ''}")
    return {
        name: _value(field["type"], told[name], f"{where}.{name}") if name in told else field.get("default")
        for name, field in known.items()
    }


def _value(avro: Any, told: Any, where: str) -> Any:
    base = next((branch for branch in avro if branch != "null"), "null") if isinstance(avro, list) else avro
    if told is None or isinstance(base, str):
        return told
    match base.get("logicalType") or base["type"], told:
        case "record", Mapping():
            return payload(base, told, where)
        case "array", list() | tuple():
            return [_value(base["items"], one, f"{where}[]") for one in told]
        case "map", Mapping():
            return {key: _value(base["values"], one, f"{where}.{key}") for key, one in told.items()}
        case ("decimal" | "date" | "timestamp-millis") as kind, _:
            return _read(kind, told, where)
    return told


def _read(kind: str, told: Any, where: str) -> Any:
    try:
        return _READ[kind](told)
    except (ValueError, InvalidOperation, TypeError):
        raise ValueError(f"{where}: {told!r} is no {kind}") from None


def _moment(told: Any) -> int:
    return told if isinstance(told, int) else round(datetime.fromisoformat(told).timestamp() * 1000)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "date": lambda told: told if isinstance(told, date) else date.fromisoformat(told),
    "timestamp-millis": _moment,
}
