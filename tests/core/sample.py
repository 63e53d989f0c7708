"""A rule that loads, and a line on which only given rules are in force."""

from __future__ import annotations

from typing import Any

from sharedchain.config import item
from sharedchain.fact import Derived
from tests.core.line import Line

WORDS = {"title": "{{ subject }}", "text": "x"}


def rule(id_: str, **more: Any) -> dict[str, Any]:
    """Rings YELLOW for every captured lead, unless told otherwise; its owner is a sales director (E010)."""
    return {
        "id": id_, "version": 1, "title": {"zh": "z", "en": "e"}, "on": {"event": ["lead.captured"]},
        "bands": [{"severity": "YELLOW"}], "subject": "message.lead_id",
        "to": {"YELLOW": ["role:ops"], "RED": ["role:ops"]},
        "owner": "role:sales_director", "mode": "suggest", "runbook": "r.md", "texts": {"zh": WORDS, "en": WORDS},
        **more,
    }  # fmt: skip


def with_rules(*rules: dict[str, Any], **tenant: Any) -> Line:
    line = Line()
    line.begin("2026-04-01 08:00", packs=["mine"], **tenant)
    pack = item("pack", "mine", {"id": "mine", "rules": [one["id"] for one in rules]})
    line.configure([pack, *(item("rule", one["id"], one) for one in rules)])
    return line


def lead(line: Line, lead_id: str = "L-1", **data: Any) -> list[Derived]:
    return line.add("fact", "lead.captured", {"lead_id": lead_id, "owner_id": "E001", "region": "DE", **data})


def alerts(said: list[Derived], rule_id: str) -> list[str]:
    """`raised L-1 YELLOW` of each transition of one rule's alerts, in order."""
    return [
        f"{one.type.removeprefix('alert.')} {one.subject} {one.data['severity']}"
        for one in said
        if one.type.startswith("alert.") and one.data["rule_id"] == rule_id
    ]
