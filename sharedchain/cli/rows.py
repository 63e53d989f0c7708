"""Rows of a JSON, JSONL or CSV file, each for itself: a bad row does not hide the next one."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TextIO

from sharedchain.errors import Refused

Form = Literal["json", "jsonl", "csv"]
_CELL = 1 << 24  # characters: what is longer is no cell but a quote that was never closed
_NOT_UTF_8 = "it is not UTF-8: save the file as UTF-8 (Excel: CSV UTF-8)"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number (line in JSONL and CSV, element in JSON, from 1), and its fields or its fault."""

    number: int
    fields: dict[str, Any]
    fault: Refused | None = None


def read_rows(source: TextIO, form: Form) -> Iterator[Row]:
    """The rows of `source`. JSON: one object, or a list of objects. CSV: with a header line.

    `source` is opened with errors="surrogateescape": a row that is not UTF-8 is refused alone.
    """
    match form:
        case "json":
            yield from _json(source)
        case "jsonl":
            lines = ((number, line) for number, line in enumerate(source, 1) if line.strip())
            yield from (_parsed(number, line) for number, line in lines)
        case "csv":
            yield from _csv(source)


def _json(source: TextIO) -> Iterator[Row]:
    text = source.read()
    try:
        said = loads(text)
    except Refused as fault:
        yield Row(1, {}, fault)
        return
    for number, element in enumerate(said if isinstance(said, list) else [said], 1):
        yield _row(number, element)


def _csv(source: TextIO) -> Iterator[Row]:
    """Empty cells are unsaid; a cell that begins with [ or { is JSON (lists such as `lines`)."""
    csv.field_size_limit(_CELL)
    reader = csv.DictReader(source, strict=True)
    try:
        for cells in reader:
            if None in cells or None in cells.values():
                yield Row(reader.line_num, {}, Refused("unreadable", "it has not as many cells as the header"))
                continue
            try:
                _utf_8("".join([*cells, *cells.values()]))
                fields = {name.strip(): _cell(text) for name, text in cells.items() if text.strip()}
            except Refused as fault:
                yield Row(reader.line_num, {}, fault)
                continue
            yield Row(reader.line_num, fields)
    except csv.Error as error:
        yield Row(reader.line_num, {}, Refused("unreadable", f"not CSV: {error}; the rows behind it are not read"))


def _cell(text: str) -> Any:
    return loads(text) if text.lstrip()[:1] in ("[", "{") else text.strip()


def _parsed(number: int, text: str) -> Row:
    try:
        return _row(number, loads(text))
    except Refused as fault:
        return Row(number, {}, fault)


def _row(number: int, said: Any) -> Row:
    if isinstance(said, dict):
        return Row(number, said)
    return Row(number, {}, Refused("unreadable", f"an event is an object, not {type(said).__name__}"))


def loads(text: str) -> Any:
    """JSON, strictly: exact decimals, no NaN, no key twice. Raises Refused(unreadable)."""
    _utf_8(text)
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Refused("unreadable", f"not JSON: {error}") from None


def _utf_8(text: str) -> None:
    """Raises Refused(unreadable) when bytes of another encoding came through as surrogates."""
    if any("\udc80" <= sign <= "\udcff" for sign in text):
        raise Refused("unreadable", _NOT_UTF_8)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
