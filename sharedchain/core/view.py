"""What a rule sees of one event, before it judges: its variables, and the facts they come from.

In this order: `each` element of a list by itself, the rows of `with`, what is remembered in `seen`, what is computed
in `let`; then its conditions are considered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sharedchain.core import columns, wire
from sharedchain.core.cel import CelError, Condition
from sharedchain.core.desk import Desk
from sharedchain.core.functions import FUNCTIONS
from sharedchain.core.lookup import Row, beside
from sharedchain.core.paths import elements, text_at
from sharedchain.core.prepared import Conditions, Prepared
from sharedchain.core.state import Place, Remembered, ScopeState
from sharedchain.core.variables import of_fact as variables_of
from sharedchain.fact import Fact

__all__ = ["Verdict", "View", "computed", "consider", "forget", "rows_of", "subject_of", "variables_of", "views"]
_KEPT = 400 * 86_400_000  # as the store keeps facts
_WINDOWS = ("count_in", "sum_in", "distinct_in")  # by recorded time: what is imported did not happen then


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the conditions hold, and each with its values; `error` is the first that went wrong."""

    holds: bool
    conditions: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""


_HOLDS = Verdict(True)  # nothing was asked


@dataclass(frozen=True, slots=True)
class View:
    """One rule over one event, or over one element of its list."""

    variables: Mapping[str, Any]
    sources: tuple[Place, ...]
    subject: str
    part: str = ""
    error: str = ""  # what could not be computed: the rule cannot judge


def views(desk: Desk, one: Prepared, fact: Fact, plain: Mapping[str, Any]) -> Iterator[View]:
    """What the rule sees of the fact: nothing if a row is missing that it needs. `plain` is what `variables_of` says.

    What it remembers of the subject is updated on the way, by backfill too.
    """
    rule = one.rule
    for element in _elements(rule.each, plain):
        rows = rows_of(desk, one, element)
        if rows is None:
            continue
        variables: dict[str, Any] = {**element, **{name: row.values for name, row in rows.items()}}
        sources = [(fact.partition, fact.seq), *(row.source for row in rows.values() if row.source)]
        subject = subject_of(variables, rule.subject, fact)
        part, error = text_at(variables, rule.part), ""
        if one.columns:
            variables["seen"], error = _remembered(desk, one, f"{rule.id}|{subject}|{part}", variables, fact)
        if one.lets and not error:
            variables["let"], error = computed(one, variables)
        yield View(variables, tuple(dict.fromkeys(sources)), subject, part, error)


def rows_of(desk: Desk, one: Prepared, plain: Mapping[str, Any]) -> dict[str, Row] | None:
    """What `with` finds, by name; None if a row is missing that is not optional."""
    return beside(desk.scope, desk.rules.looks, [(name, one.rule.with_[name]) for name in one.looks], plain, one.picks)


def computed(one: Prepared, variables: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The values of `let`, each behind those it reads; and the first error."""
    found: dict[str, Any] = {}
    for name, expression in one.lets:
        said = one.rule.let[name]
        result = expression.result({**variables, "let": found}, 9 if said.fn else said.scale)
        if isinstance(result, CelError):
            return found, f"let {name}: {result.text}"
        number = wire.number(result) if said.fn else None
        found[name] = wire.rate(FUNCTIONS[said.fn](number), said.scale) if number is not None else result
        if said.fn and number is None and result is not None:
            return found, f"let {name}: {said.fn} of {result!r}, which is no number"
    return found, ""


def consider(asked: Conditions, variables: Mapping[str, Any]) -> Verdict:
    """All of `all`, and one of `any` if there are any; every condition is evaluated, for the explanation."""
    if not asked.all and not asked.any:
        return _HOLDS
    truths: dict[str, list[bool]] = {"all": [], "any": []}
    conditions: list[dict[str, Any]] = []
    for part, of in (("all", asked.all), ("any", asked.any)):
        for condition in of:
            truth = condition.truth(variables)
            if isinstance(truth, CelError):
                return Verdict(False, conditions, f"{condition.source}: {truth.text}")
            truths[part].append(truth)
            conditions.append(_said(condition, variables, truth, part))
    return Verdict(all(truths["all"]) and (any(truths["any"]) or not truths["any"]), conditions)


def subject_of(variables: Mapping[str, Any], paths: Iterable[str], fact: Fact) -> str:
    """What the event is about: the texts at these paths, else what its envelope says."""
    return wire.name("/".join([text for path in paths if (text := text_at(variables, path))]) or fact.subject)


def forget(scope: ScopeState, now: int) -> None:
    """Drop what no event has touched for 400 days; the longest untouched stand first."""
    while scope.seen:
        key = next(iter(scope.seen))
        if scope.seen[key].at > now - _KEPT:
            return
        del scope.seen[key]


def _elements(path: str, plain: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if not path:
        yield plain
        return
    for element in elements(plain, path):
        yield {**plain, "item": element if isinstance(element, Mapping) else {"value": element}}


def _remembered(
    desk: Desk, one: Prepared, key: str, variables: Mapping[str, Any], fact: Fact
) -> tuple[dict[str, Any], str]:
    """The columns of `seen` after this event. Columns declared otherwise than those remembered start anew."""
    seen = desk.scope.seen
    before = seen.get(key)
    if before is None or before.of != one.columns_of:
        before = Remembered(one.columns_of, 0)
    cells = dict(before.cells)
    for name, column in one.columns.items():
        if fact.backfill and column.column.way in _WINDOWS:
            continue
        cell = columns.update(column, cells.get(name), variables, fact.recorded)
        if isinstance(cell, CelError):
            return {}, f"seen {name}: {cell.text}"
        cells[name] = cell
    seen.pop(key, None)  # the order is that of the last change: `forget` takes from the front
    seen[key] = Remembered(one.columns_of, fact.recorded, cells)
    return {name: columns.value(column, cells.get(name), fact.recorded) for name, column in one.columns.items()}, ""


def _said(condition: Condition, variables: Mapping[str, Any], truth: bool, part: str) -> dict[str, Any]:
    values = {path: wire.shown(value) for path, value in condition.values(variables).items()}
    return {"op": part, "cel": condition.source, "values": values, "truth": truth}
