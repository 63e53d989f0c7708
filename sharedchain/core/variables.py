"""What every rule, table and flow sees of a fact: `message` (its payload) and `meta` (its envelope)."""

from __future__ import annotations

from typing import Any

from sharedchain.core.localtime import EPOCH, local_day
from sharedchain.fact import Fact

META = ("type", "id", "source", "subject", "time", "recorded", "day", "tenant", "actor", "kind", "backfill")


def of_fact(fact: Fact, zone: str) -> dict[str, Any]:
    """`meta.time` and `meta.recorded` are ms, `meta.day` counts the days of `zone` since 1970-01-01 at `meta.time`."""
    return {"message": fact.data, "meta": meta(fact, zone)}


def meta(fact: Fact, zone: str) -> dict[str, Any]:
    return {
        "type": fact.type,
        "id": fact.id,
        "source": fact.source,
        "subject": fact.subject,
        "time": fact.time,
        "recorded": fact.recorded,
        "day": local_day(fact.time, zone).toordinal() - EPOCH,
        "tenant": fact.tenant,
        "actor": fact.actor,
        "kind": fact.kind,
        "backfill": fact.backfill,
    }
