"""Mistakes in the actions of a rule, found where they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sharedchain.rulecheck import check
from tests.rules.book import CATALOG
from tests.rules.test_rulecheck import root

__all__ = ["root"]

OURS = """action:
  - derive: equipment.command.issued
    data:
      command_id: {cel: '"CMD-" + action.number'}
      equipment_id: message.equipment_id
      parameter: message.metric
      setpoint: setpoint.value
mode: suggest
"""
COMMAND = """action:
  - command: case.opened
    subject: message.equipment_id
    data: {case_id: alert.id, template_id: SE, subject: alert.subject}
mode: act
"""
MISTAKES = [
    (OURS, "", "", ""),
    (COMMAND, "", "", ""),
    (OURS, "command.issued", "comand.issued", "no event type equipment.comand.issued; did you mean equipment.comm"),
    (OURS, "parameter: m", "paramter: m", "equipment.command.issued has no field paramter; did you mean parameter?"),
    (OURS, "      equipment_id: message.equipment_id\n", "", "equipment.command.issued must say equipment_id: add it"),
    (OURS, "setpoint.value", "setpoint.vlaue", "setpoint.vlaue is no field; did you mean setpoint.value?"),
    (OURS, "action.number'", "action.nubmer'", "action.nubmer is no field; did you mean action.number?"),
    (OURS, "derive: equipment.command.issued", "derive: case.opened", "is not derived by the engine"),
    (OURS, "derive: equipment.command.issued", "derive: alert.raised", "is what the core says of itself"),
    (OURS, "    data:", "    when: setpoint.low > 1.0\n    data:", ""),
    (OURS, "    data:", "    when: setpoint.lwo > 1.0\n    data:", "setpoint.lwo is no field; did you mean setpoint"),
    (OURS, "    data:", "    when: setpoint.low\n    data:", "gives double, a condition must give true or false"),
    (COMMAND, "mode: act", "mode: suggest", "needs `mode` act"),
    (COMMAND, "case.opened", "lead.captured", "lead.captured takes no commands: its topic sales.lead.v1 does not say"),
    (COMMAND, "alert.subject}", "alert.subjekt}", "alert.subjekt is no field; did you mean alert.subject?"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "stands", "spoilt", "said"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(root: Path, action: str, stands: str, spoilt: str, said: str) -> None:
    path = root / "rules" / "plant" / "R-37.yaml"
    text = re.sub(r"^action:\n(?: .*\n)+", "", path.read_text(), flags=re.MULTILINE)
    assert "\nmode: suggest\n" in text
    assert stands in action
    path.write_text(text.replace("mode: suggest\n", action.replace(stands, spoilt, 1) if stands else action))
    found = check(root, CATALOG).findings
    assert any(said in finding for finding in found) if said else found == [], found
    assert all(finding.startswith("rules/plant/R-37.yaml:") for finding in found)
