"""How many statements run at once, and whether new ones may still start."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.clickhouse.errors import ClickHouseError


class Slots:
    """`most` statements at a time; others wait `queue` seconds. `drain()` ends it for good."""

    def __init__(self, most: int, queue: float) -> None:
        self._most, self._queue = most, queue
        self._taken = 0
        self._closed = False
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, urgent: bool = False) -> Iterator[None]:
        """Hold one slot; an urgent statement (KILL) does not wait. Raises 202 and 236."""
        with self._changed:
            free = self._changed.wait_for(
                lambda: urgent or self._closed or self._taken < self._most, timeout=self._queue
            )
            if self._closed:
                raise ClickHouseError(236, "The server is stopping")
            if not free:
                raise ClickHouseError(202, f"Too many simultaneous queries. Maximum: {self._most}")
            self._taken += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                self._changed.notify_all()

    def drain(self, grace: float) -> bool:
        """Refuse new statements; True when all running ones ended within `grace` seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._taken == 0, timeout=grace)
