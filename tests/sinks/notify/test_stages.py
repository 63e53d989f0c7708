"""The stages sort deliveries; none is lost between them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.notify.delivery import Delivery
from sinks.notify.policy import Mute
from sinks.notify.stages import Rate, bundle, deduplicate, group, muted_by
from tests.sinks.rig import alert

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEFORE = 1_777_000_000_000  # the alerts' time, 24 April


def to(number: int, channel: str = "EMAIL", recipient: str = "E002") -> Delivery:
    return Delivery(alert(number), channel, recipient, f"{recipient}@example.com")


def test_what_is_recorded_is_not_told_again() -> None:
    assert deduplicate([to(1), to(2), to(1)], {to(2).id}) == [to(1)]


@pytest.mark.parametrize(
    ("words", "covered"),
    [
        ({}, True),
        ({"rule_id": "R-01", "recipient": "E002"}, True),
        ({"rule_id": "R-02"}, False),
        ({"subject": "forecast 1", "channel": "EMAIL"}, True),
        ({"channel": "IM"}, False),
        ({"until": datetime.fromtimestamp(BEFORE / 1000, UTC)}, False),
    ],
)
def test_a_mute_covers_what_it_names_until_its_end(words: dict[str, object], covered: bool) -> None:
    mute = Mute.model_validate({"until": NOON, "reason": "planned", **words})
    assert muted_by(to(1), [mute]) == (mute if covered else None)


def test_a_lamp_cannot_be_muted() -> None:
    assert muted_by(Delivery(alert(1), "LIGHT"), [Mute(until=NOON, reason="planned")]) is None


def test_groups_go_to_one_place_each() -> None:
    found = group([to(1), to(2, recipient="E003"), to(3), to(4, channel="IM")])
    assert [len(deliveries) for deliveries in found.values()] == [2, 1, 1]


@given(st.integers(0, 30), st.integers(0, 30))
def test_bundles_keep_everything_within_the_allowance(count: int, allowed: int) -> None:
    deliveries = [to(n) for n in range(count)]
    bundles = bundle(deliveries, allowed)
    assert len(bundles) <= allowed
    assert [d for one in bundles for d in one] == (deliveries if allowed else [])


def test_a_rate_runs_dry_and_fills_again() -> None:
    rate = Rate({"IM": 20})
    place = ("IM", "E002", "x")
    for spent in range(20):
        assert rate.allowed(place, 100.0) == 20 - spent
        rate.spend(place, 100.0)
    assert rate.allowed(place, 100.0) == 0
    assert rate.allowed(place, 102.9) == 0
    assert rate.allowed(place, 103.1) == 1
    assert rate.allowed(("IM", "E003", "x"), 100.0) == 20
    assert rate.allowed(place, 1_000_000.0) == 20
    assert rate.allowed(("INBOX", "E002", ""), 100.0) > 1_000
