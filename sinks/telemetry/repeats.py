"""Which readings came before: what a gateway sends again after a restart must not count twice.

A reading is the same if tenant, equipment, component, metric and moment are; the first one counts, whatever the others
say. Remembered is each partition's share of the present and the last SPAN of Kafka's own time: a function of the log
alone, so every life of the sink judges alike. Eight bytes a reading: a 64-bit digest (among ten million remembered, one
new reading in 10^12 is taken for a repetition).
"""

from __future__ import annotations

import numpy as np
import polars as pl

SPAN = 5 * 60_000  # ms: what comes again within it is known again; what comes later than twice of it, no more
IDENTITY = ("tenant", "equipment_id", "component_id", "metric", "at")
_SEED = 7
_LOOSE = 65_536  # digests that wait unsorted, at least
Digests = np.ndarray[tuple[int], np.dtype[np.uint64]]
_NONE: Digests = np.empty(0, np.uint64)


class _Generation:
    """A set of digests that only grows: one long sorted array and a short one."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._long, self._short = _NONE, _NONE

    def holds(self, digests: Digests) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return _in(digests, self._long) | _in(digests, self._short)

    def add(self, digests: Digests) -> None:
        self._short = np.sort(np.concatenate([self._short, digests]), kind="stable")
        if len(self._short) > max(_LOOSE, len(self._long) // 8):
            self._long = np.sort(np.concatenate([self._long, self._short]), kind="stable")
            self._short = _NONE


class Repeats:
    """What one partition said lately. `until`: the offset behind the last record that is remembered for good."""

    def __init__(self, until: int) -> None:
        self.until = until
        self._old, self._now = _Generation(-2), _Generation(-1)
        self._meanwhile: list[tuple[int, Digests]] = []

    def begin(self) -> None:
        """Of a batch, maybe once more: what its last attempt said is forgotten."""
        self._meanwhile = []

    def fresh(self, readings: pl.DataFrame) -> pl.DataFrame:
        """Those that did not come before, in the order in which they came."""
        ordered = readings.sort("offset", "nth")
        digests = ordered.select(IDENTITY).hash_rows(_SEED).to_numpy()
        times = (ordered["recorded"] // SPAN).to_numpy()
        keep = np.zeros(len(digests), np.bool_)
        for number in np.unique(times):
            mine = np.flatnonzero(times == number)
            keep[mine] = self._new(int(number), digests[mine])
        return ordered.filter(pl.Series(keep))

    def end(self, until: int) -> None:
        """The batch is written: remember it."""
        for number, digests in self._meanwhile:
            self._turn(number)
            self._now.add(digests)
        self._meanwhile, self.until = [], until

    def _new(self, number: int, digests: Digests) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        said, at = np.unique(digests, return_index=True)
        first = np.zeros(len(digests), np.bool_)
        first[at] = True
        for generation in (self._old, self._now):
            if generation.number >= number - 1:
                first &= ~generation.holds(digests)
        for earlier, meanwhile in self._meanwhile:
            if earlier >= number - 1:
                first &= ~np.isin(digests, meanwhile)
        self._meanwhile.append((number, said))  # repetitions too: a later life may have seen only those
        return first

    def _turn(self, number: int) -> None:
        if number > self._now.number:
            self._old = self._now if self._now.number == number - 1 else _Generation(number - 1)
            self._now = _Generation(number)


def _in(digests: Digests, held: Digests) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if not len(held):
        return np.zeros(len(digests), np.bool_)
    at = np.minimum(np.searchsorted(held, digests), len(held) - 1)
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = held[at] == digests
    return found
