"""What a rule saw of an event, as text that a state can keep: a timer tells later what was seen then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sharedchain.canonical import dumps

_KIND = "$"  # no field of an event is called so; a key of a map that is stands under "map"


def keep(variables: Mapping[str, Any]) -> str:
    """JSON from which `recall` gives equal values: decimals, dates and bytes by their kind."""
    return dumps(_plain(variables))


def recall(text: str) -> dict[str, Any]:
    """What `keep` was given; tuples are lists."""
    found: dict[str, Any] = json.loads(text, object_hook=_real)
    return found


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return {_KIND: "decimal", "of": str(value)}
        case datetime() | date():
            return {_KIND: type(value).__name__, "of": value.isoformat()}
        case bytes():
            return {_KIND: "bytes", "of": value.hex()}
        case Mapping() if _KIND in value:
            return {_KIND: "map", "of": [[key, _plain(part)] for key, part in value.items()]}
        case Mapping():
            return {str(key): _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case None | bool() | int() | float() | str():
            return value
    return str(value)


def _real(value: dict[str, Any]) -> Any:
    match value.get(_KIND):
        case "decimal":
            return Decimal(value["of"])
        case "datetime":
            return datetime.fromisoformat(value["of"])
        case "date":
            return date.fromisoformat(value["of"])
        case "bytes":
            return bytes.fromhex(value["of"])
        case "map":
            return dict(value["of"])
    return value
