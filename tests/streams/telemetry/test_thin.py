"""What is told of very many readings is what matters of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from sharedchain.telemetry import SCHEMA, Reading
from streams.telemetry.thin import Key, Limit, State, scaled, told, told_rows

NOW, WINDOW = 1_777_000_000_000 // 60_000 * 60_000, 60_000
KEY, LIMITS = ("acme", "EQ-1", "t"), {("acme", "EQ-1", "t"): Limit(910_000, 950_000, "°C")}


def reading(nth: int, value: float, **changes: Any) -> Reading:
    usual = ("acme", False, "EQ-1", "B", "t", value, "°C", True, NOW + nth * 100, NOW, nth, 0)
    return Reading(*usual)._replace(**changes)


def frame(readings: Sequence[Reading]) -> pl.DataFrame:
    return pl.DataFrame(list(readings), SCHEMA, orient="row")


def thinned(readings: Sequence[Reading], cuts: Sequence[int] = (), *, rows: bool = False) -> list[Reading]:
    states: dict[Key, State] = {}
    found: list[Reading] = []
    for a, b in zip([0, *cuts], [*cuts, len(readings)], strict=True):
        if rows:
            found += told_rows(list(readings[a:b]), states, LIMITS, WINDOW)
        else:
            found += told(frame(readings[a:b]), states, LIMITS, WINDOW)
    return found


def crossings(readings: Sequence[Reading]) -> list[tuple[str, int, bool]]:
    """What R-37 would do with them: each time it is raised or resolved. Other units are not judged."""
    outside: dict[Key, bool] = {}
    found = []
    newest: dict[tuple[str, ...], int] = {}
    for one in readings:
        key = (one.tenant, one.equipment_id, one.metric)
        limit, of = LIMITS.get(key), (*key, one.component_id)
        late = one.at <= newest.get(of, -1)
        newest[of] = max(one.at, newest.get(of, -1))
        if late or limit is None or one.unit not in (None, "°C"):
            continue
        now = not limit.low <= scaled(one.value) <= limit.high
        if now != outside.get(key, False):
            outside[key] = now
            found.append((one.equipment_id, one.at, now))
    return found


@pytest.mark.parametrize("rows", [False, True])
def test_the_first_of_each_window_and_each_crossing_are_told(rows: bool) -> None:
    values = [93.0, 94.0, 95.0, 95.0001, 96.0, 95.0, 93.0]
    said = [reading(n, value) for n, value in enumerate(values)] + [reading(600, 93.0), reading(601, 93.0)]
    assert [one.offset for one in thinned(said, rows=rows)] == [0, 3, 5, 600]


def test_settled_history_is_not_told() -> None:
    said = [reading(0, 200.0, backfill=True)]
    assert thinned(said) == thinned(said, rows=True) == []


def test_a_reading_in_another_unit_is_on_no_side() -> None:
    said = [reading(0, 93.0), reading(1, 199.4, unit="°F"), reading(2, 96.0), reading(3, 199.4, unit="°F")]
    assert [one.offset for one in thinned(said)] == [0, 2]


def test_what_is_six_deviations_off_is_told_and_what_is_usual_again() -> None:
    said = [reading(n, 93.0 + n % 2 * 0.1) for n in range(40)] + [reading(40, 94.5), reading(41, 93.0)]
    assert [one.offset for one in thinned(said)] == [0, 40, 41]
    assert [one.offset for one in thinned(said, [10, 35])] == [0, 40, 41]


@pytest.mark.parametrize("seed", range(6))
def test_the_rule_on_setpoints_says_the_same_of_what_is_told_as_of_all(seed: int) -> None:
    chance = random.Random(seed)
    value, said = 93.0, []
    for n in range(600):
        value += chance.gauss(0, 0.7) - (value - 93.0) * 0.05
        who = {"equipment_id": chance.choice(["EQ-1", "EQ-1", "EQ-2"]), "unit": chance.choice(["°C", "°C", None, "°F"])}
        who["component_id"] = chance.choice("BBBC")
        said.append(reading(n, round(value, 3), at=NOW + n * 300 + chance.randrange(-2000, 2000), **who))
    wanted = crossings(said)
    assert len(wanted) > 10
    for cuts in ([], sorted(chance.sample(range(1, 600), 8))):
        for rows in (False, True):
            found = thinned(said, cuts, rows=rows)
            assert crossings(found) == wanted
            assert len(found) < len(said)


@pytest.mark.parametrize("rows", [False, True])
def test_what_a_gateway_repeats_and_what_comes_late_is_not_judged(rows: bool) -> None:
    said = [reading(n, value) for n, value in enumerate([93.0, 96.0, 93.0, 94.0])]
    late = reading(9, 96.5, at=NOW + 250)
    assert [one.at for one in thinned([*said, *said, late], [4], rows=rows)] == [NOW, NOW + 100, NOW + 200]
