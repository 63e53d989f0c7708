"""Foreign writer schemas: whoever can publish can register one, so each is judged before use.

Refused are schemas by which a few bytes decode into much work or much memory: recursive ones,
arrays of zero-size items, more than 200 fields (each use of a named record counts), nesting deeper
than 16, text over 64 KiB. And those whose logical types would change a value's meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import fastavro

from sharedchain.errors import Refused

MAX_TEXT, MAX_FIELDS, MAX_DEPTH = 64 * 1024, 200, 16
_PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
_KEPT_LOGICAL = {"decimal", "date"}
_MAX_PRECISION = 77  # 256 bits


@dataclass(frozen=True, slots=True)
class _Cost:
    fields: int = 0
    empty: bool = False  # may take no byte at all
    height: int = 0


@dataclass(slots=True)
class _Judge:
    """One pass over one schema; a named type is costed once."""

    costs: dict[str, _Cost] = field(default_factory=dict)
    within: set[str] = field(default_factory=set)

    def cost(self, node: Any, space: str, level: int = 0) -> _Cost:
        if level > 4 * MAX_DEPTH:
            raise _unsafe(f"nested deeper than {MAX_DEPTH}")
        if isinstance(node, list):
            parts = [self.cost(branch, space, level + 1) for branch in node]
            return _Cost(sum(p.fields for p in parts), False, max(p.height for p in parts))
        if isinstance(node, str):
            return self._named(node, space)
        kind = node["type"]
        match kind:
            case "record" | "error":
                return self._record(node, space, level)
            case "array" | "map":
                inner = self.cost(node["items" if kind == "array" else "values"], space, level + 1)
                if kind == "array" and inner.empty:
                    raise _unsafe("an array whose items take no bytes")
                return _checked(_Cost(inner.fields, False, inner.height + 1))
            case "fixed" | "enum":
                cost = _Cost(0, kind == "fixed" and node["size"] <= 0)
                self.costs[_fullname(node, space)] = cost
                return cost
        _check_decimal(node)
        return self.cost(kind, space, level + 1)

    def _record(self, node: Mapping[str, Any], space: str, level: int) -> _Cost:
        name = _fullname(node, space)
        if name in self.within:
            raise _unsafe(f"{name} is defined within itself")
        self.within.add(name)
        parts = [self.cost(f["type"], name.rpartition(".")[0], level + 1) for f in node["fields"]]
        self.within.remove(name)
        total = sum(1 + p.fields for p in parts)
        height = max((p.height for p in parts), default=0) + 1
        self.costs[name] = _checked(_Cost(total, all(p.empty for p in parts), height))
        return self.costs[name]

    def _named(self, name: str, space: str) -> _Cost:
        if name in _PRIMITIVES:
            return _Cost(0, name == "null")
        full = name if "." in name or not space else f"{space}.{name}"
        if full in self.within:
            raise _unsafe(f"{full} is recursive")
        if full not in self.costs:
            raise _unsafe(f"type {full} is not defined in the schema itself")
        return self.costs[full]


def judge(text: str) -> dict[str, Any]:
    """A registered schema as JSON, found harmless. Raises Refused(unsafe_schema)."""
    if len(text) > MAX_TEXT:
        raise _unsafe(f"its text is longer than {MAX_TEXT} characters")
    try:
        schema = json.loads(text)
        if not isinstance(schema, dict) or schema.get("type") != "record":
            raise Refused("undeclared_type", "the writer schema is not a record: publish one of the declared types")
        _Judge().cost(schema, "")
        fastavro.parse_schema(schema)
    except Refused:
        raise
    except Exception as error:  # whatever a hostile text provokes, it is not a schema
        raise _unsafe(f"not an Avro schema: {type(error).__name__}: {error}") from None
    return schema


def fullname(schema: Mapping[str, Any]) -> str:
    """The Avro full name of a record schema."""
    return _fullname(schema, "")


def plain(node: Any) -> Any:
    """The schema with only the logical types that we read as such: decimal and date.

    Timestamps are then int milliseconds: no object is built for them, and none is compared.
    """
    if isinstance(node, list):
        return [plain(branch) for branch in node]
    if not isinstance(node, dict):
        return node
    kept = {k: plain(v) if k in ("type", "items", "values", "fields") else v for k, v in node.items()}
    if kept.get("logicalType") not in _KEPT_LOGICAL:
        kept.pop("logicalType", None)
    return kept


def check_meaning(writer: Any, reader: Any) -> None:
    """Raise Refused(unreadable) where Avro's resolution would take a value for another one.

    Resolution ignores logical types: microseconds would be read as milliseconds, a decimal of
    scale 4 as cents, text as the bytes of a decimal.
    """
    for where, ours, theirs in _pairs(writer, reader, ""):
        wanted, said = ours.get("logicalType"), theirs.get("logicalType")
        same = said == wanted or (said is None and str(wanted).startswith("timestamp"))
        if same and wanted == "decimal" and theirs.get("scale", 0) > ours.get("scale", 0):
            same, said, wanted = False, f"decimal scale {theirs['scale']}", f"decimal scale {ours.get('scale', 0)}"
        if wanted and not same:
            raise Refused(
                "unreadable", f"{where} is {said or theirs['type']} in the writer schema, {wanted} in ours", where
            )


def _pairs(writer: Any, reader: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Ours and theirs, leaf by leaf, for the places that both schemas have."""
    for theirs in _branches(writer):
        mates = [ours for ours in _branches(reader) if ours["type"] == theirs["type"]] or _branches(reader)
        for ours in mates:
            match theirs["type"], ours["type"]:
                case "record", "record":
                    known = {f["name"]: f["type"] for f in theirs["fields"]}
                    for f in ours["fields"]:
                        if f["name"] in known:
                            yield from _pairs(known[f["name"]], f["type"], f"{where}.{f['name']}".lstrip("."))
                case ("array", "array") | ("map", "map"):
                    inner = "items" if ours["type"] == "array" else "values"
                    yield from _pairs(theirs[inner], ours[inner], f"{where}[]")
                case _:
                    yield where, ours, theirs


def _branches(node: Any) -> list[Mapping[str, Any]]:
    said = [{"type": b} if isinstance(b, str) else b for b in (node if isinstance(node, list) else [node])]
    flat = [b["type"] if isinstance(b["type"], dict) else b for b in said]
    return [b for b in flat if b["type"] != "null"]


def _check_decimal(node: Mapping[str, Any]) -> None:
    if node.get("logicalType") == "decimal":
        precision, scale = node["precision"], node.get("scale", 0)
        if not (isinstance(precision, int) and isinstance(scale, int) and 0 <= scale <= precision <= _MAX_PRECISION):
            raise _unsafe(f"decimal({precision},{scale})")


def _fullname(node: Mapping[str, Any], space: str) -> str:
    name, own = node["name"], node.get("namespace", space)
    return name if "." in name or not own else f"{own}.{name}"


def _checked(cost: _Cost) -> _Cost:
    if cost.fields > MAX_FIELDS:
        raise _unsafe(f"more than {MAX_FIELDS} fields")
    if cost.height > MAX_DEPTH:
        raise _unsafe(f"nested deeper than {MAX_DEPTH}")
    return cost


def _unsafe(text: str) -> Refused:
    return Refused("unsafe_schema", f"the writer schema is refused: {text}")
