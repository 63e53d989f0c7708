"""Which version of a rule is in force, since when, by whom: `rule.changed`, once a tenant that the rule is on for.

What is open goes on under the new version. Only where that speaks of other subjects, nobody could ever end it: then it
ends at the next tick, and that is told.
"""

from __future__ import annotations

import json
from typing import Any

from sharedchain.core.emit import Emitter
from sharedchain.core.ruleset import Ruleset
from sharedchain.core.state import Item, State
from sharedchain.fact import Fact

RULE, SHADOW = "rule", "shadow"
_SHAPE = ("subject", "part", "each", "one_shot")  # what names an episode


def tell(state: State, fact: Fact, old: Item | None, rules: Ruleset, out: Emitter) -> None:
    """An item of the config has become what `fact` says; `old` is what it was before. Tells scopes that are there."""
    kind, id_ = fact.data["kind"], fact.data["name"]
    new = state.config.get(f"{kind}/{id_}")
    if kind not in (RULE, SHADOW) or (old.hash if old else "") == (new.hash if new else ""):
        return
    how = _how(kind, old, new, state.config.get(f"{SHADOW}/{id_}"))
    data = {
        "rule_id": id_,
        "how": how,
        "old_version": _said(old, "version"),
        "new_version": _said(new, "version"),
        "old_hash": old.hash if old else "",
        "new_hash": new.hash if new else "",
        "changed_by": fact.data.get("changed_by") or fact.actor,
        "owner": _said(new or old, "owner") or "",
        "reason": "",
        "at": fact.recorded,
    }
    reshaped = old and new and kind == RULE and _shape(old) != _shape(new)
    for name in sorted(state.scopes):
        scope = state.scopes[name]
        if reshaped:
            scope.orphans += [key for key, episode in scope.episodes.items() if episode.rule == id_]
        if id_ in rules.listed(rules.settings(name).packs):
            out.add("rule.changed", scope=name, subject=id_, maker=f"{kind}@{fact.recorded}", data=data)


def _how(kind: str, old: Item | None, new: Item | None, shadow: Item | None) -> str:
    if kind == SHADOW:
        return "SHADOWED" if new else "UNSHADOWED"
    if new is None:
        return "WITHDRAWN"
    if shadow is not None and shadow.hash == new.hash:
        return "PROMOTED"
    return "CHANGED" if old else "DEFINED"


def _shape(item: Item) -> Any:
    """What names the episodes of a rule."""
    body = _body(item)
    on = body.get("on")
    measure = [on.get("measure"), on.get("dims")] if isinstance(on, dict) and "measure" in on else None
    return [measure, *(body.get(name) for name in _SHAPE)]


def _said(item: Item | None, key: str) -> Any:
    """What the body of an item says, whether it loads or not."""
    said = _body(item).get(key) if item else None
    return said if isinstance(said, int if key == "version" else str) and not isinstance(said, bool) else None


def _body(item: Item) -> dict[str, Any]:
    try:
        body = json.loads(item.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
