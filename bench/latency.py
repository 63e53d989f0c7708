"""Publish → alert on its topic, at 200 events/s: each event is a lead without an owner (refusal → R-15)."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from confluent_kafka import Message, Producer, TopicPartition

from bench import load
from bench.chain import PATIENCE, Chain
from bench.table import Row, distance
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import consumer, producer
from sharedchain.scope import SPINE

RATE = 200  # events a second
UNLIKE = (
    "ours: two hops and two transactions, refused, dead-lettered, on the spine, alert exactly once; "
    "the others: one hop, at least once"
)
ALERTS = "ops.alert.v1"


NAMES = {"faust": "plain Faust", "quixstreams": "quixstreams"}


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds, sorted: until the alert was read; until the fact was, where there is a spine."""

    alert: list[float]
    spine: list[float] = field(default_factory=list)


class Late(AssertionError):
    """Alerts that did not come in time."""


def ours(under: Chain, seconds: float) -> Waits:
    """From before `produce` to the alert read, and to the fact read on the spine (both read committed)."""
    scopes = load.tenants(f"l{secrets.token_hex(3)}")
    spine: dict[str, float] = {}
    with _Eye(under.endpoints, SPINE, lambda m: under.codec.decode_ours(m.value()).data.get("subject")) as there:
        subject = lambda m: under.codec.decode_ours(m.value()).data.get("subject")  # noqa: E731
        sent, came = _run(under, seconds, scopes, None, ALERTS, subject)
        spine = there
    return Waits(_between(sent, came), _between(sent, spine))


def theirs(under: Chain, peer: str, seconds: float, number: int) -> Waits:
    """The same of a peer: its rule, its send."""
    try:
        return _peer(under, peer, seconds, f"bench.alert.{peer}.{number}")
    except Late:  # on a loaded machine plain Faust was once seen to start and never to read
        return _peer(under, peer, seconds, f"bench.alert.{peer}.{number}.again")


def _peer(under: Chain, peer: str, seconds: float, name: str) -> Waits:
    topic = under.topic(name)
    into = under.topic(f"{topic}.alerts")
    scopes = load.tenants(f"f{secrets.token_hex(3)}")
    ((_, sample),) = load.bare_leads(under.codec, scopes, 1, "sample")
    schemas, kafka = under.schemas([sample.value]), under.endpoints.kafka
    if peer == "faust":
        command = under.peer(peer, "events_faust.py", "alert", kafka, topic, "0", schemas)
    else:
        command = under.peer(peer, "alerts_quixstreams.py", kafka, topic, schemas)
    with under.program(*command):
        return Waits(_between(*_run(under, seconds, scopes, topic, into, lambda m: bytes(m.value() or b"").decode())))


def _run(
    under: Chain, seconds: float, scopes: list[str], topic: str | None, into: str, name: Callable[[Message], Any]
) -> tuple[dict[str, float], dict[str, float]]:
    """When each timed event was sent, and when it was seen."""
    tag = secrets.token_hex(4)
    warm, timed = 100, int(seconds * RATE)
    leads = load.bare_leads(under.codec, scopes, warm + timed, tag)
    with _Eye(under.endpoints, into, name) as came:
        client = producer(under.endpoints)  # one for both: a new one takes half a second to get its id
        sent = _publish(client, leads[:warm], topic)
        _until(came, sent, into)
        sent = _publish(client, leads[warm:], topic)
        _until(came, sent, into)
        return sent, dict(came)


def _between(sent: dict[str, float], came: dict[str, float]) -> list[float]:
    return sorted((came[name] - at) * 1000 for name, at in sent.items() if name in came)


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
    return f"p50 {_share(waits, 0.5):.1f} ms, p99 {_share(waits, 0.99):.0f} ms, max {waits[-1]:.0f} ms"


def _share(waits: list[float], share: float) -> float:
    return waits[int(len(waits) * share)]


def row(own: list[Waits], peers: dict[str, list[Waits]]) -> Row:
    alerts, spine = (sorted(chain.from_iterable(side)) for side in ([w.alert for w in own], [w.spine for w in own]))
    against = [
        f"{NAMES[peer]}: {told(sorted(chain.from_iterable(w.alert for w in waits)))}" for peer, waits in peers.items()
    ]
    return Row(
        f"publish → alert on its topic at {RATE} events/s ({len(alerts)} alerts)",
        f"{told(alerts)} (publish → spine: {told(spine)})",
        "decode + rule + send: " + "; ".join(against),
        "",
        "p50 ≤ 8 (20) ms, p99 ≤ 50 (250) ms",
        UNLIKE,
        "; ".join(
            f"{name} {distance(_share(alerts, share), floor, goal, less=True)}"
            for name, share, floor, goal in (("p50", 0.5, 20, 8), ("p99", 0.99, 250, 50))
        ),
    )
