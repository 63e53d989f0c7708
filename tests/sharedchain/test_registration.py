"""`schema apply` against a real registry."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace

import httpx2
import pytest

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError
from sharedchain.registration import apply
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog, EventType

pytestmark = pytest.mark.stack
CATALOG = Catalog.load()
LEAD = CATALOG.types["lead.captured"]


def only(kind: EventType) -> Catalog:
    return Catalog(CATALOG.topics, {kind.name: kind}, {kind.fullname: kind})


def test_every_schema_is_there_fully_compatible_and_applying_again_changes_nothing(broker: Endpoints) -> None:
    apply(Registry(broker.registry), CATALOG)
    registry = Registry(broker.registry)
    again = apply(registry, CATALOG)
    assert [one for one in again if one.fresh] == []
    ids = {one.subject: one.schema_id for one in again}
    assert set(ids) == {kind.registry_subject for kind in CATALOG.types.values()}
    for kind in CATALOG.types.values():
        assert json.loads(registry.schema_by_id(ids[kind.registry_subject])) == kind.schema
        level = httpx2.get(f"{broker.registry}/config/{kind.registry_subject}").json()
        assert level == {"compatibilityLevel": "FULL_TRANSITIVE"}
        assert [json.loads(text) for _, text in registry.versions(kind.registry_subject).values()] == [kind.schema]


def test_a_break_is_refused_by_path_reason_and_remedy_and_nothing_is_registered(broker: Endpoints) -> None:
    registry = Registry(broker.registry)
    apply(registry, CATALOG)
    schema = deepcopy(dict(LEAD.schema))
    schema["fields"] = [f for f in schema["fields"] if f["name"] != "lead_id"]
    with pytest.raises(ConfigError) as caught:
        apply(registry, only(replace(LEAD, schema=schema)))
    assert "lead_id: it was removed" in str(caught.value)
    assert "keep it" in str(caught.value)
    assert len(registry.versions(LEAD.registry_subject)) == 1


def test_the_registry_itself_refuses_who_does_not_ask_us(broker: Endpoints) -> None:
    registry = Registry(broker.registry)
    apply(registry, CATALOG)
    schema = deepcopy(dict(LEAD.schema))
    schema["fields"].append({"name": "mood", "type": "string"})
    with pytest.raises(ConfigError, match="409"):
        registry.register(LEAD.registry_subject, json.dumps(schema))


def test_an_allowed_change_is_a_new_version(broker: Endpoints) -> None:
    registry = Registry(broker.registry)
    schema = deepcopy(dict(LEAD.schema))
    grown = replace(LEAD, topic="test.registration.v1", schema=schema)
    apply(registry, only(grown))
    schema = deepcopy(schema)
    schema["fields"].append({"name": "mood", "type": ["null", "string"], "default": None, "doc": "心情 / mood"})
    (done,) = apply(registry, only(replace(grown, schema=schema)))
    assert done.fresh
    assert len(registry.versions(grown.registry_subject)) == 2
