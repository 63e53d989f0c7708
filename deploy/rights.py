"""Who may do what on Kafka: the one table. Strimzi's users and the ACLs of `deploy.theirs` are both made from it.

`python -m deploy.rights [BOOTSTRAP]` prints it as `kafka-acls` commands, for a cluster that is run by neither.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from sharedchain.schemas import Catalog
from sharedchain.scope import COMMANDS, SPINE

Kind = Literal["topic", "group", "transactionalId"]
STATE, SAMPLES = "chain.telemetry.v1", "plant.reading.v1"  # of the telemetry engine
SNAPSHOTS, CONFIG = "chain.snapshot.v1", "chain.config.v1"
ALERTS, NOTIFICATIONS = "ops.alert.v1", "ops.notification.v1"
_READ, _WRITE, _BOTH = ("Describe", "Read"), ("Describe", "Write"), ("Describe", "Read", "Write")
_SETTINGS = "DescribeConfigs"  # min.insync.replicas: who tells of missing replicas must know when Kafka refuses
_JOURNAL = ("kafkasql-journal", "kafkasql-snapshots", "registry-events")  # what Apicurio keeps itself in


@dataclass(frozen=True, slots=True)
class Right:
    """What may be done to one thing, or to everything whose name begins so."""

    kind: Kind
    name: str
    operations: tuple[str, ...]
    prefix: bool = False


def user(program: str) -> str:
    """The Kafka user that a program is."""
    return f"sharedchain-{program}"


def rights(catalog: Catalog) -> Mapping[str, tuple[Right, ...]]:
    """Program → its rights, and nothing else. Topics are made by `prepare` alone; the gateway writes the
    doors of publishers only; the engine reads nothing but the spine and its own snapshots, and writes what it makes and
    the commands of rules: nobody else may write these (whoever repairs dead letters may, as he may the
    configuration); the sink writes nothing."""
    every = sorted(catalog.topics.values(), key=lambda topic: topic.name)
    doors = [topic.name for topic in every if topic.ingest]
    letters = [topic.dlq for topic in every if topic.ingest]
    telemetry = [topic.name for topic in every if topic.telemetry]
    made = {by: [topic.name for topic in every if topic.derived == by] for by in ("ingest", "engine")}
    ours = sorted({*(topic.name for topic in every), *letters})
    return {
        "prepare": (
            *_on(("Create", "Describe"), [name for name in ours if name != CONFIG]),
            *_on(("Create", *_BOTH), [CONFIG]),
            *_group("chain.prepare"),
        ),
        "ingest": (
            *_on((*_READ, _SETTINGS), doors),
            *_on((*_BOTH, _SETTINGS), [SPINE]),
            *_on((*_WRITE, _SETTINGS), [*made["ingest"], *letters]),
            *_group("chain.ingest."),
            *_transactions("chain.ingest."),
        ),
        "engine": (
            *_on(_READ, [SPINE]),
            *_on(_BOTH, [SNAPSHOTS]),
            *_on(_WRITE, [*made["engine"], COMMANDS]),
            *_group("chain.engine"),
            *_transactions("chain.engine."),
        ),
        "telemetry": (
            *_on(_READ, [SPINE, *telemetry]),
            *_on(_BOTH, [STATE]),
            *_on(_WRITE, [SAMPLES]),
            *_group("chain.telemetry"),
            *_transactions("chain.telemetry."),
        ),
        "sink": (
            *_on(_READ, [SPINE, *made["engine"], NOTIFICATIONS, *letters, *telemetry]),
            *_group("chain.sink.clickhouse"),
            *_group("chain.sink.telemetry"),
        ),
        "notify": (*_on(_READ, [ALERTS]), *_on(_BOTH, [NOTIFICATIONS]), *_group("chain.sink.notify")),
        "gateway": (
            *_on(_READ, [topic.name for topic in every if "gateway" in topic.readers]),
            *_on(_WRITE, [name for name in doors if name != COMMANDS]),
            *_group("gateway-stream"),
        ),
        "registry": (*_on(("Create", _SETTINGS, *_BOTH), _JOURNAL), *_group("apicurio-")),
        "operator": (
            *_on((*_BOTH, _SETTINGS), [*doors, *telemetry]),
            *_on((*_READ, _SETTINGS), [name for name in ours if name not in {*doors, *telemetry}]),
            *_group("sharedchain."),
            Right("group", "chain.", ("Describe",), prefix=True),
        ),
    }


def _on(operations: tuple[str, ...], names: Iterable[str]) -> list[Right]:
    return [Right("topic", name, operations) for name in names]


def _group(prefix: str) -> list[Right]:
    return [Right("group", prefix, _READ, prefix=True)]


def _transactions(prefix: str) -> list[Right]:
    return [Right("transactionalId", prefix, _WRITE, prefix=True)]


def commands(catalog: Catalog, bootstrap: str) -> Iterable[str]:
    """The table for Kafka's own command line."""
    kinds = {"topic": "--topic", "group": "--group", "transactionalId": "--transactional-id"}
    for program, found in rights(catalog).items():
        for right in found:
            allowed = " ".join(f"--operation {operation}" for operation in right.operations)
            pattern = " --resource-pattern-type prefixed" if right.prefix else ""
            yield (
                f"kafka-acls --bootstrap-server {bootstrap} --command-config admin.properties --add "
                f"--allow-principal User:{user(program)} {allowed} {kinds[right.kind]} {right.name}{pattern}"
            )


if __name__ == "__main__":
    for line in commands(Catalog.load(), sys.argv[1] if len(sys.argv) > 1 else "localhost:9093"):
        print(line)
