"""quixstreams on readings: `PYTHON bench/readings_quixstreams.py N`; no broker: its composed frame, called by hand."""

from __future__ import annotations

import json
import sys
import time

from quixstreams import Application
from quixstreams.models import Topic
from readings import CONDITIONS, readings


def main(count: int) -> None:
    app = Application(
        broker_address="127.0.0.1:9", consumer_group="readings", loglevel="ERROR", auto_create_topics=False
    )
    topic = Topic(name="readings")
    frame = app.dataframe(topic)
    alerts = [0]

    def judge(one: dict[str, object]) -> None:
        for condition in CONDITIONS:
            if condition(one):
                alerts[0] += 1

    frame = frame.update(judge)
    run = frame.compose()[topic.name]
    said = list(readings(count))
    began = time.process_time()
    for one in said:
        run(one, b"key", 0, None)
    print(json.dumps({"events": count, "alerts": alerts[0], "cpu": time.process_time() - began}))


main(int(sys.argv[1]))
