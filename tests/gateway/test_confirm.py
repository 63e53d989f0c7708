"""What a confirmation makes of the version that stands."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.confirm import FORM, Change, Current, already_done, current_of, event_id, next_version, read_change
from gateway.problem import Problem

DATA: dict[str, Any] = {
    "forecast_id": "FC-BR",
    "version": 1,
    "period": "2026Q2",
    "org_id": "ORG",
    "region": "BR",
    "owner_id": "E002",
    "reason": None,
    "currency": "CNY",
    "lines": [
        {"line_id": "L1", "basis": "PROJECT", "opportunity_id": "OPP-2", "amount": "36000000.00", "rationale": None},
        {"line_id": "L2", "basis": "EXPERIENCE", "rationale": "run rate", "amount": "18000000.00"},
    ],
}


def current(version: int = 1, **changes: Any) -> Current:
    said = {"id": "f1", "by": "E002", "at": "2026-04-20T02:00:00.000Z", "total": "54000000.00", "correlation": "c"}
    return Current(version=version, data=DATA | {"version": version}, **(said | changes))


def changed(**amounts: str) -> Change:
    return Change(amounts={name: Decimal(amount) for name, amount in amounts.items()})


def test_unchanged_is_the_next_version_with_equal_lines() -> None:
    made = next_version(current(), Change(), "acme", "E002")
    assert made.data == DATA | {"version": 2}
    envelope = made.envelope
    assert (envelope.actor, envelope.tenant, envelope.time) == ("E002", "acme", None)
    assert (envelope.subject, envelope.causation, envelope.correlation) == ("FC-BR", "f1", "c")


def test_named_lines_change_and_others_stay() -> None:
    lines = next_version(current(), changed(L2="12000000"), "acme", "E002").data["lines"]
    assert [line["amount"] for line in lines] == ["36000000.00", "12000000"]
    assert lines[1]["rationale"] == "run rate"


def test_a_line_of_zero_stays_unless_dropping_was_said() -> None:
    zero = changed(L2="0.00")
    assert len(next_version(current(), zero, "acme", "E002").data["lines"]) == 2
    dropping = Change(amounts=zero.amounts, drop_zero=True)
    assert [line["line_id"] for line in next_version(current(), dropping, "acme", "E002").data["lines"]] == ["L1"]


def test_dropping_every_line_is_refused() -> None:
    with pytest.raises(Problem, match="no line would be left"):
        next_version(current(), Change(amounts={"L1": Decimal(0), "L2": Decimal(0)}, drop_zero=True), "acme", "E002")


def test_an_unknown_line_is_refused_with_those_there_are() -> None:
    with pytest.raises(Problem) as caught:
        next_version(current(), changed(L9="1"), "acme", "E002")
    assert (caught.value.status, caught.value.findings[0].mend) == (422, "its lines are L1, L2")


def test_the_id_is_one_for_all_clicks_on_a_version_and_no_other() -> None:
    one = next_version(current(), Change(), "acme", "E002").envelope.id
    assert next_version(current(), changed(L1="1"), "acme", "E010").envelope.id == one
    assert len({one, event_id("acme", "FC-BR", 2), event_id("other", "FC-BR", 1), event_id("acme", "FC-DE", 1)}) == 4


@pytest.mark.parametrize(
    ("stands", "change", "done"),
    [
        (current(2, id=event_id("acme", "FC-BR", 1)), Change(), True),
        (current(2, id=event_id("acme", "FC-BR", 1)), changed(L1="36000000"), True),
        (current(2, id=event_id("acme", "FC-BR", 1)), changed(L1="35000000"), False),
        (current(2, id="somebody else's"), Change(), False),
        (current(3, id=event_id("acme", "FC-BR", 2)), Change(), False),
        (current(1), Change(), False),
    ],
)
def test_already_done(stands: Current, change: Change, done: bool) -> None:
    assert already_done(stands, change, "acme", 1) is done


def test_a_dropped_line_that_is_gone_counts_as_done() -> None:
    data = DATA | {"version": 2, "lines": DATA["lines"][:1]}
    stands = Current(version=2, data=data, id=event_id("acme", "FC-BR", 1), by="E002", at="", total="")
    assert already_done(stands, Change(amounts={"L2": Decimal(0)}, drop_zero=True), "acme", 1)
    assert not already_done(stands, Change(amounts={"L2": Decimal(0)}), "acme", 1)


def test_current_is_the_newest_row_by_its_actor_or_owner() -> None:
    live = {"version": 2, "owner_id": "E002", "new_total": "54000000.00"}
    row = {
        "live": json.dumps(live),
        "data": json.dumps(DATA),
        "id": "f2",
        "actor": "",
        "correlation": "",
        "recorded": "t",
    }
    found = current_of([row, row | {"live": "unread"}])
    assert found is not None
    assert (found.version, found.by, found.total) == (2, "E002", "54000000.00")
    assert current_of([]) is None


@pytest.mark.parametrize(
    ("media", "body", "change"),
    [
        ("", b"", Change()),
        ("application/json", b" \n", Change()),
        ("application/json", b"{}", Change()),
        ("application/json; charset=utf-8", b'{"lines":[{"line_id":"L1","amount":"1.50"}]}', changed(L1="1.50")),
        ("application/json", b'{"lines":[{"line_id":"L1","amount":1.5}]}', changed(L1="1.50")),
        (FORM, urlencode([("line_id", "L1"), ("amount", "36,000,000.00")]).encode(), changed(L1="36000000.00")),
        (FORM, b"line_id=L1&amount=0&drop_zero=1", Change(amounts={"L1": Decimal("0.00")}, drop_zero=True)),
    ],
)
def test_what_the_reader_sent(media: str, body: bytes, change: Change) -> None:
    assert read_change(media, body) == change


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        ("text/plain", b"x", 415),
        ("application/json", b"[]", 422),
        ("application/json", b'{"lines": {}}', 422),
        ("application/json", b'{"lines": [1]}', 422),
        ("application/json", b'{"lines": [{"line_id": "L1"}]}', 422),
        ("application/json", b'{"lines": [{"line_id": "L1", "amount": "1", "basis": "PROJECT"}]}', 422),
        ("application/json", b'{"lines": [], "drop_zero": "yes"}', 422),
        ("application/json", b'{"lines": [{"line_id": "L1", "amount": 1}, {"line_id": "L1", "amount": 2}]}', 422),
        *[
            ("application/json", f'{{"lines": [{{"line_id": "L1", "amount": {amount}}}]}}'.encode(), 422)
            for amount in ("-1", "1.005", '"abc"', '"NaN"', '"Infinity"', "true", "null", "[]", '"1e30"', '""')
        ],
        (FORM, b"line_id=L1", 422),
        (FORM, b"line_id=%ff&amount=1", 400),
        (FORM, b"&".join([b"a=1"] * 3000), 400),
    ],
)
def test_what_cannot_be_meant_is_refused(media: str, body: bytes, status: int) -> None:
    with pytest.raises(Problem) as caught:
        read_change(media, body)
    assert caught.value.status == status
