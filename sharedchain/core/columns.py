"""Columns: what is remembered of a stream of events, one value each. `seen` of rules and tables are made of them.

A column is declared as data, compiled once (`compile_column`), folded event by event into a cell (`update`), and read
(`value`). A cell is plain state: it dumps and loads to the same bytes. An event does not count for a column where
its path has no value, its CEL fails for want of one, or `where` does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sharedchain.core import wire
from sharedchain.core.cel import CelError, Condition, Expression, compile_condition, compile_expression
from sharedchain.core.deviation import Deviation
from sharedchain.core.paths import walk
from sharedchain.core.trend import slope
from sharedchain.core.wording import Duration, Model

Type = Literal["text", "decimal", "count", "instant", "day", "flag"]
_SPANS = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_POINTS = 10_000  # what a window remembers at most: the newest
_WAYS: tuple[str, ...] = ("last", "first", "previous", "count", "sum", "max", "min", "cel", "total")
_WAYS += ("count_in", "sum_in", "distinct_in", "run", "trend", "deviation")


class Total(Model):
    """The sum of a CEL value over the elements of a list; in it an element is `item`."""

    over: str
    cel: str


class Within(Model):
    """A path, and how far back its values count."""

    of: str
    span: Duration


class Trend(Model):
    """Units of `per` until the least-squares line through the last values, set off at the last one, meets `limit`.

    No value: fewer than `last` values, or a line that does not lead there. `toward: up` says that the limit is an
    upper one: a value at or beyond it is 0 units away, whatever the line; `down` the same for a lower one.
    """

    of: str
    last: int = Field(ge=2, le=1_000)
    limit: str
    per: Literal["s", "min", "h", "d"] = "d"
    toward: Literal["up", "down"] | None = None


class Column(Model):
    """Exactly one way to remember; `where` (CEL) says which events count, `type` how a table reads it."""

    last: str = ""
    first: str = ""
    previous: str = ""  # the value before this event
    count: Literal[True] | None = None
    sum: str = ""
    max: str = ""
    min: str = ""
    cel: str = ""
    total: Total | None = None
    count_in: Duration | None = None
    sum_in: Within | None = None
    distinct_in: Within | None = None
    run: str = ""  # CEL: how many events in a row it held
    trend: Trend | None = None
    deviation: Deviation | None = None
    scale: int = Field(default=4, ge=0, le=4)  # of what CEL computes
    where: str = ""
    type: Type | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [way for way in _WAYS if getattr(self, way)]
        if len(given) != 1:
            raise ValueError(f"a column has exactly one of {', '.join(_WAYS)}; here is {' and '.join(given) or 'none'}")
        return self

    @cached_property
    def way(self) -> str:
        return next(way for way in _WAYS if getattr(self, way))

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths that it reads without CEL."""
        said: Any = getattr(self, self.way)
        match self.way:
            case "last" | "first" | "previous" | "sum" | "max" | "min":
                return (said,)
            case "sum_in" | "distinct_in" | "deviation":
                return (said.of,)
            case "trend":
                return (said.of, said.limit)
            case "total":
                return (said.over,)
        return ()


Columns = Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Column]


@dataclass(frozen=True, slots=True)
class ReadyColumn:
    """A column whose expressions are compiled."""

    column: Column
    where: Condition | None = None
    expression: Expression | None = None  # of `cel`, `total` and `run`


@dataclass(frozen=True)
class Cell:
    """What one column remembers. `held` and `before` are (kind, text); the three lists are points of a window."""

    held: tuple[str, str] = ("", "")
    before: tuple[str, str] = ("", "")
    times: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    amounts: list[Decimal] = field(default_factory=list)


EMPTY = Cell()


def compile_column(column: Column, names: tuple[str, ...] = ()) -> ReadyColumn:
    """Compile; `names` are roots of paths beside message and meta (`item`, names of `with`). Raises ValueError."""
    roots = ("message", "meta", *names)
    for path in column.paths:
        root, dot, _ = path.partition(".")
        if root not in roots or not dot:
            raise ValueError(f"`{path}` is no path: it must begin with one of {', '.join(f'{r}.' for r in roots)}")
    where = compile_condition(column.where, names) if column.where else None
    source = column.total.cel if column.total else column.cel or column.run
    if not source:
        return ReadyColumn(column, where)
    inner = tuple(dict.fromkeys((*names, "item"))) if column.total else names
    return ReadyColumn(column, where, compile_expression(source, inner))


def update(ready: ReadyColumn, cell: Cell | None, variables: Mapping[str, Any], now: int) -> Cell | CelError:
    """The cell after one event; `now` is when the event was recorded. An error changes nothing."""
    old = cell or EMPTY
    if ready.where is not None:
        wanted = ready.where.truth(variables)
        if isinstance(wanted, CelError):
            failed = CelError(f"{ready.where.source}: {wanted.text}")
            return old if lacks(ready.where, variables) else failed
        if not wanted:
            return old
    found = _told(ready, variables)
    if isinstance(found, CelError):
        return old if ready.expression and lacks(ready.expression, variables) else found
    if found is None:
        return old
    return _FOLDS[ready.column.way](ready.column, old, found, variables, now)


def value(ready: ReadyColumn, cell: Cell | None, now: int) -> Any:
    """What the column says at `now`; None = nothing yet. Sums and counts of nothing are 0."""
    column, held = ready.column, cell or EMPTY
    match column.way:
        case "count" | "run":
            found: Any = int(_read(held.held) or 0)
        case "sum":
            found = _read(held.held) or Decimal(0)
        case "previous":
            found = _read(held.before)
        case "count_in" | "sum_in" | "distinct_in":
            found = _window(column, held, now)
        case "trend":
            found = _meets(column, held)
        case "deviation" if column.deviation:
            found = column.deviation.of_amounts(held.amounts, column.scale)
        case _:
            found = _read(held.held)
    return found if column.type is None else _as(column.type, found)


def kind(column: Column) -> Type | None:
    """What `value` gives, as far as the declaration says; None = as its path, or as its CEL."""
    if column.type is not None:
        return column.type
    match column.way:
        case "count" | "count_in" | "distinct_in" | "run":
            return "count"
        case "sum" | "sum_in" | "total" | "trend" | "deviation":
            return "decimal"
    return None


def _told(ready: ReadyColumn, variables: Mapping[str, Any]) -> Any:
    """What this event brings to the column; None = it does not count."""
    column = ready.column
    match column.way:
        case "count" | "count_in":
            return 1
        case "cel" | "run":
            assert ready.expression is not None
            found = ready.expression.result(variables, column.scale)
            if column.way == "run" and not isinstance(found, bool | CelError):
                return CelError(f"{column.run}: gives {found!r}, not true or false")
            return found
        case "total":
            return _total(ready, variables)
        case "sum" | "sum_in" | "trend" | "deviation":
            return wire.number(walk(variables, column.paths[0]))
    return walk(variables, column.paths[0])


def lacks(expression: Condition | Expression, variables: Mapping[str, Any]) -> bool:
    """Whether something that it reads has no value."""
    return any(walk(variables, path) is None for path in expression.paths)


def _total(ready: ReadyColumn, variables: Mapping[str, Any]) -> Decimal | CelError | None:
    assert ready.column.total is not None
    assert ready.expression is not None
    elements, sum_ = walk(variables, ready.column.total.over), Decimal(0)
    if not isinstance(elements, list | tuple):
        return None
    for element in elements:
        found = ready.expression.result({**variables, "item": element}, ready.column.scale)
        if isinstance(found, CelError):
            return found
        if not isinstance(found, Decimal):
            return CelError(f"{ready.expression.source}: gives {found!r}, not a number")
        sum_ += found
    return sum_


def _put(_: Column, old: Cell, found: Any, __: Mapping[str, Any], ___: int) -> Cell:
    return Cell(_said(found), old.held, old.times, old.words, old.amounts)


def _keep_first(_: Column, old: Cell, found: Any, __: Mapping[str, Any], ___: int) -> Cell:
    return old if old.held[0] else replace(old, held=_said(found))


def _add(_: Column, old: Cell, found: Any, __: Mapping[str, Any], ___: int) -> Cell:
    known = _read(old.held)
    return replace(old, held=_said(found if known is None else known + found))


def _run(_: Column, old: Cell, found: Any, __: Mapping[str, Any], ___: int) -> Cell:
    return replace(old, held=_said(int(_read(old.held) or 0) + 1 if found else 0))


def _extreme(column: Column, old: Cell, found: Any, __: Mapping[str, Any], ___: int) -> Cell:
    """Values of another kind than the one there (a text among numbers) change nothing."""
    known = _read(old.held)
    if known is None:
        return replace(old, held=_said(found))
    try:
        further = found > known if column.max else found < known
    except TypeError:
        return old
    return replace(old, held=_said(found)) if further else old


def _point(column: Column, old: Cell, found: Any, variables: Mapping[str, Any], now: int) -> Cell:
    """One more point of a window; those that have left it are forgotten."""
    first = next((i for i, at in enumerate(old.times) if at > now - _span(column)), len(old.times))
    first = max(first, len(old.times) + 1 - _POINTS)
    times, words, amounts = [*old.times[first:], now], old.words[first:], old.amounts[first:]
    if column.distinct_in:
        word = wire.name(wire.text(found))
        kept = [i for i, known in enumerate(words) if known != word]
        times, words = [*(times[i] for i in kept), now], [*(words[i] for i in kept), word]
    if column.sum_in:
        amounts = [*amounts, found]
    return Cell(times=times, words=words, amounts=amounts)


def _reading(column: Column, old: Cell, found: Any, variables: Mapping[str, Any], _: int) -> Cell:
    """The last points of a trend, x = the event's own time, and the limit as told last."""
    assert column.trend is not None
    n, limit = column.trend.last, wire.number(walk(variables, column.trend.limit))
    at = walk(variables, "meta.time")
    if not isinstance(at, int):
        return old
    held = old.held if limit is None else _said(limit)
    return Cell(held=held, times=[*old.times, at][-n:], amounts=[*old.amounts, found][-n:])


def _recent(column: Column, old: Cell, found: Any, _: Mapping[str, Any], __: int) -> Cell:
    assert column.deviation is not None
    return Cell(amounts=[*old.amounts, found][-column.deviation.last - 1 :])


_FOLDS = {
    "last": _put,
    "previous": _put,
    "cel": _put,
    "total": _put,
    "first": _keep_first,
    "count": _add,
    "sum": _add,
    "max": _extreme,
    "min": _extreme,
    "run": _run,
    "count_in": _point,
    "sum_in": _point,
    "distinct_in": _point,
    "trend": _reading,
    "deviation": _recent,
}


def _span(column: Column) -> int:
    within = column.sum_in or column.distinct_in
    return within.span if within else column.count_in or 0


def _window(column: Column, cell: Cell, now: int) -> int | Decimal:
    inside = [i for i, at in enumerate(cell.times) if at > now - _span(column)]
    return sum((cell.amounts[i] for i in inside), Decimal(0)) if column.sum_in else len(inside)


def _meets(column: Column, cell: Cell) -> Decimal | None:
    said, limit = column.trend, _read(cell.held)
    assert said is not None
    if limit is None or not cell.amounts:
        return None
    last = cell.amounts[-1]
    if said.toward and (last >= limit if said.toward == "up" else last <= limit):
        return Decimal(0)
    way = slope(cell.times, cell.amounts) if len(cell.times) == said.last else Decimal(0)
    if way == 0 or (limit - last) / way < 0:
        return None
    return wire.rate((limit - last) / way / _SPANS[said.per], column.scale)


def _said(found: Any) -> tuple[str, str]:
    """A value as plain state: its kind and its text."""
    match found:
        case None:
            return "", ""
        case bool():
            return "flag", "1" if found else ""
        case int():
            return "whole", str(found)
        case Decimal():
            return "number", str(found)
        case float():
            return "number", repr(found)
        case date():
            return "day", found.isoformat()
    return "text", wire.name(wire.text(found))


def _read(said: tuple[str, str]) -> Any:
    kind_, text = said
    match kind_:
        case "flag":
            return bool(text)
        case "whole":
            return int(text)
        case "number":
            return Decimal(text)
        case "day":
            return date.fromisoformat(text)
        case "text":
            return text
    return None


def _as(type_: Type, found: Any) -> Any:
    """A value as the declared type of its column; None for what cannot be read so."""
    match type_:
        case "text":
            return None if found is None else wire.text(found)
        case "decimal":
            return wire.number(found)
        case "count" | "instant":
            exact = wire.number(found)
            return None if exact is None else int(exact)
        case "flag":
            return found if isinstance(found, bool) else None
    return found if isinstance(found, date) else _day(found)


def _day(found: Any) -> date | None:
    try:
        return date.fromisoformat(str(found)) if found else None
    except ValueError:
        return None
