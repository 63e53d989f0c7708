"""Which facts belong together: by the ids they name, never by a shared correlation alone."""

from __future__ import annotations

from gateway.kin import candidates, chains, named, read
from tests.gateway.lead_to_cash import Log, quarter


def test_every_id_of_a_chain_leads_to_the_whole_of_it() -> None:
    facts = read(quarter().rows)
    whole = {one.id for one in chains(facts, ["OPP-0001"])[0]}
    for ident in ("LEAD-0001", "CT-2026-0001", "AR-0001", "PAY-1", "CA-0001"):
        (chain,) = chains(facts, [ident])
        assert {one.id for one in chain} == whole, ident
    assert {one.type for one in chains(facts, ["PAY-1"])[0]} >= {"lead.captured", "case.closed", "receivable.settled"}


def test_a_correlation_that_an_importer_gave_to_all_makes_no_kin() -> None:
    log = Log()
    for number in range(3):
        log.add("04-02 09:00", "lead.captured", f"LEAD-{number}", "import-7", lead_id=f"LEAD-{number}")
    assert [[one.subject for one in chain] for chain in chains(read(log.rows), ["LEAD-1"])] == [["LEAD-1"]]


def test_two_chains_are_told_in_the_order_they_began() -> None:
    log = Log()
    log.add("04-03 09:00", "lead.captured", "LEAD-B", lead_id="LEAD-B")
    log.add("04-02 09:00", "lead.captured", "LEAD-A", lead_id="LEAD-A")
    assert [chain[0].subject for chain in chains(read(log.rows), ["LEAD-B", "LEAD-A", "LEAD-A"])] == [
        "LEAD-A",
        "LEAD-B",
    ]


def test_a_case_about_something_else_does_not_join_what_else_is_about_it() -> None:
    log = Log()
    for number in (1, 2):
        log.add("04-02 09:00", "case.opened", f"SE-{number}", "LOT-77", case_id=f"SE-{number}", subject_="LOT-77")
    (chain,) = chains(read(log.rows), ["SE-1"])
    assert [one.subject for one in chain] == ["SE-1"]


def test_a_refusal_speaks_of_its_subject_alone() -> None:
    log = Log()
    log.refuse("04-13 10:00", "opportunity.signed", "OPP-1", approval_case_id="CA-OF-OTHERS", reason="transition")
    log.refuse("04-13 10:00", "master.customer.upserted", "C-1", reason="missing_field")
    assert [named(one) for one in read(log.rows)] == [{"OPP-1": "opportunity"}, {}]


def test_a_refused_payment_is_told_with_the_chain_whose_correlation_it_inherited() -> None:
    log = quarter()
    log.refuse("05-05 11:00", "payment.received", "PAY-9", "LEAD-0001", reason="domain", field="instalment_no")
    facts = read(log.rows)
    (chain,) = chains(facts, ["OPP-0001"])
    assert chain[-1].subject == "PAY-9"
    assert [one[0].subject for one in chains(facts, ["LEAD-0001", "PAY-9"])] == ["LEAD-0001"], "told once"


def test_a_refusal_with_the_correlation_of_others_binds_nothing_together() -> None:
    log = quarter()
    log.refuse("05-05 11:00", "opportunity.signed", "OPP-0003", "LEAD-0001", reason="domain")
    facts = read(log.rows)
    found = chains(facts, ["OPP-0001", "OPP-0003"])
    assert len(found) == 2
    assert not {one.subject for one in found[0] if not one.refused} & {"LEAD-0003", "OPP-0003"}


def test_what_was_parked_and_came_in_stands_once() -> None:
    log = Log()
    log.add("04-13 10:00", "opportunity.signed", "OPP-1", opportunity_id="OPP-1")
    parked = log.rows[0]
    log.rows.append(parked | {"seq": 9, "kind": "fact"})
    log.rows.insert(0, parked | {"kind": "parked"})
    log.rows[1]["kind"] = "parked"
    assert [(one.kind, one.seq) for one in read(log.rows)] == [("fact", 9)]
    assert [one.kind for one in read([parked | {"kind": "parked"}])] == ["parked"]


def test_what_was_parked_and_refused_after_all_waits_no_more() -> None:
    log = Log()
    log.add("04-13 10:00", "opportunity.signed", "OPP-1", opportunity_id="OPP-1")
    log.refuse("04-13 10:01", "opportunity.signed", "OPP-1", reason="transition")
    parked, refusal = log.rows[0] | {"kind": "parked", "src": "t/0/1"}, log.rows[1]
    assert [one.kind for one in read([parked, refusal | {"src": "t/0/1"}])] == ["refusal"]
    assert [one.kind for one in read([parked, refusal | {"src": "t/0/2"}])] == ["parked", "refusal"], "another record"


def test_candidates_are_ids_correlations_and_what_cases_are_about() -> None:
    facts = [
        one for one in read(quarter().rows) if one.type in ("case.opened", "payment.received", "forecast.published")
    ]
    ids, correlations = candidates(facts)
    assert ids == {"CA-0001", "OPP-0001", "CA-0002", "OPP-0003", "PAY-1", "AR-0001"}
    assert correlations == {"LEAD-0001", "LEAD-0003", "bank-77"}
