"""What was published as telemetry, and what its minutes must then hold: pure Python, nothing of the lane's own code."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Producer

from sharedchain.codec import Codec
from sharedchain.kafka import producer
from sharedchain.telemetry import TOPIC
from tests.sinks.rig import PATIENCE, House

Key = tuple[str, str, str, int]  # tenant, equipment, metric, minute


@dataclass
class Ledger:
    """Publishes readings, single and in arrays, and remembers each."""

    house: House
    seed: str
    tenant: str = "acme"
    minutes: dict[Key, list[tuple[float, int]]] = field(default_factory=dict)
    count: int = 0
    refused: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._producer: Producer = producer(self.house.endpoints)
        self._said: set[tuple[str, str, int]] = set()
        self._sent: list[tuple[int, bytes]] = []
        self._headers: list[tuple[str, str | bytes | None]] = [("ce_tenant", self.tenant.encode())]

    @property
    def codec(self) -> Codec:
        return self.house.codec

    def publish(self, messages: int, now: int, *, wrong: int = 0, back: int = 0) -> None:
        """`messages` of one reading or of many, measured around `now` - `back` (ms); then `wrong` broken ones."""
        types, chance = self.house.catalog.types, self._chance
        for _ in range(messages):
            points = [self._point(now - back) for _ in range(chance.choice((1, 1, 1, 20)))]
            many = len(points) > 1
            data = {"gateway_id": "G", "readings": points} if many else points[0]
            kind = types["telemetry.readings" if many else "telemetry.reading"]
            self._send(self.codec.encode(kind, data))
            for point in points:
                key = (self.tenant, point["equipment_id"], point["metric"], point["at"] // 60_000 * 60_000)
                self.minutes.setdefault(key, []).append((point["value"], point["at"]))
            self.count += len(points)
            if wrong and chance.random() < 0.1:
                wrong -= 1
                self._wrong(now)
        for _ in range(wrong):
            self._wrong(now)
        assert self._producer.flush(PATIENCE) == 0

    def _wrong(self, now: int) -> None:
        good = self.codec.encode(self.house.catalog.types["telemetry.reading"], self._point(now))
        bad = self._chance.choice([good + b"x", good[:-1], good[:3], b"\0\0\0\x7f\x7f" + good[5:]])
        self.refused.append(bad)
        self._send(bad)

    def _point(self, now: int) -> dict[str, Any]:
        chance = self._chance
        while True:
            equipment, metric = f"EQ-{self.seed}-{chance.randrange(5)}", chance.choice(("t", "p"))
            at = now - chance.randrange(100_000)
            if (said := (equipment, metric, at)) not in self._said:  # else the sink would say it is a repetition
                break
        self._said.add(said)
        return {
            "equipment_id": equipment, "component_id": "B", "metric": metric, "value": round(chance.gauss(50, 15), 3),
            "unit": None, "quality_flag": None, "at": at,
        }  # fmt: skip

    def repeat(self) -> None:
        """All of it once more, as a gateway that did not hear the answer."""
        for partition, value in self._sent[:]:
            self._producer.produce(TOPIC, value=value, partition=partition, headers=self._headers)
        assert self._producer.flush(PATIENCE) == 0

    def _send(self, value: bytes) -> None:
        partition = self._chance.randrange(3)
        if value not in self.refused:
            self._sent.append((partition, value))
        self._producer.produce(TOPIC, value=value, partition=partition, headers=self._headers)

    def expected(self) -> Iterator[tuple[Key, int, int, int, int]]:
        """Key, count, and sum, least and greatest in ten-thousandths."""
        for key, said in self.minutes.items():
            values = [math.floor(value * 10_000 + 0.5) for value, _ in said]
            yield key, len(values), sum(values), min(values), max(values)
