"""How many of a kind may be open at once, shown as a gauge."""

from __future__ import annotations

from types import TracebackType

from prometheus_client import Gauge


class Slots:
    """A context manager that counts its holders; asyncio only, so no lock."""

    def __init__(self, limit: int, gauge: Gauge) -> None:
        self._limit = limit
        self._gauge = gauge
        self._taken = 0

    def full(self) -> bool:
        return self._taken >= self._limit

    def __enter__(self) -> None:
        self._taken += 1
        self._gauge.set(self._taken)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._taken -= 1
        self._gauge.set(self._taken)
