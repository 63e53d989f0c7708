"""What a rule costs that does not look at the event, and one that does: the core alone, 10, 100, 1,000 rules."""

from __future__ import annotations

import statistics
import time
from decimal import Decimal
from typing import Any

from bench.table import Row
from sharedchain.config import ConfigItem, item
from sharedchain.core import fold
from sharedchain.fact import Fact

SIZES = (10, 100, 1000)
_TEXT = {"title": "{{ subject }}", "text": "{{ subject }}"}


def row(facts: int, rounds: int, sizes: tuple[int, ...] = SIZES) -> Row:
    """Microseconds a fact: with 5 rules that look at it among N, then with all N looking."""
    few: dict[int, list[float]] = {n: [] for n in sizes}
    many: dict[int, list[float]] = {n: [] for n in sizes}
    for _ in range(rounds):
        for n in sizes:
            few[n].append(cost(n, 5, facts))
            many[n].append(cost(n, n, max(facts // n, 50)))
    told = ["; ".join(f"{n:,}: {statistics.median(side[n]):.0f} µs" for n in sizes) for side in (few, many)]
    flat, slope = (statistics.median(side[sizes[-1]]) / statistics.median(side[sizes[0]]) for side in (few, many))
    names = ", ".join(f"{n:,}" for n in sizes)
    return Row(
        f"core: a fact among {names} rules",
        f"5 rules look at it: {told[0]}",
        f"all look at it: {told[1]}",
        f"{sizes[-1] // sizes[0]} times the rules: {flat:.1f}× and {slope:.0f}×",
        "grows with the rules that look",
        "core only, no alert",
    )


def cost(rules: int, looking: int, facts: int) -> float:
    """CPU microseconds a fact, `looking` of `rules` looking at its type."""
    names = [f"R-{n // 27:02}{chr(96 + n % 27) if n % 27 else ''}" for n in range(rules)]
    items = [item("rule", name, _rule(name, n < looking)) for n, name in enumerate(names)]
    items.append(item("pack", "default", {"id": "default", "rules": names}))
    state, _ = fold.step(fold.new_state(), [_config(n + 1, one) for n, one in enumerate(items)])
    leads = [_lead(len(items) + 1 + n) for n in range(facts + 10)]
    state, _ = fold.step(state, leads[:10])  # compiles the rules
    began = time.process_time()
    state, derived = fold.step(state, leads[10:])
    cost = (time.process_time() - began) / facts * 1e6
    assert not [d for d in derived if d.type.startswith("alert.")], "no rule of this bench speaks"
    return cost


def _rule(name: str, looks: bool) -> dict[str, Any]:
    return {
        "id": name, "version": 1, "title": {"zh": name, "en": name},
        "on": {"event": ["lead.captured" if looks else "lead.disqualified"]},
        "when": {"all": ["message.expected_amount > 1e12" if looks else 'message.reason == "x"']},
        "bands": [{"severity": "YELLOW"}], "one_shot": True, "subject": "message.lead_id",
        "to": {"YELLOW": ["role:sales"]}, "owner": "role:sales", "mode": "suggest", "runbook": "x",
        "texts": {"zh": _TEXT, "en": _TEXT},
    }  # fmt: skip


def _config(seq: int, one: ConfigItem) -> Fact:
    return _fact(seq, "config", "config.defined", "_system", one.said)


def _lead(seq: int) -> Fact:
    data = {"lead_id": f"L-{seq}", "expected_amount": Decimal(5), "customer_industry": "AUTOMOTIVE", "currency": "CNY"}
    rest = ("demand_type", "customer_id", "prospect_name", "region", "channel", "owner_id", "source_ref")
    return _fact(seq, "fact", "lead.captured", "t", data | dict.fromkeys(rest))


def _fact(seq: int, kind: Any, type_: str, scope: str, data: dict[str, Any]) -> Fact:
    now = 1_777_000_000_000
    plain = {"source": "bench", "subject": data.get("lead_id", ""), "time": now, "tenant": scope, "data": data}
    return Fact(partition=3, seq=seq, recorded=now, kind=kind, scope=scope, type=type_, id=str(seq), **plain)
