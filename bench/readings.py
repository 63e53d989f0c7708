"""The same readings and the same five conditions for every engine; standard library only, for peers of other homes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

TYPE = "sensor.reading"
Reading = dict[str, Any]

# As a stream engine's user writes them, and as our rules say them.
CONDITIONS: tuple[Callable[[Reading], bool], ...] = (
    lambda m: m["value"] > 99.0,
    lambda m: m["value"] < 1.0 and m["metric"] == "temperature",
    lambda m: m["metric"] == "pressure" and m["value"] >= 98.5 and m["quality_flag"] != "BAD",
    lambda m: m["equipment_id"].startswith("EQ-00") and m["value"] > 95.0,
    lambda m: m["metric"] in ("speed", "torque") and (m["value"] > 99.5 or m["value"] < 0.5),
)
CEL = (
    ["message.value > 99.0"],
    ["message.value < 1.0", 'message.metric == "temperature"'],
    ['message.metric == "pressure"', "message.value >= 98.5", 'message.quality_flag != "BAD"'],
    ['message.equipment_id.startsWith("EQ-00")', "message.value > 95.0"],
    ['message.metric in ["speed", "torque"]', "message.value > 99.5 || message.value < 0.5"],
)


def readings(count: int) -> Iterator[Reading]:
    """The same ones at each call; about one in forty meets a condition."""
    chance = random.Random(6)
    for n in range(count):
        yield {
            "equipment_id": f"EQ-{chance.randrange(1000):03}",
            "component_id": "B",
            "metric": chance.choice(("temperature", "pressure", "speed", "torque")),
            "value": chance.randrange(10_000) / 100,
            "unit": "x",
            "quality_flag": chance.choice(("OK", "BAD")),
            "at": n,
        }
