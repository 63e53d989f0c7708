"""Between which borders each metric of each equipment should be: what the spine says, from its beginning on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from sharedchain.codec import Codec
from sharedchain.errors import ConnectionFailed
from sharedchain.fact import Fact
from sharedchain.scope import PARTITIONS, SPINE
from sharedchain.spine import read_fact
from streams.telemetry.thin import SCALE, Key, Limit

TYPE = "master.equipment.upserted"
_TYPE = ("ce_type", TYPE.encode())


def limits_of(data: Mapping[str, Any], tenant: str) -> dict[Key, Limit]:
    """The borders that an equipment's master record gives its metrics; without a value there are none."""
    found: dict[Key, Limit] = {}
    for one in data.get("setpoints") or ():
        if one["value"] is not None:
            tolerance = abs(one["tolerance"] or Decimal(0))
            low, high = (int((one["value"] + sign * tolerance) * SCALE) for sign in (-1, 1))
            found[tenant, data["equipment_id"], one["parameter"]] = Limit(low, high, one["unit"] or "")
    return found


class Setpoints:
    """`limits` grow with the spine; `ready` is set when all of it that was there has been read."""

    def __init__(self, reader: Consumer, codec: Codec) -> None:
        self.limits: dict[Key, Limit] = {}
        self.ready = threading.Event()
        self._reader, self._codec = reader, codec
        self._of: dict[tuple[str, str], frozenset[Key]] = {}
        self._open = set(range(PARTITIONS))

    def follow(self) -> None:
        """For ever. Raises ConnectionFailed: the broker says that it will not come again."""
        self._reader.assign([TopicPartition(SPINE, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
        while True:
            for message in self._reader.consume(10_000, 0.2):
                error = message.error()
                if error is None:
                    if _TYPE in (message.headers() or ()):
                        self.learn(read_fact(self._codec, message))
                elif error.code() == KafkaError._PARTITION_EOF:
                    self._open.discard(message.partition() or 0)
                elif not error.retriable():
                    raise ConnectionFailed(f"cannot read {SPINE}: {error}")
            if not self._open:
                self.ready.set()

    def learn(self, fact: Fact) -> None:
        """What one accepted fact says: the equipment's setpoints are these now, and no others."""
        if fact.kind == "fact" and fact.type == TYPE:
            mine, now = (fact.scope, fact.data["equipment_id"]), limits_of(fact.data, fact.scope)
            self.limits.update(now)
            for key in self._of.get(mine, frozenset()) - now.keys():
                del self.limits[key]
            self._of[mine] = frozenset(now)
