"""What an id is, and which chains it leads to."""

from __future__ import annotations

import json

import pytest

from gateway.asked import Asked, of_alert, places_of, recognised, subjects_of
from gateway.kin import Seen, read
from tests.gateway.lead_to_cash import alert, quarter

FACTS = read(quarter().rows)


def seen_of(ident: str) -> list[Seen]:
    """As `queries.facts_of` finds them."""
    return [one for one in FACTS if ident in (one.subject, one.id, one.correlation)]


def ask(ident: str) -> Asked:
    found = recognised(ident, seen_of(ident))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("ident", "found_as"),
    [
        ("LEAD-0001", "lead"),  # though it is a correlation too
        ("OPP-0001", "opportunity"),
        ("CT-2026-0001", "contract"),
        ("AR-0001", "receivable"),
        ("PAY-1", "payment"),
        ("CA-0001", "case"),
    ],
)
def test_an_entity_of_a_chain_leads_to_its_chain(ident: str, found_as: str) -> None:
    assert ask(ident) == Asked(found_as, (ident,))


def test_a_forecast_leads_to_all_it_ever_cited_and_has_a_history() -> None:
    found = ask("FC-2026Q2-CN")
    assert (found.found_as, found.seeds) == ("forecast", ("OPP-0003", "OPP-0004"))
    assert found.history[0].type == "forecast.published"


def test_an_event_leads_to_what_it_speaks_of() -> None:
    signed = next(one for one in FACTS if one.type == "opportunity.signed")
    assert ask(signed.id) == Asked("event", ("OPP-0001",))


def test_a_correlation_leads_to_all_that_carries_it() -> None:
    assert ask("bank-77") == Asked("correlation", ("AR-0001", "PAY-1"))


def test_nothing_is_nothing() -> None:
    assert recognised("OPP-9", []) is None


def test_an_alert_leads_to_the_chains_of_the_facts_that_raised_it() -> None:
    lost = next(one for one in FACTS if one.type == "opportunity.lost")
    explain = json.dumps({"sources": [{"partition": lost.partition, "seq": lost.seq}]})
    rows = [alert("a", "R-06", "FC-2026Q2-CN", "05-02 09:00", "05-02 09:00", "raised", explain=explain)]
    places = places_of(rows)
    caused = [one for one in FACTS if f"{one.partition}/{one.seq}" in places]
    assert of_alert("FC-2026Q2-CN", caused, seen_of("FC-2026Q2-CN")).seeds == ("OPP-0004",)


def test_an_alert_about_a_forecast_alone_tells_its_history() -> None:
    found = of_alert("FC-2026Q2-CN", [], [one for one in FACTS if one.subject == "FC-2026Q2-CN"])
    assert found.seeds == ("OPP-0003", "OPP-0004")
    assert len(found.history) == 3


def test_an_alert_on_a_total_tells_what_the_total_was_made_of() -> None:
    caused = [one for one in FACTS if one.type == "forecast.published"]
    found = of_alert("2026Q2", caused, [])
    assert (found.seeds, found.rang_on) == (("OPP-0003", "OPP-0004"), ("2026Q2",))
    assert found.history == tuple(caused)


@pytest.mark.parametrize("explain", ["", "not json", "[]", "{}"])
def test_an_alert_without_sources_has_no_places(explain: str) -> None:
    assert places_of([{"explain": explain}]) == []


def test_a_part_belongs_to_its_whole() -> None:
    assert list(subjects_of("AR-0001/1")) == ["AR-0001/1", "AR-0001"]
    assert list(subjects_of("")) == []
