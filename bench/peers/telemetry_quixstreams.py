"""quixstreams on readings: `PYTHON bench/peers/telemetry_quixstreams.py BROKER COUNT TOPIC SCHEMA LIMIT`: decode, rule.

The state is a dict, nothing is stored. Its consumer fetches far ahead, as librdkafka advises for a backlog.
"""

from __future__ import annotations

import os
import sys
import tempfile

from judge import Judge
from quixstreams import Application


def main() -> None:
    broker, count, topic, schema, limit = sys.argv[1:6]
    app = Application(
        broker_address=broker, consumer_group=f"bench-telemetry-{os.getpid()}", auto_offset_reset="earliest",
        loglevel="ERROR", state_dir=tempfile.mkdtemp(), commit_interval=1.0, auto_create_topics=False,
        consumer_extra_config={"fetch.queue.backoff.ms": 5, "queued.min.messages": 1_000_000},
    )  # fmt: skip
    source = app.topic(topic, value_deserializer="bytes", key_deserializer="bytes")
    app.dataframe(source).update(Judge(int(count), schema, float(limit)))
    app.run()


if __name__ == "__main__":
    main()
