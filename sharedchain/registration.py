"""Bringing our schemas into the registry: checked against every version that is there."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sharedchain.errors import ConfigError
from sharedchain.evolution import breaks
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog, EventType

COMPATIBILITY = "FULL_TRANSITIVE"
_AT_ONCE = 4  # questions under way: one after the other, three a schema, they were a quarter of a first start


@dataclass(frozen=True, slots=True)
class Registered:
    """One schema as the registry has it now; `fresh` = it was not there before."""

    subject: str
    schema_id: int
    fresh: bool


def apply(registry: Registry, catalog: Catalog) -> list[Registered]:
    """Register every schema under its TopicRecordName subject, FULL_TRANSITIVE, which is read back.

    Nothing is registered unless everything may be. Raises ConfigError with every break,
    ConnectionFailed.
    """
    known, kinds = registry.subjects(), list(catalog.types.values())

    def versions(kind: EventType) -> dict[int, tuple[int, str]]:
        return registry.versions(kind.registry_subject) if kind.registry_subject in known else {}

    with ThreadPoolExecutor(_AT_ONCE, "registration") as pool:
        there = list(pool.map(versions, kinds))
        findings = [
            f"{kind.registry_subject} version {number}: {found}"
            for kind, kept in zip(kinds, there, strict=True)
            for number, (_, text) in kept.items()
            for found in breaks(json.loads(text), kind.schema)
        ]
        if findings:
            raise ConfigError(findings)
        return list(pool.map(lambda kind, kept: _one(registry, kind, kept), kinds, there))


def _one(registry: Registry, kind: EventType, there: dict[int, tuple[int, str]]) -> Registered:
    subject = kind.registry_subject
    for schema_id, text in there.values():
        if json.loads(text) == kind.schema:
            registry.require_compatibility(subject, COMPATIBILITY)
            return Registered(subject, schema_id, False)
    schema_id = registry.register(subject, kind.schema_text)
    registry.require_compatibility(subject, COMPATIBILITY, fresh=not there)
    return Registered(subject, schema_id, True)
