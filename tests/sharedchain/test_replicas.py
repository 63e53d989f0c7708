"""Partitions that lack replicas, judged from metadata."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sharedchain.replicas import Short, short


def topic(*partitions: tuple[int, int]) -> Any:
    """(replicas, in sync) of each partition."""
    made = {n: SimpleNamespace(replicas=range(has), isrs=range(isr)) for n, (has, isr) in enumerate(partitions)}
    return SimpleNamespace(partitions=made)


def test_short_is_less_than_it_has_or_than_was_asked() -> None:
    there = {"whole": topic((3, 3)), "fell": topic((3, 3), (3, 2)), "thin": topic((1, 1)), "strange": topic((3, 0))}
    assert short(["whole", "fell", "thin", "gone"], there, 1) == [Short("fell", 1, 2, 3)]
    assert short(["thin"], there, 3) == [Short("thin", 0, 1, 3)]


def test_below_the_least_it_refuses() -> None:
    assert [Short("t", 0, isr, 3, 2).refuses for isr in (0, 1, 2)] == [True, True, False]
