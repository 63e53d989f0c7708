"""Derivations: events that follow from an event without an alert, and what follows from those in turn."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sharedchain.config import item
from sharedchain.core import fold
from sharedchain.fact import Derived
from tests.core.line import Line

TITLE = {"zh": "派生", "en": "derived"}
TABLE = {
    "id": "plan",
    "title": TITLE,
    "key": ["message.customer_id"],
    "from": {"retention.plan.proposed": {}},
    "columns": {"plans": {"count": True}},
}
PLAN = {"derive": "retention.plan.proposed", "data": {"customer_id": "message.lead_id", "n": "message.n"}}


def derivation(id_: str, on: str, action: Any = PLAN, **more: Any) -> tuple[str, dict[str, Any]]:
    body = {"id": id_, "version": 1, "title": TITLE, "on": {"event": [on]}, "owner": "role:ops", "action": action}
    return id_, body | {"subject": "message.lead_id"} | more


def line_of(*derivations: tuple[str, dict[str, Any]], on: bool = True) -> Line:
    line = Line()
    items = [item("derivation", id_, body) for id_, body in derivations]
    pack = item("pack", "one", {"id": "one", "derivations": [id_ for id_, _ in derivations] if on else []})
    line.now = line.ms("2026-04-01 08:00")
    line.configure([*items, item("table", "plan", TABLE), pack])
    line.configure([item("tenant", "dongchen", {"mode": "driven", "packs": ["one"]})])
    line.employee("E091", "ops")
    return line


def lead(line: Line, n: int, **more: Any) -> list[Derived]:
    return line.add("fact", "lead.captured", {"lead_id": f"L-{n}", "n": n}, **more)


def test_a_fact_follows_without_an_alert_where_the_condition_holds() -> None:
    line = line_of(derivation("plans", "lead.captured", when={"all": ["message.n > 2"]}))
    assert lead(line, 2) == []
    (made,) = lead(line, 3)
    assert (made.type, made.subject, made.data) == ("retention.plan.proposed", "L-3", {"customer_id": "L-3", "n": 3})
    assert (made.causation, made.recorded, made.n) == ("e3", line.now, 1)
    assert lead(line, 4, backfill=True) == []  # history says itself what followed


def test_a_derivation_is_on_where_a_pack_names_it() -> None:
    assert lead(line_of(derivation("plans", "lead.captured"), on=False), 3) == []


def test_what_is_derived_goes_into_tables_and_before_other_derivations() -> None:
    after = {"plan": {"entity": "plan", "id": "message.customer_id"}}
    told = {"derive": "rnd.feedback.delivered", "data": {"n": "plan.plans", "of": "message.customer_id"}}
    line = line_of(
        derivation("a_second", "retention.plan.proposed", told, subject="message.customer_id", **{"with": after}),
        derivation("first", "lead.captured"),
    )
    first, second = lead(line, 1)
    assert (second.type, second.data) == ("rnd.feedback.delivered", {"n": 1, "of": "L-1"})
    assert (first.causation, second.causation, second.n) == ("e2", first.id, 2)
    assert [d.data for d in lead(line, 1)][1] == {"n": 2, "of": "L-1"}


def test_what_is_commanded_waits_for_ingest() -> None:
    command = {"command": "case.opened", "data": {"lead_id": "message.lead_id"}}
    line = line_of(derivation("commands", "lead.captured", command), derivation("waits", "case.opened"))
    (commanded,) = lead(line, 1)
    assert commanded.type == "case.opened"
    (made,) = line.add("fact", "case.opened", commanded.data)
    assert made.type == "retention.plan.proposed"


def test_derivations_that_feed_themselves_are_left_out_and_told() -> None:
    back = {"derive": "lead.captured", "data": {"lead_id": "message.customer_id"}}
    line = line_of(derivation("there", "lead.captured"), derivation("back", "retention.plan.proposed", back))
    assert lead(line, 1) == []
    line.tick("2026-04-01 08:01")
    told = {d.subject for d in line.said if d.data.get("rule_id") == "R-00"}
    assert told == {"derivation/there", "derivation/back"}


def test_one_that_errs_stays_alone_and_is_told_once() -> None:
    broken = derivation("broken", "lead.captured", when={"all": ["message.n / 0 > 1"]})
    line = line_of(broken, derivation("plans", "lead.captured"))
    types = [d.type for n in (1, 2) for d in lead(line, n)]
    assert types == ["alert.raised", "retention.plan.proposed", "retention.plan.proposed"]


def test_elements_rows_memory_and_computed_values_are_those_of_rules() -> None:
    data = {
        "customer_id": "item.name",
        "share": "let.share",
        "times": "seen.times",
        "days": {"cel": "double(seen.times)"},
    }
    line = line_of(
        derivation(
            "lines", "lead.captured", {"derive": "retention.plan.proposed", "data": data},
            each="message.lines", subject="item.name", seen={"times": {"count": True}},
            let={"share": {"cel": "double(item.n) / 3.0", "scale": 2}},
        )
    )  # fmt: skip
    lines = [{"name": "a", "n": 1}, {"name": "b", "n": 2}]
    made = line.add("fact", "lead.captured", {"lead_id": "L-1", "lines": lines})
    assert [d.data for d in made] == [
        {"customer_id": "a", "share": Decimal("0.33"), "times": 1, "days": Decimal("1.0000")},
        {"customer_id": "b", "share": Decimal("0.67"), "times": 1, "days": Decimal("1.0000")},
    ]
    assert len({d.id for d in made}) == 2


def test_replayed_restarted_or_all_at_once_the_same_is_derived() -> None:
    line = line_of(derivation("plans", "lead.captured", seen={"n": {"count": True}}, when={"all": ["seen.n == 1"]}))
    for n in (1, 2, 1, 3):
        lead(line, n)
    assert len(line.said) == 3
    assert fold.step(fold.new_state(), line.facts)[1] == line.said
    state, said = fold.new_state(), list[Derived]()
    for fact in line.facts:
        state, more = fold.step(fold.load(fold.dump(state)), [fact])
        said += more
    assert said == line.said


def test_a_changed_derivation_is_the_one_that_counts_from_then_on() -> None:
    line = line_of(derivation("plans", "lead.captured"))
    assert len(lead(line, 1)) == 1
    line.configure(
        [item("derivation", *derivation("plans", "lead.captured", version=2, when={"all": ["message.n > 5"]}))]
    )
    assert (lead(line, 2), len(lead(line, 6))) == ([], 1)
