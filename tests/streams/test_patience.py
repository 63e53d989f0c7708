"""An engine that meets a new schema while the registry is away waits; every other error is an error."""

from __future__ import annotations

import logging

import pytest

from sharedchain.errors import ConnectionFailed, Refused
from streams.patience import patient


def test_it_asks_again_until_there_is_an_answer_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    away, waited = [3], list[float]()

    def read(value: int, *, more: int) -> int:
        away[0] -= 1
        if away[0] >= 0:
            raise ConnectionFailed("the registry does not answer")
        return value + more

    with caplog.at_level(logging.WARNING):
        assert patient(read, waited.append)(1, more=2) == 3
    assert len(waited) == 3
    assert [r.getMessage() for r in caplog.records] == ["waiting, nothing is decided: the registry does not answer"]


def test_what_is_refused_is_refused_at_once() -> None:
    def read() -> None:
        raise Refused("unreadable", "no")

    with pytest.raises(Refused):
        patient(read, lambda _: pytest.fail("it waits"))()
