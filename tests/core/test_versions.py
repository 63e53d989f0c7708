"""Another version of a rule: it is told who changed it, and no open alert is ever lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedchain.config import ConfigItem, item
from sharedchain.core import fold
from sharedchain.yamlfile import read
from tests.core.line import Line
from tests.depth import examples
from tests.house.tree import ROOT

R37: Mapping[str, Any] = read(ROOT / "rules/plant/R-37.yaml").value
FIRST: int = R37["version"]  # told as 1 below, whatever it is by now


def version(number: int, **other: Any) -> ConfigItem:
    return item("rule", "R-37", {**R37, "version": FIRST + number - 1, **other})


def publish(line: Line, one: ConfigItem, body: str | None = None, by: str = "E010") -> None:
    said = one.body if body is None else body
    data = {**one.said, "hash": one.hash if said else "", "body": said, "changed_by": by}
    line.add("config", "config.defined", data, scope="_system", id=f"{one.name}/{len(line.facts)}")


def changes(line: Line) -> list[tuple[str, str, Any, Any, str]]:
    said = (d.data for d in line.said if d.type == "rule.changed")
    return [(d["rule_id"], d["how"], plain(d["old_version"]), plain(d["new_version"]), d["changed_by"]) for d in said]


def plain(number: int | None) -> int | None:
    return None if number is None else number - FIRST + 1


def story() -> Line:
    line = Line()
    line.begin("2026-05-04 06:00")
    line.configure([item("pack", "dongchen", {"id": "dongchen", "rules": ["R-37"]})])  # nothing else looks at readings
    for machine in ("A", "B"):
        line.equipment(machine, None, temperature=("93.0", "2.0", "°C"), pressure=("9.0", "0.9", "°C"))
    return line


def told_open(line: Line) -> set[str]:
    """Alerts that were told and not told to be over."""
    raised = {d.data["alert_id"] for d in line.said if d.type == "alert.raised"}
    return raised - {d.data["alert_id"] for d in line.said if d.type == "alert.resolved"}


def held_open(line: Line) -> set[str]:
    episodes = line.state.scopes[line.scope].episodes.values()
    return {episode.alert_id for episode in episodes if episode.status == "firing"}


def test_the_first_config_is_no_change() -> None:
    assert changes(story()) == []


def test_a_change_says_who_and_from_what_to_what() -> None:
    line = story()
    publish(line, version(2, bands=[{"severity": "RED"}], to={"RED": ["owner"]}))
    publish(line, version(3, bands=[{"severity": "RED"}], to={"RED": ["owner"]}), by="E091")
    publish(line, version(3, bands=[{"severity": "RED"}], to={"RED": ["owner"]}), by="E091")  # the same again
    publish(line, version(3), body="null")
    publish(line, version(1))
    assert changes(line) == [
        ("R-37", "CHANGED", 1, 2, "E010"),
        ("R-37", "CHANGED", 2, 3, "E091"),
        ("R-37", "WITHDRAWN", 3, None, "E010"),
        ("R-37", "DEFINED", None, 1, "E010"),
    ]
    ids = [d.id for d in line.said if d.type == "rule.changed"]
    assert len(set(ids)) == len(ids)


def test_a_tenant_hears_only_of_rules_that_are_on() -> None:
    line = Line()
    line.begin("2026-05-04 06:00", packs=["nothing"])
    publish(line, version(2))
    assert changes(line) == []


def test_an_open_alert_goes_on_under_the_new_version() -> None:
    line = story()
    line.reading("A", "temperature", "99")
    (alert,) = told_open(line)
    publish(line, version(2, title={"zh": "读数", "en": "Reading"}))
    line.tick("2026-05-04 06:05")
    assert told_open(line) == held_open(line) == {alert}
    line.reading("A", "temperature", "93")
    assert told_open(line) == held_open(line) == set()


@pytest.mark.parametrize("other", [{"part": ""}, {"subject": ["message.equipment_id", "message.component_id"]}])
def test_a_version_about_other_subjects_ends_what_it_could_never_end(other: dict[str, Any]) -> None:
    line = story()
    line.reading("A", "temperature", "99")
    publish(line, version(2, **other))
    line.tick("2026-05-04 06:05")
    assert told_open(line) == held_open(line) == set()
    line.reading("A", "temperature", "99")
    assert len(told_open(line)) == 1


def test_what_rang_while_a_rule_was_on_ends_when_all_is_as_it_was_before() -> None:
    line = story()
    publish(line, version(1), body="null")
    line.tick("2026-05-04 06:01")
    publish(line, version(1))
    line.reading("A", "temperature", "99")
    publish(line, version(1), body="null")  # the config is what it was at the last tick
    line.tick("2026-05-04 06:02")
    assert told_open(line) == held_open(line) == set()


VERSIONS: list[dict[str, Any]] = [
    {},
    {"bands": [{"severity": "RED"}], "to": {"RED": ["owner"]}},
    {"part": ""},
    {"subject": ["message.equipment_id", "message.component_id"]},
    {"keep_firing_for": "3m"},
    {"for": "2m"},
    {"consecutive": 2},
    {"when": {"all": ["message.value > 1000.0"]}},
]
STEP = st.one_of(
    st.tuples(st.just("read"), st.sampled_from("AB"), st.sampled_from(["temperature", "pressure"]), st.booleans()),
    st.tuples(st.just("tick"), st.integers(1, 4)),
    st.tuples(st.just("version"), st.integers(0, len(VERSIONS) - 1)),
    st.tuples(st.just("off")),
    st.tuples(st.just("packs"), st.booleans()),
)


def take(line: Line, step: tuple[Any, ...]) -> None:
    match step:
        case ("read", machine, metric, bad):
            line.reading(machine, metric, "199" if bad else {"temperature": "93", "pressure": "9"}[metric])
        case ("tick", minutes):
            line.tick(line.now + minutes * 60_000)
        case ("version", number):
            publish(line, version(number + 1, **VERSIONS[number]))
        case ("off",):
            publish(line, version(1), body="null")
        case ("packs", on):
            packs = ["dongchen"] if on else []
            publish(line, item("tenant", line.scope, {"mode": "driven", "timezone": line.zone, "packs": packs}))


@given(steps=st.lists(STEP, max_size=25))
@examples(40)
def test_no_sequence_of_changes_loses_an_open_alert(steps: list[tuple[Any, ...]]) -> None:
    line = story()
    for step in steps:
        take(line, step)
        assert told_open(line) == held_open(line)
    publish(line, version(1), body="null")
    line.tick(line.now + 60_000)
    assert told_open(line) == held_open(line) == set()
    assert fold.load(fold.dump(line.state)) == line.state


CANARY = {"rollout": 99, "when": {"any": ["message.value > 0.0"]}}  # rings at everything


def test_a_canary_that_rings_too_much_is_taken_back() -> None:
    line = story()
    publish(line, version(2, **CANARY))
    for value in ("99", "93", "99", "93", "92", "94"):  # by the version before: two alerts
        for machine in "AB":
            line.reading(machine, "temperature", value)
    publish(line, version(3, **CANARY, one_shot=True, part=""))
    for value in ("93", "93.1", "93.2", "93.3", "93.4"):
        line.reading("A", "temperature", value)
    (rolled,) = (d for d in line.said if d.type == "rule.changed" and d.data["how"] == "ROLLED_BACK")
    assert (plain(rolled.data["old_version"]), plain(rolled.data["new_version"])) == (3, 2)
    assert rolled.data["changed_by"] == "R-50"
    assert rolled.data["reason"] == "4 alerts, 1 by the version before"
    assert fold.load(fold.dump(line.state)) == line.state


def test_what_was_taken_back_judges_no_more_and_the_version_before_does() -> None:
    line = story()
    publish(line, version(2, rollout=99, one_shot=True, part="", when={"any": ["message.value > 0.0"]}))
    for value in ("93", "93.1", "93.2", "93.3", "93.4", "93.5"):
        line.reading("A", "temperature", value)
    assert [row[3] for row in changes(line)] == [2, 1]
    before = len(line.alerts())
    line.tick("2026-05-04 06:01")
    line.reading("A", "temperature", "93")
    assert len([row for row in line.alerts()[before:] if row[1] == "raised"]) == 0
    line.reading("A", "temperature", "99")
    assert line.alerts()[-1][1] == "raised"
    last = next(d for d in reversed(line.said) if d.type == "alert.raised")
    assert plain(last.data["rule_version"]) == 1


def test_a_canary_that_errs_is_taken_back() -> None:
    line = story()
    publish(line, version(2, rollout=99, when={"any": ["message.unit.size() / 0 > 1"]}))
    for _ in range(4):
        line.reading("A", "temperature", "93")
    assert [(row[1], row[3]) for row in changes(line)] == [("CHANGED", 2), ("ROLLED_BACK", 1)]
    line.reading("A", "temperature", "99")
    line.tick("2026-05-04 06:02")
    assert [(row[1], row[2]) for row in line.alerts()] == [("raised", "R-00"), ("raised", "R-37"), ("resolved", "R-00")]


def test_a_canary_that_rings_alike_stays() -> None:
    line = story()
    publish(line, version(2, rollout=99))
    for _ in range(6):
        line.reading("A", "temperature", "99")
        line.reading("A", "temperature", "93")
    assert [row[1] for row in changes(line)] == ["CHANGED"]
    publish(line, version(3))
    assert line.state.scopes[line.scope].canaries == {}
    assert "before/R-37" not in line.state.config


def test_operations_hears_of_what_was_taken_back() -> None:
    line = story()
    publish(line, item("pack", "dongchen", {"id": "dongchen", "rules": ["R-37", "R-50"]}))
    publish(line, version(2, rollout=99, one_shot=True, part="", when={"any": ["message.value > 0.0"]}))
    for value in ("93", "93.1", "93.2", "93.3", "93.4"):
        line.reading("A", "temperature", value)
    told = [(row[1], row[3], row[4], row[5]) for row in line.alerts() if row[2] == "R-50"]
    assert told == [("raised", "R-37", "RED", ["E091"])]
