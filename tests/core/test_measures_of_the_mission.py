"""Mission D.5: the measures that the steps from lead to cash determine, folded by the core from hand-made facts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sharedchain.core import fold
from tests.core.deals import Deals
from tests.core.line import Line

TERMS = ("0.30", "0.60", "0.10")


@pytest.fixture(scope="module")
def story() -> Deals:
    deals = Deals(Line())
    play(deals)
    return deals


def play(deals: Deals, every: int = 0) -> None:
    """15 March to 5 May; ticked as mission D.1 asks, or also each `every` ms."""
    line = deals.line
    line.begin("2026-03-15 08:00")
    line.equipment("EQ-COF-03", "ST-018", temperature=("93.0", "2.0", "°C"))
    line.target(200)

    def to(at: str) -> None:
        wanted = [line.ms(f"2026-{month:02d}-{day:02d} 00:00") for month in (3, 4, 5) for day in range(1, 31)]
        dense = range(line.now + every, line.ms(at), every) if every else ()
        for ms in sorted({*wanted, *dense, line.now - line.now % 60_000 + 60_000, line.ms("2026-05-04 00:00")}):
            if line.now < ms < line.ms(at):
                line.tick(ms)
        line.tick(at)

    to("2026-04-02 09:00")
    people = {"LEAD-0001": ("DE", "E001"), "LEAD-0002": ("BR", "E002")}
    for n in range(1, 11):
        id_ = f"LEAD-{n:04d}"
        deals.lead(id_, *people.get(id_, ("CN", "E003")))
    to("2026-04-03 09:00")
    deals.contact("LEAD-0001")
    to("2026-04-11 09:00")
    for n in (5, 6, 7):
        deals.drop(f"LEAD-{n:04d}")
    to("2026-04-12 09:00")
    deals.convert("LEAD-0001", "OPP-0001", 48, "DE")
    deals.convert("LEAD-0002", "OPP-0002", 36, "BR")
    deals.convert("LEAD-0003", "OPP-0003", 30)
    deals.convert("LEAD-0004", "OPP-0004", 12)
    for day, id_, old, new in (
        (14, "OPP-0001", "FOLLOWING", "PROJECT_APPROVED"),
        (15, "OPP-0002", "FOLLOWING", "PROJECT_APPROVED"),
        (16, "OPP-0003", "FOLLOWING", "PROJECT_APPROVED"),
        (17, "OPP-0004", "FOLLOWING", "PROJECT_APPROVED"),
        (18, "OPP-0001", "PROJECT_APPROVED", "IN_REVIEW"),
        (20, "OPP-0003", "PROJECT_APPROVED", "IN_REVIEW"),
        (22, "OPP-0001", "IN_REVIEW", "BIDDING"),
        (24, "OPP-0003", "IN_REVIEW", "BIDDING"),
        (25, "OPP-0002", "PROJECT_APPROVED", "IN_REVIEW"),
    ):
        to(f"2026-04-{day} 10:30")
        deals.stage(id_, old, new)
    to("2026-04-29 14:00")
    due = dict(zip(("2026-05-03", "2026-08-29", "2027-04-29"), TERMS, strict=True))
    deals.sign("OPP-0001", 1, due, amount=48, customer="C-DE-01", region="DE")
    for minute, value in enumerate(("93.1", "92.8", "96.4", "95.5", "93.8", "93.0")):
        to(f"2026-04-30 07:0{minute}")
        line.reading("EQ-COF-03", "temperature", value)
    to("2026-05-02 09:00")
    deals.lose("OPP-0004")
    to("2026-05-03 15:00")
    due = dict(zip(("2026-05-17", "2026-09-03", "2027-05-03"), TERMS, strict=True))
    deals.sign("OPP-0003", 2, due, amount=30, customer="C-CN-01", status="BLOCKED")
    to("2026-05-03 17:00")
    line.approved("CT-2026-0002", "OPP-0003")
    to("2026-05-05 10:00")
    deals.pay("AR-0001", (1, Decimal("14.4"), 0))
    to("2026-05-05 23:59")


def test_leads(story: Deals) -> None:
    assert story.level("M-01")["{}"] == 10
    assert story.level("M-01.disqualified")["{}"] == 3
    assert story.level("M-01.converted")["{}"] == 4
    assert story.level("M-01.open")["{}"] == 3
    assert story.level("M-01.open")['{"owner":"E003"}'] == 3
    assert story.level("M-02") == {
        "{}": Decimal("0.4000"),
        '{"region":"DE"}': 1,
        '{"region":"BR"}': 1,
        '{"region":"CN"}': Decimal("0.2500"),
        '{"industry":"MANUFACTURING"}': Decimal("0.4000"),
    }


def test_the_wait_of_open_leads(story: Deals) -> None:
    assert story.line.rows("M-03.max")[:2] == [("04-03 00:00", Decimal(15)), ("04-04 00:00", Decimal(39))]
    assert story.line.rows("M-03.max", owner="E001")[:2] == [("04-03 00:00", Decimal(15)), ("04-05 00:00", Decimal(39))]
    assert story.line.rows("M-03.p50", owner="E001")[-1] == ("04-13 00:00", None)
    assert story.last("M-03.max") == 783


def test_opportunities(story: Deals) -> None:
    stages = ("FOLLOWING", "PROJECT_APPROVED", "IN_REVIEW", "BIDDING", "SIGNED", "LOST")
    assert [story.last("M-04", stage=stage) for stage in stages] == [0, 0, 1, 0, 2, 1]
    assert story.last("M-04", stage="SIGNED", region="BR") == "no row"
    assert story.level("M-05") == {
        '{"pair":"FOLLOWING>PROJECT_APPROVED"}': Decimal("1.0000"),
        '{"pair":"PROJECT_APPROVED>IN_REVIEW"}': Decimal("0.7500"),
        '{"pair":"IN_REVIEW>BIDDING"}': Decimal("0.6667"),
        '{"pair":"BIDDING>SIGNED"}': Decimal("1.0000"),
    }
    assert story.level("M-06")["{}"] == Decimal("0.6667")
    assert story.level("M-06")['{"region":"CN"}'] == Decimal("0.5000")
    assert story.line.rows("M-07") == [("04-29 14:00", Decimal("17.0")), ("05-03 15:00", Decimal("19.0"))]
    assert story.last("M-07", region="CN") == 21


def test_signed(story: Deals) -> None:
    assert story.line.rows("M-20", period="2026Q2") == [
        ("04-29 14:00", Decimal("0.2400")),
        ("05-03 15:00", Decimal("0.3900")),
    ]
    assert story.last("M-20", period="2026") == "no row"
    assert [story.last("M-23", period=p) for p in ("2026Q2", "2026", "2026H1", "2026-04", "2026-05")] == [
        Decimal(n * 1_000_000) for n in (78, 78, 78, 48, 30)
    ]
    assert story.last("M-23", period="2026Q2", region="CN") == 30_000_000
    assert story.level("M-43") == {"{}": 1}


def test_receivables(story: Deals) -> None:
    assert story.last("M-24") == 63_600_000
    assert story.last("M-25") == Decimal("0.1846")
    assert story.last("M-25", receivable="AR-0001") == Decimal("0.3000")
    assert story.line.rows("M-25", customer="C-CN-01") == [("05-03 15:00", Decimal(0))]
    owed = [("04-29 14:00", Decimal(0)), ("05-04 00:00", Decimal(14_400_000)), ("05-05 10:00", Decimal(0))]
    assert story.line.rows("M-26") == owed
    assert story.line.rows("M-26", customer="C-DE-01") == owed
    assert story.line.rows("M-26.days") == [
        ("04-29 14:00", Decimal(0)),
        ("05-04 00:00", Decimal(1)),
        ("05-05 00:00", Decimal(2)),
        ("05-05 10:00", Decimal(0)),
    ]


def test_readings(story: Deals) -> None:
    assert story.level("M-74") == {'{"equipment":"EQ-COF-03"}': Decimal("0.6667")}


def test_dense_ticks_give_the_same_rows(story: Deals) -> None:
    dense = Deals(Line())
    play(dense, every=3 * 3_600_000)
    assert len(dense.line.facts) > len(story.line.facts) + 300
    rows = [
        [(d.id, d.subject, d.data) for d in deals.line.said if d.type.startswith("metric.")] for deals in (story, dense)
    ]
    assert rows[0] == rows[1]


def test_a_snapshot_on_the_way_changes_nothing(story: Deals) -> None:
    state, said = fold.new_state(), []
    for fact in story.line.facts:
        state, some = fold.step(fold.load(fold.dump(state)), [fact])
        said += some
    assert said == story.line.said
