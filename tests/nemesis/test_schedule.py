"""A schedule is its seed's: the same again, others for others, and no family is left out of a round."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.nemesis.faults import Nemesis
from tests.nemesis.schedule import BROKERS, FAMILIES, NOT_DONE, PACE, place, schedule

_ROUND = sum(often for often, _ in FAMILIES.values())
_KINDS = {card.kind: family for family, (_, cards) in FAMILIES.items() for card in cards}


def test_the_same_seed_gives_the_same_schedule_and_another_one_another() -> None:
    assert schedule(7, 3600) == schedule(7, 3600)
    assert schedule(7, 3600) != schedule(8, 3600)
    assert schedule(7, 3600)[:20] == schedule(7, 3600, PACE)[:20]


@pytest.mark.parametrize("seed", range(5))
def test_each_round_has_its_share_of_each_family(seed: int) -> None:
    faults = schedule(seed, PACE * _ROUND * 3)
    for start in range(0, len(faults), _ROUND):
        dealt = Counter(_KINDS[fault.kind] for fault in faults[start : start + _ROUND])
        assert dealt == {family: often for family, (often, _) in FAMILIES.items()}


def test_an_hour_has_two_hundred_faults_of_every_kind_and_every_one_can_be_done() -> None:
    faults = schedule(1, 3600)
    assert len(faults) >= 200
    assert {fault.kind for fault in faults} == _KINDS.keys()
    assert [kind for kind in _KINDS if not hasattr(Nemesis, f"_{kind.replace('-', '_')}")] == []
    assert any(fault.meanwhile for fault in faults)
    assert {place(fault) for fault in faults if fault.kind in BROKERS} == {"brokers"}
    assert NOT_DONE.keys() & _KINDS.keys() == set()
