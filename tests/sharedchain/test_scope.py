from __future__ import annotations

import pytest

from sharedchain.scope import PARTITIONS, partition_of


@pytest.mark.parametrize(("scope", "partition"), [("default", 7), ("_system", 0), ("", 0), ("东辰", 4)])
def test_a_scope_lives_in_one_partition_for_ever(scope: str, partition: int) -> None:
    assert partition_of(scope) == partition


def test_scopes_spread_over_all_partitions() -> None:
    assert {partition_of(f"tenant-{n}") for n in range(200)} == set(range(PARTITIONS))
