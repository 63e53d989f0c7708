"""Why an alert rang, as the doors tell it: the object that it carries, and what its facts are. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_SUMMARY = ("alert_id", "rule_id", "rule_version", "subject", "severity", "value", "value_text", "unit", "opened_at")
_TEXTS = ("title_zh", "title_en", "text_zh", "text_en")
_FACT = ("type", "subject", "id", "source", "time", "recorded", "src")


def explanation(text: str) -> Any:
    """The explanation as data; as text if it is no JSON."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def rang(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The last transition that told why it is as severe as it is; an end says only what ended it."""
    return next((row for row in reversed(rows) if row["transition"] != "resolved"), rows[-1])


def answer(row: Mapping[str, Any], last: Mapping[str, Any], facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`explain` is the object of the alert at its last ringing transition, `ended` that of its end, if it ended."""
    over = last["transition"] == "resolved"
    return {
        **{name: row[name] for name in (*_SUMMARY, *_TEXTS)},
        "state": "resolved" if over else "open",
        "transition": row["transition"],
        "at": row["at"],
        "partition": row["partition"],
        "seq": row["seq"],
        "explain": placed(explanation(row["explain"]), facts),
        "ended": explanation(last["explain"]) if over else None,
    }


def placed(why: Any, facts: Sequence[Mapping[str, Any]]) -> Any:
    """The same object; each source with what it is, and, as provenance, «topic/partition/offset» as published."""
    if not isinstance(why, dict) or not isinstance(why.get("sources"), list):
        return why
    known = {(one["partition"], one["seq"]): one for one in facts if not one["n"]}
    found = [(source, known.get((source.get("partition"), source.get("seq")))) for source in why["sources"]]
    return why | {"sources": [source | {name: one[name] for name in _FACT} if one else source for source, one in found]}
