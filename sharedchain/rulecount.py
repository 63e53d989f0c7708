"""How many rules are live, only observed, or wait for an event source; how many cases say what each does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import yaml
from pydantic import TypeAdapter, ValidationError

from sharedchain.core import trial
from sharedchain.core.wording import Model
from sharedchain.errors import ConfigError
from sharedchain.rulefiles import Book
from sharedchain.yamlfile import read

WAITING = "rules/waiting.yaml"


class Waiting(Model):
    """A rule that cannot be written yet, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Count:
    """`idle`: rules that no pack switches on."""

    live: tuple[str, ...]
    observed: tuple[str, ...]
    idle: tuple[str, ...]
    waiting: tuple[str, ...]
    firing: int
    quiet: int
    edge: int


_waiting = TypeAdapter(tuple[Waiting, ...])


def count(book: Book) -> Count:
    """Of everything in the book. Raises ConfigError for a `waiting.yaml` that says something else."""
    packed = {id_ for pack, _ in book.models["pack"].values() for id_ in pack.rules}
    rules = [rule for rule, _ in book.rules()]
    cases = [case for rule in rules for case in trial.trials_of(rule.tests)]
    return Count(
        live=_ids(rule.id for rule in rules if rule.id in packed and rule.mode != "observe"),
        observed=_ids(rule.id for rule in rules if rule.mode == "observe"),
        idle=_ids(rule.id for rule in rules if rule.id not in packed and rule.mode != "observe"),
        waiting=_ids(one.id for one in waiting(book)),
        firing=sum(case.fires for case in cases),
        quiet=sum("quiet" in case.words for case in cases),
        edge=sum(case.edge for case in cases),
    )


def waiting(book: Book) -> tuple[Waiting, ...]:
    """The list in rules/waiting.yaml; none if there is no such file."""
    path = book.root / WAITING
    if not path.is_file():
        return ()
    try:
        found = _waiting.validate_python(read(path).value or ())
    except (ValidationError, yaml.YAMLError) as error:
        raise ConfigError([f"{WAITING}:1:1: a list of {{id, reason}} is expected: {error}"]) from None
    there = {rule.id for rule, _ in book.rules()}
    if twice := sorted(one.id for one in found if one.id in there):
        raise ConfigError([f"{WAITING}:1:1: {', '.join(twice)} has a file: it does not wait any more; take it out"])
    return found


def _ids(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(found))
