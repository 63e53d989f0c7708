"""What every rule, table and flow sees of a fact: `message` (its payload) and `meta` (its envelope)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from sharedchain.core.localtime import EPOCH, local_day
from sharedchain.fact import Fact

META = (
    "type",
    "id",
    "source",
    "subject",
    "time",
    "recorded",
    "day",
    "date",
    "month",
    "tenant",
    "actor",
    "kind",
    "backfill",
)


def of_fact(fact: Fact, zone: str) -> dict[str, Any]:
    """`meta.time` and `meta.recorded` are ms; of the local day of `meta.time`, `meta.day` counts from 1970-01-01."""
    return {"message": fact.data, "meta": meta(fact, zone)}


def meta(fact: Fact, zone: str) -> dict[str, Any]:
    day = local_day(fact.time, zone)
    ordinal, iso, month = _words(day)
    return {
        "type": fact.type,
        "id": fact.id,
        "source": fact.source,
        "subject": fact.subject,
        "time": fact.time,
        "recorded": fact.recorded,
        "day": ordinal,
        "date": iso,
        "month": month,
        "tenant": fact.tenant,
        "actor": fact.actor,
        "kind": fact.kind,
        "backfill": fact.backfill,
    }


@lru_cache(maxsize=1024)
def _words(day: date) -> tuple[int, str, str]:
    return day.toordinal() - EPOCH, day.isoformat(), f"{day:%Y-%m}"
