"""The first of a table by an order: of the rows that hold a condition, the one whose values come first.

What a row lacks, it has not: a value that cannot be computed for want of one is none, a condition then does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sharedchain.core.cel import CelError, Condition, Expression, compile_condition, compile_expression, paths_of
from sharedchain.core.order import in_order
from sharedchain.core.paths import walk
from sharedchain.core.sighted import Look
from sharedchain.core.state import Place

CONSIDERED = "considered"  # the column that tells who was considered, the chosen one first
_TOLD = 20  # rows that are told of
Row = tuple[tuple[str, ...], Mapping[str, Any], Place]  # key, values, the fact that changed it last


@dataclass(frozen=True, slots=True)
class Pick:
    """One `first` of `with`, compiled."""

    look: Look
    among: Condition | None
    where: Condition | None
    lets: tuple[tuple[str, Expression], ...]
    first: tuple[Expression, ...]
    tell: tuple[tuple[str, Expression], ...]


def compile_pick(look: Look, names: tuple[str, ...]) -> Pick:
    """`names`: roots of paths beside message and meta. Raises ValueError for CEL that does not compile."""
    roots = (*names, "row")
    lets = {name: compile_expression(said.cel, roots) for name, said in sorted(look.let.items())}
    reads = {name: {path.removeprefix("row.") for path in one.paths} & set(lets) - {name} for name, one in lets.items()}
    return Pick(
        look,
        compile_condition(look.among, roots) if look.among else None,
        compile_condition(look.where, roots) if look.where else None,
        tuple((name, lets[name]) for name in in_order(reads, "let")),
        tuple(compile_expression(source, roots) for source in look.first),
        tuple((name, compile_expression(source, roots)) for name, source in sorted(look.tell.items())),
    )


def reads(look: Look, names: Iterable[str]) -> set[str]:
    """Which of `names` its expressions read."""
    sources = [look.among, look.where, *look.first, *look.tell.values(), *(said.cel for said in look.let.values())]
    every = tuple(names)
    return {path.partition(".")[0] for source in sources if source for path in paths_of(source, every)} & set(every)


def choose(pick: Pick, rows: Iterable[Row], known: Mapping[str, Any]) -> tuple[Mapping[str, Any], Place] | None:
    """The values of the chosen row, its `let` and who was considered; None: no row holds. Raises ValueError."""
    fit, rest = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for key, values, place in rows:
        row = dict(values)
        seen = {**known, "row": row}
        if not _holds(pick.among, seen):
            continue
        for name, expression in pick.lets:
            row[name] = _value(expression, seen, pick.look.let[name].scale)
        order = [_rank(_value(one, seen, 9)) for one in pick.first]
        (fit if _holds(pick.where, seen) else rest).append((order, key, row, place, seen))
    if not fit:
        return None
    try:
        fit.sort(key=lambda one: one[:2])
        rest.sort(key=lambda one: one[:2])
    except TypeError:
        said = f"`first` of {pick.look.entity} compares a text with a number: let each give one kind"
        raise ValueError(said) from None
    told = [{name: _value(one, seen, 4) for name, one in pick.tell} for *_, seen in [*fit, *rest][:_TOLD]]
    _, _, row, place, _ = fit[0]
    return {**row, CONSIDERED: told}, place


def _rank(value: Any) -> tuple[bool, Any]:
    """What has no value comes last."""
    return value is None, "" if value is None else value


def _holds(condition: Condition | None, seen: Mapping[str, Any]) -> bool:
    if condition is None:
        return True
    truth = condition.truth(seen)
    if isinstance(truth, CelError):
        _allow(condition, seen, truth)
        return False
    return truth


def _value(expression: Expression, seen: Mapping[str, Any], scale: int) -> Any:
    found = expression.result(seen, scale)
    if isinstance(found, CelError):
        _allow(expression, seen, found)
        return None
    return found


def _allow(asked: Condition | Expression, seen: Mapping[str, Any], error: CelError) -> None:
    """An error for want of a value is no value; any other is the rule's."""
    if not any(walk(seen, path) is None for path in asked.paths):
        raise ValueError(f"{asked.source}: {error.text}")
