"""Which version of a rule is in force, since when, by whom: `rule.changed`, once a tenant that the rule is on for.

What is open goes on under the new version. Only where that speaks of other subjects, nobody could ever end it: then it
ends at the next tick, and that is told.
"""

from __future__ import annotations

import json
from typing import Any

from sharedchain.core.desk import Desk
from sharedchain.core.emit import Emitter
from sharedchain.core.ruleset import Ruleset
from sharedchain.core.state import Canary, Item, ScopeState, State
from sharedchain.fact import Fact

CHANGED = "rule.changed"  # what rules may look at, as at an event of the forecast view
RULE, SHADOW, BEFORE = "rule", "shadow", "before"
ERRORS = 3  # of a canary, and it is taken back
LEAST, TIMES = 4, 2  # alerts of a canary: so many at least, and more than so many times those of the version before
_SHAPE = ("subject", "part", "each", "one_shot")  # what names an episode


def keep(state: State, kind: str, id_: str, old: Item | None) -> None:
    """A version for some subjects only is a canary: what it replaces is kept, and runs in its shadow."""
    new = state.config.get(f"{RULE}/{id_}")
    if kind != RULE or (old and new and old.hash == new.hash):
        return
    rollout = _body(new).get("rollout", 100) if new else 100
    canary = old is not None and isinstance(rollout, int) and rollout < 100
    gone = [scope.canaries.pop(id_, None) for scope in state.scopes.values()]
    if not canary:
        state.config.pop(f"{BEFORE}/{id_}", None)
        return
    assert old is not None
    assert new is not None
    if not any(one and one.back for one in gone):  # what was taken back is nothing to go back to
        state.config[f"{BEFORE}/{id_}"] = old
    for scope in state.scopes.values():
        scope.canaries[id_] = Canary(new.hash)


def back(scope: ScopeState) -> tuple[str, ...]:
    """The rules whose canary was taken back here."""
    return tuple(sorted(id_ for id_, one in scope.canaries.items() if one.back)) if scope.canaries else ()


def weigh(desk: Desk) -> None:
    """Take back a canary that errs or rings too much: from the next fact on, the version before is in force here."""
    for id_, canary in sorted(desk.scope.canaries.items()):
        before, new = desk.rules.befores.get(id_), desk.rules.rules.get(id_)
        fault = desk.scope.faults.get(id_)
        errors = fault.errors if fault else 0
        loud = canary.rang >= LEAST and canary.rang > TIMES * canary.stable
        if canary.back or before is None or (errors < ERRORS and not loud):
            continue
        canary.back = True
        desk.scope.config_hash, desk.scope.wake = "", 0  # to be settled: what erred is in force no more
        why = f"{errors} errors" if errors >= ERRORS else f"{canary.rang} alerts, {canary.stable} by the version before"
        data = {
            "rule_id": id_,
            "how": "ROLLED_BACK",
            "old_version": new.rule.version if new else None,
            "new_version": before.rule.version,
            "old_hash": canary.of,
            "new_hash": "",
            "changed_by": "R-50",
            "owner": before.rule.owner,
            "reason": why,
            "at": desk.now,
        }
        desk.say(CHANGED, id_, "R-50", data)


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
            out.add(CHANGED, scope=name, subject=id_, maker=f"{kind}@{fact.recorded}", data=data)


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
