"""Measures as their declarations in the log say: gauges are read, totals of flows and levels computed. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

from sharedchain.canonical import dumps

Totals = Mapping[str, Decimal]  # canonical JSON of the dims → running total
Level = Mapping[str, Decimal | None]  # the same → value, None = no value

_OPS: Mapping[str, Callable[[list[Decimal]], Decimal | None]] = {
    "sum": lambda parts: sum(parts, Decimal(0)),
    "difference": lambda parts: parts[0] - parts[1],
    "ratio": lambda parts: parts[0] / parts[1] if parts[1] else None,
    "steps": lambda parts: parts[0] / parts[1] if parts[1] else None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a reader needs of a declaration; one the log does not know is read as a gauge."""

    id: str
    kind: str = "gauge"
    op: str = ""
    of: tuple[str, ...] = ()
    along: str = ""  # steps: the dim whose values in `order` follow each other, told as dim `pair`
    order: tuple[str, ...] = ()
    pair: str = ""
    dims: tuple[frozenset[str], ...] = (frozenset(),)  # the grouping sets it is declared for
    unit: str = ""
    scale: int = 4
    name: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""


def declared(rows: Iterable[Mapping[str, Any]]) -> dict[str, Measure]:
    """The measures in rows of `queries.measures`, by id."""
    found: dict[str, Measure] = {}
    for row in rows:
        body = json.loads(row["body"])
        computed = body.get("computed") or {}
        found[body["id"]] = Measure(
            id=body["id"],
            kind=body.get("kind", "gauge"),
            op=computed.get("op", ""),
            of=tuple(computed.get("of", ())),
            along=computed.get("along", ""),
            order=tuple(computed.get("order", ())),
            pair=computed.get("as", ""),
            dims=tuple(frozenset(names) for names in body.get("dims", [[]])),
            unit=body.get("unit", ""),
            scale=int(body.get("scale", 4)),
            name=body.get("name", {}),
            owner=body.get("owner", ""),
        )
    return found


def flows_of(measures: Mapping[str, Measure], metric_id: str) -> list[str]:
    """The stored flows that a level adds up, itself if it is one; a ring among them is walked once."""
    found: list[str] = []
    seen: set[str] = set()
    ahead = [metric_id]
    while ahead:
        one = ahead.pop()
        if one in seen:
            continue
        seen.add(one)
        measure = measures.get(one)
        if measure is not None and measure.kind == "level":
            ahead += measure.of
        else:
            found.append(one)
    return sorted(found)


def level(
    measures: Mapping[str, Measure], metric_id: str, totals: Mapping[str, Totals], above: tuple[str, ...] = ()
) -> Level:
    """The values of a level by dims, from the running totals of its flows; of a flow, its totals.

    A flow that never had an event adds 0 where another one had; where none had, there is no row.
    `above`: the levels that rest on this one; a ring ends where it closes.
    """
    measure = measures.get(metric_id)
    if measure is None or measure.kind != "level" or metric_id in above:
        return totals.get(metric_id, {})
    parts = [level(measures, one, totals, (*above, metric_id)) for one in measure.of]
    values: dict[str, Decimal | None] = {}
    for dims, operands in _operands(measure, parts):
        if frozenset(json.loads(dims)) not in measure.dims:
            continue
        known = [one for one in operands if one is not None]
        value = _OPS[measure.op](known) if len(known) == len(operands) else None
        values[dims] = None if value is None else value.quantize(Decimal(1).scaleb(-measure.scale), ROUND_HALF_UP)
    return values


def rests_on(measure: Measure, dims: str) -> list[str]:
    """The dims of the totals below one value of a level: its own, or those of the two steps that it compares."""
    said = json.loads(dims)
    if measure.op != "steps" or measure.pair not in said:
        return [dims]
    steps = said.pop(measure.pair).split(">")
    return [dumps({**said, measure.along: step}) for step in steps]


def _operands(measure: Measure, parts: list[Level]) -> Iterator[tuple[str, list[Decimal | None]]]:
    """Each combination of dims with what is computed there; a part without a row adds 0."""
    if measure.op != "steps":
        yield from ((dims, [part.get(dims, Decimal(0)) for part in parts]) for dims in sorted(set().union(*parts)))
        return
    (part,) = parts
    around = {dumps({k: v for k, v in json.loads(dims).items() if k != measure.along}) for dims in part}
    for rest in sorted(around):
        for below, above in pairwise(measure.order):
            dims = dumps({**json.loads(rest), measure.pair: f"{below}>{above}"})
            known = [part.get(one) for one in rests_on(measure, dims)]
            if any(one is not None for one in known):
                yield dims, [one or Decimal(0) for one in reversed(known)]
