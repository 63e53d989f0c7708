"""What a forecast says now, from the rows of the log."""

from __future__ import annotations

import json
from typing import Any

from gateway.forecasts import history, present, spoken
from gateway.queries import CLEARED, REFRESH, UNSUPPORTED, UPDATED

DAY = 86_400_000
APRIL_20 = 1_776_650_400_000  # 10:00 in Shanghai
ZONE = "Asia/Shanghai"


def updated(seq: int, version: int = 1, **changes: Any) -> dict[str, Any]:
    data = {
        "forecast_id": "FC-BR",
        "version": version,
        "owner_id": "E002",
        "old_total": None,
        "new_total": "54000000.00",
        "project_part": "36000000.00",
        "experience_part": "18000000.00",
        "currency": "CNY",
        "refreshed_at": APRIL_20,
        "stale_after": APRIL_20 + 10 * DAY,
    }
    return {"seq": seq, "n": 1, "type": UPDATED, "data": json.dumps(data | changes)}


def refresh(seq: int, version: int = 1) -> dict[str, Any]:
    return {"seq": seq, "n": 1, "type": REFRESH, "data": json.dumps({"forecast_id": "FC-BR", "age_days": 11})}


def unsupported(seq: int, line: str) -> dict[str, Any]:
    said = {"forecast_id": "FC-BR", "line_id": line, "opportunity_id": "OPP-2", "cause": "lost"}
    return {"seq": seq, "n": 2, "type": UNSUPPORTED, "data": json.dumps(said)}


def cleared(seq: int, line: str) -> dict[str, Any]:
    said = {"forecast_id": "FC-BR", "line_id": line, "opportunity_id": "OPP-2", "cause": "SUPPORTED", "left": []}
    return {"seq": seq, "n": 2, "type": CLEARED, "data": json.dumps(said)}


def test_age_is_the_difference_of_local_dates_and_times_are_text() -> None:
    midnight = APRIL_20 - 10 * 3_600_000 + 11 * DAY  # 2026-05-01 00:00 in Shanghai: R-01 says 11 days
    (before,) = present([updated(5)], midnight - 1, ZONE)
    (one,) = present([updated(5)], midnight, ZONE)
    assert (before["age_days"], one["age_days"], one["stale"]) == (10, 11, False)
    assert one["refreshed_at"] == "2026-04-20T02:00:00.000Z"


def test_stale_is_what_the_log_says_not_what_the_clock_says() -> None:
    (silent,) = present([updated(5)], APRIL_20 + 300 * DAY, ZONE)
    assert not silent["stale"]
    (said,) = present([refresh(9), updated(5)], APRIL_20 + 11 * DAY, ZONE)
    assert (said["stale"], said["stale_since_age_days"]) == (True, 11)


def test_a_newer_version_ends_what_was_said_of_the_older() -> None:
    (one,) = present([updated(12, version=2), refresh(9), unsupported(7, "L1")], APRIL_20, ZONE)
    assert (one["version"], one["stale"], one["unsupported_lines"]) == (2, False, [])


def test_unsupported_lines_of_the_same_step_belong_to_the_version() -> None:
    (one,) = present([updated(5), unsupported(5, "L1"), unsupported(8, "L2")], APRIL_20, ZONE)
    assert [line["line_id"] for line in one["unsupported_lines"]] == ["L1", "L2"]


def test_a_line_that_has_its_support_again_is_off_the_list() -> None:
    (one,) = present([updated(5), unsupported(8, "L1"), unsupported(8, "L2"), cleared(9, "L1")], APRIL_20, ZONE)
    assert [line["line_id"] for line in one["unsupported_lines"]] == ["L2"]
    (again,) = present([updated(5), unsupported(11, "L1"), cleared(9, "L1")], APRIL_20, ZONE)
    assert [line["line_id"] for line in again["unsupported_lines"]] == ["L1"]


def test_a_new_version_that_still_cites_it_is_still_unsupported_and_says_why() -> None:
    (one,) = present(
        [updated(12, version=2, unsupported=["L1"]), unsupported(7, "L1"), cleared(6, "L1")], APRIL_20, ZONE
    )
    assert one["unsupported_lines"] == [{"line_id": "L1", "opportunity_id": "OPP-2", "cause": "lost"}]
    assert "unsupported" not in one  # what the version said then; the list above is now


def test_forecasts_are_listed_by_id() -> None:
    rows = [updated(5, forecast_id="FC-DE"), updated(4, forecast_id="FC-CN")]
    assert [one["forecast_id"] for one in present(rows, APRIL_20, ZONE)] == ["FC-CN", "FC-DE"]


def test_words_on_a_forecast_without_an_update_are_left_out() -> None:
    assert present([refresh(9)], APRIL_20, ZONE) == []


def test_history_names_who_published_the_owner_when_nobody_is_named() -> None:
    row = {"live": updated(5)["data"], "actor": "", "recorded": "t", "id": "1"}
    assert [one["by"] for one in history([row, row | {"actor": "E010"}])] == ["E002", "E010"]


def test_spoken_leaves_all_but_times_alone() -> None:
    assert spoken({"refreshed_at": 0, "n": 1}) == {"refreshed_at": "1970-01-01T00:00:00.000Z", "n": 1}


def test_the_total_of_a_period_is_that_of_now_in_every_item() -> None:
    rows = [
        updated(5, period="Q", period_total="54000000.00"),
        updated(6, forecast_id="FC-CN", new_total="44000000.00", period="Q", period_total="98000000.00"),
        updated(7, forecast_id="FC-US", new_total="1.50", period="Q", currency="USD", period_total="1.50"),
        updated(8, forecast_id="FC-X", new_total="2.00", period="Z", period_total="2.00"),
    ]
    totals = {one["forecast_id"]: one["period_total"] for one in present(rows, APRIL_20, ZONE)}
    assert totals == {"FC-BR": "98000000.00", "FC-CN": "98000000.00", "FC-US": "1.50", "FC-X": "2.00"}
