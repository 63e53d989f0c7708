"""`sharedchain rules explain --minimal`: the log of one tenant folded again without one fact after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from deploy.backtest.source import of_log
from sharedchain.core import fold
from sharedchain.core.minimal import Alert, Minimal, Refold, minimal, places
from sharedchain.core.state import Place
from sharedchain.endpoints import Endpoints
from sharedchain.fact import Fact


def of_alert(endpoints: Endpoints, found: Mapping[str, Any], tenant: str) -> dict[str, Any]:
    """The minimal set of the answer of GET /v1/alerts/{id}/explain, from the spine as it is now."""
    return plain(searched(of_log(endpoints, tenant)(), found, tenant))


def searched(log: Iterable[Fact], found: Mapping[str, Any], tenant: str) -> Minimal:
    """Read the log up to the alert, fold what came before its first fact once, and try without each."""
    why = found["explain"] if isinstance(found["explain"], dict) else {}
    sources = [(int(one["partition"]), int(one["seq"])) for one in why.get("sources", [])]
    at: Place = (int(found["partition"]), int(found["seq"]))
    candidates = places(sources, at)
    if not candidates:
        return Minimal((), False, 0, "it names no facts")
    alert = Alert(tenant, found["rule_id"], found["subject"], found["severity"], at, str(why.get("part", "")))
    first = min(seq for _, seq in candidates)
    state, tail = fold.new_state(), list[Fact]()
    for fact in log:
        if fact.partition != at[0] or fact.seq > at[1]:
            break
        if fact.seq < first:
            state, _ = fold.step(state, [fact])
        else:
            tail.append(fact)
    return minimal(Refold(fold.dump(state), tail, alert), candidates)


def plain(found: Minimal) -> dict[str, Any]:
    """As the explanation shows it."""
    facts = [{"partition": partition, "seq": seq} for partition, seq in found.facts]
    return {"facts": facts, "minimal": found.minimal, "folds": found.folds, "why": found.why}
