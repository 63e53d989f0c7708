"""Flows from the log: what a lane cannot do without, and whose flow a tenant lives by."""

from __future__ import annotations

import pytest

from sharedchain.config import bundle
from sharedchain.errors import Refused
from sharedchain.scope import partition_of
from streams.ingest.lifecycle import profile
from tests.streams.ingest.rig import Rig, reason

FLOWS = {one.name: one for one in bundle() if one.kind == "flow"}


def define(rig: Rig, name: str) -> None:
    one = FLOWS[name]
    rig.publish("config.defined", one.said)


def test_nothing_is_decided_before_the_default_flow_and_its_template_are_there() -> None:
    rig = Rig(words=False)
    assert profile.lacking(rig.book, 0) == {"standard"}
    define(rig, "standard")
    assert profile.lacking(rig.book, 0) == {"CA"}
    define(rig, "CA")
    assert [profile.lacking(rig.book, partition) for partition in range(8)] == [set()] * 8
    assert all(profile.lacking(rig.recovered(), partition) == set() for partition in range(8))


def test_a_tenant_lives_by_the_flow_it_names() -> None:
    rig, partition = Rig(), partition_of("t")
    assert profile.of(rig.book, partition, "t").id == "standard"
    rig.config("flow", "plain", {**profile.of(rig.book, partition, "t").model_dump(mode="json"), "id": "plain"})
    rig.config("tenant", "t", {"flow": "plain"})
    assert profile.of(rig.book, partition, "t").id == "plain"
    rig.config("tenant", "t", {"flow": "CA"})
    assert profile.find(rig.book, partition, "t") is None
    with pytest.raises(Refused, match="no opportunity flow CA"):
        profile.of(rig.book, partition, "t")


@pytest.mark.parametrize("body", ["{}", '{"kind": "case"}', '{"kind": "opportunity", "id": "x"}'])
def test_a_flow_nobody_could_follow_is_refused(body: str) -> None:
    facts = Rig(words=False).publish("config.defined", {"kind": "flow", "name": "x", "hash": "1", "body": body})
    assert reason(facts) == "domain"


def test_a_ring_of_nodes_is_refused() -> None:
    flow = profile.template(Rig().book, 0, "CA")
    assert flow is not None
    first, second = flow.model_dump(mode="json")["nodes"]
    ring = [{**first, "after": ["finance"]}, {**second, "after": ["legal"]}]
    facts = Rig().config("flow", "CA", {**flow.model_dump(mode="json"), "nodes": ring})
    assert reason(facts) == "domain"


@pytest.mark.parametrize(
    "changed",
    [{"numbers": {"contract": "C{n.x}", "receivable": "R{n}"}}, {"default_terms": [{"share": "1", "days": 10**7}]}],
)
def test_a_flow_that_would_stop_the_lane_later_is_refused_at_once(changed: dict[str, object]) -> None:
    flow = profile.of(Rig().book, 0, "t").model_dump(mode="json")
    assert reason(Rig().config("flow", "standard", {**flow, **changed})) == "domain"
