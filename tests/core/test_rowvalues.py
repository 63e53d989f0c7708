"""One value for each row of a table."""

from __future__ import annotations

from decimal import Decimal

from sharedchain.config import item
from sharedchain.core.ruleset import ruleset
from tests.core.line import Line
from tests.core.told import begun, gauge, table, tell

CUSTOMER = table(
    "customer",
    key=["message.customer"],
    keep="30d",
    **{"from": {"ordered": {}, "used": {}, "complained": {}, "left": {"remove": True}}},
    columns={
        "ordered_at": {"last": "message.at", "type": "instant"},
        "drop": {"last": "message.drop", "type": "decimal"},
        "complaints": {"count": True, "where": 'meta.type == "complained"'},
    },
)
CHURN = gauge(
    "M-59",
    row={
        "table": "customer",
        "value": "-3.0 + 0.03 * age.ordered_at + 0.5 * double(row.complaints)"
        " + (row.drop != null && row.drop >= 0.3 ? 0.8 : 0.0)",
        "fn": "logistic",
    },
    sample="both",
    dims=[["customer"]],
)


def story() -> Line:
    line = begun(CUSTOMER, CHURN, at="2026-04-30 08:00")
    tell(line, "2026-04-30 09:00", "ordered", customer="C", at=line.ms("2026-01-31 10:00"))
    line.tick("2026-04-30 09:01")
    line.tick("2026-05-01 00:00")
    tell(line, "2026-05-01 08:30", "complained", customer="C")
    tell(line, "2026-05-01 08:30", "complained", customer="C")
    tell(line, "2026-05-01 08:30", "used", customer="C", drop=Decimal("0.45"))
    line.tick("2026-05-01 08:31")
    return line


def test_the_risk_of_a_customer_follows_its_facts_by_the_minute_and_its_silence_by_the_day() -> None:
    line = story()
    for day in range(2, 6):
        line.tick(f"2026-05-0{day} 00:00")
    found = line.rows("M-59", customer="C")
    assert found[1:3] == [("05-01 00:00", Decimal("0.4256")), ("05-01 08:30", Decimal("0.8176"))]
    assert found[-1] == ("05-05 00:00", Decimal("0.8348"))


def test_a_row_names_the_fact_that_moved_it() -> None:
    line = story()
    assert line.state.scopes[line.scope].gauges['M-59|{"customer":"C"}'].sources == [(3, line.facts[-2].seq)]


def test_a_row_that_lacks_what_its_value_reads_has_none() -> None:
    line = begun(CUSTOMER, CHURN)
    tell(line, "2026-04-01 09:00", "complained", customer="C")
    line.tick("2026-04-01 09:01")
    line.tick("2026-04-02 00:00")
    assert line.rows("M-59", customer="C") == []


def test_a_row_that_ends_or_is_forgotten_has_a_row_without_value() -> None:
    line = story()
    tell(line, "2026-05-01 09:00", "left", customer="C")
    line.tick("2026-05-01 09:01")
    assert line.rows("M-59", customer="C")[-1] == ("05-01 09:00", None)
    line = story()
    for day in range(2, 32):
        line.tick(f"2026-05-{day:02d} 00:00")
    line.tick("2026-06-01 00:00")
    assert line.rows("M-59", customer="C")[-1][1] is None


def test_a_value_that_errs_is_told_to_the_owner_of_the_measure() -> None:
    broken = gauge("M-60", row={"table": "customer", "value": "row.complaints / 0"}, dims=[["customer"]])
    line = begun(CUSTOMER, broken)
    tell(line, "2026-04-01 09:00", "complained", customer="C")
    line.tick("2026-04-01 09:01")
    alerts = [one.data for one in line.said if one.type == "alert.raised"]
    assert [(one["rule_id"], one["subject"]) for one in alerts] == [("R-00", "measure/M-60")]


def test_only_rows_of_the_wanted_kind_have_a_value_and_dims_may_have_other_names() -> None:
    named = gauge(
        "M-61",
        row={"table": "customer", "value": "row.drop", "where": {"complaints": "1"}, "paths": {"who": "customer"}},
        dims=[["who"]],
        scale=2,
    )
    line = begun(CUSTOMER, named)
    for who in ("C", "D"):
        tell(line, "2026-04-01 09:00", "used", customer=who, drop=Decimal("0.5"))
    tell(line, "2026-04-01 09:00", "complained", customer="C")
    line.tick("2026-04-01 09:01")
    assert line.rows("M-61", who="C") == [("04-01 09:00", Decimal("0.50"))]
    assert line.rows("M-61", who="D") == []


def test_a_measure_that_names_a_table_nobody_declares_is_left_out_by_name() -> None:
    line = begun(CUSTOMER)
    line.configure([])
    other = begun(CUSTOMER, CHURN)
    del other.state.config["table/customer"]
    other.state.config_hash = "x"
    assert ruleset(other.state).broken == {"measure/M-59": "this version knows no table customer"}


def test_a_measure_that_is_declared_later_looks_at_every_row() -> None:
    line = begun(CUSTOMER)
    tell(line, "2026-04-01 09:00", "ordered", customer="C", at=line.now)
    line.configure([item("measure", "M-59", CHURN[1])])
    tell(line, "2026-04-01 09:05", "complained", customer="D")
    line.tick("2026-04-01 09:06")
    assert [value for _, value in line.rows("M-59", customer="C")] == [Decimal("0.0474")]
