"""Nothing under rules/ lies there for nobody."""

from __future__ import annotations

import re

from sharedchain.core.reducers import DAILY, REDUCERS
from tests.house.tree import ROOT
from tests.rules.book import BOOK


def test_every_rule_is_in_a_pack() -> None:
    packed = {rule for pack, _ in BOOK.models["pack"].values() for rule in pack.rules}
    assert {rule.id for rule, _ in BOOK.rules()} - packed == set()


def test_every_derivation_is_in_a_pack() -> None:
    packed = {one for pack, _ in BOOK.models["pack"].values() for one in pack.derivations}
    assert {one.id for one, _ in BOOK.derivations()} ^ packed == set()


def test_every_runbook_belongs_to_a_rule() -> None:
    written = {f"rules/runbooks/{path.name}" for path in (ROOT / "rules" / "runbooks").glob("*.md")}
    assert written == {rule.runbook for rule, _ in BOOK.rules()}


def test_every_part_of_a_measure_is_used_by_its_whole() -> None:
    """People ask for `M-01`, levels and gauges; a flow as `M-01.converted` is there for others, so is a reducer."""
    made = [measure.computed or measure.window for measure in BOOK.measures().values()]
    used = {name for one in made if one for name in one.of}
    used |= {name for measure in BOOK.measures().values() for name in [measure.reducer] if name}
    used |= {name for measure in BOOK.measures().values() if measure.window for name in measure.window.of}
    for rule, document in BOOK.rules():
        used |= {rule.goal_measure, *re.findall(r"M-\d\d(?:\.\w+)?", document.path.read_text("utf-8"))}
    parts = {name for name, measure in BOOK.measures().items() if "." in name and measure.kind == "flow"}
    assert parts - used == set()
    assert {*REDUCERS, *DAILY} - used == set()
