"""The collector rests, and what is garbage goes all the same."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from sharedchain import collector


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class Knot:
    def __init__(self) -> None:
        self.me = self


def test_what_is_there_is_not_looked_at_again_and_cycles_go_still() -> None:
    collector.rest()
    assert gc.get_freeze_count() > 10_000
    gone = weakref.ref(Knot())
    held = [[] for _ in range(2 * gc.get_threshold()[0])]  # type: ignore[var-annotated]
    assert gone() is None
    assert held


def test_ten_thousand_waiting_records_are_not_looked_at_for_each_new_one() -> None:
    runs: list[str] = []
    gc.callbacks.append(lambda phase, _: runs.append(phase) if phase == "start" else None)
    try:
        for counted in (False, True):
            if counted:
                collector.rest()
            runs.clear()
            held = [[n] for n in range(50_000)]
            assert (len(runs) <= 3) is counted, len(runs)
            del held
    finally:
        gc.callbacks.pop()
