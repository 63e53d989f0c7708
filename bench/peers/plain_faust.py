"""Plain Faust with the settings that its documentation, and a search over them, make fastest: uvloop, no waiting for
empty streams, large buffers and fetches, no CRC; sending waits for nothing."""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from typing import Any

import faust


def app(name: str, broker: str, partitions: int) -> Any:
    """Its group is `name`; it reads every topic from the beginning."""
    return faust.App(
        name, broker=f"kafka://{broker}", store="memory://", value_serializer="raw",
        topic_partitions=partitions, consumer_auto_offset_reset="earliest", datadir=tempfile.mkdtemp(),
        producer_linger=0.0, broker_max_poll_records=4000, stream_buffer_maxsize=65536, stream_wait_empty=False,
        broker_check_crcs=False, consumer_max_fetch_size=4 << 20, cython_optimizations=True,
    )  # fmt: skip


def raw(app: Any, topic: str) -> Any:
    """The topic's records as bytes."""
    return app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


def work(app: Any) -> None:
    """Be a worker of it until killed."""
    loop = ["--loop", "uvloop"] if find_spec("uvloop") else []  # its lock has it
    sys.argv[1:] = [*loop, "worker", "--without-web", "-l", "error"]
    app.main()
