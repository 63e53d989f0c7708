"""Two lots of alerts: which are the same, and how the others differ."""

from __future__ import annotations

from typing import Any

from deploy.backtest.alarms import Alarm
from deploy.backtest.compare import compare


def alarm(id_: str, opened: int, ended: int | None, subject: str = "S", **more: Any) -> Alarm:
    plain: dict[str, Any] = {"scope": "a", "rule": "R-01", "version": 1, "owner": "E1", "severity": "YELLOW"}
    plain |= {"value": "", "threshold": None, "told": ("E1",), "title_zh": "", "title_en": ""}
    return Alarm(id=id_, subject=subject, opened=opened, ended=ended, **(plain | more))


def kinds(old: list[Alarm], new: list[Alarm], blur: int = 0) -> list[tuple[str, str, int]]:
    return [(c.kind, c.alarm.id, c.by) for c in compare(old, new, blur=blur)]


def test_equal_sides_have_no_changes() -> None:
    alarms = [alarm("1", 10, 20), alarm("2", 30, None)]
    assert kinds(alarms, list(reversed(alarms))) == []


def test_what_overlaps_is_the_same_alert_sooner_or_later() -> None:
    assert kinds([alarm("1", 10, 20)], [alarm("2", 7, 20)]) == [("earlier", "2", -3)]
    assert kinds([alarm("1", 10, None)], [alarm("2", 90, None)]) == [("later", "2", 80)]


def test_what_does_not_overlap_is_another() -> None:
    assert kinds([alarm("1", 10, 20)], [alarm("2", 30, 40)]) == [("removed", "1", 0), ("added", "2", 0)]
    assert kinds([alarm("1", 10, 20)], [alarm("2", 10, 20, subject="T")]) == [("removed", "1", 0), ("added", "2", 0)]


def test_one_long_alert_that_falls_apart_is_one_other_and_one_added() -> None:
    old, new = [alarm("1", 10, 50)], [alarm("1", 10, 20), alarm("2", 30, 50)]
    assert kinds(old, new) == [("other", "1", 0), ("added", "2", 0)]


def test_one_shot_alerts_that_stay_open_are_told_apart_by_their_cause() -> None:
    old, new = [alarm("1", 10, None), alarm("2", 20, None)], [alarm("2", 20, None)]
    assert kinds(old, new) == [("removed", "1", 0)]


def test_other_people_or_another_severity_or_end() -> None:
    old = [alarm("1", 10, 20)]
    for other in (alarm("1", 10, 20, severity="RED"), alarm("1", 10, 20, told=()), alarm("1", 10, None)):
        assert kinds(old, [other]) == [("other", "1", 0)]


def test_a_blur_forgives_small_shifts_and_no_more() -> None:
    old = [alarm("1", 1000, 2000)]
    assert kinds(old, [alarm("2", 1050, 2050)], blur=50) == []
    assert kinds(old, [alarm("2", 1051, 2000)], blur=50) == [("later", "2", 51)]
    assert kinds(old, [alarm("2", 1000, 2051)], blur=50) == [("other", "2", 0)]
