"""An ordinary per-event Faust app on our transport: `plain_worker.py HOME TOPIC EVENTS FLAG worker …`.

Touches FLAG when it has handled EVENTS events and then tried to commit some ten times more.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import faust
from faust.transport.consumer import Consumer as Stock

from sharedchain.endpoints import Endpoints
from streams import seam


def main() -> None:
    home, topic, events, flag = Path(sys.argv.pop(1)), sys.argv.pop(1), int(sys.argv.pop(1)), Path(sys.argv.pop(1))
    if os.environ.get("TOY_TWIN") == "stock_commits":
        seam.Consumer._new_offset = Stock._new_offset  # type: ignore[method-assign]
        seam.Consumer._add_gap = Stock._add_gap  # type: ignore[method-assign]
    app = faust.App(
        f"{topic}.group", broker=f"{seam.SCHEME}://{Endpoints.load(home).kafka}", store="memory://",
        datadir=flag.parent, topic_allow_declare=False, topic_disable_leader=True,
        consumer_auto_offset_reset="earliest", broker_commit_interval=0.1, stream_recovery_delay=0.0,
    )  # fmt: skip
    source = app.topic(topic, value_type=bytes, value_serializer="raw")
    handled = [0, 0]

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def count(stream: faust.Stream) -> None:
        async for _ in stream:
            handled[0] += 1

    @app.timer(0.1)  # type: ignore[untyped-decorator]
    async def tell() -> None:
        handled[1] += handled[0] >= events
        if handled[1] == 15:
            flag.touch()

    app.main()


if __name__ == "__main__":
    main()
