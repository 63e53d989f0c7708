"""A CSV of readings as facts: a machine's history that never was on the chain, tried by the same rules."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sharedchain.config import item
from sharedchain.errors import ConfigError
from sharedchain.fact import INGEST, Fact
from sharedchain.scope import SYSTEM, partition_of

TENANT = "default"


def read(path: Path) -> Iterator[Fact]:
    """`sensor.reading` facts of a machine called as the file, one a row, row by row.

    Columns: `timestamp` (ISO; without an offset it is UTC), then one or more of numbers, each called as what was
    measured. Clocks that were set back do not turn time back. Raises ConfigError naming the line that is no reading.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        metrics = [name for name in rows.fieldnames or () if name != "timestamp"]
        if "timestamp" not in (rows.fieldnames or ()) or not metrics:
            raise ConfigError([f"{path}:1: a CSV of readings has a column `timestamp` and one of numbers"])
        last, seq = 0, 1
        for number, row in enumerate(rows, 2):
            try:
                at = _instant(row["timestamp"])
                said = {name: Decimal(row[name]).quantize(Decimal("0.0001")) for name in metrics if row[name]}
            except (ValueError, InvalidOperation, TypeError):
                raise ConfigError([f"{path}:{number}: no reading: {row}"]) from None
            if not last:
                yield _tenant(at)
            last = max(last, at)
            for name, value in said.items():
                seq += 1
                yield _reading(path.stem, name, value, at, last, seq)


def _instant(text: str) -> int:
    at = datetime.fromisoformat(text)
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _tenant(at: int) -> Fact:
    one = item("tenant", TENANT, {"timezone": "UTC", "packs": ["default"]})
    return Fact(
        partition=partition_of(TENANT), seq=1, recorded=at, kind="config", scope=SYSTEM, type="config.defined",
        id=f"tenant/{TENANT}", source=INGEST, subject=TENANT, time=at, tenant=SYSTEM,
        data=one.said,
    )  # fmt: skip


def _reading(machine: str, metric: str, value: Decimal, at: int, recorded: int, seq: int) -> Fact:
    data = {"equipment_id": machine, "component_id": "", "metric": metric, "value": value, "unit": None}
    return Fact(
        partition=partition_of(TENANT), seq=seq, recorded=recorded, kind="fact", scope=TENANT, type="sensor.reading",
        id=f"{machine}/{metric}/{seq}", source="csv", subject=machine, time=at, tenant=TENANT,
        data={**data, "quality_flag": None, "at": at},
    )  # fmt: skip
