"""The rule files test themselves: every file checks, every case passes, nothing is orphaned.

What `sharedchain rules check` and `rules test` say of ours is said here, once, in `make check`."""

from __future__ import annotations

import pytest

from sharedchain import derivationcheck, rulecheck
from sharedchain.core import fold
from sharedchain.core.ruleset import ruleset
from tests.core.line import Line
from tests.rules.book import BOOK, CATALOG


def test_every_file_is_right() -> None:
    """Rules, and the measures, tables, calendars, packs and routes beside them."""
    assert BOOK.findings == []


@pytest.mark.parametrize("id_", BOOK.models["rule"])
def test_cases(id_: str) -> None:
    cases = rulecheck.outcomes(BOOK, BOOK.models["rule"][id_][0], CATALOG)
    assert {case.name: case.found for case in cases} == {case.name: case.expected for case in cases}
    assert cases


@pytest.mark.parametrize("id_", BOOK.models["derivation"])
def test_cases_of_a_derivation(id_: str) -> None:
    cases = derivationcheck.outcomes(BOOK, BOOK.models["derivation"][id_][0], CATALOG)
    assert {case.name: case.found for case in cases} == {case.name: case.expected for case in cases}
    assert cases


def test_the_log_reads_what_the_disk_reads() -> None:
    """The compiled config of a spine partition holds every file, none broken."""
    line = Line()
    line.begin("2026-04-01 08:00")
    rules = ruleset(fold.load(fold.dump(line.state)))
    assert rules.broken == {}
    assert sorted(rules.rules) == sorted(BOOK.models["rule"])
    assert sorted(measure.id for measure in rules.measures) == sorted(BOOK.models["measure"])


def test_the_demo_pack_holds_the_rules_of_the_golden_scenario() -> None:
    """Mission D.1: exactly these 31, whatever other packs hold."""
    pack, _ = BOOK.models["pack"]["dongchen"]
    golden = "01 02 03 06 07 09 10 11 13 15 16 17 19 20 21 22 23 25 26 28 29 31 32 33 34 35 37 38 42 51 56"
    assert pack.rules == tuple(f"R-{id_}" for id_ in golden.split())


def test_every_rule_is_in_a_pack_and_has_its_runbook() -> None:
    switched = {rule for pack, _ in BOOK.models["pack"].values() for rule in pack.rules}
    assert switched == set(BOOK.models["rule"])
    assert {path.stem for path in (BOOK.root / "rules/runbooks").glob("*.md")} == set(BOOK.models["rule"])
