"""`python -m sinks.clickhouse [--home DIR] [--migrate]`"""

from __future__ import annotations

import sys

from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sinks.clickhouse.feeds import feeds
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.sink import ClickHouseSink
from sinks.clickhouse.store import Store
from sinks.program import arguments, prepare, run

GROUP = "chain.sink.clickhouse"


def main() -> int:
    parser = arguments("sinks.clickhouse", __doc__)
    parser.add_argument("--migrate", action="store_true", help="apply the migrations and exit")
    parser.add_argument("--epoch", type=int, default=1, help="raise it after emptying the tables to fill them again")
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
        sink = ClickHouseSink(Store(endpoints.clickhouse), Codec(Registry.of(endpoints), catalog), sources)
        run(endpoints, GROUP, list(sources), sink, asked.member, stopping, epoch=asked.epoch)
    except SharedChainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
