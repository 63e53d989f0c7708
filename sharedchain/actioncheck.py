"""Whether the actions of a rule say what their event types hold: type, topic, fields, paths, CEL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sharedchain.core import typed
from sharedchain.core.action import REFRESH, path_of
from sharedchain.core.sighted import Action, Cel, Command, Sighted
from sharedchain.rulesight import Say, paths
from sharedchain.schemas import Catalog, EventType

_CORE = ("alert.", "metric.", "forecast.")  # what the core says of itself
_ALERT = {
    **dict.fromkeys(("id", "rule", "subject", "severity", "unit", "owner", "link", "part"), typed.T.STRING),
    "rule_version": typed.T.INT,
    "at": typed.T.INT,
    "value": typed.maybe(typed.T.DOUBLE),
}
OWN: Mapping[str, Any] = {
    **{f"alert.{name}": kind for name, kind in _ALERT.items()},
    "action.id": typed.T.STRING,
    "action.number": typed.T.STRING,
}


BARE = {path: kind for path, kind in OWN.items() if path.startswith("action.")}  # without an alert


def types(rule: Sighted, events: Catalog, say: Say) -> None:
    """Each action names a type that its kind may say, all of its fields that must be said, and no other."""
    for index, action in enumerate(rule.action):
        steps = ("action", index)
        kind = events.types.get(_type(action))
        if kind is None:
            say((*steps, _key(action)), f"no event type {_type(action)}{typed.hint(_type(action), events.types)}")
            continue
        for text in _misplaced(action, kind, events):
            say((*steps, _key(action)), text)
        if _type(action) == REFRESH:
            continue
        fields = {field["name"]: field for field in kind.schema["fields"]}
        for name in action.data:
            if name not in fields:
                say((*steps, "data", name), f"{kind.name} has no field {name}{typed.hint(name, fields)}")
        must = {name for name, field in fields.items() if "default" not in field} | set(kind.required)
        for name in sorted(must - action.data.keys()):
            say((*steps, "data"), f"{kind.name} must say {name}: add it")


def values(rule: Sighted, seen: typed.Types, say: Say, more: Iterable[str] = (), own: Mapping[str, Any] = OWN) -> None:
    """Each path is a variable of the rule or one of ours, each expression compiles. `more`: other paths that are."""
    known = typed.also(seen, {**own, **dict.fromkeys(more, typed.T.DYN)})
    names = tuple({path.partition(".")[0] for path in known.variables})
    for index, action in enumerate(rule.action):
        steps = ("action", index)
        paths(action.subject, (*steps, "subject"), known, say)
        for finding in typed.check(action.when, known) if action.when else ():
            say((*steps, "when"), finding.text, finding.column)
        for name, said in action.data.items():
            if isinstance(said, Cel):
                for finding in typed.check(said.cel, known, value=True):
                    say((*steps, "data", name, "cel"), finding.text, finding.column)
            elif path := path_of(said, names):
                paths([path], (*steps, "data", name), known, say)


def _misplaced(action: Action, kind: EventType, events: Catalog) -> Iterator[str]:
    topic = events.topics[kind.topic]
    if isinstance(action, Command):
        if not (topic.ingest and topic.commanded):
            yield f"{kind.name} takes no commands: its topic {topic.name} does not say `commanded: true`"
    elif topic.derived != "engine":
        yield f"{kind.name} is not derived by the engine: it stands on {topic.name}; to publish it, `command` it"
    elif kind.name.startswith(_CORE) and kind.name != REFRESH:
        yield f"{kind.name} is what the core says of itself; no action says it"


def _type(action: Action) -> str:
    return action.command if isinstance(action, Command) else action.derive


def _key(action: Action) -> str:
    return "command" if isinstance(action, Command) else "derive"
