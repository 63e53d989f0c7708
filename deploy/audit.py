"""`sharedchain audit`: is the store what the log says? Counts, distinct offsets, every row folded again, flows by SQL.

The log is asked, not the programs: each spine record must be one row of `facts`, at its own offset; what the core
derives from the log again must be the rows of `facts`, `metric_minute` and `alerts`, in every column but provenance;
and minute metrics worked out by SQL from `facts` alone must be those told. Where telemetry is read, its minutes must be
those of the readings in the log. What comes meanwhile is not looked at.
The sink asks the first and the last of these for ever (`sinks/clickhouse/auditor.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from deploy.minutes import compare_minutes
from deploy.rebuild import decided
from deploy.replay import Verdict, compare_stores, refold
from sharedchain import canonical
from sharedchain.barrier import settle
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.endpoints import ClickHouse, Endpoints
from sharedchain.fact import Fact
from sharedchain.scope import PARTITIONS
from sinks.clickhouse.recount import Recounted, declared, recount
from sinks.clickhouse.store import connect

_SCRATCH = "sharedchain_audit"
METRIC = "chain_audit_mismatch_total"
_HELP = "# HELP {0} 存储与日志不符的行数 / Rows in which store and log disagree; 0 or something was lost or doubled\n"
_WORDS = {
    "zh": (
        "分区 {} 的事实",
        "日志 {}，行 {}，不同位置 {}",
        "由 SQL 从事实重新计算 {} 个指标：分钟值 {}，不符 {}",
        "重新折叠 {} 条记录，{:.1f} 秒；不符 {}",
    ),
    "en": (
        "facts of partition {}",
        "log {}, rows {}, offsets {}",
        "{} measures worked out by SQL from facts: minutes {}, mismatches {}",
        "{} records folded again, {:.1f} s; mismatches {}",
    ),
}


@dataclass(frozen=True, slots=True)
class Count:
    """One spine partition: records of the log that have a row, rows, and how many offsets these name."""

    partition: int
    log: int
    rows: int
    offsets: int

    @property
    def mismatch(self) -> int:
        """Rows too few or too many; as many rows at wrong offsets count too."""
        return max(abs(self.log - self.rows), abs(self.log - self.offsets))


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: spine records by partition, tables against the fold, and flows against SQL."""

    records: int
    counts: tuple[Count, ...]
    tables: tuple[Verdict, ...]
    flows: tuple[Recounted, ...] = ()

    @property
    def mismatch(self) -> int:
        """0: store = log. A table that has as many rows, each a right one, but some twice for others, is seen too."""
        tables = (max(t.only_live + t.only_replayed, abs(t.live - t.replayed)) for t in self.tables)
        flows = sum(flow.wrong for flow in self.flows)
        return sum(count.mismatch for count in self.counts) + sum(tables) + flows


def audit(
    home: Home = None,
    json: Json = False,
    timeout: Annotated[float, typer.Option(help="seconds to wait until what is decided is stored")] = 120.0,
    metrics: Annotated[
        Path | None, typer.Option(help=f"write {METRIC} there, for node_exporter's textfile collector")
    ] = None,
) -> None:
    """Compare the store with the log: counts, offsets, and every derived row. Exit 1 if they differ."""
    begun, lang = time.monotonic(), language()
    endpoints = Endpoints.load(home)
    settle(endpoints, timeout)
    found = examine(endpoints)
    if metrics is not None:
        fresh = metrics.with_suffix(".new")
        fresh.write_text(exposed(found.mismatch))
        fresh.replace(metrics)  # a collector never reads half of it
    typer.echo(canonical.dumps(_record(found)) if json else "\n".join(_lines(found, lang, time.monotonic() - begun)))
    raise typer.Exit(1 if found.mismatch else 0)


def examine(endpoints: Endpoints) -> Audit:
    """Store against log, as far as the engine has decided. Everything up to there must be stored: settle first."""
    upto = decided(endpoints)
    told = [0] * PARTITIONS

    def look(fact: Fact) -> None:
        told[fact.partition] += fact.kind != "tick" and fact.seq <= upto[fact.partition]

    records = refold(endpoints, _SCRATCH, look)
    tables = [*compare_stores(endpoints.clickhouse, _SCRATCH, upto), *compare_minutes(endpoints)]
    counts = _counts(endpoints.clickhouse, upto, told)
    with connect(endpoints.clickhouse) as client:
        client.command("DROP DATABASE IF EXISTS {d:Identifier} SYNC", {"d": _SCRATCH})
        flows = [recount(client, one) for one in declared(client, PARTITIONS)]
    return Audit(records, tuple(counts), tuple(tables), tuple(flows))


def _counts(where: ClickHouse, upto: list[int], told: list[int]) -> Iterable[Count]:
    asked = "SELECT partition, count(), uniqExact(offset) FROM facts WHERE n = 0 AND seq <= {upto:Array(UInt64)}"
    with connect(where) as client:
        answer = client.query(f"{asked}[partition + 1] GROUP BY partition", {"upto": upto}).result_rows
    rows = {int(p): (int(count), int(offsets)) for p, count, offsets in answer}
    return [Count(p, told[p], *rows.get(p, (0, 0))) for p in range(PARTITIONS)]


def exposed(mismatch: int) -> str:
    """The metric as Prometheus reads it."""
    return f"{_HELP.format(METRIC)}# TYPE {METRIC} gauge\n{METRIC} {mismatch}\n"


def _record(found: Audit) -> dict[str, object]:
    return {
        "records": found.records,
        "mismatch": found.mismatch,
        "facts": [{"partition": c.partition, "log": c.log, "rows": c.rows, "offsets": c.offsets} for c in found.counts],
        "tables": [
            {"table": t.table, "live": t.live, "folded": t.replayed, "only_live": t.only_live,
             "only_folded": t.only_replayed} for t in found.tables
        ],
        "flows": [
            {"measure": f.measure, "compared": f.compared, "wrong": f.wrong, "example": f.example} for f in found.flows
        ],
    }  # fmt: skip


def _lines(found: Audit, lang: str, seconds: float) -> Iterable[str]:
    of, said, recounted, closing = _WORDS[lang]
    for c in found.counts:
        yield f"{'≠' if c.mismatch else '='} {of.format(c.partition)}: {said.format(c.log, c.rows, c.offsets)}"
    for t in found.tables:
        more = "" if t.equal else f"  only live {t.only_live}, only folded {t.only_replayed}"
        yield f"{'=' if t.equal else '≠'} {t.table}: live {t.live}, folded {t.replayed}{more}"
    wrong = [f for f in found.flows if f.wrong]
    told = (len(found.flows), sum(f.compared for f in found.flows), sum(f.wrong for f in wrong))
    yield f"{'≠' if wrong else '='} {recounted.format(*told)}"
    yield from (f"  {f.measure}: {f.example}" for f in wrong)
    yield closing.format(found.records, seconds, found.mismatch)
