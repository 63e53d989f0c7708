"""Flows: exact per minute of event time, corrected by late facts, never lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sharedchain.config import item
from sharedchain.core.ruleset import ruleset
from tests.core.line import Line


def lead(line: Line, at: str | None = None, region: str = "DE") -> None:
    data = {"lead_id": "L", "owner_id": "E001", "region": region, "channel": None, "expected_amount": Decimal("2.50")}
    line.add("fact", "lead.captured", data, time=line.ms(at) if at else line.now)


def begun() -> Line:
    line = Line()
    line.begin("2026-04-02 09:00")
    return line


def test_one_row_per_minute_and_grouping() -> None:
    line = begun()
    lead(line)
    lead(line, region="BR")
    line.tick("2026-04-02 09:01")
    assert line.rows("M-01") == [("04-02 09:00", Decimal(2))]
    assert line.rows("M-01", region="BR") == [("04-02 09:00", Decimal(1))]
    assert line.rows("M-01", channel="") == [("04-02 09:00", Decimal(2))]
    assert not line.tick("2026-04-02 09:02")


def test_a_late_fact_rewrites_its_own_minute_and_says_so() -> None:
    line = begun()
    lead(line)
    line.tick("2026-04-02 09:10")
    lead(line, at="2026-04-02 09:00")
    lead(line, at="2026-04-02 09:05")
    said = line.tick("2026-04-02 09:11")
    assert line.rows("M-01") == [("04-02 09:00", Decimal(1)), ("04-02 09:00", Decimal(2)), ("04-02 09:05", Decimal(1))]
    (corrected,) = [d.data for d in said if d.type == "metric.corrected" and not d.data["dims"] and d.data["n"] == 2]
    assert (corrected["metric_id"], corrected["old"], corrected["value"], corrected["reason"]) == ("M-01", 1, 2, "late")


def test_a_minute_of_the_future_waits_for_its_end() -> None:
    line = begun()
    lead(line, at="2026-04-02 09:03")
    line.tick("2026-04-02 09:03")
    assert line.rows("M-01") == []
    line.tick("2026-04-02 09:04")
    assert line.rows("M-01") == [("04-02 09:03", Decimal(1))]


def test_beyond_its_memory_a_fact_counts_where_it_was_recorded() -> None:
    line = begun()
    lead(line, at="2026-01-02 09:00")
    line.tick("2026-04-02 09:01")
    assert line.rows("M-01") == [("04-02 09:00", Decimal(1))]


def test_old_minutes_are_forgotten() -> None:
    line = begun()
    lead(line)
    line.tick("2026-04-02 09:01")
    flows = line.state.scopes["dongchen"].flows
    assert any(key.startswith("M-01|") for key in flows)
    line.tick("2026-06-02 00:00")
    assert not any(key.startswith("M-01|") for key in flows)


def test_a_sum_instead_of_a_count_in_the_tenants_currency() -> None:
    line = Line()
    line.begin("2026-04-02 09:00", currency="USD")
    body = {
        "id": "M-90",
        "name": {"zh": "z", "en": "e"},
        "kind": "flow",
        "unit": "currency",
        "scale": 2,
        "owner": "role:ops",
    }
    line.configure([item("measure", "M-90", body | {"count": {"events": ["lead.captured"], "add": "expected_amount"}})])
    lead(line)
    lead(line)
    said = line.tick("2026-04-02 09:01")
    (row,) = [d.data for d in said if d.data["metric_id"] == "M-90"]
    assert (row["value"], row["n"], row["unit"]) == (Decimal("5.00"), 2, "USD")


def test_everything_received_and_refused_is_counted_once() -> None:
    line = begun()
    line.tick("2026-04-02 09:01")
    before = sum(value or 0 for _, value in line.rows("M-53.received"))
    lead(line)
    line.refuse("lead.captured", "L-2", "owner_id")
    line.add("parked", "lead.converted", {"lead_id": "L-9", "opportunity_id": "O"})
    line.tick("2026-04-02 09:02")
    assert sum(value or 0 for _, value in line.rows("M-53.received")) - before == 2
    assert line.rows("M-53.refused", reason="missing_field") == [("04-02 09:01", Decimal(1))]


def flow(line: Line, id_: str, dims: list[list[str]], **count: Any) -> None:
    body = {"id": id_, "name": {"zh": "z", "en": "e"}, "kind": "flow", "unit": "x", "scale": 0, "owner": "role:ops"}
    line.configure([item("measure", id_, body | {"dims": dims, "count": count})])
    assert not ruleset(line.state).broken


def test_a_filter_keeps_out_what_does_not_match() -> None:
    line = begun()
    flow(line, "M-90", [[]], events=["lead.captured"], where={"region": ["DE", "BR"], "channel": ""})
    flow(line, "M-91", [[]], events=["lead.captured"], where={"region": {"not": "DE"}})
    flow(line, "M-92", [[]], events=["*"], where={"meta.origin": "derived", "type": {"not": "lead.lost"}})
    for region in ("DE", "BR", "CN"):
        lead(line, region=region)
    for source in ("sharedchain:ingest", "sharedchain:engine"):
        line.add("fact", "lead.captured", {"lead_id": "L", "region": "DE", "channel": "fair"}, source=source)
    line.tick("2026-04-02 09:01")
    assert [line.rows(id_)[0][1] for id_ in ("M-90", "M-91", "M-92")] == [2, 2, 2]


def test_a_dim_is_a_constant_or_another_field_for_one_type() -> None:
    line = begun()
    types = ["opportunity.created", "opportunity.stage.changed", "opportunity.signed"]
    per_event = {types[1]: {"stage": "to"}, types[2]: {"stage": {"constant": "SIGNED"}}}
    flow(line, "M-90", [["stage"]], events=types, per_event=per_event)
    line.opportunity("O", 1)
    line.move("opportunity.stage.changed", "O", to="BIDDING")
    line.move("opportunity.signed", "O", amount=Decimal(1))
    line.tick("2026-04-02 09:01")
    assert [line.rows("M-90", stage=s) for s in ("FOLLOWING", "BIDDING", "SIGNED")] == [
        [("04-02 09:00", Decimal(1))]
    ] * 3


def test_a_dim_the_payload_lacks_is_looked_up_in_the_entity_it_names() -> None:
    line = begun()
    lead(line, region="BR")
    line.add("fact", "lead.converted", {"lead_id": "L", "opportunity_id": "O"})
    line.add("fact", "lead.converted", {"lead_id": "nobody", "opportunity_id": "P"})
    line.tick("2026-04-02 09:01")
    assert (
        line.rows("M-01.converted", region="BR")
        == line.rows("M-01.converted", region="")
        == [("04-02 09:00", Decimal(1))]
    )


def test_readings_count_against_the_setpoint_of_their_equipment() -> None:
    line = begun()
    line.equipment("EQ", "ST", temperature=("93.0", "2.0", "°C"))
    for value in ("91.0", "95.0", "95.01", "90.99"):
        line.reading("EQ", "temperature", value)
    line.reading("EQ", "pressure", "9.0")
    line.reading("EQ-2", "temperature", "93.0")
    line.tick("2026-04-02 09:01")
    assert line.rows("M-74.readings", equipment="EQ") == [("04-02 09:00", Decimal(4))]
    assert line.rows("M-74.within", equipment="EQ") == [("04-02 09:00", Decimal(2))]
    assert line.rows("M-74.readings", equipment="EQ-2") == []


def test_what_ingest_derives_is_not_received() -> None:
    line = begun()
    line.tick("2026-04-02 09:01")
    line.opportunity("O", 1)
    line.add("fact", "case.closed", {"case_id": "C"}, source="sharedchain:ingest")
    line.add("refusal", "record.rejected", {"reason": "transition"}, source="sharedchain:ingest")
    line.tick("2026-04-02 09:02")
    assert line.rows("M-53.received")[-1] == ("04-02 09:01", Decimal(2))
