"""What a rule and a derivation share, compiled: their conditions, what they look at, remember, compute and say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sharedchain.core import lookup
from sharedchain.core.action import ReadyAction, compile_actions
from sharedchain.core.cel import CelError, Condition, Expression, compile_condition, compile_expression
from sharedchain.core.columns import ReadyColumn, compile_column
from sharedchain.core.derivation import Derivation
from sharedchain.core.on import When
from sharedchain.core.order import in_order
from sharedchain.core.picking import Pick, compile_pick
from sharedchain.core.sighted import Sighted


@dataclass(frozen=True, slots=True)
class Conditions:
    """Every one of `all` and one of `any`, if there are any."""

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    def hold(self, variables: Mapping[str, Any]) -> bool | CelError:
        """Whether they do; every condition is asked, so that one that errs is never hidden by another."""
        every, one = True, not self.any
        for condition in self.all:
            truth = condition.truth(variables)
            if truth is False:
                every = False
            elif truth is not True:
                return CelError(f"{condition.source}: {truth.text}")
        for condition in self.any:
            truth = condition.truth(variables)
            if truth is True:
                one = True
            elif truth is not False:
                return CelError(f"{condition.source}: {truth.text}")
        return every and one


UNASKED = Conditions()


@dataclass(frozen=True, slots=True)
class Prepared:
    """One compiled file that looks at events."""

    rule: Sighted
    when: Conditions
    looks: tuple[str, ...] = ()  # names of `with`, each behind those it needs
    columns: Mapping[str, ReadyColumn] = field(default_factory=dict)  # of `seen`
    columns_of: str = ""  # digest of their declaration
    lets: tuple[tuple[str, Expression], ...] = ()  # of `let`, each behind those it reads
    actions: tuple[ReadyAction, ...] = ()
    picks: Mapping[str, Pick] = field(default_factory=dict)  # of `with`: rows that are chosen


@dataclass(frozen=True, slots=True)
class ReadyDerivation(Prepared):
    rule: Derivation


def prepare(one: Derivation) -> ReadyDerivation:
    """Compile a derivation. Raises ValueError."""
    names = roots(one)
    return ReadyDerivation(
        one,
        conditions(one.when, names),
        looks=lookup.ordered(one.with_),
        columns=remembered(one),
        columns_of=digest(one),
        lets=lets(one, names),
        actions=compile_actions(one, names),
        picks=picks(one),
    )


def roots(rule: Sighted) -> tuple[str, ...]:
    """The first words of what it sees beside message and meta."""
    return (*_told(rule), *(("seen",) if rule.seen else ()), *(("let",) if rule.let else ()))


def picks(rule: Sighted) -> dict[str, Pick]:
    """Those of `with` that choose by `first`."""
    return {name: compile_pick(look, _told(rule)) for name, look in sorted(rule.with_.items()) if look.first}


def conditions(when: When, names: tuple[str, ...] = ()) -> Conditions:
    every = tuple(compile_condition(source, names) for source in when.all)
    return Conditions(every, tuple(compile_condition(source, names) for source in when.any))


def remembered(rule: Sighted) -> dict[str, ReadyColumn]:
    """The columns of `seen`."""
    return {name: compile_column(column, _told(rule)) for name, column in sorted(rule.seen.items())}


def digest(rule: Sighted) -> str:
    """One name for what `seen` declares; "" for nothing."""
    if not rule.seen:
        return ""
    said = json.dumps({name: one.model_dump(mode="json") for name, one in rule.seen.items()}, sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def lets(rule: Sighted, names: tuple[str, ...]) -> tuple[tuple[str, Expression], ...]:
    """Files say them in order; the log sorts keys, so what each reads decides."""
    found = {name: compile_expression(said.cel, names) for name, said in sorted(rule.let.items())}
    reads = {
        name: {path.removeprefix("let.").partition(".")[0] for path in one.paths if path.startswith("let.")}
        for name, one in found.items()
    }
    return tuple((name, found[name]) for name in in_order(reads, "let"))


def _told(rule: Sighted) -> tuple[str, ...]:
    return (*lookup.ordered(rule.with_), *(("item",) if rule.each else ()))
