"""`python -m sinks.telemetry [--home DIR]`: readings into minutes"""

from __future__ import annotations

import sys
from functools import partial

from sharedchain.barrier import MINUTES
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError
from sharedchain.health import Health, kafka_answers, registry_answers
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.telemetry import TOPIC, Slices
from sinks.clickhouse.epoch import epoch_of, filled
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.store import ABREAST, Store, answers
from sinks.pace import rested
from sinks.program import arguments, prepare, run
from sinks.telemetry.past import Past
from sinks.telemetry.sink import TABLE, TelemetrySink


def main() -> int:
    asked = arguments("sinks.telemetry", __doc__ or "").parse_args()
    stopping = prepare()
    try:
        endpoints = Endpoints.load(asked.home, program="sink")
        migrate(endpoints.clickhouse)
        registry = Registry.of(endpoints)
        past = Past.of(endpoints, f"{MINUTES}.past")
        sink = TelemetrySink(Store(endpoints.clickhouse), Slices(Codec(registry, Catalog.load())), past)
        peers = {"kafka": kafka_answers(endpoints), "registry": registry_answers(registry)}
        health = Health("telemetry-sink", peers | {"clickhouse": answers(endpoints.clickhouse)})
        which, has = epoch_of(endpoints.clickhouse), partial(filled, endpoints.clickhouse, (TABLE.name,))
        run(
            endpoints, MINUTES, [TOPIC], sink, asked.member, health, stopping,
            epoch=which, filled=has, rested=rested, abreast=ABREAST,
        )  # fmt: skip
    except SharedChainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
