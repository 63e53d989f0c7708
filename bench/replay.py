"""Folding the log again with the live core, against the live path that decided it."""

from __future__ import annotations

import os
from collections import Counter
from itertools import islice

from bench.chain import Chain
from bench.meter import Run, metered, ratio, side, times
from bench.table import Row, distance
from sharedchain.core import fold
from sharedchain.fact import CAUSE_PARTITION, CAUSE_SEQ, INGEST
from sharedchain.kafka import consumer
from sharedchain.scope import PARTITIONS, SPINE
from sharedchain.spine import read_fact_from
from sharedchain.tail import READER, records

DERIVED = ("sales.forecast.live.v1", "ops.alert.v1", "ops.metric.v1")
UNLIKE = "replay: one process, the log in one go, nothing written; live: ingest and engine on events as they come"


def run(chain: Chain) -> Run:
    """Fold the whole spine; what it derives is checked against what the engine published. Counted are published facts,
    as on the live path; what ingest derives of them is folded too."""
    made: Counter[str] = Counter()
    last: dict[int, int] = {}
    facts = 0

    def work() -> None:
        nonlocal facts
        reader = consumer(chain.endpoints, "bench.replay", **READER)
        for partition in range(PARTITIONS):
            state = fold.new_state()
            seen = (
                read_fact_from(chain.codec, partition=partition, offset=s.offset, headers=s.headers, value=s.value)
                for s in records(reader, SPINE, partition, None)
            )
            while batch := list(islice(seen, 1000)):
                state, derived = fold.step(state, batch)
                facts += sum(fact.kind == "fact" and fact.source != INGEST for fact in batch)
                last[partition] = batch[-1].seq
                made.update(chain.codec.catalog.types[d.type].topic for d in derived)
        reader.close()

    measured = metered([os.getpid()], 1, work)
    found = _published(chain, last)
    assert found == made, f"published {dict(found)}, replayed {dict(made)}"
    return Run(facts, measured.seconds, measured.cpu, measured.rss)


def _published(chain: Chain, last: dict[int, int]) -> Counter[str]:
    """How many events the engine derived of the spine up to these `seq`s, by topic."""
    chain.decided()
    found: Counter[str] = Counter()
    reader = consumer(chain.endpoints, "bench.published", **READER)
    for topic in DERIVED:
        for partition in range(PARTITIONS):
            for seen in records(reader, topic, partition, None):
                said = dict(seen.headers)
                found[topic] += int(said[CAUSE_SEQ]) <= last.get(int(said[CAUSE_PARTITION]), 0)
    reader.close()
    return +found


def row(replayed: list[Run], live: list[Run]) -> Row:
    return Row(
        "replay of the log with the live rules", side(replayed), f"the live path: {side(live)}", ratio(replayed, live),
        "20× (4×)", UNLIKE,
        distance(times(replayed, live), 4, 20),
    )  # fmt: skip
