"""Plain Faust on readings: `PYTHON bench/peers/telemetry_faust.py BROKER COUNT TOPIC SCHEMA LIMIT`: decode + rule.

One event a message, as Faust comes; the state is a dict, nothing is stored.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import plain_faust
from judge import Judge


def main() -> None:
    broker, count, topic, schema, limit = sys.argv[1:6]
    judge = Judge(int(count), schema, float(limit))
    app = plain_faust.app(f"bench-telemetry-{os.getpid()}", broker, 8)

    @app.agent(plain_faust.raw(app, topic))  # type: ignore[untyped-decorator]
    async def each(stream: Any) -> None:
        async for value in stream:
            judge(value)

    plain_faust.work(app)


if __name__ == "__main__":
    main()
