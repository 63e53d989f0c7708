"""The bad-input matrix for what can come from Kafka. Each row: the record behind the bad one, on the
same partition, reaches the spine, and the dead letter's bytes are the published ones."""

from __future__ import annotations

import io
import json
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import fastavro
import pytest

from sharedchain.core import fold
from sharedchain.endpoints import Endpoints
from sharedchain.fact import Derived
from sharedchain.registry import Registry
from sinks.notify.delivery import plan
from sinks.notify.policy import FILE, read_policy
from sinks.notify.stages import bundle, group
from streams.ingest.breaker import UNDECODABLE
from tests.chain.door import PATIENCE, Door, Eye
from tests.streams.ingest.rig import lead

pytestmark = pytest.mark.stack
LEADS = "sales.lead.v1"
NOWHERE = 2_000_000_000  # a schema id no registry here gives


@pytest.fixture(scope="module")
def door(own_broker: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    found = Door(own_broker, tmp_path_factory.mktemp("ingest"))
    found.configure()
    found.start()
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


def good(door: Door) -> bytes:
    return door.encode("lead.captured", lead("L-good"))


def frame(schema_id: int, body: bytes) -> bytes:
    return b"\0" + schema_id.to_bytes(4, "big") + body


def own_id(door: Door) -> int:
    return int.from_bytes(good(door)[1:5], "big")


def written(door: Door, schema: dict[str, Any], body: bytes | None = None, data: Any = None) -> bytes:
    """What a foreign client writes: its own schema under its own subject."""
    registry = Registry(door.endpoints.registry)
    schema_id = registry.register(f"test-{uuid.uuid4().hex}", json.dumps(schema))
    if body is None:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(schema), data)
        body = out.getvalue()
    return frame(schema_id, body)


def foreign(*fields: dict[str, Any], name: str = "LeadCaptured") -> dict[str, Any]:
    """A writer's schema of a lead, reduced to its id and `fields`."""
    first = {"name": "lead_id", "type": "string"}
    return {"type": "record", "name": name, "namespace": "sharedchain.sales", "fields": [first, *fields]}


NULLS = {"name": "extra", "type": {"type": "array", "items": "null"}}
DEEP = {"name": "extra", "type": ["null", "LeadCaptured"]}
MANY = [{"name": f"f{i}", "type": "int"} for i in range(300)]
HUGE = {"name": "expected_amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 2}}
L = b"\x02L"  # lead_id "L"
NESTED = L + (b"\x02" + L) * 5000 + b"\0"
RICH = {"lead_id": "L", "expected_amount": Decimal(10) ** 30}
POOR = lead(expected_amount=Decimal("-0.01"))

ROWS = [
    pytest.param(lambda d: b"", "bad_frame", id="empty"),
    pytest.param(lambda d: b"\0\0\0", "bad_frame", id="four-bytes-short"),
    pytest.param(lambda d: b'{"lead_id": "L"}', "bad_frame", id="json-without-frame"),
    pytest.param(lambda d: frame(NOWHERE, L), "unknown_schema", id="unknown-schema-id"),
    pytest.param(lambda d: good(d) + b"\0", "trailing", id="trailing-bytes"),
    pytest.param(lambda d: good(d)[:-3], "unreadable", id="truncated"),
    pytest.param(lambda d: frame(own_id(d), b"\x01"), "unreadable", id="negative-length"),
    pytest.param(lambda d: frame(own_id(d), b"\xfe\xff\xff\xff\x0f"), "unreadable", id="length-2-gib"),
    pytest.param(lambda d: frame(own_id(d), L + b"\x7e"), "unreadable", id="bad-union-index"),
    pytest.param(lambda d: frame(own_id(d), b"\x04\xff\xfe"), "unreadable", id="invalid-utf-8"),
    pytest.param(lambda d: written(d, foreign(NULLS), L + b"\x80\x89\x0f\0"), "unsafe_schema", id="array-of-null"),
    pytest.param(lambda d: written(d, foreign(DEEP), NESTED), "unsafe_schema", id="recursive-schema"),
    pytest.param(lambda d: written(d, foreign(*MANY), L + b"\0" * 300), "unsafe_schema", id="schema-bomb"),
    pytest.param(lambda d: written(d, foreign(name="Unheard"), L), "undeclared_type", id="undeclared-type"),
    pytest.param(lambda d: d.encode("clock.ticked", {"at": 0, "n": 0}), "undeclared_type", id="type-of-another-topic"),
    pytest.param(lambda d: written(d, foreign(HUGE), data=RICH), "domain", id="amount-10-to-30"),
    pytest.param(lambda d: d.encode("lead.captured", POOR), "domain", id="negative-amount"),
    pytest.param(lambda d: d.encode("lead.captured", lead(currency="XXQ")), "unknown_term", id="unknown-currency"),
    pytest.param(lambda d: d.encode("lead.captured", lead(demand_type="?")), "unknown_term", id="unknown-term"),
    pytest.param(lambda d: d.encode("lead.captured", lead(owner_id=None)), "missing_field", id="missing-field"),
    pytest.param(lambda d: d.encode("lead.captured", lead(lead_id="")), "no_identity", id="no-identity"),
    pytest.param(lambda d: frame(own_id(d), b"x" * 300_000), "too_large", id="value-too-large"),
    pytest.param(lambda d: None, "tombstone", id="tombstone"),
]


def refused(door: Door, tenant: str, place: str, value: bytes | None, why: str) -> dict[str, Any]:
    """The good record behind is a fact; the bad one a refusal with its bytes in the dead letters."""
    door.publish("lead.captured", lead("L-behind"), tenant=tenant)
    door.settle(LEADS)
    spine = [f for f in door.spine() if f.src == place or (f.scope == tenant and f.subject == "L-behind")]
    assert sorted(f.type for f in spine) == ["lead.captured", "record.rejected"]
    (refusal,) = [f for f in spine if f.kind == "refusal"]
    assert (refusal.data["reason"], refusal.src) == (why, place)
    letter = door.letter(place)
    assert letter is not None
    assert letter.value() == value
    return dict(letter.headers() or ())


@pytest.mark.parametrize(("make", "why"), ROWS)
def test_bytes_that_cannot_enter(door: Door, tenant: str, make: Any, why: str) -> None:
    value = make(door)
    place = door.send(LEADS, value, key=b"any", headers=[("ce_tenant", tenant.encode()), ("mine", b"\xff\0")])
    said = refused(door, tenant, place, value, why)
    assert (said["mine"], said["sc_key"], said["sc_reason"]) == (b"\xff\0", b"any", why.encode())


@pytest.mark.parametrize(
    ("header", "why"),
    [
        pytest.param(("ce_time", b"2999-01-01T00:00:00Z"), "bad_time", id="far-future"),
        pytest.param(("ce_time", b"1999-01-01T00:00:00Z"), "bad_time", id="far-past"),
        pytest.param(("ce_time", b"2026-04-20T08:00:00"), "bad_header", id="time-without-zone"),
        pytest.param(("ce_time", b"yesterday"), "bad_header", id="time-that-is-none"),
        pytest.param(("ce_source", b"\xff\xfe"), "bad_header", id="header-not-utf-8"),
        pytest.param(("ce_type", b"lead.converted"), "bad_header", id="lying-type"),
        pytest.param(("ce_tenant", b"_system"), "permission", id="the-systems-tenant"),
    ],
)
def test_headers_that_cannot_be(door: Door, tenant: str, header: tuple[str, bytes], why: str) -> None:
    value = door.encode("lead.captured", lead(f"L-{tenant}"))
    place = door.send(LEADS, value, headers=[("ce_tenant", tenant.encode()), header])
    refused(door, tenant, place, value, why)


@pytest.mark.parametrize("key", [None, b"", b"another entity"], ids=["null", "empty", "other"])
def test_the_key_is_never_trusted(door: Door, tenant: str, key: bytes | None) -> None:
    value = door.encode("lead.captured", lead("L-keyed"))
    door.send(LEADS, value, key=key, headers=[("ce_tenant", tenant.encode())])
    door.settle(LEADS)
    (fact,) = door.spine(tenant)
    assert (fact.kind, fact.subject) == ("fact", "L-keyed")


def test_a_key_of_900_kib_is_refused_and_kept(door: Door, tenant: str) -> None:
    value, key = good(door), b"k" * 900 * 1024
    place = door.send(LEADS, value, key=key, headers=[("ce_tenant", tenant.encode())])
    assert refused(door, tenant, place, value, "too_large")["sc_key"] == key


def test_the_same_event_twice_is_one_fact(door: Door, tenant: str) -> None:
    for _ in range(2):
        door.publish("lead.captured", lead(), tenant=tenant, source="crm", id="1")
    door.settle(LEADS)
    assert [f.kind for f in door.spine(tenant)] == ["fact"]


def test_the_same_name_with_other_content_is_a_conflict(door: Door, tenant: str) -> None:
    door.publish("lead.captured", lead("L-1"), tenant=tenant, source="crm", id="1")
    place = door.publish("lead.captured", lead("L-2"), tenant=tenant, source="crm", id="1")
    refused(door, tenant, place, door.encode("lead.captured", lead("L-2")), "conflict")


def test_an_ended_lead_does_not_change(door: Door, tenant: str) -> None:
    door.publish("lead.captured", lead("L-1"), tenant=tenant)
    door.publish("lead.disqualified", {"lead_id": "L-1", "reason": "no"}, tenant=tenant)
    late = {"lead_id": "L-1", "opportunity_id": "P-1"}
    place = door.publish("lead.converted", late, tenant=tenant)
    refused(door, tenant, place, door.encode("lead.converted", late), "transition")


def test_a_child_before_its_parent_is_linked_once(door: Door, tenant: str) -> None:
    for _ in range(2):
        door.publish("lead.converted", {"lead_id": "L-1", "opportunity_id": "P-1"}, tenant=tenant)
    door.publish("lead.captured", lead("L-1"), tenant=tenant)
    door.settle(LEADS)
    spine = door.spine(tenant)
    assert [(f.kind, f.type) for f in spine] == [
        ("parked", "lead.converted"),
        ("fact", "lead.captured"),
        ("fact", "lead.converted"),
        ("fact", "opportunity.created"),
    ]
    assert spine[0].id == spine[2].id


def test_an_orphan_is_refused_with_its_published_bytes(door: Door, tenant: str) -> None:
    day = 86_400_000
    body = json.dumps({"mode": "driven"})
    door.publish("config.defined", {"kind": "tenant", "name": tenant, "hash": body, "body": body}, tenant="")
    door.settle("chain.config.v1")
    door.publish("clock.ticked", {"at": 100 * day, "n": 1}, tenant=tenant)
    door.settle("chain.clock.v1")
    orphan = {"lead_id": "L-none", "opportunity_id": "P-1"}
    place = door.publish("lead.converted", orphan, tenant=tenant)
    door.settle(LEADS)
    door.publish("clock.ticked", {"at": 101 * day, "n": 2}, tenant=tenant)
    door.settle("chain.clock.v1")
    kinds = [f.kind for f in door.spine(tenant)]
    assert kinds == ["tick", "parked", "tick", "refusal"]
    letter = door.letter(place)
    assert letter is not None
    assert letter.value() == door.encode("lead.converted", orphan)


def test_300_bad_in_a_row_and_one_good_behind(door: Door, tenant: str) -> None:
    places = [door.send(LEADS, b"junk %d" % i, headers=[("ce_tenant", tenant.encode())]) for i in range(300)]
    door.publish("lead.captured", lead("L-behind"), tenant=tenant)
    door.settle(LEADS)
    spine = door.spine(tenant)
    assert [f.src for f in spine if f.kind == "refusal"] == places
    assert [f.subject for f in spine if f.kind == "fact"] == ["L-behind"]
    letter = door.letter(places[299])
    assert letter is not None
    assert letter.value() == b"junk 299"


# Of seven kinds; the same few leads are wrong again and again, as where a source is.
STORM: dict[str, Callable[[Door, int], bytes]] = {
    "bad_frame": lambda d, n: b"junk %d" % n,
    "trailing": lambda d, n: good(d) + b"\0",
    "unreadable": lambda d, n: good(d)[:-3],
    "undeclared_type": lambda d, n: d.encode("clock.ticked", {"at": 0, "n": n}),
    "missing_field": lambda d, n: d.encode("lead.captured", lead(f"L-poor-{n % 5}", owner_id=None)),
    "unknown_term": lambda d, n: d.encode("lead.captured", lead(f"L-odd-{n % 5}", demand_type="?")),
    "domain": lambda d, n: d.encode("lead.captured", lead(f"L-less-{n % 5}", expected_amount=Decimal(-1))),
}
EACH = {why: 120 if why in UNDECODABLE else 450 for why in STORM}  # below the fifth that stops a partition
GOOD = 1500


def test_a_storm_of_thousands_holds_up_no_good_one_and_floods_no_log_and_nobodys_phone(door: Door, tenant: str) -> None:
    chance = random.Random(7)
    mixed = [why for why, count in EACH.items() for _ in range(count)] + ["good"] * GOOD
    chance.shuffle(mixed)
    lines = len(door.log().splitlines())
    for n, why in enumerate(mixed):
        value = door.encode("lead.captured", lead(f"L-{n}")) if why == "good" else STORM[why](door, n)
        named = [("ce_tenant", tenant.encode()), ("ce_source", b"crm"), ("ce_id", b"%d" % n)]  # none is a repetition
        door.hand(LEADS, value, headers=named, partition=1 + n % 2)  # the first one has had its share of bad ones
    door.publish("lead.captured", lead("L-behind"), tenant=tenant)
    door.settle(LEADS, timeout=3 * PATIENCE)
    spine = door.spine(tenant)
    assert [f.kind for f in spine].count("fact") == GOOD + 1
    assert Counter(f.data["reason"] for f in spine if f.kind == "refusal") == EACH
    letters: list[Any] = [dict(m.headers() or ()) for m in Eye(door.endpoints, f"{LEADS}.dlq.v1").look()]
    ours = [said for said in letters if said["sc_tenant"] == tenant.encode()]
    assert Counter(said["sc_reason"].decode() for said in ours) == EACH
    assert len(door.log().splitlines()) - lines < 10
    alerts = alerts_of(door, tenant)
    assert {one.subject for one in alerts} == {f"L-{kind}-{n}" for kind in ("poor", "odd") for n in range(5)}
    assert len(alerts) == EACH["missing_field"] + EACH["unknown_term"], (
        "what cannot be read rings nowhere; a gap and an odd word ring for their owner"
    )
    limits = read_policy(FILE).each_minute
    messages = {to: len(bundle(them, limits.get(to[0], 10**6))) for to, them in group(plan(alerts, ())).items()}
    assert [to for to, count in messages.items() if to[0] != "INBOX" and count > 60] == [], (
        "and people hear of it at once"
    )


def alerts_of(door: Door, tenant: str) -> list[Derived]:
    """What the engine raises: the log folded as it folds it."""
    place = door.spine(tenant)[0].partition
    _, derived = fold.step(fold.new_state(), [f for f in door.spine() if f.partition == place])
    return [d for d in derived if d.type == "alert.raised" and d.scope == tenant]
