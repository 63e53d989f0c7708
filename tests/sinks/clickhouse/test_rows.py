"""Rows are a pure function of records."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sharedchain.fact import Derived, Fact
from sinks.clickhouse.rows import (
    ALERTS,
    DEAD_LETTERS,
    FACTS,
    METRIC_MINUTE,
    NOTIFICATIONS,
    TABLES,
    DeadLetter,
    Row,
    Table,
    alert_row,
    dead_letter_row,
    derived_row,
    fact_row,
    light_row,
    metric_row,
    notification_row,
)


def named(table: Table, row: Row | None) -> dict[str, Any]:
    assert row is not None
    assert len(row) == len(table.columns)
    return dict(zip(table.columns, row, strict=True))


def fact(**changes: Any) -> Fact:
    said: dict[str, Any] = {
        "partition": 2,
        "seq": 41,
        "recorded": 1_000,
        "kind": "fact",
        "scope": "acme",
        "type": "lead.captured",
        "id": "e-1",
        "source": "crm",
        "subject": "LEAD-1",
        "time": 900,
        "tenant": "acme",
        "data": {"lead_id": "LEAD-1", "expected_amount": Decimal("48000000.00"), "on": date(2026, 5, 1)},
        "actor": "E003",
        "correlation": "c",
        "causation": "k",
        "offset": 77,
        "src": "sales.lead.v1/0/5",
    }
    return Fact(**{**said, **changes})


def derived(type_name: str, data: dict[str, Any]) -> Derived:
    return Derived(
        type=type_name,
        id="d-1",
        subject="s",
        scope="acme",
        partition=2,
        seq=41,
        n=3,
        recorded=1_000,
        time=900,
        causation="e-1",
        correlation="c",
        data=data,
    )


ALERT = {
    "alert_id": "a1",
    "rule_id": "R-01",
    "rule_version": 2,
    "subject": "forecast BR",
    "severity": "YELLOW",
    "value": None,
    "value_text": "11 days",
    "threshold": Decimal("10.0000"),
    "unit": "d",
    "owner": "E002",
    "recipients": ["E002"],
    "deliveries": [],
    "title_zh": "陈旧",
    "title_en": "stale",
    "text_zh": "请刷新",
    "text_en": "refresh",
    "link": "/v1/x",
    "explain": "{}",
    "opened_at": 800,
}


def test_a_fact_fills_every_column() -> None:
    row = named(FACTS, fact_row(fact()))
    assert row == {
        "partition": 2,
        "seq": 41,
        "n": 0,
        "kind": "fact",
        "scope": "acme",
        "tenant": "acme",
        "type": "lead.captured",
        "id": "e-1",
        "source": "crm",
        "subject": "LEAD-1",
        "time": 900,
        "recorded": 1_000,
        "actor": "E003",
        "correlation": "c",
        "causation": "k",
        "backfill": False,
        "data": '{"expected_amount":"48000000.00","lead_id":"LEAD-1","on":"2026-05-01"}',
        "src": "sales.lead.v1/0/5",
        "offset": 77,
    }


@pytest.mark.parametrize("kind", ["refusal", "parked", "config"])
def test_refusals_parked_and_configuration_are_facts_too(kind: str) -> None:
    assert named(FACTS, fact_row(fact(kind=kind)))["kind"] == kind


def test_a_tick_has_no_row() -> None:
    assert fact_row(fact(kind="tick")) is None


def test_a_derived_fact_stands_beside_its_cause() -> None:
    row = named(FACTS, derived_row(derived("forecast.live.updated", {"new_total": Decimal("1.00")}), 9))
    assert (row["partition"], row["seq"], row["n"], row["offset"]) == (2, 41, 3, 9)
    assert (row["tenant"], row["kind"], row["causation"]) == ("acme", "fact", "e-1")


def test_a_metric_without_value_has_none_and_not_zero() -> None:
    data = {"metric_id": "M-09", "dims": {"b": "2", "a": "1"}, "minute": 60_000, "value": None, "n": 0, "unit": "CNY"}
    row = named(METRIC_MINUTE, metric_row(derived("metric.minute.computed", data)))
    assert (row["value"], row["corrected"], row["dims"], row["nth"], row["n"]) == (
        None,
        False,
        '{"a":"1","b":"2"}',
        3,
        0,
    )
    corrected = named(METRIC_MINUTE, metric_row(derived("metric.corrected", {**data, "old": None, "reason": "late"})))
    assert corrected["corrected"] is True


@pytest.mark.parametrize("transition", ["raised", "escalated", "resolved"])
def test_an_alert_is_a_row_a_transition(transition: str) -> None:
    row = named(ALERTS, alert_row(derived(f"alert.{transition}", ALERT), 5))
    assert row["transition"] == transition
    assert (row["value"], row["threshold"], row["at"], row["opened_at"]) == (None, Decimal("10.0000"), 1_000, 800)
    assert {name: row[name] for name in ALERT if name in row} == {k: v for k, v in ALERT.items() if k != "deliveries"}


def test_a_notification_and_a_lamp() -> None:
    data = {
        "alert_id": "a1",
        "transition": "raised",
        "channel": "EMAIL",
        "recipient": "E002",
        "attempt": 2,
        "outcome": "sent",
        "message_id": "<m>",
        "subject": "s",
        "text": "t",
        "sent_at": 5_000,
    }
    row = named(NOTIFICATIONS, notification_row(derived("notification.sent", data)))
    assert (row["outcome"], row["at"], row["sent_at"], row["attempt"]) == ("sent", 1_000, 5_000, 2)
    lamp = named(
        NOTIFICATIONS,
        light_row(derived("light.changed", {"alert_id": "a1", "subject": "2026Q2", "rule_id": "R-03", "state": "ON"})),
    )
    assert (lamp["channel"], lamp["outcome"], lamp["subject"]) == ("LIGHT", "ON", "2026Q2")


def test_a_dead_letter_keeps_its_bytes_and_any_header() -> None:
    letter = DeadLetter(
        "sales.lead.v1", (0, 5), "acme", "bad_frame", "", "x", "crm", "", "", 7, [("k", b"\xff\x00")], b"\x00\xff",
        "sales.lead.v1.dlq.v1", (0, 1),
    )  # fmt: skip
    row = named(DEAD_LETTERS, dead_letter_row(letter))
    assert (row["value"], row["headers"]) == (b"\x00\xff", '[["k","\\\\xff\\u0000"]]')


def test_the_same_record_twice_gives_the_same_row() -> None:
    assert fact_row(fact()) == fact_row(fact())
    assert alert_row(derived("alert.raised", ALERT)) == alert_row(
        derived("alert.raised", dict(reversed(ALERT.items())))
    )


def test_where_a_record_lay_changes_only_provenance() -> None:
    one = named(FACTS, fact_row(fact(offset=1, src="a/0/1")))
    other = named(FACTS, fact_row(fact(offset=2, src="b/1/9")))
    assert {name for name in one if one[name] != other[name]} == FACTS.provenance
    assert set(FACTS.compared) | FACTS.provenance == set(FACTS.columns)


def test_every_table_is_declared_once() -> None:
    assert list(TABLES) == ["facts", "metric_minute", "alerts", "notifications", "dead_letters"]
