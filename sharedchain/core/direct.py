"""What CEL would say of a simple condition, at a tenth of its cost; where that is not certain, CEL is asked.

Simple: fields compared with each other, with literals and with lists of these, `startsWith`, a flag alone, and `!`,
`&&`, `||` of such. CEL decides what a condition means: a property test holds the two against each other.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sharedchain.core.paths import Read, reader

Truth = Callable[[Mapping[str, Any]], bool | None]  # None: CEL would say that it is an error

ERRORS = (RuntimeError, ValueError, TypeError, OverflowError)  # what a value that CEL cannot take may cause
_WORD = re.compile(
    r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])
        |(?P<text>"[^"\\\n]*"|'[^'\\\n]*')
        |(?P<path>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
        |(?P<sign>&&|\|\||[<>=!]=|[<>!()\[\],]))""",
    re.VERBOSE,
)
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_CONSTANTS = {"true": True, "false": False, "null": None}
_KINDS = {str: "text", int: "number", float: "number", bool: "flag", type(None): "null"}
_NUMBERS = frozenset((int, float))
_LARGEST = 1 << 53  # of whole numbers: beyond it two of them may be one double


class _NotSimple(Exception):
    pass


def direct(source: str, paths: tuple[str, ...]) -> Truth | None:
    """The condition without CEL; None if it is not simple. Where only CEL knows, it says None or raises of ERRORS."""
    try:
        parser = _Parser(source, paths)
        truth = parser.either()
        parser.end()
    except _NotSimple:
        return None
    return truth


class _Fixed:
    """A literal, read as a path is."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, _: Mapping[str, Any]) -> Any:
        return self.value


class _Parser:
    """Words of one source, read from left to right."""

    def __init__(self, source: str, paths: tuple[str, ...]) -> None:
        self._words: list[tuple[str, str]] = []
        self._paths, at = paths, 0
        while source[at:].strip():
            found = _WORD.match(source, at)
            if found is None:
                raise _NotSimple
            self._words.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()
        self._words.append(("end", ""))

    def either(self) -> Truth:
        found = self._both()
        while self._took("||"):
            found = _or(found, self._both())
        return found

    def end(self) -> None:
        self._wants("end")

    def _both(self) -> Truth:
        found = self._one()
        while self._took("&&"):
            found = _and(found, self._one())
        return found

    def _one(self) -> Truth:
        if self._took("!"):
            return _not(self._member())
        if self._words[0][1] == "(" or self._words[0][1].endswith(".startsWith"):
            return self._member()
        left = self._value()
        sign = self._words[0][1] if self._words[0][0] in ("sign", "path") else ""
        if sign in _COMPARED:
            self._next()
            return _ordered(_COMPARED[sign], left, self._value())
        if sign in ("==", "!="):
            self._next()
            return _equal(left, self._value(), truth=sign == "==")
        if sign == "in":
            self._next()
            return _among(left, self._list())
        return _flag(left)

    def _member(self) -> Truth:
        """What `!` binds to."""
        if self._took("!"):
            return _not(self._member())
        if self._took("("):
            found = self.either()
            self._must(")")
            return found
        return self._starts() if self._words[0][1].endswith(".startsWith") else _flag(self._value())

    def _starts(self) -> Truth:
        path = self._next().removesuffix(".startsWith")
        self._must("(")
        text = self._text()
        self._must(")")
        return _starting(self._read(path), text)

    def _list(self) -> list[Any]:
        """Literals, one or more."""
        self._must("[")
        found = [self._literal()]
        while self._took(","):
            found.append(self._literal())
        self._must("]")
        return found

    def _value(self) -> Read:
        kind, word = self._words[0]
        if kind == "path" and word not in _CONSTANTS:
            self._next()
            return self._read(word)
        return _Fixed(self._literal())

    def _literal(self) -> Any:
        kind, word = self._words[0]
        if kind == "text":
            return self._text()
        self._next()
        if kind == "path" and word in _CONSTANTS:
            return _CONSTANTS[word]
        if kind != "number":
            raise _NotSimple
        return _plain(float(word) if re.search(r"[.eE]", word) else int(word))

    def _text(self) -> str:
        self._wants("text")
        return self._next()[1:-1]

    def _read(self, path: str) -> Read:
        if path not in self._paths:
            raise _NotSimple
        return _reader(path)

    def _next(self) -> str:
        return self._words.pop(0)[1]

    def _took(self, sign: str) -> bool:
        if self._words[0] != ("sign", sign):
            return False
        self._next()
        return True

    def _must(self, sign: str) -> None:
        if not self._took(sign):
            raise _NotSimple

    def _wants(self, kind: str) -> None:
        if self._words[0][0] != kind:
            raise _NotSimple


def _reader(path: str) -> Read:
    """The value at the path as CEL takes it; raises one of ERRORS where only CEL knows what it makes of it."""
    raw = reader(path)

    def read(variables: Mapping[str, Any]) -> Any:
        value = raw(variables)
        kind = type(value)
        if kind is Decimal:
            return float(value)
        if kind is float or value is None or (kind is str and value.isascii() and "\0" not in value):
            return value
        return _plain(value)

    return read


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is date:
        return value.isoformat()
    if kind is str:
        if "\0" in value:
            raise ValueError  # CEL reads no further than this
        value.encode()  # nor a lone surrogate
    elif kind is int:
        if not -_LARGEST <= value <= _LARGEST:
            raise ValueError
    elif kind not in _KINDS:
        raise TypeError
    return value


def _ordered(compare: Callable[[Any, Any], Any], left: Read, right: Read) -> Truth:
    if isinstance(right, _Fixed) and _KINDS[type(right.value)] == "number":
        limit = right.value

        def within(variables: Mapping[str, Any]) -> bool | None:
            value = left(variables)
            return compare(value, limit) if type(value) in _NUMBERS else None

        return within

    def truth(variables: Mapping[str, Any]) -> bool | None:
        a, b = left(variables), right(variables)
        kind = _KINDS[type(a)]
        return compare(a, b) if kind == _KINDS[type(b)] and kind != "null" else None

    return truth


def _equal(left: Read, right: Read, *, truth: bool) -> Truth:
    if isinstance(right, _Fixed) and (right.value is None or type(right.value) is str):  # equal to nothing but itself
        fixed = right.value
        return lambda variables: (left(variables) == fixed) is truth

    def found(variables: Mapping[str, Any]) -> bool:
        a, b = left(variables), right(variables)
        return (_KINDS[type(a)] == _KINDS[type(b)] and a == b) is truth

    return found


def _among(left: Read, fixed: list[Any]) -> Truth:
    if all(type(one) is str for one in fixed):
        texts = frozenset(fixed)
        return lambda variables: left(variables) in texts
    known = frozenset((_KINDS[type(one)], one) for one in fixed)

    def truth(variables: Mapping[str, Any]) -> bool:
        value = left(variables)
        return (_KINDS[type(value)], value) in known

    return truth


def _starting(left: Read, text: str) -> Truth:
    def truth(variables: Mapping[str, Any]) -> bool | None:
        value = left(variables)
        return value.startswith(text) if type(value) is str else None

    return truth


def _flag(left: Read) -> Truth:
    def truth(variables: Mapping[str, Any]) -> bool | None:
        value = left(variables)
        return value if type(value) is bool else None

    return truth


def _not(one: Truth) -> Truth:
    def truth(variables: Mapping[str, Any]) -> bool | None:
        found = one(variables)
        return None if found is None else not found

    return truth


def _and(left: Truth, right: Truth) -> Truth:
    """Both are asked always: a value that CEL cannot take spoils the whole, wherever it stands."""

    def truth(variables: Mapping[str, Any]) -> bool | None:
        a, b = left(variables), right(variables)
        return False if a is False or b is False else None if a is None or b is None else True

    return truth


def _or(left: Truth, right: Truth) -> Truth:
    def truth(variables: Mapping[str, Any]) -> bool | None:
        a, b = left(variables), right(variables)
        return True if a or b else None if a is None or b is None else False

    return truth
