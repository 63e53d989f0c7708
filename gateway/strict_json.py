"""JSON from strangers: one text has one meaning, and no text costs more than its length.

Refused with 400 and a stable code: bad_json, bad_utf8, duplicate_key, number_range, too_deep,
lone_surrogate, nul_character. Fractions become Decimal: no amount passes through a float.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from gateway.problem import Problem

MAX_DEPTH = 32
MAX_DIGITS = 64  # characters of one number
INT_LIMIT = 2**63
_EXPONENT_LIMIT = 40

# A string (an unterminated one runs to the end, so that no text is scanned twice) or one bracket.
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def parse(body: bytes) -> Any:
    """The value that `body` says. Raises Problem(400)."""
    _check_depth(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, "bad_utf8", f"byte {error.start} of the body is not UTF-8; send UTF-8 JSON") from None
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_float=_fraction, parse_int=_whole, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise Problem(400, "bad_json", f"not JSON at {where}: {error.msg}") from None
    _check_text(value)
    return value


def _check_depth(body: bytes) -> None:
    depth = 0
    for token in _TOKENS.finditer(body):
        first = body[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Problem(400, "too_deep", f"nested deeper than {MAX_DEPTH} levels")
        elif first in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Problem(400, "duplicate_key", f"key {_shown(twice)} stands twice in one object; send it once")
    return made


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS or not -INT_LIMIT <= int(text) < INT_LIMIT:
        raise Problem(400, "number_range", f"integer {text[:24]} is outside 64 bits; send long numbers as text")
    return int(text)


def _fraction(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits
        _out_of_range(text)
    if len(text) > MAX_DIGITS or abs(value.adjusted()) > _EXPONENT_LIMIT:
        _out_of_range(text)
    return value


def _out_of_range(text: str) -> NoReturn:
    raise Problem(400, "number_range", f"number {text[:24]} is outside what any field here can hold")


def _constant(text: str) -> NoReturn:
    raise Problem(400, "bad_json", f"{text} is not JSON (RFC 8259); leave the field out or send null")


def _check_text(value: Any) -> None:
    match value:
        case str():
            _check_string(value)
        case dict():
            for name, inner in value.items():
                _check_string(name)
                _check_text(inner)
        case list():
            for inner in value:
                _check_text(inner)


def _check_string(text: str) -> None:
    if "\0" in text:
        raise Problem(400, "nul_character", f"text {_shown(text)} holds a NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Problem(400, "lone_surrogate", f"text {_shown(text)} holds half of a surrogate pair") from None


def _shown(text: str) -> str:
    return ascii(text[:40])
