"""A version of a rule that runs in the shadow of the live one: it judges everything and tells no one.

Config kind `shadow`, named by the rule's id, its body a whole rule. It runs where the live one runs, under an id of
its own, so that neither's episodes, memory or errors are the other's. What it decides is `shadow.decided`: no alert, so
that nobody who listens to alerts can be told by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharedchain.core.rule import Rule

_MARK = "~"
_SAID = (
    "alert_id", "rule_version", "subject", "severity", "value", "value_text", "threshold", "unit", "owner",
    "recipients", "title_zh", "title_en", "explain", "opened_at",
)  # fmt: skip


def shadowed(rule: Rule) -> Rule:
    """The rule as it runs in the shadow: `R-03` in version 2 is `R-03~2`, and it acts on nothing."""
    return rule.model_copy(
        update={"id": f"{rule.id}{_MARK}{rule.version}", "mode": "observe", "action": (), "caps": None}
    )


def is_shadow(rule_id: str) -> bool:
    return _MARK in rule_id


def base(rule_id: str) -> str:
    """The id of the rule in whose shadow it runs; its own if it is none."""
    return rule_id.partition(_MARK)[0]


def decided(transition: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What an alert of a rule in the shadow becomes."""
    return {"rule_id": base(data["rule_id"]), "transition": transition, **{name: data[name] for name in _SAID}}
