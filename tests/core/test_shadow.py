"""A version in the shadow judges as it would, and nobody hears of it."""

from __future__ import annotations

from typing import Any

from sharedchain.config import item
from sharedchain.core import fold
from tests.core.line import Line
from tests.core.test_versions import FIRST, R37, changes, plain, publish, story

WIDER = {
    **R37,
    "version": FIRST + 1,
    "when": {"any": ["message.value < setpoint.low - 3.0", "message.value > setpoint.high + 3.0"]},
}


def decided(line: Line) -> list[tuple[Any, ...]]:
    return [
        (
            d.data["transition"],
            d.data["rule_id"],
            plain(d.data["rule_version"]),
            d.data["subject"],
            d.data["value_text"],
        )
        for d in line.said
        if d.type == "shadow.decided"
    ]


def test_it_rings_by_its_own_words_beside_the_live_one() -> None:
    line = story()
    publish(line, item("shadow", "R-37", WIDER))
    for value in ("96.4", "99", "96.4", "93"):
        line.reading("A", "temperature", value)
    assert [(row[1], row[2]) for row in line.alerts()] == [("raised", "R-37"), ("resolved", "R-37")]
    assert decided(line) == [
        ("raised", "R-37", 2, "A", "99 °C"),
        ("resolved", "R-37", 2, "A", "96.4 °C"),
    ]
    assert changes(line) == [("R-37", "SHADOWED", None, 2, "E010")]


def test_nothing_that_it_says_can_be_told_to_anybody() -> None:
    line = story()
    publish(line, item("shadow", "R-37", WIDER))
    line.reading("A", "temperature", "99")
    publish(line, item("rule", "R-37", R37), body="null")  # the live one is gone: the shadow rings alone
    line.tick("2026-05-04 06:01")
    line.reading("B", "temperature", "99")
    said = [d for d in line.said if d.type == "shadow.decided"]
    assert len(said) == 2
    assert all("deliveries" not in d.data for d in said)
    assert not any("~" in str(d.data.get("rule_id")) for d in line.said)


def alerts(line: Line) -> list[dict[str, Any]]:
    """All that alerts say but where their facts stand."""
    said = (d.data for d in line.said if d.type.startswith("alert."))
    return [{key: value for key, value in data.items() if key != "explain"} for data in said]


def test_the_alerts_of_the_live_one_are_what_they_were_without_it() -> None:
    plain, beside = story(), story()
    publish(beside, item("shadow", "R-37", WIDER))
    for line in (plain, beside):
        for value in ("96.4", "99", "93", "99"):
            line.reading("A", "temperature", value)
    assert alerts(beside) == alerts(plain) != []


def test_promoted_it_takes_over_what_is_open() -> None:
    line = story()
    publish(line, item("shadow", "R-37", WIDER))
    line.reading("A", "temperature", "99")
    publish(line, item("rule", "R-37", WIDER))
    publish(line, item("shadow", "R-37", WIDER), body="null")
    line.tick("2026-05-04 06:01")
    line.reading("A", "temperature", "96.4")
    assert [row[1] for row in line.alerts()] == ["raised", "resolved"]
    assert [row[1] for row in changes(line)] == ["SHADOWED", "PROMOTED", "UNSHADOWED"]
    assert [row[0] for row in decided(line)] == ["raised", "resolved"]  # the shadow's own ends with it, untold
    assert fold.load(fold.dump(line.state)) == line.state
