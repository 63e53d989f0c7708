"""`sharedchain replay`: fold the spine again into an empty store, and compare: live = replay.

Reads every spine partition from its first record, feeds the pure core that the engine runs, and
writes facts, metrics and alerts into a database of their own. Then each table is compared with the
live one in both directions, in every column but those named provenance. Nobody is told anything.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sharedchain.codec import Codec
from sharedchain.core import fold
from sharedchain.endpoints import ClickHouse, Endpoints
from sharedchain.errors import Refused
from sharedchain.fact import Derived, Fact
from sharedchain.kafka import consumer
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import PARTITIONS, SPINE
from sharedchain.spine import derived_record, is_command, read_derived_from, read_fact_from
from sharedchain.tail import READER, records
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.rows import ALERTS, FACTS, METRIC_MINUTE, Row, Table, alert_row, derived_row, fact_row, metric_row
from sinks.clickhouse.store import Store, connect

_BLOCK = 5000  # rows an insert
_ROW = {"alert": (ALERTS, alert_row), "metric": (METRIC_MINUTE, metric_row)}
_LIVE = (FACTS, derived_row)  # every other thing that is derived


@dataclass(frozen=True, slots=True)
class Verdict:
    """One table: rows of the live store and of the replayed one, and how many differ."""

    table: str
    live: int
    replayed: int
    only_live: int
    only_replayed: int

    @property
    def equal(self) -> bool:  # EXCEPT works on sets: equal counts exclude doubles
        return self.live == self.replayed and not (self.only_live or self.only_replayed)


def replay(
    home: Annotated[Path | None, typer.Option(help="home of the running chain")] = None,
    into: Annotated[str, typer.Option(help="database to fill; it is emptied first")] = "sharedchain_replay",
) -> None:
    """Fold the log again into an empty store and compare it with the live one (exit 1 if they differ)."""
    endpoints = Endpoints.load(home)
    started = time.monotonic()
    facts = refold(endpoints, into)
    seconds = time.monotonic() - started
    verdicts = compare_stores(endpoints.clickhouse, into)
    print(f"{facts} records folded in {seconds:.1f} s ({facts / seconds:,.0f}/s), into {into}")
    for v in verdicts:
        print(f"{v.table:14} live {v.live:8} replayed {v.replayed:8} {'=' if v.equal else '≠'}", end="")
        print("" if v.equal else f"  only live {v.only_live}, only replayed {v.only_replayed}")
    sys.exit(0 if all(v.equal for v in verdicts) else 1)


def refold(endpoints: Endpoints, into: str, look: Callable[[Fact], None] = lambda fact: None) -> int:
    """Fold the whole spine with the core into database `into`; the number of records read. `look` sees each."""
    where = endpoints.clickhouse.model_copy(update={"database": into})
    with connect(where, database="default") as bare:
        bare.command("DROP DATABASE IF EXISTS {d:Identifier} SYNC", {"d": into})
    migrate(where)
    store = Store(where)
    codec = Codec(Registry.of(endpoints), Catalog.load())
    total = 0
    for partition in range(PARTITIONS):
        total += _refold_partition(endpoints, codec, store, partition, look)
    store.close()
    return total


def _refold_partition(
    endpoints: Endpoints, codec: Codec, store: Store, partition: int, look: Callable[[Fact], None]
) -> int:
    state, n = fold.new_state(), 0
    for block, facts in enumerate(batched_facts(endpoints, codec, partition)):
        state, derived = fold.step(state, facts)
        n += len(facts)
        rows: dict[str, tuple[Table, list[Row]]] = {}
        for fact in facts:
            look(fact)
            if row := fact_row(fact):
                rows.setdefault("facts", (FACTS, []))[1].append(row)
        for one in derived:
            if is_command(codec, one.type):
                continue  # what came of it stands on the spine
            table, make = _ROW.get(one.type.split(".")[0], _LIVE)
            try:
                rows.setdefault(table.name, (table, []))[1].append(make(_as_read(codec, one)))
            except Refused:
                continue  # what an action said and no schema holds was not written live either
        for name, (table, found) in rows.items():
            store.insert(table, found, f"replay:{name}:{partition}:{block}")
    return n


def _as_read(codec: Codec, derived: Derived) -> Derived:
    """The derived event as a reader of its topic gets it: the same way through Avro as live."""
    record = derived_record(codec, derived)
    return read_derived_from(codec, headers=record.headers, value=record.value)


def batched_facts(endpoints: Endpoints, codec: Codec, partition: int) -> Iterator[list[Fact]]:
    """All committed records of a spine partition, in order, in lists of up to 5,000."""
    pending: list[Fact] = []
    for fact in spine(endpoints, codec, partition):
        pending.append(fact)
        if len(pending) == _BLOCK:
            yield pending
            pending = []
    if pending:
        yield pending


def spine(endpoints: Endpoints, codec: Codec, partition: int) -> Iterator[Fact]:
    """The committed records of a spine partition up to its end as it is now, in order, one by one."""
    reader = consumer(endpoints, "chain.replay", **READER)
    try:
        for seen in records(reader, SPINE, partition, None):
            yield read_fact_from(codec, partition=partition, offset=seen.offset, headers=seen.headers, value=seen.value)
    finally:
        reader.close()


def compare_stores(where: ClickHouse, into: str, upto: Sequence[int] | None = None) -> list[Verdict]:
    """Live tables against replayed ones, both directions, all columns but provenance.

    `upto`: the last `seq` to look at, by spine partition, where the live chain goes on meanwhile.

    `facts` of refusals and parked children are in both; `notifications` and `dead_letters` are
    effects in the world, not functions of the spine alone, and are not compared.
    """
    verdicts = []
    seen = f"WHERE seq <= {list(upto)}[partition + 1]" if upto is not None else ""
    with connect(where) as client:
        for table in (FACTS, METRIC_MINUTE, ALERTS):
            columns = ", ".join(table.compared)
            live, again = f"{where.database}.{table.name}", f"{into}.{table.name}"
            counts = [_number(client.command(f"SELECT count() FROM {name} {seen}")) for name in (live, again)]
            only = [
                _number(
                    client.command(
                        f"SELECT count() FROM (SELECT {columns} FROM {a} {seen} "
                        f"EXCEPT SELECT {columns} FROM {b} {seen})"
                    )
                )
                for a, b in ((live, again), (again, live))
            ]
            verdicts.append(Verdict(table.name, *counts, *only))
    return verdicts


def _number(answer: object) -> int:
    return int(str(answer))
