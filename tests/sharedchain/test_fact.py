from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from sharedchain.fact import Fact, derived_id

FACT = Fact(
    partition=1, seq=7, recorded=5, kind="fact", scope="t", type="lead.captured", id="1", source="crm",
    subject="L", time=4, tenant="t", data={"lead_id": "L"},
)  # fmt: skip


def test_provenance_does_not_make_a_fact_another_one() -> None:
    assert replace(FACT, offset=99, src="sales.lead.v1/0/3") == FACT
    assert replace(FACT, seq=8) != FACT


def test_a_fact_stays_as_it_is() -> None:
    with pytest.raises(FrozenInstanceError):
        FACT.seq = 8  # type: ignore[misc]


def test_ids_of_what_is_derived_depend_on_cause_maker_and_subject_alone() -> None:
    assert derived_id("a", "b", "c") == derived_id("a", "b", "c") == "b07217ae3e2cd62fba5565b168419367"
    assert (
        len({derived_id(*words) for words in (("a", "b", "c"), ("x", "b", "c"), ("a", "x", "c"), ("a", "b", "x"))}) == 4
    )
