"""What Kafka, the registry, ClickHouse and the gateway answer, and whether it is what our files say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx2
from confluent_kafka import KafkaException

from deploy.local.doctor.finding import Finding
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError
from sharedchain.kafka import new_topics, quiet_admin
from sharedchain.registration import COMPATIBILITY
from sharedchain.replicas import Short, judged, short
from sharedchain.schemas import Catalog, EventType
from sharedchain.tls import trust
from sinks.clickhouse.migrate import read_migrations

WAIT = 2.0  # seconds for one answer
_SKEW = 5.0  # seconds between two clocks at which ingest ends itself
_SHOWN = 3  # of many faults of one kind


def kafka(ends: Endpoints, catalog: Catalog) -> list[Finding]:
    """Whether it answers, has our topics, and every replica of them."""
    client = quiet_admin(ends, WAIT)
    wanted = {new.topic: new.num_partitions for topic in catalog.topics.values() for new in new_topics(topic, 1)}
    try:
        seen = client.list_topics(timeout=WAIT)
        missing = judged(client, short(wanted, seen.topics, ends.replication), WAIT)
    except (KafkaException, TimeoutError):
        return [Finding("kafka.silent", {"place": ends.kafka, "wait": WAIT, "home": ends.home})]
    return [_topics(ends, wanted, seen.topics), replicas(missing, len(seen.brokers))]


def _topics(ends: Endpoints, wanted: dict[str, int], there: dict[str, Any]) -> Finding:
    wrong = [f"{name} is missing" for name in wanted if name not in there]
    wrong += [
        f"{name} has {len(there[name].partitions)} partitions, not {count}"
        for name, count in wanted.items()
        if name in there and len(there[name].partitions) != count
    ]
    if wrong:
        return Finding("kafka.topics", {"place": ends.kafka, "said": _some(wrong), "home": ends.home})
    return Finding("kafka.ok", {"place": ends.kafka, "count": len(wanted)})


def replicas(missing: list[Short], brokers: int) -> Finding:
    """The worst first: a partition that refuses every write, else one that lacks a replica."""
    if not missing:
        return Finding("replicas.ok")
    worst = min(missing, key=lambda one: (not one.refuses, one.isr))
    said = {"count": len(missing), "topic": worst.topic, "partition": worst.partition, "isr": worst.isr}
    said |= {"want": worst.want, "least": worst.least, "brokers": brokers}
    return Finding("replicas.refusing" if worst.refuses else "replicas.under", said)


def registry(ends: Endpoints, catalog: Catalog) -> list[Finding]:
    """Whether it answers, keeps every subject compatible, and has our schemas as the newest."""
    kinds = list(catalog.types.values())
    try:
        with httpx2.Client(base_url=ends.registry, timeout=WAIT, trust_env=False, **_entered(ends)) as client:
            levels = {kind.registry_subject: _get(client, f"/config/{kind.registry_subject}") for kind in kinds}
            newest = {kind.name: _get(client, f"/subjects/{kind.registry_subject}/versions/latest") for kind in kinds}
    except (httpx2.HTTPError, ValueError) as problem:
        return [
            Finding(
                "registry.silent", {"place": ends.registry, "why": problem or type(problem).__name__, "home": ends.home}
            )
        ]
    return [_levels(ends, levels), _drift(kinds, newest)]


def _entered(ends: Endpoints) -> dict[str, Any]:
    """How the registry wants to be spoken to."""
    said = ends.registry_access
    more: dict[str, Any] = {"verify": trust(said.ca)} if said.ca else {}
    return more | ({"auth": (said.login.user, said.login.password.get_secret_value())} if said.login else {})


def _get(client: httpx2.Client, path: str) -> dict[str, Any]:
    answer = client.get(path)
    if answer.status_code >= 500:
        answer.raise_for_status()
    said: dict[str, Any] = answer.json()
    return said if answer.status_code == 200 else {}


def _levels(ends: Endpoints, levels: dict[str, dict[str, Any]]) -> Finding:
    said = {subject: answer.get("compatibilityLevel", "unknown") for subject, answer in levels.items()}
    wrong = [f"{subject} is {level}" for subject, level in said.items() if level != COMPATIBILITY]
    values = {
        "place": ends.registry,
        "home": ends.home,
        "count": len(said),
        "level": COMPATIBILITY,
        "said": _some(wrong),
    }
    return Finding("registry.level" if wrong else "registry.ok", values)


def _drift(kinds: list[EventType], newest: dict[str, dict[str, Any]]) -> Finding:
    wrong = []
    for kind in kinds:
        answer = newest[kind.name]
        if "schema" not in answer:
            wrong.append(f"{kind.registry_subject} is not registered")
        elif json.loads(answer["schema"]) != kind.schema:
            wrong.append(f"{kind.registry_subject} version {answer['version']} is not {kind.name}.avsc")
    return Finding("schemas.drift" if wrong else "schemas.ok", {"count": len(kinds), "said": _some(wrong)})


def clickhouse(ends: Endpoints, now: Callable[[], float]) -> list[Finding]:
    """Whether it answers, has every migration, and tells the same time."""
    asked = now()
    try:
        engine, its, tables = _ask(ends, f"SELECT version(), toFloat64(now64(3)), {_TABLES}").split()
        way = (now() - asked) / 2  # of the answer: by as much either clock may be right
        ours = asked + way
        known = set(_ask(ends, f"SELECT name FROM `{ends.clickhouse.database}`.migrations").split())
    except (httpx2.HTTPError, SharedChainError, ValueError) as problem:
        why = problem or type(problem).__name__
        return [Finding("clickhouse.silent", {"place": ends.clickhouse.url, "why": why, "home": ends.home})]
    missing = [one.name for one in read_migrations() if one.name not in known]
    said = {"place": ends.clickhouse.url, "version": engine, "count": int(tables), "said": ", ".join(missing)}
    found = Finding("clickhouse.behind" if missing else "clickhouse.ok", said | {"home": ends.home})
    return [found, clock("ClickHouse", ours - float(its), way)]


_TABLES = "(SELECT count() FROM system.tables WHERE database = {database:String})"


def _ask(ends: Endpoints, query: str) -> str:
    who = ends.clickhouse
    headers = {"X-ClickHouse-User": who.user, "X-ClickHouse-Key": who.password.get_secret_value()}
    params = {"param_database": who.database}
    more: dict[str, Any] = {"verify": trust(who.ca)} if who.ca else {}
    answer = httpx2.post(who.url, params=params, content=query, headers=headers, timeout=WAIT, trust_env=False, **more)
    if answer.status_code != 200:
        raise SharedChainError(f"answers {answer.status_code}: {answer.text[:200]}")
    return answer.text


def clock(who: str, off: float, doubt: float = 0.0) -> Finding:
    """`off` in seconds, positive when this machine is ahead; a difference within `doubt` is none."""
    return (
        Finding("clock.off", {"who": who, "off": off})
        if abs(off) > _SKEW + doubt
        else Finding("clock.ok", {"who": who, "off": abs(off)})
    )


def audit(ends: Endpoints) -> list[Finding]:
    """What the sink's auditor has found so far; nothing where no sink of this home tells."""
    place = ends.metrics.get("sink")
    if place is None:
        return []
    try:
        page = httpx2.get(f"{place}/metrics", timeout=WAIT, trust_env=False).text
    except httpx2.HTTPError:
        return []  # the processes above say why
    return audited(page, ends)


def audited(page: str, ends: Endpoints) -> list[Finding]:
    """The same of a page of metrics."""
    if (found := _MISMATCH.search(page)) is None:
        return []
    count, seen = float(found[1]), _AUDITED.search(page)
    said = {"count": int(count), "records": int(float(seen[1])) if seen else 0, "home": ends.home}
    return [Finding("audit.mismatch" if count else "audit.ok", said)]


_MISMATCH = re.compile(r"^chain_audit_mismatch_total(?:\{.*\})? (\S+)$", re.MULTILINE)
_AUDITED = re.compile(r"^sharedchain_audit_records_total (\S+)$", re.MULTILINE)


def gateway(ends: Endpoints) -> list[Finding]:
    """Whether it answers /healthz."""
    try:
        answer = httpx2.get(f"{ends.gateway}/healthz", timeout=WAIT, trust_env=False)
    except httpx2.HTTPError as problem:
        return [
            Finding(
                "gateway.silent", {"place": ends.gateway, "why": problem or type(problem).__name__, "home": ends.home}
            )
        ]
    if answer.status_code != 200:
        return [
            Finding("gateway.silent", {"place": ends.gateway, "why": f"HTTP {answer.status_code}", "home": ends.home})
        ]
    return [Finding("gateway.ok", {"place": ends.gateway})]


def _some(wrong: list[str]) -> str:
    more = f" … (+{len(wrong) - _SHOWN})" if len(wrong) > _SHOWN else ""
    return "; ".join(wrong[:_SHOWN]) + more
