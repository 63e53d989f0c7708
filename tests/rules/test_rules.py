"""The rule files test themselves: every file checks, every case passes, nothing is orphaned."""

from __future__ import annotations

import pytest

from sharedchain import rulecheck
from sharedchain.core import fold
from sharedchain.core.ruleset import ruleset
from sharedchain.core.trial import Outcome
from tests.core.line import Line

BOOK = rulecheck.load()
CASES = [
    pytest.param(rule, outcome, id=f"{rule.id}-{outcome.name}")
    for rule, _ in BOOK.rules()
    for outcome in rulecheck.outcomes(BOOK, rule)
]


def test_every_file_is_right() -> None:
    assert rulecheck.check().findings == []


@pytest.mark.parametrize(("rule", "outcome"), CASES)
def test_case(rule: object, outcome: Outcome) -> None:
    assert outcome.found == outcome.expected


def test_the_log_reads_what_the_disk_reads() -> None:
    """The compiled config of a spine partition holds every file, none broken."""
    line = Line()
    line.begin("2026-04-01 08:00")
    rules = ruleset(fold.load(fold.dump(line.state)))
    assert rules.broken == {}
    assert sorted(rules.rules) == sorted(BOOK.models["rule"])
    assert sorted(measure.id for measure in rules.measures) == sorted(BOOK.models["measure"])


def test_the_demo_pack_holds_the_rules_of_lead_to_cash() -> None:
    pack, _ = BOOK.models["pack"]["dongchen"]
    assert " ".join(pack.rules) == "R-01 R-02 R-03 R-06 R-07 R-13 R-15 R-16 R-17 R-19 R-20 R-37"


def test_every_rule_is_in_a_pack_and_has_its_runbook() -> None:
    switched = {rule for pack, _ in BOOK.models["pack"].values() for rule in pack.rules}
    assert switched == set(BOOK.models["rule"])
    assert {path.stem for path in (BOOK.root / "rules/runbooks").glob("*.md")} == set(BOOK.models["rule"])
