"""Overdue: each mark once, the same by dense and by sparse ticks, and after a long silence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sharedchain.fact import Fact
from streams.ingest import ticks
from streams.ingest.book import MemoryBook
from tests.streams.ingest.rig import DAY, MINUTE, Rig
from tests.streams.ingest.steps import Deal, only, term

DUE = 1_777_737_600_000  # 2026-05-03 00:00 in Shanghai
TERMS = [term("0.3", "2026-05-03"), term("0.7", "2026-05-20")]


def signed() -> Deal:
    deal = Deal()
    deal.bidding()
    deal.sign(payment_terms=TERMS)
    return deal


def ticked(rig: Rig, *times: int) -> list[Fact]:
    return [f for at in times for f in rig.tick(at) if f.kind != "tick"]


def marks(facts: list[Fact]) -> list[tuple[int, int]]:
    return [(d["instalment_no"], d["days"]) for d in only(facts, "receivable.overdue")]


def test_it_is_told_at_the_midnight_behind_the_due_day() -> None:
    deal = signed()
    assert ticked(deal.rig, DUE, DUE + DAY - 1000) == []
    (fact,) = ticked(deal.rig, DUE + DAY)
    assert dict(fact.data) == {
        "receivable_id": "AR-0001",
        "instalment_no": 1,
        "days": 1,
        "amount": Decimal("30.00"),
        "currency": "CNY",
        "due_date": TERMS[0]["due_date"],
        "customer_id": "C-1",
        "owner_id": "E-1",
    }
    created = next(f for f, _ in deal.rig.spine if f.type == "receivable.created")
    assert (fact.causation, fact.correlation, fact.source) == (created.id, "L-1", "sharedchain:ingest")
    assert fact.recorded == fact.time == DUE + DAY
    assert ticked(deal.rig, DUE + DAY + 1000, DUE + 2 * DAY) == []


def test_dense_and_sparse_ticks_tell_the_same_facts() -> None:
    dense, sparse = signed(), signed()
    hours = range(DUE, DUE + 60 * DAY, 60 * MINUTE)
    said = [ticked(deal.rig, *times) for deal, times in ((dense, hours), (sparse, hours[::24]))]
    assert marks(said[0]) == [(1, 1), (2, 1), (1, 30), (2, 30)]
    assert [(f.id, f.time, f.data) for f in said[0]] == [(f.id, f.time, f.data) for f in said[1]]


def test_after_a_long_silence_each_mark_is_told_once_with_the_days_there_are() -> None:
    dense, late = signed(), signed()
    names = {f.id for f in ticked(dense.rig, *range(DUE, DUE + 60 * DAY, DAY))}
    found = ticked(late.rig, DUE + 40 * DAY)
    assert marks(found) == [(1, 40), (2, 23), (1, 40)]
    assert marks(ticked(late.rig, DUE + 90 * DAY)) == [(2, 73)]
    assert {f.id for f, _ in late.rig.spine if f.type == "receivable.overdue"} == names
    assert ticked(late.rig, DUE + 900 * DAY) == []


def test_a_tick_lost_with_its_turn_is_told_by_the_next() -> None:
    deal = signed()
    turn = deal.rig.turn()
    turn.now = DUE + DAY
    for partition in range(8):
        ticks.tick(turn, partition, turn.now // 1000, 1000)
    lost = [e.fact for e in turn.entries if e.fact.kind != "tick"]
    assert [(f.id, f.data) for f in lost] == [(f.id, f.data) for f in ticked(deal.rig, DUE + DAY + 1000)]


def test_what_one_tick_tells_is_recorded_at_its_time() -> None:
    deal, at = signed(), DUE + DAY
    deal.rig.now = at - DAY
    deal.tell("lead.contact.logged", lead_id="NOBODY", contact_id="K-1")
    turn = deal.rig.turn()
    turn.now = at + 700
    for partition in range(8):
        ticks.tick(turn, partition, turn.now // 1000, 1000)
    found = [(e.fact.type, e.fact.recorded) for e in turn.entries if e.fact.kind != "tick"]
    assert found == [("record.rejected", at), ("receivable.overdue", at)]


def test_what_is_paid_is_not_overdue_and_what_is_left_is() -> None:
    deal = signed()
    deal.pay("30.00", payment="1")
    assert marks(ticked(deal.rig, DUE + DAY)) == []
    deal.pay("50.00", payment="2")
    (told,) = only(ticked(deal.rig, DUE + 18 * DAY), "receivable.overdue")
    assert (told["instalment_no"], told["amount"]) == (2, Decimal("20.00"))
    deal.pay("20.00", payment="3")
    assert ticked(deal.rig, DUE + 90 * DAY) == []
    assert [n for n in deal.rig.book.values if n.startswith("timer/")] == []


def test_each_tenant_has_its_own_midnight_and_clock() -> None:
    rig = Rig()
    rig.config("tenant", "t0", {"mode": "driven"})
    rig.config("tenant", "t14", {"timezone": "America/Sao_Paulo"})
    rig.publish("clock.ticked", {"at": rig.now, "n": 1}, tenant="t0")
    for tenant in ("t0", "t14"):
        deal = Deal(rig, tenant=tenant)
        deal.bidding()
        deal.sign(payment_terms=TERMS)
    assert ticked(rig, DUE + DAY) == []
    assert [f.scope for f in ticked(rig, DUE + DAY + 11 * 60 * MINUTE)] == ["t14"]
    found = rig.publish("clock.ticked", {"at": DUE + DAY, "n": 2}, tenant="t0")
    assert [(f.kind, f.scope, f.recorded) for f in found[1:]] == [("fact", "t0", DUE + DAY)]


@pytest.mark.parametrize(("zone", "hours"), [("America/Sao_Paulo", 35), ("Pacific/Kiritimati", 18), ("Asia/Tokyo", 23)])
@pytest.mark.parametrize("mode", ["wall", "driven"])
def test_a_tenant_that_moves_waits_for_its_new_midnights(zone: str, hours: int, mode: str) -> None:
    rig, now = Rig(), DUE - DAY
    rig.config("tenant", "t0", {"mode": mode})

    def clock(at: int) -> list[Fact]:
        tick = {"at": at, "n": at // 1000}
        rig.now = at
        found = rig.tick(at) if mode == "wall" else rig.publish("clock.ticked", tick, tenant="t0")
        return [f for f in found if f.kind != "tick"]

    clock(rig.now)
    deals = [Deal(rig, tenant="t0"), Deal(rig, tenant="t14")]
    for deal in deals:
        deal.bidding()
        deal.sign(payment_terms=TERMS)
    clock(now)
    rig.config("tenant", "t0", {"mode": mode, "timezone": zone})
    assert rig.recovered().values == rig.book.values
    mine = [f for hour in range(0, 90) for f in clock(DUE + hour * 60 * MINUTE) if f.scope == "t0"]
    assert [((f.time - DUE) // 60 // MINUTE, f.data["days"]) for f in mine] == [(hours, 1)]


@pytest.mark.parametrize("backfill", ["true", "false"])
def test_what_was_overdue_when_it_was_brought_in_is_settled_history(backfill: str) -> None:
    deal = Deal(backfill=backfill)
    deal.bidding()
    deal.sign(payment_terms=[term("0.5", "2026-04-01"), term("0.5", "2026-05-03")])
    found = ticked(deal.rig, deal.rig.now + 1000, DUE + DAY)
    assert [(f.data["instalment_no"], f.backfill) for f in found] == [(1, backfill == "true"), (1, False), (2, False)]


def test_a_tick_does_not_look_at_instalments_that_are_not_due() -> None:
    deal = Deal()
    for n in range(20):
        deal.bidding(f"P-{n}", f"L-{n}")
        deal.sign(f"P-{n}", payment_terms=TERMS)
    read: list[str] = []

    class Watched(MemoryBook):
        def get(self, name: str) -> object:
            read.append(name)
            return super().get(name)

    watched = Watched()
    watched.values, watched.identities = deal.rig.book.values, deal.rig.book.identities
    deal.rig.book = watched
    assert ticked(deal.rig, DUE) == []
    assert [name for name in read if name.startswith(("entity/", "timer/"))] == []
