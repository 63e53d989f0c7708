"""What a rule's action says, in the form its schema wants: numbers in its scale, days as days, nothing unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sharedchain.errors import Refused

Avro = Mapping[str, Any]


def fitted(schema: Avro, said: Mapping[str, Any]) -> dict[str, Any]:
    """The payload; a field left out has the schema's default. Raises Refused(domain) for what is no field, or does
    not fit one: then nothing is written, and nobody is told half of it."""
    fields = {field["name"]: field for field in schema["fields"]}
    if strange := sorted(said.keys() - fields.keys()):
        raise Refused("domain", f"{schema['name']} has no field {strange[0]}; it has {', '.join(fields)}", strange[0])
    return {
        name: _value(field["type"], said[name], name) if name in said else field.get("default")
        for name, field in fields.items()
    }


def _value(avro: Any, said: Any, where: str) -> Any:
    branches = avro if isinstance(avro, list) else [avro]
    if said is None:
        if "null" not in branches:
            raise Refused("domain", f"{where} must be said: it came as nothing", where)
        return None
    base = next(branch for branch in branches if branch != "null")
    kind = base if isinstance(base, str) else base.get("logicalType") or base["type"]
    try:
        return _cast(kind, base, said, where)
    except (ValueError, InvalidOperation, TypeError, AttributeError):
        raise Refused("domain", f"{where}: {said!r} is no {kind}", where) from None


def _cast(kind: str, base: Any, said: Any, where: str) -> Any:
    match kind:
        case "string":
            return format(said.normalize(), "f") if isinstance(said, Decimal) else str(said)
        case "int" | "long" | "timestamp-millis":
            if (exact := _number(said)) != exact.to_integral_value():
                raise ValueError(said)
            return int(exact)
        case "double" | "float":
            return float(_number(said))
        case "decimal":
            return _number(said).quantize(Decimal(1).scaleb(-int(base["scale"])), ROUND_HALF_UP)
        case "date":
            return said if isinstance(said, date) else date.fromisoformat(said)
        case "boolean" if not isinstance(said, bool):
            raise ValueError(said)
        case "record":
            return fitted(base, dict(said))
        case "array":
            return [_value(base["items"], one, f"{where}[]") for one in _listed(said)]
        case "map":
            return {str(key): _value(base["values"], one, f"{where}.{key}") for key, one in said.items()}
    return said


def _number(said: Any) -> Decimal:
    if isinstance(said, bool):
        raise ValueError(said)
    return said if isinstance(said, Decimal) else Decimal(str(said))


def _listed(said: Any) -> list[Any]:
    if not isinstance(said, list | tuple):
        raise TypeError(said)
    return list(said)
