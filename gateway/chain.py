"""One chain laid out: rows in, `sharedchain.trace.Chain` out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway import side, trail
from gateway.kin import KINDS, Seen, named
from gateway.side import Row
from gateway.trail import Clock
from sharedchain.envelope import rfc3339
from sharedchain.trace import Chain, Kind

Ids = Mapping[Kind, tuple[str, ...]]
_AMOUNT = ("amount", "new", "expected_amount")
_AMOUNTS = ("lead.captured", "opportunity.created", "opportunity.amount.changed", "opportunity.signed")


def ids_of(facts: Sequence[Seen]) -> Ids:
    """The ids of the chain by kind, each in order of appearance; refused ones only where nothing was accepted."""
    found: dict[Kind, dict[str, None]] = {}
    for one in [one for one in facts if not one.refused] or facts:
        for name, kind in named(one).items():
            found.setdefault(kind, {})[name] = None
    return {kind: tuple(found[kind]) for kind in KINDS if kind in found}


def laid_out(
    facts: Sequence[Seen], citing: Sequence[Seen], rang: Sequence[Row], told: Sequence[Row], clock: Clock
) -> Chain:
    """The chain of `facts` (in order of time, not empty), with what the other rows tell beside it."""
    ids = ids_of(facts)
    began, ended = next((one for one in facts if one.kind == "fact"), facts[0]).at, facts[-1].at
    accepted = [one for one in trail.as_decided(facts) if one.kind == "fact"]
    money = trail.cash(facts, began, clock)
    closed = bool(money and money.paid_in_full_at) or any(
        one.type in ("opportunity.lost", "lead.disqualified") for one in accepted
    )
    amount = _newest(accepted, _AMOUNTS, _AMOUNT)
    return Chain(
        ids=ids,
        customer_id=str(_last(accepted, "customer_id") or ""),
        prospect_name=str(_last(accepted, "prospect_name") or ""),
        owner_id=str(_last([one for one in accepted if one.type in _AMOUNTS], "owner_id") or ""),
        stage=_stage(facts),
        amount=None if amount is None else str(amount),
        currency=str(_last(accepted, "currency") or ""),
        began_at=rfc3339(began),
        began_local=clock.local(began),
        ended_at=rfc3339(ended),
        ended_local=clock.local(ended),
        closed=closed,
        seconds=max(0, ended - began) // 1000,
        steps=trail.steps(facts, clock),
        stages=trail.spans(facts, clock),
        cases=side.cases(facts, clock),
        cash=money,
        unbilled=trail.unbilled(facts),
        forecasts=side.forecasts(citing, ids.get("opportunity", ()), clock),
        alerts=side.alerts(rang, told, clock),
    )


def _stage(facts: Sequence[Seen]) -> str:
    """The last stage entered; before an opportunity LEAD, or what else became of it."""
    for one in reversed(trail.as_decided(facts)):
        if one.kind != "fact":
            continue
        if one.type == "lead.disqualified":
            return "DISQUALIFIED"
        stage = trail.stage_after(one)
        if stage is not None:
            return stage
    if any(one.kind == "fact" for one in facts):  # a case alone: what was refused of it does not end it
        return ""
    return {"refusal": "REFUSED", "parked": "PARKED"}.get(facts[-1].kind, "")


def _last(facts: Sequence[Seen], field: str) -> Any:
    return next((one.data[field] for one in reversed(facts) if one.data.get(field)), None)


def _newest(facts: Sequence[Seen], types: Sequence[str], fields: Sequence[str]) -> Any:
    """The first of `fields` that the last fact of these types says."""
    for one in reversed([one for one in facts if one.type in types]):
        for field in fields:
            if one.data.get(field) is not None:
                return one.data[field]
    return None
