from __future__ import annotations

from typing import Any

import pytest

from sharedchain.contract import Broken, check_required, is_empty, lacking, map_terms, places, read_event, read_excused
from sharedchain.dictionary import load_dictionaries
from sharedchain.errors import Refused
from sharedchain.events import OpportunityStageChanged
from sharedchain.schemas import Catalog

TYPES = Catalog.load().types
WORDS = load_dictionaries()
LEAD: dict[str, Any] = {
    "lead_id": "L",
    "customer_industry": "汽车制造",
    "demand_type": "新购",
    "expected_amount": "1.50",
    "customer_id": "C",
    "owner_id": "E",
}


def test_synonyms_become_codes_and_the_record_stays_as_it_was() -> None:
    coded = map_terms(TYPES["lead.captured"], LEAD, WORDS, "crm")
    assert coded["customer_industry"] == "AUTOMOTIVE"
    assert coded["demand_type"] == "NEW"
    assert LEAD["customer_industry"] == "汽车制造"


def test_a_synonym_is_one_systems_word() -> None:
    with pytest.raises(Refused) as caught:
        map_terms(TYPES["lead.captured"], LEAD, WORDS, "erp")
    assert (caught.value.reason, caught.value.field) == ("unknown_term", "customer_industry")


def test_words_in_lists_are_mapped_in_a_copy_of_the_list() -> None:
    data: dict[str, Any] = {"lines": [{"basis": "项目"}, {"basis": None}, {"basis": "EXPERIENCE"}]}
    coded = map_terms(TYPES["forecast.published"], data, WORDS)
    assert [line["basis"] for line in coded["lines"]] == ["PROJECT", None, "EXPERIENCE"]
    assert data["lines"][0]["basis"] == "项目"


def test_a_dictionary_that_is_not_there_knows_no_word() -> None:
    with pytest.raises(Refused, match="industry"):
        map_terms(TYPES["lead.captured"], LEAD, {})


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({}, None),
        ({"expected_amount": None}, "expected_amount"),
        ({"owner_id": "  "}, "owner_id"),
        ({"customer_id": None}, "customer_id"),
        ({"customer_id": None, "prospect_name": "P"}, None),
        ({"expected_amount": 0}, None),
    ],
)
def test_required_fields(changed: dict[str, Any], field: str | None) -> None:
    data = {**LEAD, **changed}
    if field is None:
        check_required(TYPES["lead.captured"], data)
        return
    with pytest.raises(Refused) as caught:
        check_required(TYPES["lead.captured"], data)
    assert (caught.value.reason, caught.value.field) == ("missing_field", field)


def test_all_faults_are_told_together_and_the_first_is_the_reason() -> None:
    with pytest.raises(Broken) as caught:
        read_event(TYPES["lead.captured"], {"lead_id": "L", "expected_amount": "x", "regon": "DE"})
    told = {fault.field: fault.reason for fault in caught.value.faults}
    assert told == {
        "customer_industry": "missing_field",
        "demand_type": "missing_field",
        "expected_amount": "domain",
        "owner_id": "missing_field",
        "regon": "domain",
    }
    assert "did you mean region?" in str(caught.value.faults[-1])
    assert (caught.value.reason, caught.value.field) == ("missing_field", "customer_industry")


def test_a_field_that_python_keeps_for_itself_has_its_own_name_outside() -> None:
    kind = TYPES["opportunity.stage.changed"]
    said = OpportunityStageChanged(opportunity_id="O", from_="FOLLOWING", to="BIDDING")
    assert read_event(kind, said.to_avro()) == said
    assert said.to_avro()["from"] == "FOLLOWING"
    assert '"from":"FOLLOWING"' in said.model_dump_json()
    with pytest.raises(Broken) as caught:
        read_event(kind, {"opportunity_id": "O", "fromm": "FOLLOWING", "to": "BIDDING"})
    assert [fault.field for fault in caught.value.faults] == ["from", "fromm"]
    assert "did you mean from?" in caught.value.faults[1].text


def test_a_bad_line_is_named_by_its_place_and_not_also_called_absent() -> None:
    good = {"line_id": "1", "basis": "PROJECT", "opportunity_id": "O", "amount": "1"}
    said = {"forecast_id": "F", "version": 1, "period": "p", "org_id": "o", "region": "DE", "owner_id": "E"}
    with pytest.raises(Broken) as caught:
        read_event(TYPES["forecast.published"], {**said, "lines": [good, {**good, "opportunity_id": ""}]})
    assert [fault.field for fault in caught.value.faults] == ["lines[1].opportunity_id"]


def test_places() -> None:
    assert [where for where, _, _ in places({"lines": [{}, {}]}, "lines[].amount")] == [
        "lines[0].amount",
        "lines[1].amount",
    ]
    assert list(places({"lines": None}, "lines[].amount")) == []


@pytest.mark.parametrize("value", [None, "", " ", [], {}, ()])
def test_nothing_was_said(value: object) -> None:
    assert is_empty(value)


@pytest.mark.parametrize("value", [0, False, "x", [None]])
def test_something_was_said(value: object) -> None:
    assert not is_empty(value)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-11-22 10:00", "the time zone is missing: write 2026-05-01T10:00:00+08:00"),
        ("22/11/2026", "no moment: write 2026-05-01T10:00:00+08:00"),
    ],
)
def test_a_time_that_cannot_be_read_is_told_with_how_to_write_it(at: str, told: str) -> None:
    with pytest.raises(Broken) as caught:
        read_event(TYPES["lead.contact.logged"], {"lead_id": "L", "contact_id": "K", "at": at})
    assert caught.value.text.startswith(told)
    assert caught.value.text.endswith(f"got {at!r}")


CUSTOMER = {"customer_id": "C", "name": "Acme", "industry": "TECHNOLOGY", "region": "US"}
REPORTED = ("org_structure", "decision_chain", "owner_id")


def test_what_is_excused_may_be_absent_and_the_rest_may_not() -> None:
    kind = TYPES["master.customer.upserted"]
    event = read_event(kind, CUSTOMER | {"owner_id": ""}, REPORTED)
    assert event.to_avro()["owner_id"] is event.to_avro()["decision_chain"] is None
    assert set(lacking(kind, event)) == set(REPORTED)
    assert lacking(kind, read_event(kind, CUSTOMER | {"owner_id": "E1"}, REPORTED)) == [
        "org_structure",
        "decision_chain",
    ]
    with pytest.raises(Broken) as told:
        read_event(kind, {"customer_id": "C", "name": " ", "decision_chain": [{}]}, REPORTED)
    assert {fault.field for fault in told.value.faults} == {
        "name",
        "industry",
        "region",
        "decision_chain[0].person_ref",
    }


def test_what_may_be_absent_is_asked_only_where_something_is_wrong() -> None:
    lead, customer, asked = TYPES["lead.disqualified"], TYPES["master.customer.upserted"], list[str]()

    def excused() -> tuple[str, ...]:
        asked.append("asked")
        return REPORTED

    read_excused(lead, {"lead_id": "L", "reason": "BUDGET"}, excused)
    assert asked == []
    assert read_excused(customer, CUSTOMER, excused).to_avro()["owner_id"] is None
    assert asked == ["asked"]
    with pytest.raises(Broken):
        read_excused(customer, CUSTOMER, tuple)
