"""Late and corrected facts: hindsight tells another story than what could be known, and what was known is what rang."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.backtest.alarms import Alarm
from deploy.backtest.compare import compare
from deploy.backtest.hindsight import Lateness, rearranged
from deploy.backtest.overlay import Candidate
from deploy.backtest.run import backtest
from tests.core.line import Line, our_bundle

OURS = tuple(one for one in our_bundle() if one.kind in ("rule", "measure", "pack", "route"))
CANDIDATE = Candidate("rules/", OURS, whole=frozenset(one.kind for one in OURS))


@pytest.fixture(scope="module")
def line() -> Line:
    story = Line()
    story.begin("2026-05-04 06:00")
    story.store("ST-018", "E100")
    story.equipment("EQ-COF-03", "ST-018", temperature=("93.0", "2.0", "°C"))
    story.target(200)
    for at, value in (("07:01", "93.1"), ("07:03", "93.8")):
        story.tick(f"2026-05-04 {at}")
        story.reading("EQ-COF-03", "temperature", value)
    story.tick("2026-05-04 09:00")  # a gateway that was off line for two hours comes back
    story.reading("EQ-COF-03", "temperature", "96.4", time=story.ms("2026-05-04 07:02"))
    story.tick("2026-05-04 09:30")
    story.reading("EQ-COF-03", "temperature", "93.2")
    story.tick("2026-05-04 10:00")
    story.forecast("DE", 1, {"": 150})  # mistyped: 190 was meant
    story.tick("2026-05-04 10:01")
    story.tick("2026-05-04 12:00")
    story.forecast("DE", 2, {"": 190}, time=story.ms("2026-05-04 10:00"))  # the correction, dated back
    story.tick("2026-05-04 12:01")
    story.tick("2026-05-04 18:00")
    return story


def said(line: Line, alarms: list[Alarm]) -> list[tuple[str, str, str | None]]:
    return sorted((a.rule, line.local(a.opened), a.ended and line.local(a.ended)) for a in alarms)  # type: ignore[misc]


def rang(line: Line) -> list[tuple[str, str, str | None]]:
    """What the live engine told, read from its alert events alone."""
    ends = {d.data["alert_id"]: line.local(d.recorded) for d in line.said if d.type == "alert.resolved"}
    raised = (d for d in line.said if d.type == "alert.raised")
    return sorted((d.data["rule_id"], line.local(d.recorded), ends.get(d.data["alert_id"])) for d in raised)


def test_as_known_is_what_rang_and_hindsight_is_not(line: Line, tmp_path: Path) -> None:
    known = list(backtest(line.facts, CANDIDATE))
    assert said(line, known) == rang(line)
    assert said(line, known) == [
        ("R-03", "05-04 10:01", "05-04 12:01"),
        ("R-07", "05-04 12:01", None),
        ("R-37", "05-04 09:00", "05-04 09:30"),
    ]
    after = list(backtest(rearranged(line.facts, tmp_path), CANDIDATE, clock=True, until=line.now))
    assert said(line, after) == [("R-37", "05-04 07:02", "05-04 07:03")]
    changes = [(c.kind, c.alarm.rule, c.by // 60_000) for c in compare(known, after)]
    assert changes == [("earlier", "R-37", -118), ("removed", "R-03", 0), ("removed", "R-07", 0)]


def test_nothing_late_nothing_to_tell(tmp_path: Path) -> None:
    line = Line()
    line.begin("2026-05-04 06:00")
    line.target(200)
    line.forecast("DE", 1, {"": 150})
    line.tick("2026-05-04 06:01")
    known = list(backtest(line.facts, CANDIDATE))
    after = list(backtest(rearranged(line.facts, tmp_path), CANDIDATE, clock=True, until=line.now + 1))
    assert len(known) == 1
    assert compare(known, after) == []


def test_lateness_counts_what_was_known_too_late(line: Line) -> None:
    late = Lateness()
    for fact in line.facts:
        late.see(fact)
    assert late == Lateness(2, 120 * 60_000, {"sensor.reading": 1, "forecast.published": 1})
