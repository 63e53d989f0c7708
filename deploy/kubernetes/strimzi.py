"""From the catalog to KafkaTopic and KafkaUser, as YAML text. Rights are those of `deploy/rights.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deploy.kubernetes.manifest import text
from deploy.rights import Right, rights, user
from sharedchain.kafka import new_topics
from sharedchain.schemas import Catalog

_API = "kafka.strimzi.io/v1"
_CLUSTER = {"strimzi.io/cluster": "sharedchain"}
_SOURCES = "schemas/**/topic.yaml, deploy/rights.py"

Acl = dict[str, Any]


def topics(catalog: Catalog, replication: int = 3) -> str:
    """One KafkaTopic a topic, dead letters too, with the settings that the chain itself would give it."""
    found = [
        {
            "apiVersion": _API,
            "kind": "KafkaTopic",
            "metadata": {"name": new.topic, "labels": _CLUSTER},
            "spec": {
                "partitions": new.num_partitions,
                "replicas": new.replication_factor,
                "config": dict(new.config or {}),
            },
        }
        for topic in sorted(catalog.topics.values(), key=lambda one: one.name)
        for new in new_topics(topic, replication)
    ]
    return text(_SOURCES, found)


def users(catalog: Catalog) -> str:
    """One KafkaUser a program: what it reads, what it writes, its groups and transactional ids, and nothing else."""
    return text(_SOURCES, [_user(name, _acls(found)) for name, found in rights(catalog).items()])


def _acls(found: Iterable[Right]) -> list[Acl]:
    return [
        {
            "resource": {
                "type": right.kind,
                "name": right.name,
                "patternType": "prefix" if right.prefix else "literal",
            },
            "operations": list(right.operations),
        }
        for right in found
    ]


def _user(name: str, acls: list[Acl]) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "KafkaUser",
        "metadata": {"name": user(name), "labels": _CLUSTER},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": acls},
        },
    }
