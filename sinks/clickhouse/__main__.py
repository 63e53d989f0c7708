"""`python -m sinks.clickhouse [--home DIR] [--migrate]`"""

from __future__ import annotations

import sys
from functools import partial

from sharedchain.barrier import CLICKHOUSE
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError
from sharedchain.health import Health, kafka_answers, registry_answers
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sinks.clickhouse import auditor
from sinks.clickhouse.epoch import epoch_of, filled
from sinks.clickhouse.feeds import feeds
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.sides import KafkaAndClickHouse
from sinks.clickhouse.sink import ClickHouseSink
from sinks.clickhouse.store import ABREAST, Store, answers
from sinks.pace import rested
from sinks.program import arguments, prepare, run


def main() -> int:
    parser = arguments("sinks.clickhouse", __doc__)
    parser.add_argument("--migrate", action="store_true", help="apply the migrations and exit")
    asked = parser.parse_args()
    stopping = prepare()
    try:
        endpoints = Endpoints.load(asked.home, program="sink")
        for name in migrate(endpoints.clickhouse):
            print(f"applied {name}", flush=True)
        if asked.migrate:
            return 0
        catalog = Catalog.load()
        sources = feeds(catalog)
        registry = Registry.of(endpoints)
        sink = ClickHouseSink(Store(endpoints.clickhouse), Codec(registry, catalog), sources)
        peers = {"kafka": kafka_answers(endpoints), "registry": registry_answers(registry)}
        health = Health("sink", peers | {"clickhouse": answers(endpoints.clickhouse)})
        which, has = epoch_of(endpoints.clickhouse), partial(filled, endpoints.clickhouse)
        auditor.start(partial(KafkaAndClickHouse, endpoints, CLICKHOUSE, which), stopping)
        run(
            endpoints, CLICKHOUSE, list(sources), sink, asked.member, health, stopping,
            epoch=which, filled=has, rested=rested, abreast=ABREAST,
        )  # fmt: skip
    except SharedChainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
