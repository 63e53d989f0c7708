"""quixstreams: `PYTHON bench/peers/alerts_quixstreams.py BROKER TOPIC SCHEMAS`: decode, rule, produce; it runs on.

A lead without an owner has its id sent to `TOPIC.alerts`. SCHEMAS is a file of JSON, {id: Avro schema}. Settings: its
producer waits for nothing (`linger.ms` 0), its consumer asks again at once (`fetch.queue.backoff.ms` 5).
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

import fastavro
from quixstreams import Application


def main() -> None:
    broker, topic, schemas = sys.argv[1:4]
    known = {int(n): fastavro.parse_schema(schema) for n, schema in json.loads(Path(schemas).read_text()).items()}
    app = Application(
        broker_address=broker, consumer_group=f"{topic}.quixstreams", auto_offset_reset="earliest", loglevel="ERROR",
        state_dir=tempfile.mkdtemp(), commit_interval=1.0, auto_create_topics=False,
        consumer_extra_config={"fetch.queue.backoff.ms": 5, "fetch.wait.max.ms": 50},
        producer_extra_config={"linger.ms": 0},
    )  # fmt: skip
    into = app.topic(f"{topic}.alerts", value_serializer="bytes", key_serializer="bytes")

    def judge(value: bytes) -> list[bytes]:
        schema = known[int.from_bytes(value[1:5], "big")]
        data = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)
        return [] if data["owner_id"] else [data["lead_id"].encode()]

    frame = app.dataframe(app.topic(topic, value_deserializer="bytes", key_deserializer="bytes"))
    frame.apply(judge, expand=True).to_topic(into)
    app.run()


if __name__ == "__main__":
    main()
