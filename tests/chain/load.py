"""Publishes a ledger at a pace, and now and then loses an acknowledgement, as clients do."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Producer

from sharedchain.endpoints import Endpoints
from sharedchain.kafka import producer
from tests.chain.crew import until
from tests.chain.ledger import Ledger, Sent

_BEAT = 0.05  # seconds between two handfuls
_HANDFUL = 6


class Load(threading.Thread):
    """Some 120 events/s until `end`. An event counts as accepted once its record was acknowledged."""

    patience = 60.0  # seconds for Kafka to acknowledge

    def __init__(self, endpoints: Endpoints, ledger: Ledger) -> None:
        super().__init__(daemon=True)
        self.endpoints, self.ledger = endpoints, ledger
        self.stop = threading.Event()
        self.twice = 0  # events sent again, because nobody knew whether they had arrived
        self._failure: BaseException | None = None
        self._producer = producer(endpoints)

    def publish(self, events: Iterable[Sent]) -> None:
        """Send, and return when all are acknowledged."""
        self._send(self._producer, events)
        assert self._producer.flush(self.patience) == 0, "Kafka does not acknowledge"

    def run(self) -> None:
        try:
            beat = 0
            while not self.stop.wait(_BEAT):
                beat += 1
                self._send(self._producer, [e for _ in range(_HANDFUL) for e in self.ledger.more()])
                self._producer.poll(0)
                if beat % 200 == 100:
                    self._crash(again=True)
        except BaseException as error:
            self._failure = error

    def more(self, events: int) -> None:
        """Wait until so many more are acknowledged."""
        target = len(self.ledger.places) + events
        until(lambda: len(self.ledger.places) >= target or self._failure, self.patience, "the load stands still")
        assert self._failure is None, self._failure

    def end(self) -> None:
        """The last events, awaited parents among them; one publisher dies without a successor."""
        self.stop.set()
        self.join(30)
        assert not self.is_alive(), "the load does not stop"
        assert self._failure is None, self._failure
        self._crash(again=False)
        self.publish(self.ledger.closing())
        missing = {s.n for s in self.ledger.sent} - self.ledger.places.keys()
        assert missing <= self.ledger.maybe, [self.ledger.sent[n] for n in missing - self.ledger.maybe][:3]

    def _crash(self, *, again: bool) -> None:
        """A publisher of its own dies amid a burst: what arrived nobody knows. Another one sends it `again`."""
        assert self._producer.flush(60) == 0
        burst = self.ledger.burst(60, only_leads=not again)
        dying = producer(self.endpoints, linger_ms=1)
        self._send(dying, burst)
        until(lambda: dying.poll(0.001) or burst[0].n in self.ledger.places, 30, "the burst does not begin")
        dying.purge(in_queue=True, in_flight=True)
        dying.poll(0)
        lost = [e for e in burst if e.n not in self.ledger.places]
        if again:
            self.twice += len(burst)
            self.publish(burst)
        else:
            self.ledger.maybe |= {e.n for e in lost}

    def _send(self, by: Producer, events: Iterable[Sent]) -> None:
        for event in events:

            def done(error: Any, message: Any, n: int = event.n) -> None:
                if error is None:
                    self.ledger.places[n] = f"{message.topic()}/{message.partition()}/{message.offset()}"

            by.produce(event.topic, event.value, None, event.partition, headers=[*event.headers], on_delivery=done)
