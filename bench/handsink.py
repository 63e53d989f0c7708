"""A sink as one writes it by hand: `python -m bench.handsink HOME TABLE POSITIONS ROWS`; one line of JSON at the end.

confluent-kafka in, clickhouse-connect out, at least once: insert, then commit. POSITIONS is JSON,
{spine partition: first offset}; it ends after ROWS rows.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from confluent_kafka import TopicPartition

from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import consumer
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE
from sharedchain.spine import read_fact
from sinks.clickhouse.rows import FACTS, fact_row
from sinks.clickhouse.store import connect

_BATCH = 10_000


def main() -> None:
    home, table, positions, wanted = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4])
    endpoints = Endpoints.load(home)
    codec = Codec(Registry(endpoints.registry), Catalog.load())
    client = connect(endpoints.clickhouse)
    types = list(client.create_insert_context(table, list(FACTS.columns)).column_types)
    reader = consumer(endpoints, f"bench.{table}", **{"queued.max.messages.kbytes": 16_384})
    reader.assign([TopicPartition(SPINE, int(p), offset) for p, offset in positions.items()])
    done, began, cpu = 0, 0.0, 0.0
    while done < wanted:
        found = reader.consume(_BATCH, 0.1)
        if not found:
            continue
        if not began:
            began, cpu = time.monotonic(), time.process_time()
        rows = [row for message in found if not message.error() and (row := fact_row(read_fact(codec, message)))]
        if rows:
            client.insert(table, [list(row) for row in rows], column_names=list(FACTS.columns), column_types=types)
        reader.commit(asynchronous=False)
        done += len(rows)
    said: dict[str, Any] = {"count": done, "seconds": time.monotonic() - began, "cpu": time.process_time() - cpu}
    print(json.dumps(said | {"rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


if __name__ == "__main__":
    main()
