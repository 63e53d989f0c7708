"""A consumer beside the play: somebody's program reads a live topic through the SDK, as any consumer would.

What it receives it appends to `received.jsonl` in the home, as the postbox does with mails.
"""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

from deploy.demo.story import Row, Subscribe
from sharedchain.chain import ChainSync
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.subscription import Update

FILE = "received.jsonl"
_PATIENCE = 60.0  # seconds for an update that is on its topic already


class Subscriber:
    """Reads `wish.topic` from its beginning for one tenant, on a thread of its own, until `close`."""

    def __init__(self, endpoints: Endpoints, tenant: str, wish: Subscribe) -> None:
        self._endpoints, self._wish = endpoints, wish
        self.tenant, self.topic, self.received = tenant, wish.topic, 0
        self._failed: Exception | None = None
        self._enough = Event()
        self._thread = Thread(target=self._run, name=f"subscriber-{tenant}", daemon=True)
        self._thread.start()

    def wait(self, count: int) -> None:
        """Return when `count` updates have come. Raises ConnectionFailed when they do not."""
        until = time.monotonic() + _PATIENCE
        while self.received < count:
            if self._failed is not None:
                raise ConnectionFailed(f"{self._wish.as_} reading {self.topic}: {self._failed}") from self._failed
            if time.monotonic() > until:
                raise ConnectionFailed(f"{self._wish.as_} has {self.received} of {count} updates of {self.topic}")
            self._thread.join(0.01)

    def close(self) -> None:
        """Stop reading; what has come stays in the file."""
        self._enough.set()
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:  # told by `wait`, on the thread of the play
            self._failed = error

    def _read(self) -> None:
        with (
            ChainSync(self._endpoints) as chain,
            closing(chain.subscribe(self.topic, from_beginning=True)) as updates,
        ):
            idle = False
            while not (self._enough.is_set() and idle):
                update = updates.poll(0.2)
                idle = update is None
                if update is not None and update.envelope.tenant == self.tenant:
                    self._take(update)

    def _take(self, update: Update) -> None:
        row = {"tenant": self.tenant, "consumer": self._wish.as_, "type": update.type, "time": update.envelope.time}
        with (self._endpoints.home / FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps({**row, "data": update.data}, default=str, ensure_ascii=False) + "\n")
        self.received += 1


def received(home: Path, tenant: str) -> list[Row]:
    """What the tenant's subscribers have received so far, in the order in which it came."""
    file = home / FILE
    if not file.exists():
        return []
    rows: list[dict[str, Any]] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["tenant"] == tenant]
