"""CEL, with its traps coded once (research/ecosystem.md §4.2).

- a run-time error is *returned*, and its plain value is a non-empty, truthy string: `evaluated` tells them apart
- but a spent iteration budget, and a value that CEL cannot take, are *raised*: `evaluated` returns them too
- Decimal, date and tuple are refused as values, and one bad value fails the whole event: `normal` comes first
- variables are dotted names (`message.expected_amount`), so that a misspelt field fails at load, with its column
- decimals reach CEL as doubles, rounded to the scale they carry; they are never compared with `==` (see `lint`)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_optional, ext_strings

from sharedchain.core import limits, wire
from sharedchain.core.direct import ERRORS, Truth, direct
from sharedchain.core.functions import distance_km
from sharedchain.core.paths import walk

_PLAIN = frozenset((str, int, float, bool, bytes, type(None)))
_LARGEST = 4_000  # characters or elements of a computed value: what reads it could double it, and so on
ROOTS = ("message", "meta", "metric", "prev")
_RESERVED, _SPELLING = re.compile(r"(?<![\w.])let(?=\.)"), "l_t"  # of one length: columns stay true
_STRING = re.compile(r"""r?("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_DISTANCE = cel.FunctionDecl(
    "distance_km", [cel.Overload("distance_km", return_type=cel.Type.DOUBLE, parameters=[cel.Type.DOUBLE] * 4)]
)
_PATTERN = re.compile(r"""\.matches\s*\(\s*(r?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))\s*\)""")


@dataclass(frozen=True, slots=True)
class CelError:
    """What went wrong in one condition at run time. A rule that errs never rings and is itself an alert."""

    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One compiled boolean expression and the dotted paths it reads."""

    source: str
    paths: tuple[str, ...]
    program: Any = field(repr=False, compare=False)
    direct: Truth | None = field(default=None, repr=False, compare=False)  # what needs no CEL

    def truth(self, variables: Mapping[str, Any]) -> bool | CelError:
        """Judge over {"message": …, "meta": …, …}; a field that is not there is null."""
        try:
            found = self.direct(variables) if self.direct else None
        except ERRORS:
            found = None
        if found is not None:
            return found
        result = evaluated(self.program, self.paths, variables)
        return result if isinstance(result, bool | CelError) else CelError(f"gives {result!r}, not true or false")

    def values(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What the condition saw, for the explanation."""
        return {path: normal(walk(variables, path)) for path in self.paths}


def _exactly(plain: Any, scale: int) -> Any:
    """Broken numbers within lists and maps as Decimals, too; whole ones stay counts."""
    match plain:
        case float():
            return wire.rate(wire.number(repr(plain)), scale)
        case list():
            return [_exactly(part, scale) for part in plain]
        case dict():
            return {key: _exactly(part, scale) for key, part in plain.items()}
    return plain


@dataclass(frozen=True, slots=True)
class Expression:
    """One compiled expression of any kind and the dotted paths it reads."""

    source: str
    paths: tuple[str, ...]
    program: Any = field(repr=False, compare=False)

    def result(self, variables: Mapping[str, Any], scale: int = 4) -> Any | CelError:
        """Text, bool, list, map or None as they come; every number as a Decimal rounded half up to `scale`,
        broken ones within lists and maps too."""
        plain = evaluated(self.program, self.paths, variables)
        if isinstance(plain, CelError):
            return CelError(f"{self.source}: {plain.text}")
        if isinstance(plain, str | list | dict) and len(plain) > _LARGEST:
            return CelError(f"{self.source}: gives {len(plain)} characters or elements, more than {_LARGEST}")
        if isinstance(plain, int | float) and not isinstance(plain, bool):
            exact = wire.rate(wire.number(repr(plain)), scale)
            return CelError(f"{self.source}: gives {plain!r}, which no decimal can hold") if exact is None else exact
        return _exactly(plain, scale)


def compile_expression(source: str, names: tuple[str, ...] = ()) -> Expression:
    """Compile what gives a value, not a truth; as `compile_condition` else."""
    condition = compile_condition(source, names)
    return Expression(source, condition.paths, condition.program)


def evaluated(program: Any, paths: tuple[str, ...], variables: Mapping[str, Any]) -> Any | CelError:
    """The plain value of a compiled expression over {"message": …, …}; never raises what the data or the text cause."""
    try:
        value = program.eval(data={_spelled(path): normal(walk(variables, path)) for path in paths})
        plain = value.plain_value()
    except ERRORS as error:  # RecursionError is a RuntimeError
        return CelError(str(error))
    return CelError(str(plain)) if value.type() == cel.Type.ERROR else plain


@lru_cache(maxsize=4096)
def compile_condition(source: str, names: tuple[str, ...] = ()) -> Condition:
    """Compile for running: every path is dynamic; `names` are roots beside ours. Equal sources are compiled once.

    Raises ValueError, CEL's message."""
    found = excess(source)
    if found:
        raise ValueError(f"1:{found[0]}: {found[1]}")
    paths = paths_of(source, names)
    try:
        program = environment(dict.fromkeys(paths, cel.Type.DYN)).compile(source)
        return Condition(source, paths, program, direct(source, paths))
    except RuntimeError as error:
        raise ValueError(message_of(error)) from None


def excess(source: str) -> tuple[int, str] | None:
    """What no budget would stop, or a pattern that is none: column and how to mend it; None = nothing."""
    found = limits.excess(source, blank_strings(source))
    if found:
        return found
    for match in _PATTERN.finditer(source):
        value = cel.NewEnv(variables={}).compile(f'"".matches({match[1]})').eval(data={})
        if value.type() == cel.Type.ERROR:
            return match.start() + 1, f"{str(value.plain_value()).removeprefix('INVALID_ARGUMENT: ')} (RE2)"
    return None


@dataclass(frozen=True, slots=True)
class Environment:
    """A CEL environment that also knows the root `let`, a word which CEL keeps for itself."""

    env: Any

    def compile(self, source: str) -> Any:
        """The program; columns in errors are those of `source`. Raises RuntimeError, CEL's message."""
        for match in _RESERVED.finditer(blank_strings(source)):
            source = f"{source[: match.start()]}{_SPELLING}{source[match.end() :]}"
        return self.env.compile(source)


def environment(variables: Mapping[str, Any]) -> Environment:
    """An environment with exactly these dotted variables and the extensions rules may use."""
    return Environment(
        cel.NewEnv(
            variables={_spelled(path): type_ for path, type_ in variables.items()},
            extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings(), ext_math.ExtMath()],
            functions=[_DISTANCE],
            function_impls={"distance_km": distance_km},
        )
    )


@lru_cache(maxsize=4096)
def _spelled(path: str) -> str:
    return _RESERVED.sub(_SPELLING, path, count=1)


def paths_of(source: str, names: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The dotted variables a source names, sorted; words inside string literals do not count."""
    return tuple(sorted({path for path, _ in places_of(source, names)}))


def places_of(source: str, names: tuple[str, ...] = ()) -> Sequence[tuple[str, int]]:
    """(dotted variable, column from 1), in order of appearance; a method called on it is not part of it."""
    found = []
    for match in _path(names).finditer(blank_strings(source)):
        path = match[0].removesuffix(match["call"] or "")
        found.append((path.rpartition(".")[0] if match["call"] else path, match.start() + 1))
    return [(path, column) for path, column in found if "." in path]


def blank_strings(source: str) -> str:
    """The source with string literals blanked, every column kept."""
    return _STRING.sub(lambda match: '"' + " " * (len(match[0]) - 2) + '"', source)


def message_of(error: RuntimeError) -> str:
    """CEL's first finding without its prefix: `1:9: undeclared reference to …`."""
    match = re.search(r"<input>:(\d+:\d+: .*?)(?: \(in container ''\))?(?:\n|$)", str(error))
    return (match[1] if match else str(error).splitlines()[0]).replace(f"{_SPELLING}.", "let.")


def normal(value: Any) -> Any:
    """A decoded Avro value as CEL takes it: decimals as doubles, dates as ISO text, tuples as lists."""
    if type(value) in _PLAIN:
        return value
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return value
        case Decimal():
            return float(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): normal(part) for key, part in value.items()}
        case list() | tuple():
            return [normal(part) for part in value]
    return str(value)


@lru_cache(maxsize=256)
def _path(names: tuple[str, ...]) -> re.Pattern[str]:
    roots = "|".join((*ROOTS, *names))
    return re.compile(rf"(?<![\w.])(?:{roots})(?:\.[A-Za-z_]\w*)+(?P<call>\s*\()?")
