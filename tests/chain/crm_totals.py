"""What the CSV itself says, by nothing but the csv module: no dialect, no dictionary, no model of ours."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Totals:
    won: int = 0
    worth: int = 0
    lost: int = 0
    rows: int = 0
    no_account: int = 0
    no_date: int = 0
    quarters: Counter[str] = field(default_factory=Counter)


def totals(folder: Path) -> Totals:
    found = Totals()
    with (folder / "sales_pipeline.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found.rows += 1
            found.lost += row["deal_stage"] == "Lost"
            found.no_account += not row["account"]
            found.no_date += not row["engage_date"]
            if row["deal_stage"] == "Won":
                year, month, _ = row["close_date"].split("-")
                found.won += 1
                found.worth += int(row["close_value"])
                found.quarters[f"{year}Q{(int(month) + 2) // 3}"] += int(row["close_value"])
    return found
