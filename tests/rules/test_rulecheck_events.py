"""Mistakes in the keys of rules on events: `with`, `if`, `part`, `unit`, `clear` and their cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharedchain.rulecheck import check
from tests.rules.book import CATALOG
from tests.rules.test_rulecheck import root

__all__ = ["root"]

# What stands there, what it is spoilt to, and the finding.
READING = [
    ("entity: setpoint", "entity: setpint", "7:22: no table setpint; did you mean setpoint?"),
    ("entity: setpoint", "entity: machine", "no table machine; there are equipment, setpoint"),
    ("[message.equipment_id, message.metric]", "message.equipment_id", "7:36: setpoint is found by equipment id, par"),
    ("id: equipment.store_id", "id: equipment.stroe_id", "8:30: equipment.stroe_id is no field; did you mean equ"),
    ("id: message.equipment_id", "id: store.id", "6:3: `with` runs in a ring: equipment, store; one of them must"),
    ("< setpoint.low", "< setpoint.lwo", "13:23: setpoint.lwo is no field; did you mean setpoint.low?"),
    ("< setpoint.low", "< 91", "13:21: found no matching overload"),
    ("== setpoint.unit", "== setpoint.value", "10:65: found no matching overload"),
    ("part: message.metric", "part: message.matric", "18:7: message.matric is no field; did you mean"),
    ("unit: setpoint.unit", "unit: setpoint.unti", "20:7: setpoint.unti is no field; did you mean"),
    ("{{ equipment.type }}", "{{ equipment.tpye }}", "equipment.tpye is unknown here; did you mean equipment.type?"),
    ("parameter: temperature", "paramter: temperature", "paramter is no field; did you mean parameter?"),
    ("\nif:", "\niff:", "10:3: unknown key iff; did you mean if?"),
    ("  store: {", "  metric: {", "`with` cannot be called metric"),
]
OVERDUE = [
    ("message.instalment_no]\nvalue", "message.instalment]\nvalue", "8:34: message.instalment is no field; did you"),
    ("[receivable.settled]", "[receivable.setled]", "16:14: no event type receivable.setled; did you mean"),
    ("subject: [message.receivable_id, message.instalment_no]}", "subject: message.receivable_id}", "they never meet"),
    ("message.instalment_no]}", "message.instalment_n]}", "16:68: message.instalment_n is no field; did you mean"),
    ("\nvalue: message.days", "\nvalue: message.day", "9:8: message.day is no field; did you mean message.days?"),
    ("\nvalue: message.days", "", "`bands` with thresholds need `value`"),
    ("accountant, owner]", "accountant, message.owner]", "message.owner is no field; did you mean message.owner_id?"),
    ("clear:", "one_shot: true\nclear:", "drop `clear` or `one_shot`"),
]
CONTRACT = [
    ("[contract.created]", "[alert.raised]", "no rule ever sees alert.raised; rules look at what ingest accepts"),
    ("[contract.created]", "[forecast.refresh.requested]", "no rule ever sees forecast.refresh.requested"),
    ("- {alert: resolved, ", "- {alert: raised RED, ", "no case in which an event clears it; add one"),
    ("missing: [legal]", "mising: [legal]", "message.mising is no field; did you mean missing?"),
]
LINE = [
    ("size(message.left) == 0", "size(message.lfet) == 0", "message.lfet is no field; did you mean message.left?"),
    ("size(message.left) == 0", "message.left == 0", "17:31: found no matching overload"),
    ("type: opportunity.lost,", "type: opportunity.losst,", "no event type opportunity.losst; did you mean"),
    ("{type: opportunity.lost,", "{", "no event type ; say `type`"),
    ("forecast.owner_id", "forecast.owner", "forecast.owner is no field; did you mean forecast.owner_id?"),
]
FILES = {"plant/R-37": READING, "finance/R-20": OVERDUE, "finance/R-19": CONTRACT, "sales/R-06": LINE}
MISTAKES = [(f"{file}.yaml", *mistake) for file, mistakes in FILES.items() for mistake in mistakes]


@pytest.mark.parametrize(("file", "stands", "spoilt", "said"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(root: Path, file: str, stands: str, spoilt: str, said: str) -> None:
    path = root / "rules" / file
    text = path.read_text()
    assert stands in text
    path.write_text(text.replace(stands, spoilt))
    found = check(root, CATALOG).findings
    assert any(said in finding for finding in found), found
    assert all(finding.startswith(f"rules/{file}:") for finding in found)
