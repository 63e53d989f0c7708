"""Type check of conditions at load: what an Avro schema says about `message`, said to CEL.

CEL checks against typed variables and names the column. Two things it cannot: that a decimal is never compared with
`==` (it is a double by then), and that a field of a list's element exists; both are checked here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cel_expr_python import cel

from sharedchain.core import columns
from sharedchain.core.cel import ROOTS, blank_strings, environment, excess, message_of, places_of
from sharedchain.core.columns import Column

T = cel.Type
Avro = Mapping[str, Any]
_SCALARS = {
    "string": ("STRING", "google.protobuf.StringValue"),
    "int": ("INT", "google.protobuf.Int64Value"),
    "long": ("INT", "google.protobuf.Int64Value"),
    "float": ("DOUBLE", "google.protobuf.DoubleValue"),
    "double": ("DOUBLE", "google.protobuf.DoubleValue"),
    "boolean": ("BOOL", "google.protobuf.BoolValue"),
    "bytes": ("BYTES", "google.protobuf.BytesValue"),
    "enum": ("STRING", "google.protobuf.StringValue"),
}
_KINDS: Mapping[columns.Type, str] = {
    "text": "string",
    "decimal": "double",
    "count": "long",
    "instant": "long",
    "day": "string",
    "flag": "boolean",
}
_META = dict.fromkeys(("type", "id", "source", "subject", "tenant", "actor", "kind"), T.STRING) | dict.fromkeys(
    ("time", "recorded", "day"), T.INT
)
_META |= {"backfill": T.BOOL, "date": T.STRING, "month": T.STRING}
_WHOLE = T("google.protobuf.Int64Value").name()
_MACRO = re.compile(r"([A-Za-z_][\w.]*)\.(?:all|exists|exists_one|map|filter)\(\s*([A-Za-z_]\w*)\s*,")
_STOP = re.compile(r"&&|\|\||[?:,]|[<>]=?|==|!=")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in one expression: column from 1, and how to mend it."""

    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Types:
    """Dotted variables with their CEL types, and the fields of each list's elements."""

    variables: Mapping[str, Any]
    elements: Mapping[str, tuple[str, ...]]
    items: Mapping[str, Any] = field(default_factory=dict)  # path of a list → the Avro type of its elements

    @property
    def names(self) -> tuple[str, ...]:
        """First words of variables that are not the same for every rule: what its `with` is called."""
        return tuple(sorted({path.partition(".")[0] for path in self.variables} - set(ROOTS)))

    def suggest(self, path: str) -> str:
        """`; did you mean message.reason?`, or nothing."""
        return hint(path, self.variables)


def of_event(schema: Avro) -> Types:
    """Variables of a rule on events with this Avro record."""
    return also(_typed(_leaves(schema, "message", False)), {f"meta.{name}": type_ for name, type_ in _META.items()})


def beside(types: Types, name: str, columns: Mapping[str, columns.Type], *, optional: bool) -> Types:
    """The same variables and those of a row that `with` calls `name`; one that may be missing may be null."""
    row = {f"{name}.{column}": _type(_KINDS[kind], optional) for column, kind in columns.items()}
    return also(types, row)


def also(types: Types, more: Mapping[str, Any]) -> Types:
    """The same variables and these."""
    return replace(types, variables={**types.variables, **more})


def element(types: Types, path: str) -> Types | None:
    """The same variables and those of one element of the list there, as `item`; None: there is no list."""
    if path not in types.items:
        return None
    base, nullable = _unwrap(types.items[path])
    record = isinstance(base, Mapping) and base["type"] == "record"
    inner = _typed(_leaves(base, "item", nullable) if record else [("item.value", base, nullable)])
    return Types(
        {**types.variables, **inner.variables},
        {**types.elements, **inner.elements},
        {**types.items, **inner.items},
    )


def maybe(kind: Any) -> Any:
    """The same type, or null: a value that may not be there yet."""
    wrapped = dict(_SCALARS.values()).get(kind.name())
    return T(wrapped) if wrapped else kind


def column(column: Column, types: Types) -> Any:
    """What a column of `seen` gives."""
    known = columns.kind(column)
    if known is not None:
        nullable = column.way not in ("count", "count_in", "distinct_in", "run", "sum", "sum_in", "total")
        return _type(_KINDS[known], nullable)
    if column.cel:
        return maybe(computed(column.cel, types))
    return maybe(types.variables.get(column.paths[0], T.DYN))


def computed(source: str, types: Types) -> Any:
    """What an expression gives, as its rule sees it: every number is a decimal. DYN if it does not compile."""
    try:
        kind = environment(types.variables).compile(source).return_type()
    except RuntimeError:
        return T.DYN
    whole = kind.name() in ("INT", "UINT")
    return T.DOUBLE if whole else maybe(T.DOUBLE) if kind.name() == _WHOLE else kind


def of_row(kinds: Mapping[str, columns.Type], *, also_before: bool = False) -> Types:
    """Variables of a value for each row: its columns, and the days since each of its times; any may be missing."""
    aging = [name for name, kind in kinds.items() if kind in ("instant", "day")]
    row = {f"row.{name}": _type(_KINDS[kind], True) for name, kind in kinds.items()}
    before = {f"before.{name}": _type(_KINDS[kind], True) for name, kind in kinds.items()} if also_before else {}
    return Types(row | before | {f"age.{name}": maybe(T.DOUBLE) for name in aging}, {})


def of_measure(dims: tuple[str, ...]) -> Types:
    """Variables of a rule on a gauge: its value and dims, and the value before."""
    value = {"metric.value": T.DOUBLE, "prev.value": T("google.protobuf.DoubleValue")}
    return Types(value | {f"metric.{dim}": T.STRING for dim in dims}, {})


def check(source: str, types: Types, *, value: bool = False) -> list[Finding]:
    """Everything wrong with one condition; empty = it compiles, is boolean (or any `value`), and means what it says."""
    too_much = excess(source)
    if too_much:
        return [Finding(*too_much)]
    unknown = [
        Finding(column, f"{path} is no field{types.suggest(path)}")
        for path, column in places_of(source, types.names)
        if path not in types.variables
    ]
    if unknown:
        return unknown
    env = environment(types.variables)
    try:
        kind = env.compile(source).return_type()
    except RuntimeError as error:
        return [_finding(message_of(error))]
    if not value and kind not in (T.BOOL, T.DYN):
        return [Finding(1, f"gives {kind.name().lower()}, a condition must give true or false")]
    return [*_equal_decimals(source, env), *_element_fields(source, types)]


def hint(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _leaves(record: Avro, prefix: str, nullable: bool) -> Iterator[tuple[str, Any, bool]]:
    """(path, type without null, whether it may be null) of every field that is no record."""
    for part in record["fields"]:
        path, (base, empty) = f"{prefix}.{part['name']}", _unwrap(part["type"])
        if isinstance(base, Mapping) and base["type"] == "record":
            yield from _leaves(base, path, empty or nullable)
        else:
            yield path, base, empty or nullable


def _typed(leaves: Iterable[tuple[str, Any, bool]]) -> Types:
    variables: dict[str, Any] = {}
    elements: dict[str, tuple[str, ...]] = {}
    items: dict[str, Any] = {}
    for path, base, nullable in leaves:
        variables[path] = _type(base, nullable)
        if not isinstance(base, Mapping) or base["type"] != "array":
            continue
        items[path], item = base["items"], _unwrap(base["items"])[0]
        if isinstance(item, Mapping) and item["type"] == "record":
            elements[path] = tuple(part["name"] for part in item["fields"])
    return Types(variables, elements, items)


def _unwrap(avro: Any) -> tuple[Any, bool]:
    """The type without null, and whether null was there."""
    if not isinstance(avro, list):
        return avro, False
    rest = [branch for branch in avro if branch != "null"]
    return (rest[0] if len(rest) == 1 else "dyn"), "null" in avro


def _type(avro: Any, nullable: bool) -> Any:
    if isinstance(avro, Mapping):
        logical, name = avro.get("logicalType"), avro["type"]
        if name == "array":
            return T.List(_element(avro["items"]))
        if name == "map":
            return T.Map(T.STRING, _element(avro["values"]))
        name = {"decimal": "double", "date": "string"}.get(logical or "", name)
    else:
        name = avro
    plain, wrapped = _SCALARS.get(name, ("DYN", ""))
    return T(wrapped) if nullable and wrapped else getattr(T, plain)


def _element(avro: Any) -> Any:
    base, nullable = _unwrap(avro)
    if isinstance(base, Mapping) and base["type"] == "record":
        return T.Map(T.STRING, T.DYN)
    return T.DYN if nullable else _type(base, False)


def _finding(text: str) -> Finding:
    """CEL's `1:9: found no matching overload …` with the advice that its traps ask for."""
    match = re.match(r"\d+:(\d+): (.*)", text, re.DOTALL)
    column, said = (int(match[1]), match[2]) if match else (1, text)
    if "no matching overload" in said and "double" in said and "int" in said:
        said += "; write the number with a point, as 3.0, or double(n)"
    elif root := re.match(r"undeclared reference to '(item|seen|let)\b", said):
        said += "; items are those of `each`" if root[1] == "item" else f"; declare it under `{root[1]}`"
    elif "no matching overload" in said:
        said += "; both sides must be of one type"
    return Finding(column, said)


def _equal_decimals(source: str, env: Any) -> Iterator[Finding]:
    """`==` or `!=` with a number that is not whole on either side; comparing with null is fine."""
    plain = blank_strings(source)
    for match in re.finditer(r"==|!=", plain):
        left, right = _operand(plain, match.start(), -1), _operand(plain, match.end(), 1)
        sides = [source[slice(*span)].strip() for span in (left, right)]
        if "null" not in sides and any(_is_double(side, env) for side in sides):
            yield Finding(
                match.start() + 1, f"`{match[0]}` on a decimal; use < and >, or a band, which compares exactly"
            )


def _operand(text: str, at: int, step: int) -> tuple[int, int]:
    """The span of the operand that begins at `at`, going left (-1) or right (1)."""
    opening, closing = ("([{", ")]}") if step > 0 else (")]}", "([{")
    depth, end = 0, at
    while 0 <= (i := end if step > 0 else end - 1) < len(text):
        depth += (text[i] in opening) - (text[i] in closing)
        window = text[i : i + 2] if step > 0 else text[max(i - 1, 0) : i + 1]
        if depth < 0 or (depth == 0 and (_STOP.match(window) or _STOP.fullmatch(text[i]) or window in ("&&", "||"))):
            break
        end += step
    return (at, end) if step > 0 else (end, at)


def _is_double(operand: str, env: Any) -> bool:
    try:
        return env.compile(operand).return_type().name().lower() in ("double", "double_wrapper")
    except RuntimeError:
        return False  # names a variable of a macro: dynamic


def _element_fields(source: str, types: Types) -> Iterator[Finding]:
    """`message.lines.exists(l, l.amuont > 0.0)`: the element's fields are known too."""
    plain = blank_strings(source)
    for match in _MACRO.finditer(plain):
        fields = types.elements.get(match[1])
        if fields is None:
            continue
        for use in re.finditer(rf"(?<![\w.]){match[2]}\.([A-Za-z_]\w*)(?!\s*\()", plain[match.end() :]):
            if use[1] not in fields:
                column = match.end() + use.start() + 1
                yield Finding(column, f"{match[1]} has no {use[1]}{hint(use[1], fields)}")
