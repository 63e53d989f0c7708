"""Bodies of a webhook and cells of a CSV: what they mean, and what nobody can understand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sharedchain.dialect import Dialect
from sharedchain.dictionary import load_dictionaries
from sharedchain.errors import Refused
from sharedchain.schemas import Catalog
from sharedchain.translate import Translated, Translator, Untold, value

DEAL: dict[str, Any] = {
    "id": "hook",
    "version": 1,
    "title": {"zh": "网络钩子", "en": "A webhook"},
    "source": "hook",
    "tenant": {"timezone": "Europe/Berlin", "currency": "EUR", "language": "en", "packs": ["default"], "flow": "plain"},
    "parts": {
        "deal": {
            "file": "",
            "id": "deal.id",
            "columns": {
                "deal.id": {},
                "deal.owner.email": {},
                "deal.value": {"blank": "without value"},
                "deal.list": {},
                "at": {"left": "when it was sent"},
            },
            "tells": [
                {
                    "type": "opportunity.opened",
                    "set": {
                        "opportunity_id": "deal.id",
                        "owner_id": "deal.owner.email",
                        "amount": ["deal.value", {"column": "deal.list", "note": "list price"}],
                    },
                }
            ],
        }
    },
}
HOOK = Translator(Dialect.model_validate(DEAL), Catalog.load(), load_dictionaries(), lambda _: ())
DECIMAL = ["null", {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}]
MOMENT = {"type": "long", "logicalType": "timestamp-millis"}


def deal(**said: Any) -> Translated | Untold:
    return HOOK.translate("deal", {"deal": {"id": 7, "owner": {"email": "a@b"}, **said}, "at": 1})


def test_a_body_is_read_by_paths() -> None:
    found = deal(value=Decimal("12.5"), list=99)
    assert isinstance(found, Translated)
    (told,) = found.told
    assert told.id == "hook/deal/7/opportunity.opened"
    assert (told.data["opportunity_id"], told.data["owner_id"]) == ("7", "a@b")
    assert (told.data["amount"], told.data["customer_id"], found.notes) == (Decimal("12.50"), None, ())


def test_what_stands_in_is_noted() -> None:
    found = deal(list=99)
    assert isinstance(found, Translated)
    assert (found.told[0].data["amount"], found.notes) == (Decimal("99.00"), ("without value", "list price"))


@pytest.mark.parametrize(
    ("said", "reason", "field"),
    [
        ({}, "missing_field", "amount"),
        ({"id": " ", "value": 1}, "missing_field", "deal.id"),
        ({"value": "many"}, "domain", "amount"),
        ({"value": "1.005"}, "domain", "amount"),
        ({"value": "NaN"}, "domain", "amount"),
        ({"value": "1e16"}, "domain", "amount"),
        ({"value": [1]}, "domain", "amount"),
        ({"value": True}, "domain", "amount"),
    ],
)
def test_a_row_is_refused_whole_and_by_name(said: dict[str, Any], reason: str, field: str) -> None:
    found = deal(**said)
    assert isinstance(found, Untold)
    assert [(f.reason, f.field) for f in found.faults] == [(reason, field)]


def test_the_answer_to_a_body_of_strange_columns_is_short() -> None:
    found = HOOK.translate("deal", {f"{n:0500}": n for n in range(5_000)})
    assert isinstance(found, Untold)
    assert len(found.faults) == 20
    assert max(len(fault.text) + len(fault.field) for fault in found.faults) < 500


@pytest.mark.parametrize(
    ("said", "ms"),
    [
        ("2017-03-01", 1488322800000),  # the first moment of the day in Berlin
        ("2017-03-01T00:00:00", 1488322800000),
        ("2017-03-01T00:00:00Z", 1488326400000),
    ],
)
def test_a_day_is_its_first_moment_where_the_source_lives(said: str, ms: int) -> None:
    assert value(MOMENT, said, ZoneInfo("Europe/Berlin"), "at") == ms


@pytest.mark.parametrize(("schema", "said"), [(MOMENT, "01.03.2017"), (DECIMAL, "1,000"), ("int", "1.5")])
def test_a_cell_of_another_form_is_refused(schema: Any, said: str) -> None:
    with pytest.raises(Refused, match="domain"):
        value(schema, said, ZoneInfo("UTC"), "x")
