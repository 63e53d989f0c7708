"""`python -m sinks.notify [--home DIR] [--policy FILE]`; the file may stand in SHAREDCHAIN_NOTIFY_POLICY too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sharedchain.barrier import NOTIFY
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError
from sharedchain.health import Health, kafka_answers, registry_answers
from sharedchain.kafka import producer
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sinks.notify.channels import CHANNELS
from sinks.notify.ledger import LedgerReader
from sinks.notify.policy import FILE, read_policy
from sinks.notify.record import Recorder
from sinks.notify.sink import NotifySink
from sinks.notify.texts import Words
from sinks.program import arguments, prepare, run

ALERTS = "ops.alert.v1"


def main() -> int:
    parser = arguments("sinks.notify", __doc__)
    named = Path(os.environ.get("SHAREDCHAIN_NOTIFY_POLICY") or FILE)
    parser.add_argument("--policy", type=Path, default=named, help="mutes, rates and attempts")
    asked = parser.parse_args()
    stopping = prepare()
    try:
        endpoints = Endpoints.load(asked.home, program="notify")
        registry = Registry.of(endpoints)
        codec = Codec(registry, Catalog.load())
        health = Health("notify", {"kafka": kafka_answers(endpoints), "registry": registry_answers(registry)})
        sink = NotifySink(
            {name: build(endpoints) for name, build in CHANNELS.items()},
            read_policy(asked.policy),
            Words(endpoints.gateway, endpoints.link_secret.get_secret_value()),
            codec,
            Recorder(producer(endpoints), codec),
            LedgerReader(endpoints, codec),
            beat=health.beat,
        )
        run(endpoints, NOTIFY, [ALERTS], sink, asked.member, health, stopping)
    except SharedChainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
