from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from sharedchain.core.rule import Band, Rule
from sharedchain.core.wording import milliseconds
from tests.core.test_episode import rule


@pytest.mark.parametrize(
    ("bound", "holds", "not_"),
    [
        ({"over": "10"}, "10.0001", "10.0000"),
        ({"at_least": "0.05"}, "0.0500", "0.0499"),
        ({"under": "0.95"}, "0.9499", "0.9500"),
        ({"at_most": "3"}, "3", "3.0001"),
    ],
)
def test_borders_are_exact(bound: dict[str, str], holds: str, not_: str) -> None:
    band = Band.model_validate({"severity": "RED", **bound})
    assert band.holds(Decimal(holds))
    assert not band.holds(Decimal(not_))
    assert not band.holds(None)


def test_the_highest_band_that_holds_counts_and_magnitude_drops_the_sign() -> None:
    bands = [{"severity": "RED", "at_least": "0.15"}, {"severity": "YELLOW", "at_least": "0.05"}]
    moved = rule(magnitude=True, bands=bands)
    held = [moved.band(Decimal(value)) for value in ("-0.16", "0.05", "-0.04")]
    assert [band and band.severity for band in held] == ["RED", "YELLOW", None]


EVENT: dict[str, Any] = {"on": {"event": ["x"]}, "bands": [{"severity": "RED"}], "subject": "message.x"}
TIME = {"unit": "h", "subject": "message.x", "bands": [{"severity": "RED", "at_least": 24}]}
CLOCK = {"on": {"clock": {"start": ["x"], "stop": ["y"]}}, **TIME}
CLEAR = {"event": ["y"], "subject": "message.x"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"bands": [{"severity": "INFO", "over": 1}]}, "band INFO tells nobody"),
        ({"bands": [{"severity": "RED", "over": 1, "under": 2}]}, "one threshold"),
        ({"bands": [{"severity": "RED"}, {"severity": "RED"}]}, "two bands of one severity"),
        ({"one_shot": True, "for": "5m"}, "one-shot rule has no duration"),
        ({"on": {"event": ["x"]}}, "`bands` with thresholds need `value`"),
        ({"texts": {"zh": {"title": "t", "text": "t"}}}, "`texts` lack en"),
        ({"for": "ten minutes"}, "is no duration: write a number with s, m, h or d"),
        ({"for": "99999999999999d"}, "longer than a hundred years"),
        ({"bands": [{"severity": "RED", "under": "1e40"}]}, "no threshold that an alert can carry"),
        ({"bands": [{"severity": "RED", "over": "1e999999999"}]}, "no threshold that an alert can carry"),
        ({"texts": {lang: {"title": "\x1b[2J", "text": "t"} for lang in ("zh", "en")}}, "should match pattern"),
        ({"to": {"RED": ["everybody"]}}, "should match pattern"),
        ({"sevrity": "RED"}, "Extra inputs"),
        ({"each": "message.lines"}, "`each` is for rules on events"),
        ({"seen": {"n": {"count": True}}}, "`seen` is for rules on events"),
        ({"part": "message.metric"}, "`part` is for rules on events"),
        ({"subject": []}, "at least 1 item"),
        ({**EVENT, "one_shot": True, "clear": [CLEAR]}, "drop `clear` or `one_shot`"),
        ({**EVENT, "part": "message.metric", "clear": [CLEAR]}, "`part` must stand both in the rule and in each"),
        ({**EVENT, "clear": [CLEAR | {"part": "message.metric"}]}, "`part` must stand both in the rule and in each"),
        ({**EVENT, "with": {"message": {"entity": "store", "id": "message.x"}}}, "cannot be called message"),
        ({**EVENT, "with": {"Store": {"entity": "store", "id": "message.x"}}}, "should match pattern"),
        ({**EVENT, "consecutive": 3, "of": {"n": 2, "m": 5}}, "drop it or `of`"),
        ({**EVENT, "of": {"n": 5, "m": 2}}, "n is at most m"),
        ({**EVENT, "one_shot": True, "consecutive": 3}, "drop `consecutive` and count in `seen`"),
        ({**EVENT, "one_shot": True, "cooldown": "1h"}, "drop `cooldown`, or drop `one_shot`"),
        ({**EVENT, "one_shot": True, "falls": "told"}, "a one-shot alert never comes down"),
        ({**EVENT, "bands": [{"severity": "RED", "release": 1}]}, "`release` needs a threshold"),
        ({**EVENT, "value": "message.x", "bands": [{"severity": "RED", "over": 5, "release": 6}]}, "at or below 5"),
        ({**EVENT, "value": "message.x", "bands": [{"severity": "RED", "under": 5, "release": 4}]}, "at or above 5"),
        ({"magnitude": True, "bands": [{"severity": "RED", "under": -5}]}, "write it without the minus"),
        ({**EVENT, "no_data": {"then": "ring"}}, "`no_data` is for rules on measures"),
        ({**EVENT, "let": {"x": {"cel": "1.0", "fn": "exp"}}}, "no function exp; there are logistic"),
        ({**EVENT, "seen": {"x": {"last": "message.x", "count": True}}}, "exactly one of"),
        ({**EVENT, "caps": {"per_day": 3}}, "there is none: add `action` or drop `caps`"),
        ({**EVENT, "action": {"command": "case.opened"}}, "needs `mode` act"),
        ({**CLOCK, "unit": "weeks"}, "one of ms, s, min, h, d, share"),
        ({**CLOCK, "unit": "share"}, "until `due`"),
        ({**CLOCK, "for": "5m"}, "`for` is not for clocks"),
        ({**CLOCK, "value": "message.x"}, "`value` is not for clocks"),
        ({**CLOCK, "bands": [{"severity": "RED", "under": 1}]}, "`bands` of a clock say at_least or over"),
        ({"on": {"clock": {"start": ["x"], "days": "calendar"}}, **TIME}, "set `unit` to d"),
        ({**EVENT, "action": {"derive": "forecast.refresh.requested"}}, "needs a measure by forecast"),
    ],
)
def test_what_cannot_be(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(**more)


def test_one_path_or_several() -> None:
    body = {**EVENT, "subject": ["message.a", "message.b"], "value": "message.c"}
    said = rule(**body)
    assert (said.subject, said.value, rule(**EVENT).value) == (("message.a", "message.b"), ("message.c",), ())
    assert Rule.model_validate(said.model_dump(by_alias=True, mode="json")) == said


def test_all_contradictions_are_said_at_once() -> None:
    with pytest.raises(ValidationError, match=r"(?s)tells nobody.*`texts` lack en.*`each` is for rules on events"):
        rule(bands=[{"severity": "INFO", "over": 1}], texts={"zh": {"title": "t", "text": "t"}}, each="message.x")


def test_what_is_short_and_what_is_long() -> None:
    clock = rule(**CLOCK)
    assert clock.events == ("x",)
    assert clock.on.clock.stop[0].event == ("y",)  # type: ignore[union-attr]
    said = rule(**EVENT, let={"x": "1.0"}, consecutive=3, action={"derive": "case.opened", "data": {"a": "b"}})
    assert (said.let["x"].cel, said.history and said.history.n, said.action[0].data) == ("1.0", 3, {"a": "b"})
    for one in (clock, said):
        assert Rule.model_validate(one.model_dump(by_alias=True, mode="json")) == one


def test_inside_a_band_its_release_counts() -> None:
    bands = [{"severity": "YELLOW", "over": 5, "release": 3}, {"severity": "RED", "over": 9}]
    said = rule(**EVENT | {"bands": bands, "value": "message.x"})
    found = [[one.severity for one in said.held(Decimal(v), ("YELLOW", "RED"))] for v in ("10", "8", "3.1", "3")]
    assert found == [["YELLOW", "RED"], ["YELLOW"], ["YELLOW"], []]
    assert said.band(Decimal("3.1")) is None


def test_a_rule_is_frozen() -> None:
    with pytest.raises(ValidationError):
        rule().version = 2
    assert isinstance(rule(), Rule)


def test_durations() -> None:
    assert [milliseconds(text) for text in ("90s", "10m", "4h", "2d")] == [90_000, 600_000, 14_400_000, 172_800_000]
