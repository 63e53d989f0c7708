"""Plain Faust on readings: `python bench/readings_faust.py N`; no broker: a stream over a list."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import faust
from readings import CONDITIONS, readings


async def main(count: int) -> None:
    app = faust.App("readings", broker="kafka://127.0.0.1:9", store="memory://")
    app.flow_control.resume()
    said = list(readings(count))
    alerts = seen = 0
    began = time.process_time()
    async for one in app.stream(said):
        for condition in CONDITIONS:
            if condition(one):
                alerts += 1
        seen += 1
        if seen == count:
            break
    print(json.dumps({"events": seen, "alerts": alerts, "cpu": time.process_time() - began}))


asyncio.run(main(int(sys.argv[1])))
