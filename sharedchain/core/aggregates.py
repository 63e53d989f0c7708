"""Entity gauges as running aggregates: an entity's old contribution is taken out, its new one put in.

The cost of a fact does not grow with the number of entities. Values are read at minute close, ages also at midnight.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sharedchain.core import rows, tables, wire
from sharedchain.core.dims import text_of
from sharedchain.core.localtime import EPOCH, local_day
from sharedchain.core.measures import Entities, Measure, PeriodOf, matches
from sharedchain.core.periods import covering
from sharedchain.core.reducers import Reading
from sharedchain.core.rows import Row
from sharedchain.core.state import Bucket, Part, Place, ScopeState, remember

_HOUR = 3_600_000
_PLACE = ""  # where a row of a declared table says which fact changed it: no column is called so
_LAST_ORDINAL = 200_000  # an epoch day; more is ms
_PLAIN = (str, int, bool, tuple)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Declared:
    """The entity gauges of a config, by what they are over; `hash` changes when one of them does."""

    by_over: Mapping[str, tuple[Measure, ...]] = field(default_factory=dict)
    daily: frozenset[str] = frozenset()  # looked at at local midnight only: never dirty
    hash: str = ""
    tables: Mapping[str, tables.ReadyTable] = field(default_factory=dict)  # those declared as data
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # measure → the fields of a row that it reads


NO_ENTITIES = Declared()


class Share(NamedTuple):
    """What one row contributes to one bucket."""

    measure: str
    names: tuple[str, ...]
    values: tuple[str, ...]
    currency: str
    amount: Decimal
    mark: str  # an age or a value, by which the bucket tells its rows apart
    day: str = ""


Shares = dict[tuple[str, str], Share]  # (bucket's key, row's id) → share
Rows = Mapping[tuple[str, str], Row]  # (kind of row, its id) → the row


def declare(measures: Iterable[Measure], known: tables.Declared = tables.NO_TABLES) -> Declared:
    """Those of the measures that aggregate entities, or rows of declared tables."""
    found: dict[str, list[Measure]] = {}
    digest = hashlib.blake2b(digest_size=8)
    ours = [measure for measure in measures if measure.entities is not None]
    for measure in ours:
        assert measure.entities is not None
        found.setdefault(measure.entities.over, []).append(measure)
        digest.update(measure.model_dump_json(include={"id", "dims", "unit", "entities", "sample"}).encode() + b"\0")
    digest.update(known.hash.encode())
    return Declared(
        {over: tuple(some) for over, some in found.items()},
        frozenset(measure.id for measure in ours if measure.sample == "daily"),
        digest.hexdigest() if found else "",
        {id_: ready for id_, ready in known.by_id.items() if id_ in found},
        {measure.id: _reads(measure) for measure in ours},
    )


def _reads(measure: Measure) -> tuple[str, ...]:
    said = measure.entities
    assert said is not None
    paths = [said.paths.get(name, name) for names in measure.dims for name in names]
    places = (_PLACE, "source") if said.take == "last" else ()
    named = (path.period_of if isinstance(path, PeriodOf) else path for path in paths)
    every = (said.field, said.per, said.day_of, *said.where, *named, "currency", *places)
    return tuple(dict.fromkeys(name for name in every if name or name in places))


def standing(scope: ScopeState, declared: Declared, about: tuple[str, str]) -> Rows:
    """The rows of one entity as they stand: what gauges aggregate of it."""
    return {(over, id_): row for over, id_, row in _rows(scope, declared, *about) if over in declared.by_over}


def _shares(scope: ScopeState, declared: Declared, rows_: Rows, others: Rows) -> Shares:
    """What these rows contribute to which buckets, where the others would contribute anything else."""
    found: Shares = {}
    for (over, id_), row in rows_.items():
        other = others.get((over, id_))
        for measure in declared.by_over[over]:
            if other is not None and _alike(row, other, declared.reads[measure.id]):
                continue
            if _counts(measure, row):
                worth, day = _worth(measure, row, scope.timezone), _day(measure, row, scope.timezone)
                for names, values in _dims(measure, row, scope.timezone):
                    key = f"{measure.id}|{text_of(names, values)}{'|' + day if day else ''}"
                    found[key, id_] = Share(measure.id, names, values, *worth, day)
    return found


def _rows(scope: ScopeState, declared: Declared, kind: str, id_: str) -> Iterable[tuple[str, str, Row]]:
    if kind not in declared.tables:
        return rows.rows(scope, kind, id_) if kind in rows.KINDS else ()
    found = tables.row_of(scope, declared.tables[kind], id_)
    return [(kind, id_, {**found[0], _PLACE: found[1]})] if found else ()


def _every(scope: ScopeState, declared: Declared) -> Iterator[tuple[str, str]]:
    yield from rows.every(scope)
    for id_ in declared.tables:
        yield from ((id_, name) for name in list(scope.tables[id_].rows))


def _alike(row: Row, other: Row, names: tuple[str, ...]) -> bool:
    """Whether these fields are certainly the same, down to the text: equal decimals need not be."""
    for name in names:
        a, b = row.get(name), other.get(name)
        if a is not b and not (type(a) is type(b) and type(a) in _PLAIN and a == b):
            return False
    return True


def move(scope: ScopeState, declared: Declared, old: Rows, new: Rows, place: Place | None) -> bool:
    """Take `old` rows out, put `new` ones in; True if a bucket is dirty now. What is in both stays untouched."""
    before, after = _shares(scope, declared, old, new), _shares(scope, declared, new, old)
    gone = {key: share for key, share in before.items() if after.get(key) != share}
    come = {key: share for key, share in after.items() if before.get(key) != share}
    for (key, _), share in gone.items():
        _add(scope, key, share, -1)
    for (key, _), share in come.items():
        _add(scope, key, share, +1)
    touched = {key: None for (key, _), share in (*gone.items(), *come.items()) if share.measure not in declared.daily}
    for key in touched:
        places = scope.dirty_buckets.setdefault(key, [])
        if place is not None:
            remember(places, place)
    return bool(touched)


def rebuild(scope: ScopeState, declared: Declared) -> bool:
    """Aggregate all entities anew when the declarations, or the zone, are no longer those of the buckets."""
    if scope.buckets_of == declared.hash and scope.buckets_zone == scope.timezone:
        return False
    scope.buckets_of, scope.buckets_zone = declared.hash, scope.timezone
    old, scope.buckets = scope.buckets, {}
    for about in _every(scope, declared):
        move(scope, declared, {}, standing(scope, declared, about), None)
    known = {measure.id for some in declared.by_over.values() for measure in some}
    for key, bucket in old.items():
        if key not in scope.buckets and bucket.measure in known:
            scope.buckets[key] = Bucket(bucket.measure, bucket.dims, day=bucket.day)
            if bucket.measure not in declared.daily:
                scope.dirty_buckets.setdefault(key, [])
    for key in [key for key in scope.dirty_buckets if key not in scope.buckets]:
        del scope.dirty_buckets[key]
    return bool(scope.dirty_buckets)


def read(measure: Measure, bucket: Bucket | None, at: int, zone: str, sources: tuple[Place, ...]) -> Reading | None:
    """The value of one bucket at an instant; None = no value: no rows, or two currencies."""
    said = measure.entities
    assert said is not None
    parts = bucket.parts if bucket else {}
    n = sum(part.n for part in parts.values())
    if said.take == "count":
        return Reading(Decimal(n), "", n, sources) if bucket else None
    if bucket is None or n == 0:
        return None
    if said.take.startswith("age_"):
        return Reading(_age(said, bucket.marks, n, measure.unit, at, zone), "", n, sources)
    if len(parts) > 1:
        return None
    ((currency, part),) = parts.items()
    if said.take in ("sum", "mean"):
        worth = part.total / part.n if said.take == "mean" else part.total
        return Reading(worth * said.factor, currency, n, sources)
    found = _agree(bucket.marks, said.tolerance) if said.take == "agree_share" else (_mark(said, bucket.marks), n)
    return Reading(found[0] * said.factor, currency, found[1], sources) if found else None


def _mark(said: Entities, marks: Mapping[str, int]) -> Decimal:
    """Of the values that rows have: the highest, the lowest, how far apart these are, or the newest."""
    if said.take == "last":
        return Decimal(max(marks).partition("|")[2])
    if said.take in ("p50", "p95"):
        every = sorted(Decimal(mark) for mark, n in marks.items() for _ in range(n))
        return every[(len(every) * int(said.take[1:]) + 99) // 100 - 1]
    values = [Decimal(mark) for mark in marks]
    return {"max": max(values), "min": min(values), "spread": max(values) - min(values)}[said.take]


def _agree(marks: Mapping[str, int], tolerance: Decimal) -> tuple[Decimal, int] | None:
    """The share of groups in which the values lie together, and how many groups there are; None if there are none."""
    groups: dict[str, list[Decimal]] = {}
    for mark, n in marks.items():
        value, _, group = mark.partition("|")
        groups.setdefault(group, []).extend([Decimal(value)] * n)
    compared = [values for values in groups.values() if len(values) > 1]
    agreed = sum(max(values) - min(values) <= tolerance for values in compared)
    return (Decimal(agreed) / len(compared), len(compared)) if compared else None


def settle(scope: ScopeState, key: str) -> None:
    """A bucket was read: it is clean, and forgotten if no row is in it any more."""
    scope.dirty_buckets.pop(key, None)
    if key in scope.buckets and not scope.buckets[key].parts:
        del scope.buckets[key]


def _counts(measure: Measure, row: Row) -> bool:
    said = measure.entities
    assert said is not None
    if any(row.get(name) is None for name in (said.field, said.per, said.day_of) if name):
        return False
    return all(matches(match, row.get(name)) for name, match in said.where.items())


def _dims(measure: Measure, row: Row, zone: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Names and values of each grouping set; a `period_of` gives one for each period that covers the day."""
    said = measure.entities
    assert said is not None
    for names in measure.dims:
        found: list[tuple[str, ...]] = [()]
        for name in names:
            path = said.paths.get(name, name)
            if isinstance(path, PeriodOf):
                ms = row.get(path.period_of)
                periods = covering(local_day(ms, zone)) if isinstance(ms, int) else ()
                found = [(*values, period) for values in found for period in periods]
            else:
                text = "" if row.get(path) is None else wire.name(str(row[path]))
                found = [(*values, text) for values in found]
        yield from ((names, values) for values in found)


def _worth(measure: Measure, row: Row, zone: str) -> tuple[str, Decimal, str]:
    """Currency, amount and mark of one row; what a measure does not ask for is empty."""
    said = measure.entities
    assert said is not None
    if said.take.startswith("age_"):
        return "", ZERO, _day_or_ms(row[said.field], measure.unit, zone)
    currency = str(row.get("currency") or "") if measure.unit == "currency" else ""
    amount = wire.number(row[said.field]) or ZERO if said.field else ZERO
    match said.take:
        case "max" | "min" | "spread" | "p50" | "p95":
            return currency, amount, str(amount)
        case "last":
            return currency, amount, f"{_seq(row):016d}|{amount}"
        case "agree_share":
            return currency, amount, f"{amount}|{row.get(said.per)}"
    return currency, amount, ""


def _seq(row: Row) -> int:
    place = row.get(_PLACE) or row.get("source") or (0, 0)
    return int(place[1])


def _day(measure: Measure, row: Row, zone: str) -> str:
    """The ISO day that a row belongs to, for a gauge that looks at the day before; else ""."""
    said = measure.entities
    value = row.get(said.day_of) if said and said.day_of else None
    match value:
        case None:
            return ""
        case date():
            return value.isoformat()
        case int() if value > _LAST_ORDINAL:
            return local_day(value, zone).isoformat()
        case int():
            return date.fromordinal(value + EPOCH).isoformat()
    return str(value)


def _day_or_ms(value: object, unit: str, zone: str) -> str:
    """Hours age by the millisecond, everything else by the local day; "" = this row has no age."""
    if not isinstance(value, int):
        return str(value)
    return str(value) if unit == "h" else local_day(value, zone).isoformat()


def _add(scope: ScopeState, key: str, share: Share, sign: int) -> None:
    bucket = scope.buckets.get(key)
    if bucket is None:
        dims = dict(zip(share.names, share.values, strict=True))
        bucket = scope.buckets[key] = Bucket(share.measure, dims, day=share.day)
    part = bucket.parts.setdefault(share.currency, Part(0, ZERO))
    part.n += sign
    part.total += sign * share.amount
    if part.n == 0:
        del bucket.parts[share.currency]
    if share.mark:
        left = bucket.marks.get(share.mark, 0) + sign
        if left:
            bucket.marks[share.mark] = left
        else:
            del bucket.marks[share.mark]


def _age(said: Entities, ages: Mapping[str, int], n: int, unit: str, at: int, zone: str) -> Decimal:
    """Of rows with an age; none of them has one: 0, as of a customer whose debts are all paid."""
    if unit == "h":
        found = sorted((Decimal(at - int(ms)) / _HOUR, rows) for ms, rows in ages.items())
    else:
        today = local_day(at, zone)
        found = sorted((Decimal((today - date.fromisoformat(day)).days), rows) for day, rows in ages.items())
    if said.take == "age_share":
        return Decimal(sum(rows for age, rows in found if age <= said.within_days)) / n
    if not found:
        return ZERO
    if said.take == "age_max":
        return found[-1][0]
    every = sum(rows for _, rows in found)
    return (_nth(found, (every - 1) // 2) + _nth(found, every // 2)) / 2


def _nth(found: list[tuple[Decimal, int]], index: int) -> Decimal:
    for age, rows_ in found:
        index -= rows_
        if index < 0:
            return age
    raise IndexError(index)
