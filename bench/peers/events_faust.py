"""Plain Faust: `PYTHON bench/peers/events_faust.py MODE BROKER TOPIC EVENTS SCHEMAS`; needs its own environment alone.

`count` decodes each event and counts its type into a Table; from the first 5 % on it takes its own time and CPU, and
prints one line of JSON. `alert` decodes, asks whether a lead lacks its owner, and sends its id to `TOPIC.alerts`; it
runs on. SCHEMAS is a file of JSON, {id: Avro schema}.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import fastavro
import plain_faust

PARTITIONS = 4


def main() -> None:
    mode, broker, topic, events, schemas = sys.argv[1:6]
    decode = _decoder(json.loads(Path(schemas).read_text()))
    app = plain_faust.app(f"{topic}.faust", broker, PARTITIONS)
    source = plain_faust.raw(app, topic)
    if mode == "count":
        _count(app, source, decode, int(events))
    else:
        _alert(app, source, decode, f"{topic}.alerts")
    plain_faust.work(app)


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


def _decoder(schemas: dict[str, Any]) -> Any:
    known = {int(number): fastavro.parse_schema(schema) for number, schema in schemas.items()}

    def decode(value: bytes) -> tuple[str, dict[str, Any]]:
        schema = known[int.from_bytes(value[1:5], "big")]
        return schema["name"], fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)

    return decode


if __name__ == "__main__":
    main()
