from __future__ import annotations

from collections import Counter
from datetime import date

from sharedchain.core.routes import deliveries, resolve
from sharedchain.core.ruleset import ruleset
from sharedchain.core.wording import SEVERITIES
from tests.core.line import Line

DAY = date(2026, 4, 20)


def standing() -> Line:
    line = Line()
    line.begin("2026-04-20 10:00")
    return line


def test_roles_and_owner_become_people_once() -> None:
    scope = standing().state.scopes["dongchen"]
    assert resolve(scope, ("role:sales", "owner", "role:president"), "E001", DAY) == ["E000", "E001", "E002", "E003"]
    assert resolve(scope, ("owner",), "", DAY) == []


def test_a_path_names_an_employee_of_what_the_rule_saw() -> None:
    scope, seen = standing().state.scopes["dongchen"], {"message": {"accountable_id": "E023", "nobody": ""}}
    wanted = ("owner", "message.accountable_id", "message.nobody", "case.owner_id")
    assert resolve(scope, wanted, "E022", DAY, seen) == ["E022", "E023"]


def test_who_left_is_not_told() -> None:
    line = standing()
    data = {"employee_id": "E090", "org_id": "O", "role": "data_steward", "valid_from": None}
    line.add("fact", "master.employee.upserted", {**data, "valid_to": date(2026, 4, 19)})
    line.add("fact", "master.employee.upserted", {**data, "employee_id": "E092", "valid_to": DAY})
    line.add("fact", "master.employee.upserted", {**data, "employee_id": "E093", "valid_from": date(2026, 4, 21)})
    assert resolve(line.state.scopes["dongchen"], ("role:data_steward",), "", DAY) == ["E092"]


def test_the_policy_of_the_mission() -> None:
    line = standing()
    scope, routes = line.state.scopes["dongchen"], ruleset(line.state).routes
    told = {s: Counter(d["channel"] for d in deliveries(scope, routes, s, ["E010", "E020"])) for s in SEVERITIES}
    assert told == {
        "INFO": {"INBOX": 2},
        "YELLOW": {"INBOX": 2, "EMAIL": 2},
        "RED": {"INBOX": 2, "EMAIL": 2, "IM": 2, "LIGHT": 1},
    }


def test_a_missing_address_is_left_empty_not_left_out() -> None:
    line = standing()
    line.add("fact", "master.employee.upserted", {"employee_id": "E090", "org_id": "O", "role": "data_steward"})
    scope = line.state.scopes["dongchen"]
    assert {"channel": "EMAIL", "recipient": "E090", "address": ""} in deliveries(
        scope, ruleset(line.state).routes, "YELLOW", ["E090"]
    )
