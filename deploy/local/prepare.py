"""What a home needs before the programs start: topics, schemas, tables, and the configuration in the log.

`python -m deploy.local.prepare --home DIR`. Run it as often as you like: what is there already stays as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local import probe, release
from sharedchain import config
from sharedchain.chain import ChainSync
from sharedchain.codec import Codec
from sharedchain.configlog import PREPARE, ConfigLog
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed, SharedChainError
from sharedchain.events import ConfigDefined
from sharedchain.kafka import create_topics
from sharedchain.registration import apply
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sinks.clickhouse.cold import age
from sinks.clickhouse.migrate import migrate

_WAIT = 60.0  # seconds for the registry to answer


def prepare(endpoints: Endpoints) -> list[str]:
    """Wait for each part as it starts, do all of it, and say in lines what was new.

    Raises ConnectionFailed, ConfigError.
    """
    release.stamp(endpoints.home)
    catalog = Catalog.load()
    registry, store = Registry.of(endpoints), endpoints.clickhouse
    _await(f"Kafka {endpoints.kafka}", lambda: probe.cluster(endpoints))
    said = [f"topic {name}" for name in create_topics(endpoints, catalog)]
    _await(f"ClickHouse {store.url}", lambda: probe.http(f"{store.url}/ping", store.ca))
    said += [f"migration {name}" for name in migrate(store)]
    said += [f"storage {sql}" for sql in age(store)]
    _await(f"registry {endpoints.registry}", lambda: _tells(registry))
    said += [f"schema {done.subject}" for done in apply(registry, catalog) if done.fresh]
    return said + publish_config(endpoints, Codec(registry, catalog))


def _await(what: str, answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WAIT
    while not answers():
        if time.monotonic() > deadline:
            raise ConnectionFailed(f"{what} does not answer for {_WAIT:.0f} s")
        time.sleep(0.05)


def _tells(registry: Registry) -> bool:
    """Whether the registry answers. Raises ConfigError when it does not let us in."""
    try:
        registry.subjects()
    except ConnectionFailed:
        return False
    return True


def publish_config(endpoints: Endpoints, codec: Codec) -> list[str]:
    """Bring the configuration files into the log, where it says otherwise; what was published, and what was not.

    A version that somebody promoted or brought back stays in force until its file changes.
    """
    log, files = ConfigLog.read(endpoints, codec), config.bundle()
    known = {key: one.hash for key, one in log.items.items()}
    kept = [item for item in files if log.overruled(item)]
    changed = [item for item in files if known.get((item.kind, item.name)) != item.hash and item not in kept]
    with ChainSync(endpoints, source="sharedchain.prepare") as chain:
        sent = [
            chain.send(
                ConfigDefined(**item.said, changed_by=PREPARE),
                tenant="_system",
            )
            for item in changed
        ]
        for answer in sent:
            answer.result(_WAIT)
    told = [f"config {item.kind}/{item.name}" for item in changed]
    return told + [f"kept {item.kind}/{item.name}: put in force after its file, which has not changed" for item in kept]


def published(endpoints: Endpoints, codec: Codec) -> dict[tuple[str, str], str]:
    """(kind, name) → the hash that the log says last."""
    return {key: one.hash for key, one in ConfigLog.read(endpoints, codec).items.items()}


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m deploy.local.prepare", description=__doc__)
    options.add_argument("--home", type=Path)
    try:
        for line in prepare(Endpoints.load(options.parse_args().home, program="prepare")):
            print(line, flush=True)
    except SharedChainError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
