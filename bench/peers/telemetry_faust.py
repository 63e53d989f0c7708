"""Plain Faust on readings: `PYTHON bench/peers/telemetry_faust.py BROKER COUNT TOPIC SCHEMA LIMIT`: decode + rule.

One event a message, as Faust comes; the state is a dict, nothing is stored. Settings as in `events_faust.py`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.util import find_spec
from typing import Any

import faust
from judge import Judge


def main() -> None:
    broker, count, topic, schema, limit = sys.argv[1:6]
    judge = Judge(int(count), schema, float(limit))
    app = faust.App(
        f"bench-telemetry-{os.getpid()}", broker=f"kafka://{broker}", store="memory://", value_serializer="raw",
        topic_partitions=8, consumer_auto_offset_reset="earliest", datadir=tempfile.mkdtemp(),
        broker_max_poll_records=4000, stream_buffer_maxsize=65536, stream_wait_empty=False,
        broker_check_crcs=False, consumer_max_fetch_size=4 << 20, cython_optimizations=True,
    )  # fmt: skip
    source = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def each(stream: Any) -> None:
        async for value in stream:
            judge(value)

    loop = ["--loop", "uvloop"] if find_spec("uvloop") else []  # its lock has it
    sys.argv[1:] = [*loop, "worker", "--without-web", "-l", "error"]
    app.main()


if __name__ == "__main__":
    main()
