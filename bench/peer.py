"""Plain Faust as it comes: `python -m bench.peer MODE HOME TOPIC EVENTS` prints one line of JSON (count) or runs on.

`count` decodes each event and counts its type into a Table; from the first 5 % on it takes its own
time and CPU. `alert` decodes, asks whether a lead lacks its owner, and sends its id to `TOPIC.alerts`.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import fastavro
import faust

from sharedchain.endpoints import Endpoints
from sharedchain.registry import Registry

PARTITIONS = 4


def main() -> None:
    mode, home, topic, events = sys.argv[1:5]
    endpoints = Endpoints.load(Path(home))
    decode = _decoder(Registry(endpoints.registry))
    app = faust.App(
        f"{topic}.faust", broker=f"kafka://{endpoints.kafka}", store="memory://", value_serializer="raw",
        topic_partitions=PARTITIONS, consumer_auto_offset_reset="earliest", datadir=tempfile.mkdtemp(),
        producer_linger=0.0,
    )  # fmt: skip
    source = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    if mode == "count":
        _count(app, source, decode, int(events))
    else:
        _alert(app, source, decode, f"{topic}.alerts")
    sys.argv[1:] = ["worker", "--without-web", "-l", "error"]
    app.main()


def _count(app: Any, source: Any, decode: Any, events: int) -> None:
    table = app.Table("counts", key_type=str, value_type=int, default=int, partitions=PARTITIONS)
    seen = {"events": 0, "began": 0.0, "cpu": 0.0, "from": 0}

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def count(stream: Any) -> None:
        async for event in stream.events():
            kind, _ = decode(event.value)
            table[kind] += 1
            seen["events"] += 1
            if not seen["from"] and seen["events"] >= events * 0.05:
                seen.update({"from": seen["events"], "began": time.monotonic(), "cpu": time.process_time()})
            if seen["events"] == events:
                _tell(seen)


def _tell(seen: dict[str, Any]) -> None:
    said = {
        "count": seen["events"] - seen["from"],
        "seconds": time.monotonic() - seen["began"],
        "cpu": time.process_time() - seen["cpu"],
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "events": seen["events"],
    }
    os.write(1, json.dumps(said).encode())  # Faust turns print into log lines
    os._exit(0)


def _alert(app: Any, source: Any, decode: Any, into: str) -> None:
    alerts = app.topic(into, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def watch(stream: Any) -> None:
        async for event in stream.events():
            _, data = decode(event.value)
            if not data["owner_id"]:
                await alerts.send(value=data["lead_id"].encode())


def _decoder(registry: Registry) -> Any:
    known: dict[int, Any] = {}

    def decode(value: bytes) -> tuple[str, dict[str, Any]]:
        number = int.from_bytes(value[1:5], "big")
        schema = known.get(number)
        if schema is None:
            schema = known[number] = fastavro.parse_schema(json.loads(registry.schema_by_id(number)))
        return schema["name"], fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)

    return decode


if __name__ == "__main__":
    main()
