"""One rule for each dynamic of the language, a table, a rule that errs and one that never ends: small and loud."""

from __future__ import annotations

from typing import Any

from sharedchain.config import ConfigItem, item
from tests.core.sample import rule

LEVELS = [{"severity": "YELLOW", "at_least": "5.00"}, {"severity": "RED", "at_least": "9.00"}]
TOLD = {"title": "{{ subject }} {{ value|number }}", "text": "{{ transition }} {{ severity }} {{ owner }}"}
READ: dict[str, Any] = {
    "on": {"event": ["sensor.reading"]},
    "subject": "message.equipment_id",
    "part": "message.metric",
    "value": "message.value",
    "bands": LEVELS,
}
GONE = [{"event": ["lead.disqualified"], "subject": "message.lead_id"}]
CLOCK = {"start": ["lead.captured"], "stop": [{"event": ["lead.disqualified"]}]}
RULES: list[dict[str, Any]] = [
    rule("R-70", one_shot=True, when={"all": ["message.amount >= 9.0"]}),
    rule("R-71", clear=GONE, bands=LEVELS, value="message.amount"),
    rule("R-72", **READ, falls="told"),
    rule("R-73", **READ | {"bands": [{"severity": "YELLOW", "at_least": "5.00", "release": "2.00"}]}),
    rule("R-74", **READ, consecutive=3),
    rule("R-75", **READ, of={"n": 2, "m": 4}, cooldown="1h"),
    rule("R-76", **READ, **{"for": "10m", "keep_firing_for": "30m"}),
    rule(
        "R-77", **READ | {"value": "let.share", "bands": [{"severity": "YELLOW", "over": "0.50"}]},
        seen={"many": {"count_in": "1h"}, "high": {"count_in": "1h", "where": "message.value >= 5.0"}},
        let={"share": {"cel": "seen.high > 0 ? double(seen.high) / double(seen.many) : 0.0"}},
    ),
    rule("R-78", on={"clock": CLOCK}, unit="h",
         bands=[{"severity": "YELLOW", "at_least": 1}, {"severity": "RED", "over": 3}]),
    rule("R-79", on={"clock": CLOCK}, unit="h", one_shot=True, bands=[{"severity": "YELLOW", "at_least": 2}]),
    rule("R-80", on={"clock": CLOCK | {"due": "message.due_at"}}, unit="min",
         bands=[{"severity": "YELLOW", "at_least": -30}, {"severity": "RED", "over": 0}]),
    rule("R-81", each="message.lines", subject=["message.lead_id", "item.no"], value="item.amount", bands=LEVELS),
    rule("R-82", when={"all": ['message.region != "XX" || message.region > 3']}, one_shot=True),  # XX: it errs
    rule("R-83", when={"all": ["message.many.all(a, message.many.all(b, a + b >= 0))"]}),  # many: the budget
    rule("R-84", bands=LEVELS, value="message.amount", rollout=50, mode="observe"),
    rule("R-85", on={"measure": "M-14", "dims": ["period"]}, subject="period",
         bands=[{"severity": "YELLOW", "under": "0.95"}, {"severity": "RED", "under": "0.80"}],
         **{"for": "20m", "keep_firing_for": "10m"}),
    rule("R-86", on={"measure": "M-14", "dims": ["period"]}, subject="period", checkpoints=["02"],
         bands=[{"severity": "YELLOW", "under": "0.95"}], no_data={"after": "2h", "then": "ring"}),
    rule("R-87", **READ | {"value": "spread.highest", "bands": LEVELS},
         **{"with": {"spread": {"entity": "spread", "id": ["message.equipment_id"]}}}),
    rule("R-88", **READ, texts={"zh": TOLD, "en": {"title": "{{ message.absent.deeper }}", "text": "x"}}),
]  # fmt: skip
TABLE = {
    "id": "spread",
    "title": {"zh": "z", "en": "e"},
    "key": ["message.equipment_id"],
    "keep": "2d",
    "from": {"sensor.reading": {}},
    "columns": {
        "highest": {"max": "message.value", "type": "decimal"},
        "last": {"last": "message.value", "type": "decimal"},
    },
}
GROUPS = {
    "leads": ["R-70", "R-71", "R-81", "R-82", "R-83", "R-84"],
    "readings": ["R-72", "R-73", "R-74", "R-75", "R-76", "R-77", "R-87", "R-88"],
    "clocks": ["R-78", "R-79", "R-80", "R-85", "R-86"],
}


def items() -> list[ConfigItem]:
    packs = [item("pack", name, {"id": name, "rules": ids}) for name, ids in GROUPS.items()]
    return [*packs, item("table", "spread", TABLE), *(item("rule", one["id"], one) for one in RULES)]


def changed(rule_id: str, version: int) -> ConfigItem:
    """A later version of a rule: it says something else, or nothing else than its number."""
    body = next(one for one in RULES if one["id"] == rule_id)
    more = {"bands": [{"severity": "RED"}], "falls": "silent"} if version % 2 and not body.get("on") else {}
    return item("rule", rule_id, body | {"version": version} | more)
