"""Cases at the bottom of a rule: what they can say, and that a wrong one fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sharedchain.core import trial
from sharedchain.core.measures import Measure
from sharedchain.core.ruleset import prepare
from sharedchain.core.state import Item
from tests.core.test_episode import rule
from tests.core.test_rule import EVENT

LATE = {
    **EVENT, "on": {"event": ["receivable.overdue"]}, "subject": "message.id", "value": "message.days",
    "clear": [{"event": ["receivable.settled"], "subject": "message.id"}],
}  # fmt: skip
OVERDUE = {"type": "receivable.overdue", "message": {"id": "AR-1", "days": 3}}
SETTLED = {"type": "receivable.settled", "message": {"id": "AR-1"}}


def run(body: dict[str, Any], given: dict[str, Any], expect: Any) -> trial.Outcome:
    (case,) = trial.trials_of([{"name": "n", "given": given, "expect": expect}])
    return trial.run(prepare(rule(**body)), case, {})


@pytest.mark.parametrize(
    ("given", "expect", "ok"),
    [
        ({"events": [OVERDUE, SETTLED]}, ["raised RED", "resolved"], True),
        ({"events": [OVERDUE, SETTLED]}, ["raised RED", "quiet"], False),
        ({"events": [OVERDUE]}, [{"alert": "raised RED", "value": "3", "subject": "AR-1"}], True),
        ({"events": [OVERDUE]}, [{"alert": "raised RED", "value": "4"}], False),
        ({"events": [OVERDUE]}, [{"alert": "raised RED", "to": ["E9"]}], False),
        ({"events": [OVERDUE | {"backfill": True}]}, ["quiet"], True),
        ({"message": {"id": "AR-1", "days": 3}}, {"alert": "raised RED", "value": "3"}, True),
        ({"message": {"id": "AR-1", "days": 3}}, "quiet", False),
    ],
)
def test_a_case_holds_or_does_not(given: dict[str, Any], expect: Any, ok: bool) -> None:
    assert run(LATE, given, expect).ok is ok


@pytest.mark.parametrize(
    ("given", "expect", "said"),
    [
        ({"events": [OVERDUE, SETTLED]}, ["raised RED"], "2 events and 1 words: expect one each"),
        ({"events": [{"message": {}}]}, ["quiet"], "event 1 has no type"),
        ({"values": ["3"]}, ["quiet"], "looks at events: give a `message`"),
    ],
)
def test_a_case_that_asks_for_what_cannot_be_says_why(given: dict[str, Any], expect: Any, said: str) -> None:
    outcome = run(LATE, given, expect)
    assert not outcome.ok
    assert said in outcome.found


def test_a_payload_is_read_by_its_schema() -> None:
    (case,) = trial.trials_of([{"name": "n", "given": {"events": [OVERDUE]}, "expect": ["quiet"]}])
    schema = {"type": "record", "name": "X", "fields": [{"name": "id", "type": "string"}]}
    outcome = trial.run(prepare(rule(**LATE)), case, {}, {"receivable.overdue": schema})
    assert outcome.found == "cannot: message.days is no field"


def test_an_expectation_is_said_in_words() -> None:
    said = run(LATE, {"events": [OVERDUE]}, [{"alert": "raised RED", "subject": "AR-2", "value": "3", "to": ["E1"]}])
    assert str(said.found[0]) == "raised RED (about AR-1; says 3; to E-data_steward)"
    assert str(said.expected[0]) == "raised RED (about AR-2; says 3; to E1)"


def test_words_of_an_expectation() -> None:
    (case,) = trial.trials_of(
        [{"name": "n", "given": {"events": [OVERDUE]}, "expect": ["quiet", {"alert": "raised RED"}]}]
    )
    assert (case.words, case.fires) == (("quiet", "raised RED"), True)


WATCHED = {
    **EVENT, "on": {"event": ["sensor.reading"]}, "subject": "message.id", "for": "1h", "cooldown": "1h",
    "when": {"all": ["message.hot"]},
}  # fmt: skip


def read(hot: bool, **more: Any) -> dict[str, Any]:
    return {"type": "sensor.reading", "message": {"id": "EQ-1", "hot": hot}, **more}


def test_time_goes_on_by_ticks_and_by_what_each_entry_says() -> None:
    given = {"events": [read(True), {"tick": True, "after": "59m"}, {"tick": True}, read(False, after="5h")]}
    assert run(WATCHED, given, ["quiet", "quiet", "raised RED", "resolved"]).ok
    assert not run(WATCHED, given, ["quiet", "raised RED", "quiet", "resolved"]).ok


GAUGE = {
    "id": "M-14", "name": {"zh": "z", "en": "e"}, "kind": "gauge", "dims": [["period"]], "unit": "ratio", "scale": 4,
    "owner": "role:ops", "computed": {"op": "ratio", "of": ["M-09", "target.sales"]},
}  # fmt: skip
TABLE = {
    "id": "machine", "title": {"zh": "z", "en": "e"}, "key": ["message.id"],
    "from": {"machine.moved": {}}, "columns": {"site": {"last": "message.site", "type": "text"}},
}  # fmt: skip


def test_tables_are_folded_and_what_an_action_does_is_seen() -> None:
    derive = {"derive": "case.opened", "data": {"site": "place.site"}}
    body = {**EVENT, "subject": "place.site", "with": {"place": {"entity": "machine", "id": "message.id"}}}
    body |= {"one_shot": True, "action": derive}
    moved = {"type": "machine.moved", "message": {"id": "EQ-1", "site": "S-1"}}
    given = {"events": [moved, {"type": "x", "message": {"id": "EQ-1"}}, {"type": "x", "message": {"id": "EQ-2"}}]}
    alert = {"alert": "raised RED", "subject": "S-1", "derives": ["case.opened"]}
    (case,) = trial.trials_of([{"name": "n", "given": given, "expect": ["quiet", alert, "quiet"], "edge": True}])
    data = {"table/machine": Item("h", json.dumps(TABLE))}
    outcome = trial.run(prepare(rule(**body)), case, {}, {}, data)
    assert (outcome.found, case.edge) == (outcome.expected, True)


def test_values_may_follow_events_and_say_their_dims() -> None:
    looks = {"with": {"place": {"entity": "machine", "id": "metric.period", "optional": True}}}
    words = {"title": "{{ place.site }}", "text": "t"}
    body = {**looks, "texts": {"zh": words, "en": words}, "subject_owner": "place.site"}
    moved = {"type": "machine.moved", "message": {"id": "2026Q1", "site": "S-1"}}
    given = {"values": ["0.80", "0.99"], "dims": {"period": "2026Q1"}, "events": [moved]}
    alert = {"alert": "raised RED", "subject": "2026Q1", "to": ["S-1"]}
    (case,) = trial.trials_of([{"name": "n", "given": given, "expect": [alert, "resolved"]}])
    measure = Measure.model_validate(GAUGE)
    data = {"table/machine": Item("h", json.dumps(TABLE))}
    outcome = trial.run(prepare(rule(**body)), case, {"M-14": measure}, {}, data)
    assert outcome.found == outcome.expected


@pytest.mark.parametrize(("data", "said"), [({"id": "message.id"}, ""), ({"id": "message.no"}, "id must be said")])
def test_what_an_action_says_is_held_against_its_schema(data: dict[str, str], said: str) -> None:
    schemas = {"thing.made": {"name": "Made", "fields": [{"name": "id", "type": "string"}]}}
    body = rule(**{**LATE, "action": {"derive": "thing.made", "data": data}})
    (case,) = trial.trials_of([{"name": "n", "given": {"events": [OVERDUE]}, "expect": ["raised RED"]}])
    outcome = trial.run(prepare(body), case, {}, schemas)
    assert (outcome.ok, said in str(outcome.found)) == (not said, True)
