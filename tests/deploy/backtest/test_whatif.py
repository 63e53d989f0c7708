"""What if: the branch says what the same facts would have brought had they been published."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.backtest import spool
from deploy.backtest.branch import Plan, branched
from deploy.backtest.reading import moment
from deploy.backtest.whatif import moved
from sharedchain.cli import run
from sharedchain.schemas import Catalog
from tests.core.line import Line

SCHEMAS = {name: kind.schema for name, kind in Catalog.load().types.items()}


def story(experience: int = 100) -> Line:
    line = Line()
    line.begin("2026-04-19 09:00")
    line.target(200)
    line.opportunity("OPP-1", 95)
    line.tick("2026-04-20 10:00")
    line.forecast("DE", 1, {"OPP-1": 95, "": experience})
    line.tick("2026-04-20 10:01")
    line.tick("2026-04-21 00:00")
    return line


LESS = {
    "tenant": "dongchen",
    "change": [
        {
            "type": "forecast.published",
            "each": "lines",
            "only": 'item.basis == "EXPERIENCE"',
            "scale": {"amount": "0.8"},
        }
    ],
}


def test_a_branch_is_what_the_log_would_have_said() -> None:
    base, branch = branched(story().facts, Plan.model_validate(LESS), SCHEMAS, lambda text: moment(text, 0))
    really, same = branched(story(experience=80).facts, Plan(tenant="dongchen"), SCHEMAS, lambda text: moment(text, 0))
    assert moved(really, same) == []
    assert branch.numbers.found == really.numbers.found != base.numbers.found
    assert [(a.rule, a.severity, a.opened) for a in branch.end()] == [
        (a.rule, a.severity, a.opened) for a in really.end()
    ]
    assert [(a.rule, a.severity) for a in branch.end()] == [("R-03", "YELLOW")]
    assert base.end() == []
    rows = {(name, dims): (a, b) for name, dims, a, b in moved(base, branch)}
    assert rows["M-11", "period=2026Q2"] == (Decimal("100000000.00"), Decimal("80000000.00"))


def test_facts_may_be_added_and_dropped_and_time_goes_on() -> None:
    line = story()
    dropped = Plan.model_validate({"tenant": "dongchen", "drop": [{"type": "forecast.published"}]})
    _, gone = branched(line.facts, dropped, SCHEMAS, lambda text: moment(text, 0))
    assert not any(name == "M-09" for name, _ in gone.numbers.found)
    target = {"target_id": "T-2026Q2", "period": "2026Q2", "org_id": "SALES", "metric": "sales", "currency": "CNY"}
    more = {"type": "target.set", "at": "2026-04-25", "data": {**target, "amount": "250000000"}}
    plan = {"tenant": "dongchen", "until": "2026-05-02", "add": [more]}
    base, branch = branched(line.facts, Plan.model_validate(plan), SCHEMAS, lambda text: moment(text, 0))
    assert [(a.rule, line.local(a.opened)) for a in base.end()] == [("R-01", "05-01 00:00")]
    assert [(a.rule, line.local(a.opened)) for a in branch.end()] == [("R-03", "04-25 00:01"), ("R-01", "05-01 00:00")]


def test_as_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts, plan = tmp_path / "facts", tmp_path / "less.yaml"
    spool.write(story().facts, facts)
    plan.write_text(json.dumps(LESS), "utf-8")
    assert run(["whatif", "-f", str(plan), "--facts", str(facts), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["lamps"] == {"base": {"red": 0, "open": 0}, "branch": {"red": 0, "open": 1}}
    assert [one["change"] for one in said["alarms"]] == ["added"]
    assert run(["whatif", "-f", str(plan), "--facts", str(facts)]) == 0
    assert "M-11" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        ({"tenant": "a", "chnge": []}, "chnge"),
        ({"tenant": "a", "change": [{"type": "forecast.published"}]}, "set"),
        ({"tenant": "dongchen", "add": [{"type": "no.such", "data": {}}]}, "no event type"),
        ({"tenant": "dongchen", "drop": [{"type": "target.set", "where": "message.amuont > 1.0"}]}, "amuont"),
    ],
)
def test_a_hypothesis_that_makes_no_sense_is_refused(
    plan: dict[str, object], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts, file = tmp_path / "facts", tmp_path / "plan.yaml"
    spool.write(story().facts, facts)
    file.write_text(json.dumps(plan), "utf-8")
    assert run(["whatif", "-f", str(file), "--facts", str(facts)]) == 2
    assert word in capsys.readouterr().err
