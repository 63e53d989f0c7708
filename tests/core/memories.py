"""What else a rule set remembers: worked days, all columns, rows of lists, trends, caps, measures of rows and windows,
versions for half of the subjects. Rules and tables for the state machine, beside those of dynamics.py."""

from __future__ import annotations

from typing import Any

from sharedchain.config import ConfigItem, item
from tests.core.line import our_bundle
from tests.core.sample import rule

LEVELS = [{"severity": "YELLOW", "at_least": "5.00"}, {"severity": "RED", "at_least": "9.00"}]
EVERY = "{{ seen.first|number }} {{ seen.last|number }} {{ seen.before|number }} {{ seen.most|number }}"
EVERY += (
    " {{ seen.least|number }} {{ seen.sum|number }} {{ seen.count }} {{ seen.twice|number }} {{ seen.lines|number }}"
)
EVERY += " {{ seen.day|number }} {{ seen.regions }} {{ seen.run }} {{ seen.trend|number }} {{ seen.off|number }}"
TOLD = {"title": "{{ subject }} {{ value|number }}", "text": EVERY}
STARTS = {"start": ["lead.captured"], "stop": [{"event": ["lead.disqualified"]}]}
READ: dict[str, Any] = {
    "on": {"event": ["sensor.reading"]},
    "subject": "message.equipment_id",
    "part": "message.metric",
    "value": "message.value",
    "bands": [{"severity": "YELLOW", "at_least": "5.00"}],
}
RULES: list[dict[str, Any]] = [
    rule("R-89", on={"clock": STARTS | {"days": "working", "from": "recorded"}}, unit="d",
         subject_owner="message.owner_id",
         bands=[{"severity": "YELLOW", "at_least": 1}, {"severity": "RED", "at_least": 3}]),
    rule("R-90", on={"clock": STARTS | {"days": "calendar", "due": "message.due_on"}}, unit="d",
         bands=[{"severity": "YELLOW", "at_least": -1}, {"severity": "RED", "over": 0}]),
    rule("R-91", on={"clock": STARTS | {"days": "calendar"}}, unit="d", checkpoints=["02", "04", "07"],
         bands=[{"severity": "YELLOW", "at_least": 1}, {"severity": "RED", "at_least": 3}]),
    rule("R-92", on={"clock": STARTS | {"due": "message.due_at", "from": "recorded"}}, unit="share",
         bands=[{"severity": "YELLOW", "at_least": "0.50"}, {"severity": "RED", "at_least": "0.90"}]),
    rule("R-93", value=["seen.sum", "seen.regions"], bands=LEVELS, texts={"zh": TOLD, "en": TOLD}, falls="told",
         seen={"first": {"first": "message.amount"}, "last": {"last": "message.amount"},
               "before": {"previous": "message.amount"}, "most": {"max": "message.amount"},
               "least": {"min": "message.amount"}, "sum": {"sum": "message.amount"}, "count": {"count": True},
               "twice": {"cel": "2.0 * message.amount"},
               "lines": {"total": {"over": "message.lines", "cel": "item.amount"}},
               "day": {"sum_in": {"of": "message.amount", "span": "1d"}},
               "regions": {"distinct_in": {"of": "message.region", "span": "1d"}},
               "run": {"run": "message.amount >= 5.0"},
               "trend": {"trend": {"of": "message.amount", "last": 2, "limit": "message.limit", "per": "h"}},
               "off": {"deviation": {"of": "message.amount", "last": 2}}}),
    rule("R-94", **READ, mode="act", caps={"per_day": 2},
         action=[{"command": "equipment.command.issued", "subject": "message.equipment_id",
                  "data": {"command_id": {"cel": '"CMD-" + action.number'}, "equipment_id": "message.equipment_id",
                           "parameter": "message.metric", "cause": "R-94", "alert_id": "alert.id"}},
                 {"derive": "procurement.requisition.suggested", "when": "message.value >= 9.0",
                  "data": {"no": "action.number"}}]),
    rule("R-95", each="message.lines", subject=["message.lead_id", "item.no"], value="order.taken", bands=LEVELS,
         **{"with": {"order": {"entity": "order", "id": ["message.lead_id", "item.no"]}}}),
    rule("R-96", **READ | {"value": "wear.hours", "bands": [{"severity": "YELLOW", "at_most": "4.00"}]},
         **{"with": {"wear": {"entity": "wear", "id": ["message.equipment_id", "message.metric"]}}}),
    rule("R-97", on={"event": ["rule.changed"]}, subject="message.rule_id", value="message.reason", one_shot=True,
         when={"all": ['message.how == "ROLLED_BACK"']}),
    rule("R-98", on={"measure": "M-97", "dims": ["equipment_id"]}, subject="equipment_id",
         bands=[{"severity": "YELLOW", "at_most": "4.00"}]),
    rule("R-99", on={"measure": "M-98", "dims": []}, subject="metric.id",
         bands=[{"severity": "YELLOW", "at_least": "1.00"}]),
    rule("R-69", on={"measure": "M-99", "dims": ["lead_id"]}, subject="lead_id",
         bands=[{"severity": "YELLOW", "at_least": "2.00"}]),
    rule("R-67", on={"measure": "M-98.soon", "dims": []}, subject="metric.id",
         bands=[{"severity": "YELLOW", "at_least": "2.00"}]),
    rule("R-66", on={"clock": {"start": ["lead.captured"],
                               "stop": [{"event": ["lead.disqualified"], "subject": ["message.lead_id"]}]}}, unit="min",
         subject=["message.lead_id", "message.region"], bands=[{"severity": "YELLOW", "at_least": 3}]),
    rule("R-68", **READ | {"bands": LEVELS}),  # the one that gets versions in the shadow, and for half of the subjects
]  # fmt: skip
TRIED = "R-68"
TABLES: list[dict[str, Any]] = [
    {"id": "order", "title": {"zh": "z", "en": "e"}, "key": ["message.lead_id", "item.no"], "each": "message.lines",
     "keep": "3d", "from": {"lead.captured": {}, "lead.disqualified": {"key": ["message.lead_id"], "each": "",
                                                                       "remove": True}},
     "columns": {"taken": {"sum": "item.amount", "type": "decimal"}, "times": {"count": True},
                 "at": {"last": "meta.recorded", "type": "instant"},
                 "days": {"cel": "double(age.at)", "type": "decimal"}},
     "daily": ["days"]},
    {"id": "wear", "title": {"zh": "z", "en": "e"}, "key": ["message.equipment_id", "message.metric"],
     "from": {"sensor.reading": {}},
     "columns": {"limit": {"cel": "12.0", "type": "decimal"},
                 "hours": {"trend": {"of": "message.value", "last": 2, "limit": "row.limit", "per": "h"}}}},
]  # fmt: skip
SAID: dict[str, Any] = {"name": {"zh": "z", "en": "e"}, "unit": "x", "scale": 2, "owner": "role:ops"}
MEASURES: list[dict[str, Any]] = [
    {"id": "M-97", "kind": "gauge", "entities": {"over": "wear", "take": "max", "field": "hours"},
     "dims": [["equipment_id"], []], **SAID},
    {"id": "M-98.leads", "kind": "flow", "count": {"events": ["lead.captured"]}, "dims": [[]], **SAID},
    {"id": "M-98", "kind": "gauge", "window": {"of": "M-98.leads", "span": "7d", "at": "minute"}, "dims": [[]], **SAID},
    {"id": "M-98.soon", "kind": "gauge", "window": {"of": "M-98.leads", "span": "7m", "at": "minute"}, "dims": [[]],
     **SAID},
    {"id": "M-99", "kind": "gauge", "sample": "both", "dims": [["lead_id"]],
     "row": {"table": "order", "value": "double(row.times) + row.days", "paths": {"lead_id": "lead_id"}}, **SAID},
]  # fmt: skip
DERIVATIONS: list[dict[str, Any]] = [
    {"id": "risen", "version": 1, "title": {"zh": "z", "en": "e"}, "on": {"event": ["sensor.reading"]},
     "seen": {"before": {"previous": "message.value"}}, "subject": "message.equipment_id", "part": "message.metric",
     "when": {"all": ["seen.before != null && message.value > seen.before"]},
     "owner": "role:ops",
     "action": {"derive": "reading.risen", "data": {"by": "message.value", "no": "action.number"}}},
    {"id": "heard", "version": 1, "title": {"zh": "z", "en": "e"}, "on": {"event": ["reading.risen"]},
     "subject": "meta.subject", "owner": "role:ops", "action": {"derive": "rise.heard", "data": {"by": "message.by"}}},
]  # fmt: skip
GROUPS = {
    "worked": ["R-89", "R-90", "R-91", "R-92", "R-97", "R-66"],
    "columns": ["R-93", "R-94", "R-95", "R-96", "R-68"],
    "counted": ["R-98", "R-99", "R-69", "R-67"],
}
OURS = ("M-14", "M-09", "M-10", "M-11", "M-16", "target.sales")  # with what they are computed of


def shipped() -> list[ConfigItem]:
    """What of our own configuration the machine lives by: calendars, routes, and the measure of coverage."""
    kept = [one for one in our_bundle() if one.kind in ("calendar", "route", "dictionary")]
    known = {one.name: one for one in our_bundle() if one.kind == "measure"}
    wanted = [name for name in known if name in OURS]
    return [*kept, *(known[name] for name in wanted)]


def items() -> list[ConfigItem]:
    names = [one["id"] for one in DERIVATIONS]
    packs = [item("pack", name, {"id": name, "rules": ids, "derivations": names}) for name, ids in GROUPS.items()]
    tables = [item("table", one["id"], one) for one in TABLES]
    measures = [item("measure", one["id"], one) for one in MEASURES]
    deriving = [item("derivation", one["id"], one) for one in DERIVATIONS]
    return [*packs, *tables, *measures, *deriving, *(item("rule", one["id"], one) for one in RULES)]


def version(number: int, rollout: int = 100) -> dict[str, Any]:
    """Another R-68: louder; one in three errs, and speaks of other subjects."""
    more: dict[str, Any] = {"bands": [{"severity": "RED", "at_least": f"{1 + number % 9}.00"}]}
    if number % 3 == 0:
        more["when"] = {"all": ['message.unit != "K" && message.metric > 3']}
        more["part"] = ""
    return next(one for one in RULES if one["id"] == TRIED) | {"version": number, "rollout": rollout} | more


def changed(rule_id: str, number: int) -> ConfigItem:
    """A later version of a rule that says nothing else than its number."""
    return item("rule", rule_id, next(one for one in RULES if one["id"] == rule_id) | {"version": number})


def other(what: str, number: int) -> ConfigItem:
    """Another declaration of what rules look into."""
    match what:
        case "table":
            columns = TABLES[0]["columns"] | {
                "taken": {"max" if number % 2 else "sum": "item.amount", "type": "decimal"}
            }
            return item("table", TABLES[0]["id"], TABLES[0] | {"columns": columns})
        case "measure":
            return item(
                "measure", "M-98", MEASURES[2] | {"window": MEASURES[2]["window"] | {"span": f"{number % 9 + 1}d"}}
            )
        case "minutes":
            return item(
                "measure", "M-98.soon", MEASURES[3] | {"window": MEASURES[3]["window"] | {"span": f"{number % 9 + 1}m"}}
            )
    off = {f"2026-04-{number % 9 + 2:02d}": "off"}
    return item("calendar", "BR", {"id": "BR", "title": {"zh": "z", "en": "e"}, "off": off})
