"""A clock that is turned runs on from there, and is right again when it is turned back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.nemesis.clock import bend, turn


@pytest.mark.parametrize("seconds", [3600, -3600, 0.5])
def test_time_goes_as_the_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    right_ns, right = time.time_ns, time.time
    monkeypatch.setattr(time, "time_ns", right_ns)
    monkeypatch.setattr(time, "time", right)
    turn(tmp_path / "clock", 0)
    bend(tmp_path / "clock")
    assert abs(time.time() - right()) < 0.2
    turn(tmp_path / "clock", seconds)
    assert abs(time.time() - right() - seconds) < 0.2
    assert abs(time.time_ns() - right_ns() - seconds * 1e9) < 2e8
    turn(tmp_path / "clock", 0)
    assert abs(time.time() - right()) < 0.2
