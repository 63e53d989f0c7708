"""Every event type shows itself: a good example that travels, bad ones refused for the stated reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sharedchain.codec import Codec
from sharedchain.contract import check_required, map_terms, read_event
from sharedchain.dictionary import load_dictionaries
from sharedchain.errors import Refused
from sharedchain.events import Event
from sharedchain.schemas import Catalog, EventType, data_root
from tests.sharedchain.shelf import Shelf

SCHEMAS = data_root() / "schemas"
CATALOG = Catalog.load()
WORDS = load_dictionaries()
EXAMPLES = sorted(SCHEMAS.glob("*/*/examples/*.json"))
GOOD = [file for file in EXAMPLES if file.name.startswith("ok-")]
BAD = [file for file in EXAMPLES if file.name.startswith("bad-")]


def kind_of(file: Path) -> EventType:
    """`ok-<type>.json`, `bad-<type>-<why>.json`, beside the type's schema."""
    name = file.stem.split("-")[1]
    assert (file.parent.parent / f"{name}.avsc").exists(), f"{file} belongs to no schema beside it"
    return CATALOG.types[name]


def test_every_type_has_a_good_and_a_bad_example() -> None:
    assert {kind_of(file).name for file in GOOD} == CATALOG.types.keys()
    assert {kind_of(file).name for file in BAD} == CATALOG.types.keys()


def test_every_example_is_used() -> None:
    assert sorted([*GOOD, *BAD]) == EXAMPLES


def test_a_good_example_comes_back_from_the_wire_as_it_went() -> None:
    for file in GOOD:
        kind = kind_of(file)
        event = read_event(kind, json.loads(file.read_text()))
        assert isinstance(event, Event)
        codec = Codec(Shelf(), CATALOG)
        decoded = codec.decode(kind.topic, codec.encode(kind, event.to_avro()))
        assert decoded.type is kind
        assert decoded.data == event.to_avro(), file
        assert read_event(kind, decoded.data) == event, file
        check_required(kind, decoded.data)
        assert map_terms(kind, decoded.data, WORDS) == decoded.data, file


def test_a_bad_example_is_refused_for_the_stated_reason() -> None:
    for file in BAD:
        kind, said = kind_of(file), json.loads(file.read_text())
        with pytest.raises(Refused) as refusal:
            map_terms(kind, read_event(kind, said["data"]).to_avro(), WORDS)
        assert {"reason": refusal.value.reason, "field": refusal.value.field} == said["refused"], file


def test_a_gap_travels_and_is_named_by_the_contract() -> None:
    """Foreign clients know Avro, not our models: their gap must arrive, so that it can be told."""
    gaps = [f for f in BAD if json.loads(f.read_text())["refused"]["reason"] == "missing_field"]
    gaps = [f for f in gaps if CATALOG.topics[kind_of(f).topic].ingest and kind_of(f).required]
    gaps = [f for f in gaps if kind_of(f).name != "config.defined"]
    assert len(gaps) > 50
    for file in gaps:
        kind, said = kind_of(file), json.loads(file.read_text())
        codec = Codec(Shelf(), CATALOG)
        decoded = codec.decode(kind.topic, codec.encode(kind, as_avro(said["data"])))
        with pytest.raises(Refused) as refusal:
            check_required(kind, decoded.data)
        assert {"reason": refusal.value.reason, "field": refusal.value.field} == said["refused"], file


def as_avro(value: Any) -> Any:
    """JSON of an example as Avro values, without our models: money as Decimal, dates as date, times as milliseconds."""
    from datetime import date, datetime
    from decimal import Decimal

    match value:
        case dict():
            return {name: as_avro(element) for name, element in value.items()}
        case list():
            return [as_avro(element) for element in value]
        case str() if value.removeprefix("-").replace(".", "", 1).isdigit() and "." in value:
            return Decimal(value)
        case str() if len(value) == 10 and value[4] == value[7] == "-":
            return date.fromisoformat(value)
        case str() if len(value) == 20 and value[10] == "T":
            return round(datetime.fromisoformat(value).timestamp() * 1000)
    return value
