"""GET /v1/metrics/{metric_id}: a measure at a moment, as it was known then or is known now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from gateway import queries
from gateway.access import Access, TenantGuard
from gateway.door import Door, door_of
from gateway.measures import Measure, declared, flows_of, level, rests_on
from gateway.problem import Finding, Problem
from gateway.reading import MOMENT, listing, moment, tenant

router = APIRouter()
_MAX_DIMS = 16


@router.get("/v1/metrics", summary="What measures there are")
async def measures(
    request: Request, access: Annotated[Access, Depends(TenantGuard("read", "metric"))]
) -> dict[str, Any]:
    """As the log declares them, alike for every tenant: id, name, kind, unit, sets of dimensions, owner."""
    known = declared(await door_of(request).store.rows(queries.measures()))
    return {
        "items": [
            {
                "id": one.id,
                "name": dict(one.name),
                "kind": one.kind,
                "unit": one.unit,
                "dims": [sorted(names) for names in one.dims],
                "owner": one.owner,
            }
            for _, one in sorted(known.items())
        ]
    }


@router.get("/v1/metrics/{metric_id}", summary="A measure's values, one a combination of dimensions")
async def metric(
    request: Request,
    metric_id: str,
    access: Annotated[Access, Depends(TenantGuard("read", "metric"))],
    at: MOMENT = None,
    as_known: MOMENT = None,
    dims: Annotated[list[str] | None, Query(description="name=value, repeated")] = None,
) -> dict[str, Any]:
    """The last row at or before minute `at`, from what was recorded until `as_known` (both default: now).

    A flow's `value` is what that minute added, its `total` everything until then; a level is computed.
    """
    door = door_of(request)
    asked = _Asked(access.tenant, moment("at", at), moment("as_known", as_known), dimensions(dims or []))
    known = declared(await door.store.rows(queries.measures()))
    measure = known.get(metric_id, Measure(id=metric_id))
    rows = await _rows(door, known, measure, asked)
    said = {"metric_id": metric_id, "kind": measure.kind, "name": dict(measure.name), "owner": measure.owner}
    return said | listing(await tenant(door, access.tenant), rows)


@dataclass(frozen=True, slots=True)
class _Asked:
    tenant: str
    at: int | None
    as_known: int | None
    dims: Mapping[str, str]


async def _rows(door: Door, known: Mapping[str, Measure], measure: Measure, asked: _Asked) -> list[dict[str, Any]]:
    if measure.kind == "gauge":
        query = queries.metric(asked.tenant, measure.id, at=asked.at, as_known=asked.as_known, dims=asked.dims)
        return [{**row, "dims": json.loads(row["dims"] or "{}")} for row in await door.store.rows(query)]
    flows = flows_of(known, measure.id)
    below = None if measure.op == "steps" else asked.dims  # steps rest on flows of other dims than their own
    query = queries.totals(asked.tenant, flows, at=asked.at, as_known=asked.as_known, dims=below)
    rows = await door.store.rows(query)
    if measure.kind == "flow":
        return [{**row, "dims": json.loads(row["dims"] or "{}")} for row in rows]
    totals: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        totals.setdefault(row["metric_id"], {})[row["dims"]] = Decimal(row["total"] or 0)
    newest: dict[str, str] = {}
    for row in rows:
        newest[row["dims"]] = max(row["minute"], newest.get(row["dims"], row["minute"]))
    return [
        {
            "dims": json.loads(dims),
            "minute": max(newest[one] for one in rests_on(measure, dims) if one in newest),
            "value": _text(value),
            "unit": measure.unit,
        }
        for dims, value in level(known, measure.id, totals).items()
        if asked.dims.items() <= json.loads(dims).items()
    ]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def dimensions(pairs: list[str]) -> dict[str, str]:
    """["region=BR"] → {"region": "BR"}. Raises Problem(422)."""
    said = [pair.partition("=") for pair in pairs]
    if len(said) > _MAX_DIMS or any(not name or not sign for name, sign, _ in said):
        text = f"dims are at most {_MAX_DIMS} pairs name=value"
        finding = Finding(field="dims", code="bad_value", text=text, mend="send dims=region=BR&dims=org_id=O-BR")
        raise Problem(422, "bad_parameter", text, findings=[finding])
    return {name: value for name, _, value in said}
