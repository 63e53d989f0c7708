"""Forecasts: only a newer version enters, and who published the last one is told of a refusal."""

from __future__ import annotations

from tests.streams.ingest.rig import Rig, forecast


def test_a_stale_version_is_refused_with_the_one_that_stands() -> None:
    rig = Rig()
    rig.publish("forecast.published", forecast(2), source="a", id="1")
    (refusal,) = rig.publish("forecast.published", forecast(2, period="2026Q3"), source="a", id="2")
    assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == ("domain", "version", "2")
    assert refusal.data["text"].endswith("F-1 is at version 2")
    assert (refusal.data["owner"], refusal.correlation) == ("E-1", "F-1")


def test_each_forecast_counts_for_itself() -> None:
    rig = Rig()
    rig.publish("forecast.published", forecast(2), source="a", id="1")
    assert [f.kind for f in rig.publish("forecast.published", forecast(1, forecast_id="F-2"), source="a", id="2")] == [
        "fact"
    ]
