"""Entity gauges: what one fact moves, currencies, ages, other declarations, and what a value is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sharedchain.config import item
from sharedchain.core import aggregates, rows
from sharedchain.core.ruleset import ruleset
from tests.core.deals import Deals
from tests.core.line import Line
from tests.core.told import begun, gauge, table, tell

SOON, LATER = "2026-05-10", "2026-06-10"


@pytest.fixture
def deals() -> Deals:
    line = Line()
    line.begin("2026-05-01 09:00")
    return Deals(line)


def sold(deals: Deals, no: int = 1, *, customer: str = "C-1", currency: str = "CNY", **more: Any) -> None:
    """One opportunity of 10 million from lead to receivable, half of it due soon."""
    deals.lead(f"L{no}")
    deals.convert(f"L{no}", f"O{no}", 10, currency=currency)
    terms = {SOON: "0.5", LATER: "0.5"}
    deals.sign(f"O{no}", no, terms, amount=10, customer=customer, currency=currency, **more)


def test_no_entities_no_rows(deals: Deals) -> None:
    deals.line.tick("2026-05-02 00:00")
    assert [
        m for m in ("M-04", "M-07", "M-20", "M-23", "M-24", "M-25", "M-26", "M-26.days") if deals.line.rows(m)
    ] == []


def test_two_currencies_are_never_added_and_each_keeps_its_own(deals: Deals) -> None:
    sold(deals)
    deals.line.tick("2026-05-01 09:01")
    sold(deals, 2, customer="C-2", currency="USD")
    said = deals.line.tick("2026-05-01 09:02")
    for measure in ("M-24", "M-25", "M-25.billed", "M-26"):
        assert deals.last(measure) is None, measure
    assert deals.last("M-26.days") == 0
    assert deals.last("M-04", stage="SIGNED") == 2
    assert deals.last("M-24", customer="C-1") == deals.last("M-24", customer="C-2") == 10_000_000
    units = {d.data["dims"].get("customer", ""): d.data["unit"] for d in said if d.data.get("metric_id") == "M-24"}
    assert units == {"": "CNY", "C-2": "USD"}


def test_a_target_in_another_currency_gives_no_completion(deals: Deals) -> None:
    deals.line.target(100, currency="USD")
    sold(deals)
    deals.line.tick("2026-05-01 09:01")
    assert deals.last("M-20", period="2026Q2") == "no row"
    deals.line.target(100)
    deals.line.tick("2026-05-01 09:02")
    assert deals.last("M-20", period="2026Q2") == Decimal("0.1000")


def test_debts_all_paid_are_0_and_a_surplus_lowers_no_other_debt(deals: Deals) -> None:
    sold(deals)
    sold(deals, 2, customer="C-2")
    deals.line.tick("2026-05-11 00:00")
    assert deals.last("M-26") == 10_000_000
    assert deals.last("M-26.days") == 1
    deals.pay("AR-0001", (1, 5, 0), (2, 5, 0))
    deals.line.tick("2026-05-11 00:01")
    assert deals.last("M-24", customer="C-1") == deals.last("M-26", customer="C-1") == 0
    assert deals.last("M-26.days", customer="C-1") == 0
    assert deals.last("M-25", customer="C-1") == 1
    assert deals.last("M-24") == 10_000_000
    assert deals.last("M-26") == 5_000_000


def test_a_part_payment_leaves_the_rest_overdue_and_the_days_go_on(deals: Deals) -> None:
    sold(deals)
    for day in range(2, 13):
        deals.line.tick(f"2026-05-{day:02d} 00:00")
    deals.pay("AR-0001", (1, 2, 3))
    deals.line.tick("2026-05-12 00:01")
    deals.line.tick("2026-05-13 00:00")
    assert deals.line.rows("M-26") == [
        ("05-01 09:00", Decimal(0)),
        ("05-11 00:00", Decimal(5_000_000)),
        ("05-12 00:00", Decimal(3_000_000)),
    ]
    days = [("05-01 09:00", 0), ("05-11 00:00", 1), ("05-12 00:00", 2), ("05-13 00:00", 3)]
    assert deals.line.rows("M-26.days") == [(minute, Decimal(n)) for minute, n in days]


def test_a_receivable_that_comes_late_is_overdue_at_once(deals: Deals) -> None:
    deals.line.tick("2026-05-15 09:00")
    sold(deals, at=deals.line.ms("2026-05-01 09:00"), backfill=True)
    deals.line.tick("2026-05-15 09:01")
    assert deals.last("M-26") == 5_000_000
    assert deals.last("M-26.days") == 5
    assert deals.last("M-23", period="2026-05") == 10_000_000


def test_an_amount_that_changes_after_signing_moves_the_sum(deals: Deals) -> None:
    sold(deals)
    deals.line.tick("2026-05-01 09:01")
    deals.line.move("opportunity.amount.changed", "O1", old=None, new=Decimal(7_000_000), currency="CNY")
    deals.line.tick("2026-05-01 09:02")
    assert [value for _, value in deals.line.rows("M-20.signed", period="2026")] == [10_000_000, 7_000_000]


def test_what_nobody_knows_changes_nothing(deals: Deals) -> None:
    deals.stage("O-9", "FOLLOWING", "BIDDING")
    deals.pay("AR-9", (1, 1, 0))
    deals.contact("L-9")
    said = deals.line.tick("2026-05-01 09:01")
    assert {d.data["metric_id"] for d in said if "metric_id" in d.data} == {"M-05.reached", "M-53.received"}


def test_the_row_names_the_facts_that_moved_it(deals: Deals) -> None:
    sold(deals)
    place = next(f.seq for f in deals.line.facts if f.type == "receivable.created")
    deals.line.tick("2026-05-01 09:01")
    assert deals.line.state.scopes["dongchen"].gauges["M-24|{}"].sources == [(3, place)]


def test_a_new_declaration_measures_what_is_there_already(deals: Deals) -> None:
    sold(deals)
    deals.line.tick("2026-05-01 09:01")
    of: dict[str, Any] = {"over": "opportunity", "take": "count", "where": {"stage": ["SIGNED", "LOST"]}}
    body: dict[str, Any] = {"id": "M-99", "name": {"zh": "z", "en": "e"}, "kind": "gauge", "unit": "x"}
    body |= {"owner": "role:ops", "entities": of}
    deals.line.configure([item("measure", "M-99", body)])
    deals.line.tick("2026-05-01 09:02")
    assert deals.line.rows("M-99") == [("05-01 09:01", Decimal(1))]
    deals.line.configure([item("measure", "M-99", body | {"entities": of | {"where": {"stage": "LOST"}}})])
    said = deals.line.tick("2026-05-01 09:03")
    assert deals.line.rows("M-99")[-1] == ("05-01 09:02", Decimal(0))
    assert {d.data["metric_id"] for d in said if "metric_id" in d.data} == {"M-99"}


def test_buckets_are_what_counting_anew_gives(deals: Deals) -> None:
    sold(deals)
    sold(deals, 2, customer="C-2", currency="USD")
    deals.lead("L3")
    deals.lose("O2")
    deals.pay("AR-0002", (1, 5, 0))
    deals.line.tick("2026-05-11 00:00")
    scope, over = deals.line.state.scopes["dongchen"], ruleset(deals.line.state).over
    kept, scope.buckets_of = {key: b for key, b in scope.buckets.items() if b.parts}, ""
    aggregates.rebuild(scope, over)
    assert {key: b for key, b in scope.buckets.items() if b.parts} == kept
    assert len(kept) > 40


def test_a_fact_moves_only_what_it_changes(deals: Deals) -> None:
    for no in range(1, 30):
        sold(deals, no, customer=f"C-{no}")
    deals.line.tick("2026-05-01 09:01")
    deals.pay("AR-0007", (1, 5, 0))
    dirty = deals.line.state.scopes["dongchen"].dirty_buckets
    assert {key.partition("|")[0] for key in dirty} == {"M-24", "M-25.collected"}
    assert len(dirty) == 6
    assert [id_ for _, id_, _ in rows.rows(deals.line.state.scopes["dongchen"], "receivable", "AR-0007")] == [
        "AR-0007",
        "AR-0007/1",
        "AR-0007/2",
    ]


def test_the_share_of_fresh_forecasts_falls_at_midnight_and_rises_with_a_version() -> None:
    line = Line()
    line.begin("2026-04-01 09:00")
    line.forecast("DE", 1, {"": 5})
    line.forecast("BR", 1, {"": 5})
    line.tick("2026-04-01 09:01")
    for day in range(2, 18):
        line.tick(f"2026-04-{day:02d} 00:00")
    line.forecast("DE", 2, {"": 5})
    line.tick("2026-04-17 00:01")
    shares = [("04-01 09:00", Decimal(1)), ("04-16 00:00", Decimal(0)), ("04-17 00:00", Decimal("0.5"))]
    assert line.rows("M-16", period="2026Q2") == shares


def stock(take: str, **more: Any) -> Line:
    """Three systems say how much there is of one part at one site."""
    kept = table(
        "stock",
        key=["message.sku", "message.system"],
        **{"from": {"told": {}, "gone": {"remove": True}}},
        columns={
            "on_hand": {"last": "message.on_hand", "type": "decimal"},
            "at": {"last": "meta.date", "type": "text"},
        },
    )
    said = {"over": "stock", "take": take, "field": "on_hand", **more}
    line = begun(kept, gauge("M-35", entities=said, dims=[["sku"]], sample="daily" if "day_of" in more else "minute"))
    for system, amount in (("ERP", 120), ("WMS", 118), ("MES", 125)):
        tell(line, "2026-04-01 10:00", "told", sku="P", system=system, on_hand=Decimal(amount))
    line.tick("2026-04-01 10:01")
    return line


def values(line: Line) -> list[str]:
    return [str(value) for _, value in line.rows("M-35", sku="P")]


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        ("max", "125.0000"),
        ("min", "118.0000"),
        ("spread", "7.0000"),
        ("last", "125.0000"),
        ("p50", "120.0000"),
        ("p95", "125.0000"),
        ("mean", "121.0000"),
    ],
)
def test_rows_of_a_table_are_aggregated(take: str, expected: str) -> None:
    assert values(stock(take)) == [expected]


def test_a_row_that_moves_is_taken_out_of_a_spread_and_put_in_again() -> None:
    line = stock("spread")
    for system in ("ERP", "WMS", "MES"):
        tell(line, "2026-04-01 10:05", "told", sku="P", system=system, on_hand=Decimal(120))
    line.tick("2026-04-01 10:06")
    tell(line, "2026-04-01 10:07", "gone", sku="P", system="WMS")
    line.tick("2026-04-01 10:08")
    assert values(line) == ["7.0000", "0.0000"]
    assert line.state.scopes[line.scope].buckets['M-35|{"sku":"P"}'].marks == {"120": 2}


def test_the_last_value_is_that_of_the_row_that_changed_last() -> None:
    line = stock("last")
    tell(line, "2026-04-01 10:05", "told", sku="P", system="ERP", on_hand=Decimal(9))
    line.tick("2026-04-01 10:06")
    assert values(line) == ["125.0000", "9.0000"]


@pytest.mark.parametrize(("tolerance", "expected"), [("6", "0.0000"), ("7", "100.0000")])
def test_groups_agree_when_their_values_lie_within_the_tolerance(tolerance: str, expected: str) -> None:
    line = stock("agree_share", per="sku", tolerance=tolerance, factor=100)
    assert values(line) == [expected]


def test_one_system_alone_is_compared_with_nothing() -> None:
    line = stock("agree_share", per="system", tolerance="6")
    assert values(line) == []


def test_of_a_day_only_its_own_rows_count_and_a_day_without_rows_has_no_value() -> None:
    line = stock("sum", day_of="at")
    assert values(line) == []
    line.tick("2026-04-02 00:00")
    tell(line, "2026-04-02 10:00", "told", sku="P", system="ERP", on_hand=Decimal(1))
    line.tick("2026-04-03 00:00")
    line.tick("2026-04-04 00:00")
    assert line.rows("M-35", sku="P") == [("04-02 00:00", Decimal(363)), ("04-03 00:00", Decimal(1))]
