"""The minimal set of an alert, from the log as a reader meets it: other tenants, other partitions, later facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from deploy.explain import plain, searched
from sharedchain.fact import Derived, Fact
from tests.core.line import Line
from tests.core.sample import lead, rule, with_rules


def answer(one: Derived) -> dict[str, Any]:
    names = ("rule_id", "severity")
    return {name: one.data[name] for name in names} | {
        "subject": one.subject, "partition": one.partition, "seq": one.seq, "explain": json.loads(one.data["explain"]),
    }  # fmt: skip


def log(line: Line) -> Iterator[Fact]:
    yield from line.facts
    yield from (replace(fact, partition=5) for fact in line.facts)


def rung() -> tuple[Line, Derived]:
    line = with_rules(rule("R-90", when={"all": ["message.amount > 5.0"]}, of={"n": 2, "m": 3}))
    for amount in (9, 1, 9, 9, 9):
        lead(line, "L-1", amount=Decimal(amount))
    return line, next(one for one in line.said if one.type == "alert.raised")


def test_the_set_is_minimal_and_its_facts_stand_in_the_alert_s_own_explanation() -> None:
    line, rang = rung()
    found = searched(log(line), answer(rang), line.scope)
    sources = [(one["partition"], one["seq"]) for one in json.loads(rang.data["explain"])["sources"]]
    assert found.minimal
    assert len(found.facts) == 2
    assert set(found.facts) <= set(sources)


def test_facts_after_the_alert_are_not_read() -> None:
    line, rang = rung()
    read: list[Fact] = []

    def listened() -> Iterator[Fact]:
        for fact in log(line):
            read.append(fact)
            yield fact

    searched(listened(), answer(rang), line.scope)
    assert max(fact.seq for fact in read) == rang.seq + 1


def test_an_alert_that_names_no_facts_has_none_to_try() -> None:
    line, rang = rung()
    found = searched(log(line), answer(rang) | {"explain": "not json"}, line.scope)
    assert plain(found) == {"facts": [], "minimal": False, "folds": 0, "why": "it names no facts"}
