"""Publish → alert on its topic, at 200 events/s: each event is a lead without an owner (refusal → R-15)."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from itertools import chain
from typing import Any

from confluent_kafka import Message, Producer, TopicPartition

from bench import load
from bench.chain import PATIENCE, Chain
from bench.table import Row
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import consumer, producer

RATE = 200  # events a second
UNLIKE = (
    "ours: two hops and two transactions, refused, dead-lettered, on the spine, alert exactly once; "
    "Faust: one hop, decode + rule + send, at least once"
)
ALERTS = "ops.alert.v1"


class Late(AssertionError):
    """Alerts that did not come in time."""


def ours(under: Chain, seconds: float) -> list[float]:
    """Milliseconds from before `produce` to the alert read (read committed)."""
    scopes = load.tenants(f"l{secrets.token_hex(3)}")
    return _run(under, seconds, scopes, None, ALERTS, lambda m: under.codec.decode_ours(m.value()).data.get("subject"))


def fausts(under: Chain, seconds: float, number: int) -> list[float]:
    """The same of plain Faust: its rule, its send."""
    try:
        return _faust(under, seconds, f"bench.alert.{number}")
    except Late:  # on a loaded machine plain Faust was once seen to start and never to read
        return _faust(under, seconds, f"bench.alert.{number}.again")


def _faust(under: Chain, seconds: float, name: str) -> list[float]:
    topic = under.topic(name)
    into = under.topic(f"{topic}.alerts")
    scopes = load.tenants(f"f{secrets.token_hex(3)}")
    with under.program("bench.peer", "alert", str(under.endpoints.home), topic, "0"):
        return _run(under, seconds, scopes, topic, into, lambda m: bytes(m.value() or b"").decode())


def _run(
    under: Chain, seconds: float, scopes: list[str], topic: str | None, into: str, name: Callable[[Message], Any]
) -> list[float]:
    tag = secrets.token_hex(4)
    warm, timed = 100, int(seconds * RATE)
    leads = load.bare_leads(under.codec, scopes, warm + timed, tag)
    with _Eye(under.endpoints, into, name) as came:
        client = producer(under.endpoints)  # one for both: a new one takes half a second to get its id
        sent = _publish(client, leads[:warm], topic)
        _until(came, sent, into)
        sent = _publish(client, leads[warm:], topic)
        _until(came, sent, into)
    return sorted((came[n] - at) * 1000 for n, at in sent.items())


def _publish(client: Producer, leads: list[tuple[str, load.Message]], topic: str | None) -> dict[str, float]:
    sent, began = dict[str, float](), time.monotonic()
    for n, (name, message) in enumerate(leads):
        while (left := began + n / RATE - time.monotonic()) > 0:
            client.poll(left)
        sent[name] = time.monotonic()
        client.produce(topic or message.topic, message.value, None, message.partition, headers=[*message.headers])
    client.flush()
    return sent


class _Eye:
    """Reads a topic from its end in a thread: what came, and when."""

    def __init__(self, endpoints: Endpoints, topic: str, name: Callable[[Message], Any]) -> None:
        self._reader = consumer(endpoints, "bench.eye", fetch_wait_max_ms=5)
        known = self._reader.list_topics(topic, timeout=30).topics[topic].partitions
        ends = [
            TopicPartition(topic, p, self._reader.get_watermark_offsets(TopicPartition(topic, p))[1]) for p in known
        ]
        self._reader.assign(ends)
        self._name, self._came, self._done = name, dict[str, float](), threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> dict[str, float]:
        self._thread.start()
        return self._came

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._reader.close()

    def _read(self) -> None:
        while not self._done.is_set():
            message = self._reader.poll(0.1)
            if message is not None and message.error() is None:
                at = time.monotonic()
                self._came.setdefault(str(self._name(message)), at)


def _until(came: dict[str, float], sent: dict[str, float], topic: str) -> None:
    deadline = time.monotonic() + PATIENCE / 10
    while missing := [name for name in sent if name not in came]:
        told = f"{len(missing)} of {len(sent)} alerts did not come to {topic} in {PATIENCE / 10:.0f} s: {missing[:3]}"
        if time.monotonic() > deadline:
            raise Late(told)
        time.sleep(0.02)


def told(waits: list[float]) -> str:
    return f"p50 {waits[len(waits) // 2]:.1f} ms, p99 {waits[int(len(waits) * 0.99)]:.0f} ms, max {waits[-1]:.0f} ms"


def row(own: list[list[float]], peers: list[list[float]]) -> Row:
    ours_, theirs = (sorted(chain.from_iterable(side)) for side in (own, peers))
    return Row(
        f"publish → alert on its topic at {RATE} events/s ({len(ours_)} alerts)",
        told(ours_),
        f"plain Faust, decode + rule + send: {told(theirs)}",
        "",
        "p50 ≤ 8 (20) ms, p99 ≤ 50 (250) ms",
        UNLIKE,
    )
