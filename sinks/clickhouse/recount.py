"""Minute metrics worked out again by SQL from `facts` alone, and held against those that the engine told.

For each flow whose declaration SQL can say (fields of the event itself): count and sum by minute and dims. The measures
are taken from the configuration in `facts`, so what is in no log is not asked for. The engine's code has no part in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from sharedchain.core.measures import Constant, Count, Match, Measure, Not

_ENVELOPE = ("month", "type")  # dims that are no fields of the payload
_SHORT = 183  # characters: a longer dim is told as its beginning and a digest
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Recounted:
    """One flow: rows compared (a minute and its dims), those that differ, and one of these for people."""

    measure: str
    compared: int
    wrong: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """A measure as the log declares it, and behind which `seq` of each spine partition it holds."""

    measure: Measure
    since: Mapping[int, int]


def declared(client: Client, partitions: int) -> list[Declared]:
    """The flows that SQL can say and that were never changed: of others facts alone do not tell what counted when."""
    asked = (
        "SELECT name, partition, min(seq), uniqExact(hash), any(body) FROM (SELECT partition, seq, "
        "JSONExtractString(data, 'name') AS name, JSONExtractString(data, 'hash') AS hash, "
        "JSONExtractString(data, 'body') AS body FROM facts WHERE kind = 'config' AND n = 0 "
        "AND JSONExtractString(data, 'kind') = 'measure') GROUP BY name, partition ORDER BY name, partition"
    )
    found: dict[str, tuple[str, dict[int, int]]] = {}
    changed: set[str] = set()
    for name, partition, seq, versions, body in client.query(asked).result_rows:
        found.setdefault(name, (body, {}))[1][int(partition)] = int(seq)
        if versions > 1 or body != found[name][0]:
            changed.add(name)
    known = {name: _measure(body) for name, (body, _) in found.items() if name not in changed}
    return [
        Declared(measure, {p: found[name][1].get(p, 2**62) for p in range(partitions)})
        for name, measure in known.items()
        if measure is not None and sayable(measure)
    ]


def _measure(body: str) -> Measure | None:
    said = json.loads(body)
    return Measure.model_validate(said) if said and said.get("kind") == "flow" else None


def sayable(measure: Measure) -> bool:
    """Whether SQL can say what this flow counts: certain types, and nothing but their own fields."""
    count = measure.count
    if count is None or "*" in count.events or count.test:
        return False
    paths = [count.path(type_, dim) for dims in measure.dims for dim in dims for type_ in count.events]
    names = [*count.where, *(path for path in paths if not isinstance(path, Constant))]
    return not any("." in name or name in _ENVELOPE for name in names)


def recount(client: Client, one: Declared, *, settled: bool = False, days: int = 0) -> Recounted:
    """Compare one flow: every minute that was over when its scope was told last, `days`: only the last ones.

    Unless `settled`, tables may be behind each other: then only what both hold for certain is compared.
    """
    since = [one.since[p] for p in sorted(one.since)]
    compared, wrong, example = 0, 0, ""
    for dims in one.measure.dims:
        asked = statement(one.measure, dims, settled=settled, days=days)
        ((rows, differ, which),) = client.query(asked, {"id": one.measure.id, "since": since}).result_rows
        compared, wrong, example = compared + int(rows), wrong + int(differ), example or str(which)
    return Recounted(one.measure.id, compared, wrong, example if wrong else "")


def statement(measure: Measure, dims: Sequence[str], *, settled: bool, days: int) -> str:
    """Rows compared, rows that differ, and one of these. A scope's minute is told by the first close behind it, so what
    was recorded before the last close, in minutes over by then, must be told as it is."""
    assert measure.count is not None
    known = "" if settled else "WHERE m.recorded <= f.known "
    recent = f"AND minute >= told - INTERVAL {days} DAY " if days else ""
    apart = f"fn != mn OR abs(fv - mv) > toDecimal128('{0.5 * 10.0**-measure.scale:.5f}', 5)"
    return (
        "SELECT count(), countIf(wrong), anyIf(concat(scope, ' ', toString(minute), ' ', toString(dims), ': facts ', "
        "toString(fn), ' ', toString(fv), ', told ', toString(mn), ' ', toString(mv)), wrong) FROM ("
        f"SELECT scope, minute, dims, fn, fv, mn, mv, ({apart}) AS wrong FROM ("
        "SELECT scope, minute, dims, sum(fv) AS fv, sum(fn) AS fn, sum(mv) AS mv, sum(mn) AS mn, max(last) AS last "
        f"FROM ({_from_facts(measure.count, measure.memory_days, dims)} UNION ALL {_as_told(dims)}) "
        "GROUP BY scope, minute, dims) AS sums JOIN ("
        "SELECT m.tenant AS scope, max(m.recorded) AS told FROM metric_minute AS m "
        "JOIN (SELECT scope, max(recorded) AS known FROM facts WHERE n = 0 GROUP BY scope) AS f ON m.tenant = f.scope "
        f"{known}GROUP BY m.tenant) AS ends USING (scope) "
        f"WHERE minute + INTERVAL 1 MINUTE <= told AND last < told {recent})"
    )


def _from_facts(count: Count, memory_days: int, dims: Sequence[str]) -> str:
    now, of = "toStartOfMinute(recorded)", "toStartOfMinute(time)"
    minute = now
    if count.by == "time":
        minute = f"if({of} BETWEEN {now} - INTERVAL {memory_days} DAY AND {now} + INTERVAL 1 DAY, {of}, {now})"
    amount = f"toDecimal128OrZero({_field(count.add)}, 4)" if count.add else "toDecimal128(1, 4)"
    where = "".join(f" AND {_matches(_field(name), match)}" for name, match in count.where.items())
    values = _array(_dim(count, name) for name in dims)
    return (
        "SELECT scope, minute, dims, sum(amount) AS fv, toInt64(count()) AS fn, toDecimal128(0, 4) AS mv, "
        f"toInt64(0) AS mn, max(recorded) AS last FROM (SELECT scope, recorded, {minute} AS minute, {values} AS dims, "
        f"{amount} AS amount FROM facts WHERE n = 0 AND kind IN ('fact', 'refusal') AND type IN {_list(count.events)}"
        f"{where} AND seq > {{since:Array(UInt64)}}[partition + 1]) WHERE {_short()} GROUP BY scope, minute, dims"
    )


def _as_told(dims: Sequence[str]) -> str:
    values = _array(f"JSONExtractString(dims, {_text(name)})" for name in dims)
    keys = _array(_text(name) for name in sorted(dims))
    place = "tuple(recorded, seq, nth)"
    return (
        f"SELECT scope, minute, dims, toDecimal128(0, 4) AS fv, toInt64(0) AS fn, argMax(value, {place}) AS mv, "
        f"argMax(n, {place}) AS mn, toDateTime64(0, 3, 'UTC') AS last FROM (SELECT tenant AS scope, minute, "
        f"{values} AS said, ifNull(value, 0) AS value, n, recorded, seq, nth FROM metric_minute "
        f"WHERE metric_id = {{id:String}} AND arraySort(JSONExtractKeys(dims)) = {keys}) "
        "GROUP BY scope, minute, said AS dims HAVING " + _short()
    )


def _dim(count: Count, name: str) -> str:
    """The dim's value by event type: a constant, or a field."""
    said = {type_: count.path(type_, name) for type_ in count.events}
    *others, last = said.items()
    arms = "".join(f"type = {_text(type_)}, {_said(path)}, " for type_, path in others)
    return f"multiIf({arms}{_said(last[1])})" if arms else _said(last[1])


def _said(path: str | Constant) -> str:
    return _text(path.constant) if isinstance(path, Constant) else _field(path)


def _field(name: str) -> str:
    """A payload field as text, as Python would say it; absent = empty."""
    at = f"data, {_text(name)}"
    return (
        f"multiIf(toString(JSONType({at})) = 'String', JSONExtractString({at}), toString(JSONType({at})) = 'Bool', "
        f"if(JSONExtractBool({at}), 'True', 'False'), toString(JSONType({at})) = 'Null', '', JSONExtractRaw({at}))"
    )


def _matches(field: str, match: Match) -> str:
    if isinstance(match, Not):
        return f"NOT {_matches(field, match.not_)}"
    return f"{field} IN {_list((match,) if isinstance(match, str) else match)}"


def _short() -> str:
    return f"arrayAll(dim -> lengthUTF8(dim) < {_SHORT}, dims)"


def _array(values: Iterable[str]) -> str:
    return f"CAST([{', '.join(values)}] AS Array(String))"


def _list(values: Sequence[str]) -> str:
    return f"({', '.join(map(_text, values))})"


def _text(value: str) -> str:
    """A literal; quotes and backslashes of a declaration stay what they are."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
