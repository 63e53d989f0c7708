"""Statements beyond the limit wait, a stop lets the running ones end."""

from __future__ import annotations

import threading

import pytest

from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.slots import Slots


def test_the_one_too_many_is_refused_and_an_urgent_one_is_not() -> None:
    slots = Slots(most=1, queue=0.01)
    with slots.taken():
        with pytest.raises(ClickHouseError) as refused, slots.taken():
            pass
        assert refused.value.code == 202
        with slots.taken(urgent=True):
            pass
    with slots.taken():
        pass


def test_draining_waits_for_the_running_and_refuses_the_new() -> None:
    slots = Slots(most=2, queue=5)
    drained: list[bool] = []
    with slots.taken():
        assert not slots.drain(0.01)
        with pytest.raises(ClickHouseError) as refused, slots.taken():
            pass
        assert refused.value.code == 236
        waiting = threading.Thread(target=lambda: drained.append(slots.drain(10)))
        waiting.start()
    waiting.join(10)
    assert drained == [True]
