"""One trace: finds the facts of an id, then of everything linked to it, and lays them out."""

from __future__ import annotations

from collections.abc import Sequence

from gateway import kin, queries, side, trail
from gateway.asked import Asked, of_alert, places_of, recognised, subjects_of
from gateway.chain import ids_of, laid_out
from gateway.kin import Seen
from gateway.problem import Problem
from gateway.store import Row, Store
from gateway.tenants import Tenant
from gateway.trail import Clock
from sharedchain.envelope import rfc3339
from sharedchain.trace import Chain, Trace, Whose

MAX_CHAINS = 10
_ROUNDS = 6  # lead → opportunity → contract → receivable → payment: each round finds the next


async def trace(store: Store, whose: Tenant, ident: str, at: int | None) -> Trace:
    """Everything the log says of `ident` until `at` (default: now). Raises Problem(404) with near ids."""
    clock = Clock(whose.now if at is None else at, whose.timezone)
    asked = await _asked(store, whose.name, ident, at)
    around, truncated = await _around(store, whose.name, asked.seeds, at)
    found = kin.chains(around, asked.seeds)
    made = [await _chain(store, whose.name, facts, clock, at) for facts in found[:MAX_CHAINS]]
    rang, told = await _alerts(store, whose.name, set(asked.rang_on), (), at)
    return Trace(
        asked=ident,
        found_as=asked.found_as,
        tenant=Whose(**whose.as_json()),
        as_of=rfc3339(clock.now),
        history=trail.steps(asked.history, clock),
        alerts=side.alerts(rang, told, clock),
        chains=tuple(made),
        left_off=len(found) - len(made),
        truncated=truncated,
    )


async def _asked(store: Store, tenant: str, ident: str, at: int | None) -> Asked:
    known = recognised(ident, kin.read(await store.rows(queries.facts_of(tenant, ident, at=at))))
    if known is not None:
        return known
    rows = await store.rows(queries.alert_transitions(tenant, ident))
    if rows:
        caused = kin.read(await store.rows(queries.facts_at(tenant, places_of(rows), at=at)))
        about: list[Seen] = []
        for subject in subjects_of(rows[0]["subject"]):
            about = about or kin.read(await store.rows(queries.facts_of(tenant, subject, at=at)))
        return of_alert(
            rows[0]["subject"], caused, [one for one in about if one.subject in subjects_of(rows[0]["subject"])]
        )
    near = [row["subject"] for row in await store.rows(queries.near_ids(tenant, ident))]
    if at is not None and ident in near:
        early = f"tenant {tenant} did not know {ident} at {rfc3339(at)} yet: ask for a later time"
        raise Problem(404, "no_such_id", early)
    mean = f"; did you mean {', '.join(near)}?" if near else ""
    raise Problem(404, "no_such_id", f"tenant {tenant} knows no id {ident}{mean}", extra={"near": near})


async def _around(store: Store, tenant: str, seeds: Sequence[str], at: int | None) -> tuple[list[Seen], bool]:
    """The facts in reach of `seeds`, and whether there are more than are read at once."""
    ids, correlations = set(seeds), set[str]()
    facts: list[Seen] = []
    truncated = False
    for _ in range(_ROUNDS if ids else 0):
        rows = await store.rows(queries.facts_around(tenant, sorted(ids), sorted(correlations), at=at))
        truncated = len(rows) >= queries.MAX_ROWS
        facts = kin.read(rows)
        mine = [one for chain in kin.chains(facts, sorted(ids)) for one in chain]
        more_ids, more_correlations = kin.candidates(mine)
        if more_ids <= ids and more_correlations <= correlations:
            break
        ids, correlations = ids | more_ids, correlations | more_correlations
    return facts, truncated


async def _chain(store: Store, tenant: str, facts: Sequence[Seen], clock: Clock, at: int | None) -> Chain:
    ids = ids_of(facts)
    opportunities = ids.get("opportunity", ())
    rows = await store.rows(queries.forecasts_citing(tenant, opportunities, at=at)) if opportunities else []
    citing = kin.read(rows)
    subjects = {name for names in ids.values() for name in names} | {str(one.data["forecast_id"]) for one in citing}
    places = [f"{one.partition}/{one.seq}" for one in facts]
    rang, told = await _alerts(store, tenant, subjects, places, at)
    return laid_out(facts, citing, rang, told, clock)


async def _alerts(
    store: Store, tenant: str, subjects: set[str], places: Sequence[str], at: int | None
) -> tuple[Sequence[Row], Sequence[Row]]:
    """Transitions, and who was told of them."""
    if not subjects:
        return [], []
    rang = await store.rows(queries.alerts_around(tenant, sorted(subjects), places, at=at))
    idents = sorted({row["alert_id"] for row in rang})
    return rang, await store.rows(queries.told_of(tenant, idents, at=at)) if idents else []
