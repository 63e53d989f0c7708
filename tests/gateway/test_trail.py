"""The steps of a chain, what hangs under them, and the time between."""

from __future__ import annotations

import pytest

from gateway import trail
from gateway.kin import Seen, chains, read
from gateway.trail import Clock
from tests.gateway.lead_to_cash import Log, ms, quarter

CLOCK = Clock(ms("05-05 23:59"), "Asia/Shanghai")
DAY = 86_400


def chain(ident: str) -> list[Seen]:
    return chains(read(quarter().rows), [ident])[0]


def test_the_steps_in_order_with_what_each_derived_beneath() -> None:
    steps = trail.steps(chain("OPP-0001"), CLOCK)
    told = [(one.local[5:16], one.type, [child.type for child in one.caused]) for one in steps]
    assert told[4:5] == [("04-12 09:00", "lead.converted", ["opportunity.created"])]
    assert told[9:] == [
        ("04-27 09:00", "case.opened", []),
        ("04-27 18:00", "case.closed", []),
        ("04-29 14:00", "opportunity.signed", ["contract.created", "receivable.created"]),
        ("05-04 00:00", "receivable.overdue", []),  # its cause is weeks old: a step of its own
        ("05-05 10:00", "payment.received", ["payment.allocated", "receivable.settled"]),
    ]


def test_the_end_of_a_case_carries_the_contract_it_freed() -> None:
    closed = trail.steps(chain("OPP-0003"), CLOCK)[-1]
    assert (closed.type, closed.seconds) == ("case.closed", 2 * 3600)
    assert [(one.type, one.actor) for one in closed.caused] == [("contract.approved", "E081")]


def test_seconds_are_those_since_the_last_accepted_step() -> None:
    steps = {(one.type, one.local[5:10]): one for one in trail.steps(chain("OPP-0001"), CLOCK)}
    refused, after = steps["record.rejected", "04-13"], steps["opportunity.stage.changed", "04-14"]
    assert (refused.state, refused.said["value"]) == ("refused", "FOLLOWING → SIGNED")
    assert after.seconds == 2 * DAY + 5400  # since the conversion, not since the refusal
    assert steps["lead.captured", "04-02"].seconds is None


def test_every_step_names_its_place_event_and_actor() -> None:
    signed = next(one for one in trail.steps(chain("OPP-0001"), CLOCK) if one.type == "opportunity.signed")
    contract = signed.caused[0]
    assert (contract.source.partition, contract.source.seq) == (3, signed.source.seq + 1)
    assert contract.source.cause == signed.source.event_id
    assert (signed.source.published_by, signed.source.correlation) == ("crm", "LEAD-0001")


def test_time_in_stages_adds_up_to_the_whole() -> None:
    spans = trail.spans(chain("OPP-0001"), CLOCK)
    assert [(one.stage, one.seconds) for one in spans[:3]] == [
        ("LEAD", 10 * DAY),
        ("FOLLOWING", 2 * DAY + 5400),
        ("PROJECT_APPROVED", 4 * DAY),
    ]
    assert (spans[-1].stage, spans[-1].left_at) == ("SIGNED", None)
    assert sum(one.seconds for one in spans) == (CLOCK.now - ms("04-02 09:00")) // 1000


def test_no_time_is_spent_in_lost() -> None:
    spans = trail.spans(chain("OPP-0004"), CLOCK)
    assert [(one.stage, one.left_at is None) for one in spans] == [("LEAD", False), ("FOLLOWING", False)]


def test_a_lead_alone_waits_until_now() -> None:
    log = Log()
    log.add("04-02 09:00", "lead.captured", "LEAD-1", lead_id="LEAD-1")
    (one,) = trail.spans(read(log.rows), CLOCK)
    assert one.seconds == (CLOCK.now - ms("04-02 09:00")) // 1000


def test_cash_says_what_was_billed_and_what_came() -> None:
    cash = trail.cash(chain("OPP-0001"), ms("04-02 09:00"), CLOCK)
    assert cash is not None
    assert (cash.total, cash.paid, cash.outstanding) == ("48000000.00", "14400000.00", "33600000.00")
    assert [(one.no, one.left, one.settled_days, one.overdue_days) for one in cash.instalments] == [
        (1, "0.00", 2, None),
        (2, "28800000.00", None, None),
        (3, "4800000.00", None, None),
    ]
    assert (cash.first_payment_seconds, cash.paid_in_full_at) == (33 * DAY + 3600, None)


def test_an_instalment_that_is_late_says_by_how_much_until_it_is_paid() -> None:
    before = [one for one in chain("OPP-0001") if one.at < ms("05-05 00:00")]
    cash = trail.cash(before, 0, CLOCK)
    assert cash is not None
    assert [one.overdue_days for one in cash.instalments] == [1, None, None]


def test_the_last_instalment_ends_it() -> None:
    log = quarter()
    log.add("05-05 12:00", "receivable.settled", "AR-0001", receivable_id="AR-0001", instalment_no=3, closed=True)
    facts = chains(read(log.rows), ["AR-0001"])[0]
    cash = trail.cash(facts, ms("04-02 09:00"), CLOCK)
    assert cash is not None
    assert cash.paid_in_full_seconds == 33 * DAY + 3 * 3600
    assert trail.spans(facts, CLOCK)[-1].left_at is not None


@pytest.mark.parametrize("ident", ["LEAD-0004", "CA-0002"])
def test_free_text_about_people_is_not_told(ident: str) -> None:
    told = {name for names in trail.SAID.values() for name in names}
    assert not told & {"summary", "next_step", "note"}
    assert trail.steps(chain(ident), CLOCK)
