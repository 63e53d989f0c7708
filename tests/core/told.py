"""A spine partition with a few tables and measures of one's own, for tests of what measures make of events."""

from __future__ import annotations

from typing import Any

from sharedchain.config import item
from sharedchain.core import fold
from sharedchain.core.ruleset import ruleset
from tests.core.line import Line

NAMES = {"zh": "名", "en": "name"}


def table(id_: str, **declared: Any) -> tuple[str, dict[str, Any]]:
    return "table", {"id": id_, "title": NAMES, **declared}


def gauge(id_: str, **declared: Any) -> tuple[str, dict[str, Any]]:
    return "measure", {"id": id_, "name": NAMES, "kind": "gauge", "unit": "x", "owner": "role:ops", **declared}


def flow(id_: str, **declared: Any) -> tuple[str, dict[str, Any]]:
    return "measure", {"id": id_, "name": NAMES, "kind": "flow", "unit": "x", "owner": "role:ops", **declared}


def begun(*declared: tuple[str, dict[str, Any]], at: str = "2026-04-01 08:00") -> Line:
    """A driven tenant without rules, at local time `at`."""
    line = Line()
    line.now = line.ms(at)
    line.configure([item(kind, body["id"], body) for kind, body in declared])
    line.configure([item("tenant", line.scope, {"mode": "driven", "packs": []})])
    line.tick(at)
    assert ruleset(line.state).broken == {}
    return line


def tell(line: Line, at: str, type_: str, /, **data: Any) -> None:
    """One event at local time `at`; the state goes through its bytes before."""
    line.now = line.ms(at)
    line.state = fold.load(fold.dump(line.state))
    line.add("fact", type_, data)
