"""Whether a program lives and whether it works: what /healthz and /readyz answer.

*Alive*: its loop came round lately. That says nothing of the peers: nobody restarts a program because Kafka is away.
*Ready*: it follows what it is there to follow, and every peer answers; what is missing is named, with its reason.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from confluent_kafka import KafkaException

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import quiet_admin
from sharedchain.registry import Registry

Peer = Callable[[], None]  # returns when the peer answers, raises what is wrong; within seconds
Answer = tuple[bool, dict[str, Any]]

WAIT = 2.0  # seconds for the answer of one peer
STILL = 180.0  # seconds without a beat: longer than any one call may wait (a transaction 120, an insert 60)
_FRESH = 1.0  # seconds for which the answers of the peers hold: however many ask, the peers are asked once
_STARTS = "it starts"


class Health:
    """One program's. The loop calls `beat`; before its first beat the program starts, and counts as alive."""

    def __init__(
        self,
        program: str,
        peers: Mapping[str, Peer] | None = None,
        *,
        still: float = STILL,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.waits: Callable[[], str] = lambda: _STARTS  # what it waits for before it follows; empty: it follows
        self._program, self._peers, self._still, self._now = program, dict(peers or {}), still, now
        self._last: float | None = None
        self._lock = threading.Lock()
        self._asked: tuple[float, dict[str, str]] | None = None

    def beat(self) -> None:
        """The loop came round."""
        self._last = self._now()

    def alive(self) -> Answer:
        """Whether the last beat is younger than `still` seconds."""
        age = 0.0 if self._last is None else self._now() - self._last
        alive = age <= self._still
        said: dict[str, Any] = {"program": self._program, "alive": alive, "beat_age_seconds": round(age, 1)}
        return alive, said if alive else said | {"missing": {"loop": f"did not come round for {age:.0f} s"}}

    def ready(self, *, peers: bool = True) -> Answer:
        """Whether it follows and, with `peers`, whether they answer."""
        waits = self.waits()
        said = self._of_peers() if peers else {}
        missing = ({"follows": waits} if waits else {}) | {name: why for name, why in said.items() if why != "ok"}
        follows = waits or "ok"
        return not missing, {
            "program": self._program, "ready": not missing, "follows": follows, "peers": said, "missing": missing,
        }  # fmt: skip

    def _of_peers(self) -> dict[str, str]:
        with self._lock:
            if self._asked is None or self._now() - self._asked[0] > _FRESH:
                with ThreadPoolExecutor(max(len(self._peers), 1)) as pool:
                    found = dict(zip(self._peers, pool.map(_word, self._peers.values()), strict=True))
                self._asked = (self._now(), found)
            return self._asked[1]


def kafka_answers(endpoints: Endpoints) -> Peer:
    """Whether the brokers tell their topics."""
    client = quiet_admin(endpoints, WAIT)

    def ask() -> None:
        try:
            client.list_topics(timeout=WAIT)  # never describe_cluster: after a silence librdkafka 2.16 aborts us
        except KafkaException:
            raise ConnectionFailed(f"Kafka at {endpoints.kafka} does not answer within {WAIT:g} s") from None

    return ask


def registry_answers(registry: Registry) -> Peer:
    return lambda: registry.answers(WAIT)


def _word(peer: Peer) -> str:
    """«ok», or one line on what is wrong."""
    try:
        peer()
    except Exception as error:
        return (str(error) or type(error).__name__).partition("\n")[0][:200]
    return "ok"
