"""Contract rules that fit no schema are told, each as a line to act on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sharedchain.schemas import Catalog
from sharedchain.soundness import findings

TYPES = Catalog.load().types


def told(name: str, **changed: object) -> list[str]:
    """What is said of our own type with some of its rules changed; words are not looked at."""
    kind = replace(TYPES[name], **{"terms": {}, **changed})  # type: ignore[arg-type]
    return findings(Catalog({}, {name: kind}, {}), {})


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("forecast.review.held", {"negative": ("gapp",)}, "negative names gapp, which is no field of its schema"),
        ("sensor.reading", {"time": None}, "identity field at may be null"),
        ("opportunity.signed", {"required": ("payment_terms[].shar",)}, "required names payment_terms[].shar"),
        ("payment.received", {"key": "{payment}"}, "key names payment"),
    ],
)
def test_a_rule_that_fits_no_schema_is_told(name: str, changed: dict[str, object], said: str) -> None:
    (finding,) = told(name, **changed)
    assert said in finding


def test_a_time_may_identify_and_be_left_out() -> None:
    assert "at" in TYPES["sensor.reading"].identity
    assert told("sensor.reading") == []


def test_money_is_not_below_zero_but_where_the_topic_file_says_so() -> None:
    kind = TYPES["forecast.review.held"]
    assert kind.money == (("forecast_total", None),)
    assert replace(kind, negative=()).money == (("forecast_total", None), ("gap", None))
