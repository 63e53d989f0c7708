"""What records become: every way in, and every way out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sharedchain.errors import ConnectionFailed
from sharedchain.scope import partition_of
from tests.streams.ingest.rig import DAY, MINUTE, NOW, Rig, forecast, lead, line, reason


def test_a_lead_becomes_a_fact_in_codes() -> None:
    (fact,) = Rig().publish("lead.captured", lead(customer_industry="汽车制造"), source="crm", id="1", tenant="t")
    assert (fact.kind, fact.type, fact.subject, fact.tenant, fact.scope) == ("fact", "lead.captured", "L-1", "t", "t")
    assert (fact.source, fact.id) == ("crm", "1")
    assert fact.data["customer_industry"] == "AUTOMOTIVE"
    assert fact.partition == partition_of("t")
    assert fact.src == "sales.lead.v1/0/" + fact.src.rsplit("/", 1)[1]


def test_without_headers_everything_has_its_default() -> None:
    (fact,) = Rig().publish("lead.captured", lead())
    assert (fact.source, fact.id, fact.tenant) == ("kafka:sales.lead.v1", "lead.captured/L-1", "default")
    assert fact.time == fact.recorded == NOW


@pytest.mark.parametrize(
    ("again", "outcome"),
    [
        pytest.param({"source": "crm", "id": "1"}, "dropped", id="same headers"),
        pytest.param({"source": "crm", "id": "1", "actor": "x", "correlationid": "c"}, "dropped", id="other context"),
        pytest.param({"source": "erp", "id": "7"}, "dropped", id="other name, same payload identity"),
        pytest.param({}, "dropped", id="no headers"),
    ],
)
def test_the_same_event_is_dropped_and_counted(again: dict[str, Any], outcome: str) -> None:
    rig = Rig()
    rig.publish("lead.captured", lead(), source="crm", id="1")
    assert rig.publish("lead.captured", lead(), **again) == []
    assert rig.last.counts["duplicate", "sales.lead.v1"] == 1


def test_the_same_name_with_other_content_is_a_conflict() -> None:
    rig = Rig()
    rig.publish("lead.captured", lead(), source="crm", id="1")
    assert reason(rig.publish("lead.captured", lead("L-2"), source="crm", id="1")) == "conflict"


def test_the_same_name_in_another_tenant_is_another_event() -> None:
    rig = Rig()
    rig.publish("lead.captured", lead(), source="crm", id="1", tenant="a")
    assert [f.kind for f in rig.publish("lead.captured", lead(), source="crm", id="1", tenant="b")] == ["fact"]


def test_a_refusal_told_twice_is_one_refusal_and_repaired_it_enters() -> None:
    rig = Rig()
    bad = lead(expected_amount=None)
    assert reason(rig.publish("lead.captured", bad, source="crm", id="1")) == "missing_field"
    assert rig.publish("lead.captured", bad, source="crm", id="1") == []
    assert rig.last.counts["repeated_refusal", "sales.lead.v1"] == 1
    assert [f.kind for f in rig.publish("lead.captured", lead(), source="crm", id="1")] == ["fact"]


def test_another_fault_of_the_same_record_is_told_too() -> None:
    rig = Rig()
    bad = {"lead_id": "L-1", "opportunity_id": "P-1"}
    rig.publish("lead.captured", lead())
    rig.publish("lead.captured", lead("L-2"))
    rig.config("tenant", "default", {"flow": "none"})
    assert rig.publish("lead.converted", bad)[0].data["value"] == "none"
    assert rig.publish("lead.converted", bad) == []
    rig.config("tenant", "default", {"flow": "standard"})
    rig.publish("lead.converted", {**bad, "lead_id": "L-2"})
    (refusal,) = rig.publish("lead.converted", bad)
    assert (refusal.data["reason"], refusal.data["value"]) == ("domain", "P-1")


def test_a_refusal_names_type_subject_field_owner_and_place() -> None:
    rig = Rig()
    (fact,) = rig.publish("lead.captured", lead(expected_amount=None), source="crm", id="9", tenant="t")
    assert (fact.kind, fact.type, fact.subject, fact.causation) == ("refusal", "record.rejected", "L-1", "9")
    data = fact.data
    assert (data["reason"], data["field"], data["owner"]) == ("missing_field", "expected_amount", "E-1")
    assert (data["original_type"], data["original_source"], data["original_id"]) == ("lead.captured", "crm", "9")
    assert (data["original_topic"], data["dlq_topic"]) == ("sales.lead.v1", "sales.lead.v1.dlq.v1")
    assert data["original_offset"] == rig.record.offset
    (letter,) = rig.last.dead
    assert letter.record is rig.record


ORG = {"org_id": "O", "name": "n", "timezone": "Asia/Shanghai", "currency": "CNY"}
PROJECT = [line(opportunity_id=None)]
EXPERIENCE = [line(basis="经验", opportunity_id=None)]
NEGATIVE = [line(), line(amount=Decimal("-2.00"))]
REFUSED = [
    pytest.param("lead.captured", lead(customer_industry=None), {}, "missing_field", id="required"),
    pytest.param("lead.captured", lead(prospect_name=None), {}, "missing_field", id="one of several"),
    pytest.param("lead.captured", lead(demand_type="flying cars"), {}, "unknown_term", id="term"),
    pytest.param("lead.captured", lead(currency="XXQ"), {}, "unknown_term", id="currency"),
    pytest.param("lead.captured", lead(expected_amount=Decimal("-1.00")), {}, "domain", id="negative money"),
    pytest.param("lead.captured", lead(lead_id=""), {}, "no_identity", id="empty identity"),
    pytest.param("master.org.upserted", ORG, {}, "no_identity", id="type without identity"),
    pytest.param("master.org.upserted", {**ORG, "timezone": "Mars"}, {"source": "a", "id": "1"}, "domain", id="zone"),
    pytest.param("lead.captured", lead(), {"time": NOW - 401 * DAY}, "bad_time", id="long ago"),
    pytest.param("lead.captured", lead(), {"time": NOW + 6 * MINUTE}, "bad_time", id="future"),
    pytest.param("lead.captured", lead(), {"time": "2026-04-20 08:00:00"}, "bad_header", id="no zone"),
    pytest.param("lead.captured", lead(), {"tenant": b"\xff"}, "bad_header", id="not UTF-8"),
    pytest.param("lead.captured", lead(), {"tenant": "_system"}, "permission", id="system's tenant"),
    pytest.param("lead.captured", lead(), {"type": "lead.converted"}, "bad_header", id="lying type"),
    pytest.param("forecast.published", forecast(lines=PROJECT), {}, "missing_field", id="project without opportunity"),
    pytest.param(
        "forecast.published", forecast(lines=EXPERIENCE), {}, "missing_field", id="experience without rationale"
    ),
    pytest.param("forecast.published", forecast(lines=NEGATIVE), {}, "domain", id="negative line"),
    pytest.param("clock.ticked", {"at": NOW, "n": 1}, {}, "domain", id="tick of a wall tenant"),
]


@pytest.mark.parametrize(("kind", "data", "said", "why"), REFUSED)
def test_what_cannot_enter_is_refused_by_name(kind: str, data: dict[str, Any], said: dict[str, Any], why: str) -> None:
    assert reason(Rig().publish(kind, data, **said)) == why


def test_a_tombstone_and_a_wrong_topic_are_refused() -> None:
    rig = Rig()
    assert reason(rig.take("sales.lead.v1", None)) == "tombstone"
    value = rig.codec.encode(rig.codec.catalog.types["clock.ticked"], {"at": NOW, "n": 1})
    assert reason(rig.take("sales.lead.v1", value)) == "undeclared_type"


def test_backfill_may_be_old() -> None:
    (fact,) = Rig().publish("lead.captured", lead(), time=NOW - 3000 * DAY, backfill="true")
    assert fact.backfill
    assert fact.time == NOW - 3000 * DAY


def test_a_silent_registry_decides_nothing() -> None:
    rig = Rig()
    rig.shelf.down = True
    with pytest.raises(ConnectionFailed):
        rig.take("sales.lead.v1", b"\0\0\0\0\x63x")


def test_another_lanes_tenant_is_left_alone() -> None:
    other = partition_of("t")
    rig = Rig(tuple(p for p in range(8) if p != other))
    assert rig.publish("lead.captured", lead(), tenant="t") == []
    assert rig.take("sales.lead.v1", None, tenant="t") == []


def test_a_child_waits_for_its_parent_and_follows_it() -> None:
    rig = Rig()
    (waiting,) = rig.publish("lead.converted", {"lead_id": "L-1", "opportunity_id": "P-1"}, source="crm", id="2")
    assert waiting.kind == "parked"
    assert rig.publish("lead.converted", {"lead_id": "L-1", "opportunity_id": "P-1"}, source="crm", id="2") == []
    parent, child, made = rig.publish("lead.captured", lead(), source="crm", id="1")
    assert (parent.type, child.kind, child.id, child.seq) == ("lead.captured", "fact", "2", parent.seq + 1)
    assert child.src == waiting.src
    assert child.data == waiting.data
    assert (made.type, made.causation, made.seq) == ("opportunity.created", "2", child.seq + 1)
    assert reason(rig.publish("lead.disqualified", {"lead_id": "L-1", "reason": "no"})) == "transition"


def test_another_record_under_the_name_of_a_waiting_child_does_not_take_its_place() -> None:
    rig = Rig()
    rig.publish("lead.contact.logged", {"lead_id": "L-1", "contact_id": "K-1"}, source="crm", id="2")
    other = rig.publish("lead.contact.logged", {"lead_id": "L-1", "contact_id": "K-2"}, source="crm", id="2")
    assert reason(other) == "conflict"
    assert [f.data.get("contact_id") for f in rig.publish("lead.captured", lead())] == [None, "K-1"]


@pytest.mark.parametrize("said", [{"lead_id": "\x01" * 200_000}, {"demand_type": "\x01" * 200_000}])
def test_a_refusal_fits_however_long_the_words_of_the_refused_record(said: dict[str, str]) -> None:
    (refusal,) = Rig().publish("lead.captured", lead(**said))
    assert refusal.data["reason"] in ("too_large", "unknown_term")
    assert len(str(dict(refusal.data))) < 10_000


LONG = "x" * 501


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("lead.captured", lead(owner_id=LONG), "owner_id"),
        ("lead.converted", {"lead_id": "L-1", "opportunity_id": LONG}, "opportunity_id"),
        ("payment.received", {"payment_id": "1", "receivable_id": LONG}, "receivable_id"),
        ("case.opened", {"case_id": "1", "template_id": "CA", "subject": LONG}, "subject"),
        ("case.node.completed", {"case_id": "1", "node_id": "a", "decision": "DONE", "by": LONG}, "by"),
        ("forecast.published", forecast(lines=[line(), line(line_id=LONG)]), "lines[1].line_id"),
    ],
)
def test_no_id_is_longer_than_can_be_carried_about(kind: str, data: dict[str, Any], field: str) -> None:
    (refusal,) = Rig().publish(kind, data)
    assert (refusal.data["reason"], refusal.data["field"]) == ("too_large", field)


def test_of_two_endings_that_waited_the_second_is_refused() -> None:
    rig = Rig()
    rig.publish("lead.disqualified", {"lead_id": "L-1", "reason": "no"})
    rig.publish("lead.converted", {"lead_id": "L-1", "opportunity_id": "P-1"})
    facts = rig.publish("lead.captured", lead())
    assert [f.type for f in facts] == ["lead.captured", "lead.disqualified", "record.rejected"]
    assert facts[2].data["reason"] == "transition"
    (letter,) = rig.last.dead
    assert (letter.record, letter.place) == (None, rig.spine[-4][0].src)


def test_a_child_without_parent_is_an_orphan_after_a_day_of_ticks() -> None:
    rig = Rig()
    rig.publish("lead.converted", {"lead_id": "L-9", "opportunity_id": "P-1"}, source="crm", id="2")
    assert [f.kind for f in rig.tick(NOW + DAY - 1000)] == ["tick"]
    tick, refusal = rig.tick(NOW + DAY)
    assert (tick.kind, reason([refusal]), refusal.subject) == ("tick", "orphan", "L-9")
    assert refusal.data["original_id"] == "2"
    assert [f.kind for f in rig.tick(NOW + DAY + 1000)] == ["tick"]
    (again,) = rig.publish("lead.converted", {"lead_id": "L-9", "opportunity_id": "P-1"}, source="crm", id="2")
    assert again.kind == "parked"


def test_forecast_versions_only_rise() -> None:
    rig = Rig()
    rig.publish("forecast.published", forecast(2), source="a", id="1")
    assert reason(rig.publish("forecast.published", forecast(1), source="a", id="2")) == "domain"
    assert [f.kind for f in rig.publish("forecast.published", forecast(3), source="a", id="3")] == ["fact"]


def test_a_driven_tenant_lives_by_its_ticks() -> None:
    rig = Rig()
    rig.drive("t")
    assert reason(rig.publish("lead.captured", lead("L-0"), tenant="t")) == "bad_time"
    (early,) = rig.publish("lead.captured", lead("L-1"), tenant="t", time=5 * DAY)
    assert early.recorded == early.time == 5 * DAY
    (tick,) = rig.publish("clock.ticked", {"at": 10 * DAY, "n": 1}, tenant="t")
    assert (tick.kind, tick.recorded, tick.scope) == ("tick", 10 * DAY, "t")
    (fact,) = rig.publish("lead.captured", lead("L-2"), tenant="t")
    assert fact.recorded == fact.time == 10 * DAY
    assert reason(rig.publish("clock.ticked", {"at": 9 * DAY, "n": 2}, tenant="t")) == "bad_time"
    assert reason(rig.publish("lead.captured", lead("L-3"), tenant="t", time=10 * DAY + 6 * MINUTE)) == "bad_time"


def test_a_driven_tick_makes_orphans_in_its_own_tenant_only() -> None:
    rig = Rig()
    assert partition_of("t0") == partition_of("t14")
    for tenant in ("t0", "t14"):
        rig.drive(tenant, 100 * DAY)
        rig.publish("lead.converted", {"lead_id": "L-1", "opportunity_id": "P-1"}, tenant=tenant)
    facts = rig.publish("clock.ticked", {"at": 101 * DAY, "n": 2}, tenant="t0")
    assert [(f.kind, f.scope) for f in facts] == [("tick", "t0"), ("refusal", "t0")]
    assert [f.kind for f in rig.tick(200 * DAY)] == []  # no wall tenant here, no wall tick


def test_configuration_reaches_every_partition_once() -> None:
    rig = Rig(words=False)
    facts = rig.config("rule", "R-01", {"id": "R-01"})
    assert [(f.kind, f.partition, f.scope) for f in facts] == [("config", p, "_system") for p in range(8)]
    assert rig.config("rule", "R-01", {"id": "R-01"}) == []
    assert len(rig.config("rule", "R-01", {"id": "R-01", "mode": "act"})) == 8
    assert len(rig.config("rule", "R-01", {"id": "R-01"})) == 8  # back again is a change


def test_an_old_configuration_told_again_changes_nothing() -> None:
    rig = Rig(words=False)
    first = {"kind": "rule", "name": "R", "hash": "1", "body": "{}"}
    rig.publish("config.defined", first, source="x", id="1")
    rig.publish("config.defined", {**first, "hash": "2"}, source="x", id="2")
    assert rig.publish("config.defined", first, source="x", id="1") == []


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("tenant", '{"mode": "sideways"}', "domain"),
        ("tenant", '{"timezone": "Mars"}', "domain"),
        ("dictionary", "{}", "domain"),
        ("rule", "{", "domain"),
        ("rule", "", "missing_field"),
    ],
)
def test_configuration_nobody_could_live_by_is_refused(kind: str, body: str, why: str) -> None:
    facts = Rig(words=False).publish("config.defined", {"kind": kind, "name": "x", "hash": "1", "body": body})
    assert reason(facts) == why
    assert facts[0].scope == "_system"


def test_a_tenant_keeps_the_mode_of_its_first_fact() -> None:
    rig = Rig()
    rig.publish("lead.captured", lead(), tenant="t")
    assert reason(rig.config("tenant", "t", {"mode": "driven"})) == "domain"
    assert len(rig.config("tenant", "t", {"mode": "wall", "currency": "USD"})) == 8
