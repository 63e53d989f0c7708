"""From how many bytes on a slice is cheaper read whole: `python -m bench.decode`; no broker, CPU of one process."""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sharedchain.codec import Codec
from sharedchain.schemas import Catalog
from sharedchain.telemetry import Slices

_NOW = 1_777_000_000_000
_SIZES = (1, 10, 30, 100, 200, 300, 500, 1000, 5000, 20_000)


@dataclass(frozen=True, slots=True)
class Seen:
    offset: int
    value: bytes
    headers: tuple[()] = ()
    timestamp: int = _NOW


class _Shelf:
    def __init__(self) -> None:
        self._texts: list[str] = []

    def register(self, _: str, schema: str) -> int:
        if schema not in self._texts:
            self._texts.append(schema)
        return self._texts.index(schema) + 1

    def schema_by_id(self, schema_id: int) -> str:
        return self._texts[schema_id - 1]


def readings(count: int) -> Iterator[dict[str, Any]]:
    """The same ones at each call: 2,000 devices, two metrics each."""
    chance = random.Random(7)
    for n in range(count):
        device = chance.randrange(2000)
        yield {
            "equipment_id": f"EQ-{device:05}", "component_id": "B",
            "metric": chance.choice(("temperature", "pressure")),
            "value": chance.gauss(50, 15), "unit": "x", "quality_flag": "OK", "at": _NOW - 60_000 + n,
        }  # fmt: skip


def main() -> int:
    catalog = Catalog.load()
    codec = Codec(_Shelf(), catalog)
    one, some = catalog.types["telemetry.reading"], catalog.types["telemetry.readings"]
    singles = [Seen(n, codec.encode(one, data)) for n, data in enumerate(readings(max(_SIZES)))]
    said = list(readings(50_000))
    arrays = [
        Seen(n, codec.encode(some, {"gateway_id": "G", "readings": said[at : at + 100]}))
        for n, at in enumerate(range(0, len(said), 100))
    ]
    rows, whole = Slices(codec, large=1 << 40), Slices(codec, large=0)
    print("| messages | readings each | bytes | by rows µs/reading | whole µs/reading |\n|---|---|---|---|---|")
    for kind, each, sizes in ((singles, 1, _SIZES), (arrays, 100, (1, 3, 10, 50, 200))):
        for size in sizes:
            taken = kind[:size]
            found = [_cost(partial(one_way.read, taken), size * each) for one_way in (rows, whole)]
            weight = sum(len(record.value) for record in taken)
            print(f"| {size} | {each} | {weight:,} | {found[0]:.2f} | {found[1]:.2f} |")
    return 0


def _cost(work: Callable[[], Any], count: int) -> float:
    """CPU microseconds a reading, the median of several rounds."""
    took = []
    for _ in range(7):
        repeat, began = max(1, 2000 // count), time.process_time()
        for _ in range(repeat):
            work()
        took.append((time.process_time() - began) / repeat / count * 1e6)
    return statistics.median(took)


if __name__ == "__main__":
    sys.exit(main())
