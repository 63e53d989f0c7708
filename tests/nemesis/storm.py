"""What is published while things break: the ledger's events straight to Kafka, some through the gateway, poison."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpx2
from confluent_kafka import Producer

from sharedchain.endpoints import Endpoints
from sharedchain.kafka import access
from tests.chain.ledger import HOUR, WALL, Ledger, Sent
from tests.chain.load import Load

KINDS = (  # of event, that the ledger makes
    "clock.ticked", "config.defined", "forecast.published", "lead.captured", "lead.contact.logged", "lead.converted",
    "lead.disqualified", "master.employee.upserted", "target.set",
)  # fmt: skip
LATE, SKEW = 30 * 24 * HOUR, HOUR // 30  # ms that an event comes too late, or too early, at most
_BEAT = 0.1  # seconds between two handfuls
_HANDFUL = 2
_STILL = 60.0  # seconds without one acknowledgement: longer than any fault
_PATIENCE = 15.0  # seconds for one answer of the gateway, which itself waits ten for Kafka


class Storm(Load):
    """Some 20 events a second until `end`; the ledger is touched by this thread alone."""

    patience = 300.0  # seconds for brokers that have just come back

    def __init__(self, endpoints: Endpoints, ledger: Book) -> None:
        super().__init__(endpoints, ledger)
        self.book = ledger
        quiet = {"log_level": 0, "message.timeout.ms": 0}  # who hurts brokers tells it; and we wait as long as it takes
        self._settings = {**access(endpoints), "enable.idempotence": True, "acks": "all", **quiet}
        self._producer = Producer(self._settings)
        self.renewed = 0  # producers that stood still and were replaced
        self._open, self._moved = deque[Sent](), time.monotonic()
        self.door = Door(endpoints, ledger)
        self._bad: queue.SimpleQueue[int] = queue.SimpleQueue()

    def failed(self) -> BaseException | None:
        """Why it publishes no more."""
        return self._failure

    def poison(self, count: int) -> None:
        """So many bad records in a row, on one partition, soon."""
        self._bad.put(count)

    def run(self) -> None:
        self.door.start()
        try:
            beat = 0
            while not self.stop.wait(_BEAT):
                beat += 1
                self._send(self._producer, [e for _ in range(_HANDFUL) for e in self.ledger.more()])
                if beat % 5 == 0:
                    self.door.hand(self.book.by_hand())
                if not self._bad.empty():
                    self._send(self._producer, self.book.poison(self._bad.get()))
                self._producer.poll(0)
                self._renew()
        except BaseException as error:
            self._failure = error

    def publish(self, events: Iterable[Sent]) -> None:
        """Send, and return when all are acknowledged."""
        self._send(self._producer, events)
        deadline = time.monotonic() + self.patience
        while self._producer.flush(_STILL / 3) > 0:
            assert time.monotonic() < deadline, "Kafka does not acknowledge"
            self._renew()

    def _send(self, by: Producer, events: Iterable[Sent]) -> None:
        said = list(events)
        self._open.extend(said)
        super()._send(by, said)

    def _renew(self) -> None:
        """Go on with a new producer, as a client that is started again: librdkafka's idempotent one was seen to stand
        still for ever amid a run of 44 minutes: neither time nor new leaders helped."""
        now, had = time.monotonic(), len(self._open)
        while self._open and self._open[0].n in self.ledger.places:
            self._open.popleft()
        if len(self._open) < had or not self._open:
            self._moved = now
        if now - self._moved < _STILL:
            return
        self._producer.purge(in_queue=True, in_flight=True)
        self._producer.poll(0)
        again = [sent for sent in self._open if sent.n not in self.ledger.places]
        self._producer, self._moved, self.renewed = Producer(self._settings), now, self.renewed + 1
        self._open.clear()
        self.ledger.again.update(sent.n for sent in again)
        self._send(self._producer, again)

    def end(self) -> None:
        """The last events, awaited parents among them; what the gateway never acknowledged is a maybe."""
        self.stop.set()
        self.join(30)
        assert not self.is_alive(), "the load does not stop"
        self.door.end()
        self.publish(self.ledger.closing())
        missing = {s.n for s in self.ledger.sent} - self.ledger.places.keys()
        assert missing <= self.ledger.maybe, [self.ledger.sent[n] for n in missing - self.ledger.maybe][:3]


class Door(threading.Thread):
    """Publishes through the gateway as a client does: what was not acknowledged is sent again, the same."""

    def __init__(self, endpoints: Endpoints, ledger: Ledger) -> None:
        super().__init__(daemon=True)
        self.answers: list[tuple[float, int]] = []  # (when, status); 0 = no answer
        self._url, self._ledger = f"{endpoints.gateway}/v1/events", ledger
        self._waiting: queue.SimpleQueue[Sent | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._refused = ""

    def hand(self, sent: Sent) -> None:
        self._waiting.put(sent)

    def end(self) -> None:
        """When everything is acknowledged, within a minute; the rest may or may not be there."""
        self._waiting.put(None)
        self.join(60)
        self._closing.set()
        self.join(2 * _PATIENCE)
        assert not self._refused, self._refused

    def told(self) -> Counter[int]:
        return Counter(status for _, status in self.answers)

    def run(self) -> None:
        with httpx2.Client(timeout=_PATIENCE) as client:
            while (sent := self._waiting.get()) is not None:
                while not self._accepted(client, sent):
                    if self._closing.wait(0.3):
                        self._ledger.maybe.add(sent.n)
                        break

    def _accepted(self, client: httpx2.Client, sent: Sent) -> bool:
        event = {"specversion": "1.0", "id": sent.id, "source": sent.source, "type": sent.kind, "tenant": sent.tenant}
        headers = {"content-type": "application/cloudevents+json"}
        try:
            status = client.post(self._url, json={**event, "data": _plain(sent.data)}, headers=headers).status_code
        except httpx2.HTTPError:
            status = 0
        self.answers.append((time.time(), status))
        if 200 <= status < 300:
            self._ledger.places[sent.n] = f"gateway/{status}"
            return True
        if status not in (0, 429) and status < 500:
            self._refused = f"the gateway refused {sent} with {status}"
        return False


class Book(Ledger):
    """The ledger, with what only this rig sends; some leads say that they happened long ago, or soon."""

    def happened(self, sent: Sent) -> int | None:
        """The event time that a record states, ms; None = it states none."""
        said = dict(sent.extra).get("ce_time")
        return None if said is None else round(datetime.fromisoformat(said.decode()).timestamp() * 1000)

    def _lead(self, tenant: str) -> list[Sent]:
        (made,) = super()._lead(tenant)
        if tenant not in WALL or self.chance.random() < 0.5:
            return [made]
        at = self.now - self.chance.randrange(-SKEW, LATE)
        said = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
        return [self._replace(made, extra=(("ce_time", said.encode()),))]

    def by_hand(self) -> Sent:
        """An event whose place among the others does not matter: it goes through the gateway, whenever that is up."""
        return self._target(self.chance.choice(WALL))

    def poison(self, count: int) -> list[Sent]:
        """Bad records of one tenant, one after the other, and a good one behind them."""
        tenant, made = self.chance.choice(WALL), list[Sent]()
        while len(made) < count:
            made += [self._replace(bad, partition=0) for bad in self._bad(tenant)]
        lead = f"P{len(self.sent)}"
        return [*made, self._make("lead.captured", tenant, lead, self._lead_data(lead), partition=0)]


def _plain(data: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, (int, str, type(None))) else str(value) for name, value in data.items()}
