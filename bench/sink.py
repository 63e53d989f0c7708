"""The spine into ClickHouse: our sink, exactly once, against a hand-written insert, at least once."""

from __future__ import annotations

import json
import sys
from typing import Any

from confluent_kafka import TopicPartition

from bench.chain import Chain
from bench.meter import Run, metered, ratio, side, times
from bench.table import Row, distance
from sharedchain.barrier import CLICKHOUSE
from sharedchain.kafka import consumer
from sharedchain.scope import PARTITIONS, SPINE
from sinks.clickhouse.store import connect

UNLIKE = (
    "rows/s; ours from «ready» on, with alerts, minute rows and live updates in the same run; the other from its "
    "first record on, spine facts only; both decode with our codec and insert rows through clickhouse-connect"
)
_TABLES = ("facts", "alerts", "metric_minute")
_ALL = f"SELECT sum(c) FROM ({' UNION ALL '.join(f'SELECT count() AS c FROM {t}' for t in _TABLES)})"


def positions(chain: Chain) -> dict[int, int]:
    """Where our sink stands on the spine."""
    asked = consumer(chain.endpoints, CLICKHOUSE)
    found = asked.committed([TopicPartition(SPINE, p) for p in range(PARTITIONS)], timeout=30)
    asked.close()
    return {tp.partition: max(tp.offset, 0) for tp in found}


def round_(chain: Chain, number: int, start: dict[int, int], scopes: list[str]) -> tuple[Run, Run]:
    """The sink was stopped at `start`; the facts of `scopes` wait. Ours, then the hand-written one."""
    client = connect(chain.endpoints.clickhouse)

    def count(query: str, **said: Any) -> int:
        return int(client.query(query, said).result_rows[0][0])

    chain.stack.start("sink")
    before = count(_ALL)
    measured = metered([chain.stack.pid("sink")], 1, chain.stored)
    rows = count(_ALL) - before
    assert rows > 0, "the sink had stored everything before it was measured: take more events"
    table = f"bench_facts_{number}"
    client.command(f"CREATE TABLE {table} AS facts")
    facts = "SELECT count() FROM {t:Identifier} WHERE n = 0 AND scope IN {s:Array(String)}"
    ours = count(facts, t="facts", s=scopes)
    words = ("bench.handsink", str(chain.endpoints.home), table, json.dumps(start), str(ours))
    theirs = chain.told(lambda _: None, sys.executable, "-m", *words)  # it decodes and connects as we do: our Python
    found = count(facts, t=table, s=scopes)
    assert found == ours, f"{ours} facts in our table, {found} in the other"
    client.command(f"DROP TABLE {table}")
    return Run(rows, measured.seconds, measured.cpu, measured.rss), theirs


def row(ours: list[Run], theirs: list[Run]) -> Row:
    against = f"confluent-kafka by hand, at least once: {side(theirs)}"
    work = "sink: facts into ClickHouse exactly once"
    return Row(
        work, side(ours), against, ratio(ours, theirs), "1× (0.7×)", UNLIKE, distance(times(ours, theirs), 0.7, 1)
    )
