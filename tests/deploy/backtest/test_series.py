"""A CSV of readings as facts, a rule without Python over it, and what it catches of labelled windows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.backtest import series
from sharedchain.cli import run
from sharedchain.errors import ConfigError
from tests.house.tree import ROOT

RULES = ROOT / "deploy/backtest/machine"
START = datetime(2026, 1, 1, tzinfo=UTC)


def readings(path: Path, hours: int, cold: range) -> str:
    """A reading every 5 minutes, cold in these hours."""
    rows = ["timestamp,temperature"]
    for five in range(hours * 12):
        at = START + timedelta(minutes=5 * five)
        rows.append(f"{at:%Y-%m-%d %H:%M:%S},{20 if five // 12 in cold else 90}")
    path.write_text("\n".join(rows), "utf-8")
    return str(path)


def test_rows_are_readings_and_time_never_goes_back(tmp_path: Path) -> None:
    path = tmp_path / "press.csv"
    path.write_text("timestamp,temperature\n2026-01-01 00:05:00,90.25\n2026-01-01 00:00:00,91\n", "utf-8")
    config, first, second = series.read(path)
    assert config.kind == "config"
    assert (first.subject, first.data["metric"], first.data["value"]) == ("press", "temperature", Decimal("90.2500"))
    assert second.time == first.time - 300_000
    assert second.recorded == first.recorded


@pytest.mark.parametrize(
    "text", ["time,value\n1,2\n", "timestamp,value\nyesterday,1\n", "timestamp,value\n2026-01-01,x\n"]
)
def test_what_is_no_reading_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"odd\.csv:[12]:"):
        list(series.read(path))


def test_windows_caught_missed_and_rung_for_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = readings(tmp_path / "press.csv", 84, range(40, 56))
    labels = tmp_path / "windows.yaml"
    labels.write_text(
        "windows:\n  - {from: 2026-01-02T16:00:00Z, to: 2026-01-03T08:00:00Z, what: cold}\n"
        "  - {from: 2026-01-04T06:00:00Z, to: 2026-01-04T10:00:00Z, what: nothing}\n",
        "utf-8",
    )
    asked = ["rules", "backtest", str(RULES / "R-90.yaml"), "--facts", facts, "--windows", str(labels), "--json"]
    assert run(asked) == 0
    said = json.loads(capsys.readouterr().out)["labels"]
    cold, nothing = said["windows"]
    assert cold["caught"]
    assert 8 * 3600 < cold["after_start_seconds"] < 9 * 3600  # 25 of 70 degrees: after 8.6 of 24 hours
    assert not nothing["caught"]
    assert said["false"] == 0


@pytest.mark.slow
def test_two_thresholds_differ_by_hours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = readings(tmp_path / "press.csv", 54, range(40, 56))
    pair = [str(RULES / name) for name in ("R-90.yaml", "R-90-at-60.yaml")]
    assert run(["rules", "diff", *pair, "--facts", facts, "--json"]) == 1
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert change["change"] == "later"
    assert 1.5 * 3600 < change["by_seconds"] < 2 * 3600  # five degrees more
