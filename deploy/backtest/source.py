"""Where the facts of a back-test come from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from deploy.replay import spine
from sharedchain.codec import Codec
from sharedchain.core.payload import payload
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError
from sharedchain.fact import Fact
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import EVERY_WALL_SCOPE, PARTITIONS, SYSTEM, partition_of
from sinks.clickhouse.store import connect

Source = Callable[[], Iterator[Fact]]  # read anew at each call
_COLUMNS = (
    "partition, seq, recorded, kind, scope, type, id, source, subject, time, tenant, data, actor, correlation, "
    "causation, backfill, offset, src"
)
_MOMENTS = "toUnixTimestamp64Milli"


def of_log(endpoints: Endpoints, tenant: str = "") -> Source:
    """The spine as it is now, partition by partition; with `tenant`, what concerns it alone."""
    partitions = (partition_of(tenant),) if tenant else range(PARTITIONS)

    def read() -> Iterator[Fact]:
        codec = Codec(Registry.of(endpoints), Catalog.load())
        for partition in partitions:
            yield from about(spine(endpoints, codec, partition), tenant)

    return read


def of_store(endpoints: Endpoints, tenant: str = "") -> Source:
    """The table `facts`: what the log holds but for its ticks, for whom the log is far away."""
    schemas = {name: kind.schema for name, kind in Catalog.load().types.items()}
    wanted = [partition_of(tenant)] if tenant else list(range(PARTITIONS))
    asked = _COLUMNS.replace("recorded", f"{_MOMENTS}(recorded)", 1).replace(" time,", f" {_MOMENTS}(time),", 1)

    def read() -> Iterator[Fact]:
        query = f"SELECT {asked} FROM facts WHERE n = 0 AND partition IN {{p:Array(UInt16)}} ORDER BY partition, seq"
        client = connect(endpoints.clickhouse)
        with client, client.query_row_block_stream(query, parameters={"p": wanted}) as blocks:
            for block in blocks:
                yield from about((_fact(row, schemas) for row in block), tenant)

    return read


def _fact(row: Iterable[Any], schemas: Mapping[str, Any]) -> Fact:
    said = dict(zip(_COLUMNS.split(", "), row, strict=True))
    told = json.loads(said["data"], parse_float=Decimal)
    schema = schemas.get(said["type"])
    return Fact(**{**said, "backfill": bool(said["backfill"]), "data": payload(schema, told) if schema else told})


def about(facts: Iterable[Fact], tenant: str) -> Iterator[Fact]:
    """Without the facts of other tenants, unless `tenant` is empty."""
    mine = {tenant, SYSTEM, EVERY_WALL_SCOPE}
    return (fact for fact in facts if not tenant or fact.scope in mine)


def known(read: Source, tenant: str) -> Source:
    """The same facts. At their end raises ConfigError if neither a fact nor the settings of `tenant` was among them:
    of a misspelt name nothing would ring, and a gate would stand open."""

    def facts() -> Iterator[Fact]:
        met = not tenant
        for fact in read():
            met = met or fact.scope == tenant or _sets(fact, tenant)
            yield fact
        if not met:
            raise ConfigError([f"nothing is there of a tenant {tenant}; `--tenant` names one of those who publish"])

    return facts


def _sets(fact: Fact, tenant: str) -> bool:
    return fact.kind == "config" and (fact.data["kind"], fact.data["name"]) == ("tenant", tenant)
