"""Sinks on real parts: a ClickHouse process, sink processes that die where they are told, a log to compare with."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from confluent_kafka import KafkaError, Producer, TopicPartition
from pydantic import SecretStr

from deploy.local.process import leashed
from sharedchain.barrier import Barrier, Stage
from sharedchain.codec import Codec
from sharedchain.endpoints import ClickHouse, Endpoints
from sharedchain.envelope import Envelope, Headers
from sharedchain.fact import Derived, derived_id
from sharedchain.kafka import consumer, create_topics, producer
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE
from sharedchain.spine import derived_record, spine_headers
from sinks.batch import Batch, Intent, Record
from sinks.clickhouse.feeds import feeds, rows_of
from sinks.clickhouse.rows import TABLES, Row
from sinks.clickhouse.store import connect

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0  # seconds until a condition has to hold on a busy machine
ALERTS = "ops.alert.v1"
METRICS = "ops.metric.v1"


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.02)


class Store:
    """A ClickHouse process of its own, on one port for its whole life, through any number of lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._password = secrets.token_urlsafe(16)
        (folder / "password").write_text(self._password + "\n")
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "deploy.local.clickhouse",
            "--path",
            str(self._folder / "data"),
            "--user",
            "test",
        ]
        command += ["--port", str(self._port), "--password-file", str(self._folder / "password")]
        process = subprocess.Popen(
            leashed(command, signal.SIGTERM), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready "), line
        self._port = urlsplit(line.split()[1]).port or 0
        self._process = process

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(sig)
            self._process.wait(PATIENCE)
            self._process = None

    @property
    def endpoints(self) -> ClickHouse:
        return ClickHouse(url=f"http://127.0.0.1:{self._port}", user="test", password=SecretStr(self._password))


Published = tuple[str, int, bytes | None, Headers]


class House:
    """A home with endpoints.json, and what sinks read and write there."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self.catalog = Catalog.load()
        self.codec = Codec(Registry(endpoints.registry), self.catalog)
        endpoints.home.mkdir(parents=True, exist_ok=True)
        endpoints.save()
        create_topics(endpoints, self.catalog)
        self._producer = producer(endpoints)
        self._deaths = 0

    # -- publishing ------------------------------------------------------------------------------------------

    def publish(self, records: Iterable[Published]) -> None:
        produce(self._producer, records)
        assert self._producer.flush(PATIENCE) == 0

    def spine_record(self, partition: int, seq: int, kind: Any = "fact") -> Published:
        lead = f"LEAD-{partition}-{seq}"
        envelope = Envelope(
            type="lead.captured", id=lead, source="test", time=1_700_000_000_000 + seq, subject=lead, tenant="acme"
        )
        headers = spine_headers(
            envelope, seq=seq, recorded=1_700_000_000_000 + seq, kind=kind, scope="acme", src="x/0/0"
        )
        value = self.codec.encode(self.catalog.types["lead.captured"], {"lead_id": lead})
        return SPINE, partition, value, headers

    def derived_record(self, derived: Derived) -> Published:
        made = derived_record(self.codec, derived)
        return made.topic, made.partition, made.value, made.headers

    # -- sinks -----------------------------------------------------------------------------------------------

    def start(self, module: str, failpoint: str = "", *arguments: str) -> subprocess.Popen[bytes]:
        """A sink process; `failpoint` as SHAREDCHAIN_FAILPOINT has it."""
        self._deaths += 1
        log = self.endpoints.home / f"deaths-{self._deaths}"
        env = {**os.environ, "SHAREDCHAIN_FAILPOINT": failpoint, "SHAREDCHAIN_FAILPOINT_LOG": str(log)}
        env.pop("SHAREDCHAIN_METRICS_PORT", None)
        out = (self.endpoints.home / f"{module}-{self._deaths}.log").open("wb")
        command = [sys.executable, "-m", module, "--home", str(self.endpoints.home), *arguments]
        with out:
            return subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)

    def said(self) -> str:
        """What the newest process logged."""
        (file,) = self.endpoints.home.glob(f"*-{self._deaths}.log")
        return file.read_text()

    @contextmanager
    def running(self, module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        process = self.start(module, "", *arguments)
        try:
            wait_for("its partitions", lambda: " own " in self.said() or process.poll() is not None)
            yield process
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0, self.said()

    def dies_at(self, module: str, failpoint: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Run a sink until it is killed at `failpoint`, and see that it was."""
        process = self.start(module, failpoint)
        name = failpoint.partition(":")[0]
        try:
            deadline = time.monotonic() + PATIENCE
            while process.poll() is None:
                assert time.monotonic() < deadline, f"did not die at {failpoint}: {self.said()}"
                meanwhile()
                time.sleep(0.01)
            assert process.returncode == -signal.SIGKILL, self.said()
            assert (self.endpoints.home / f"deaths-{self._deaths}").read_text().split() == [name]
        finally:
            process.kill()

    def settle(self, group: str, *topics: str) -> None:
        """Wait until `group` has passed the present end of `topics`."""
        with Barrier(self.endpoints) as barrier:
            barrier.wait(Stage(group, topics), time.monotonic() + PATIENCE)

    # -- comparing -------------------------------------------------------------------------------------------

    def log(self, topic: str) -> list[Record]:
        """Every committed record of a topic."""
        reader = consumer(self.endpoints, "test.log", enable_partition_eof=True, fetch_wait_max_ms=1)
        partitions = sorted(reader.list_topics(topic, timeout=10).topics[topic].partitions)
        reader.assign([TopicPartition(topic, p, 0) for p in partitions])
        found: list[Record] = []
        open_ends = set(partitions)
        while open_ends:
            message = reader.poll(PATIENCE)
            assert message is not None
            partition, offset = message.partition() or 0, message.offset() or 0
            if error := message.error():
                assert error.code() == KafkaError._PARTITION_EOF, error
                open_ends.discard(partition)
                continue
            headers: Any = message.headers() or []
            value: Any = message.value()
            key: Any = message.key()
            found.append(Record(topic, partition, offset, key, value, headers))
        reader.close()
        return found

    def expected(self, *topics: str) -> dict[str, list[Row]]:
        """The rows that the log of `topics` is worth, by table."""
        found: dict[str, list[Row]] = {name: [] for name in TABLES}
        for topic in topics:
            batch = Batch((topic, 0), Intent(0, 0, 0), tuple(self.log(topic)))
            for table, rows in rows_of(self.codec, feeds(self.catalog)[topic], batch):
                found[table.name] += rows
        return found

    def stored(self, table: str) -> list[Row]:
        columns = ", ".join(f"toUnixTimestamp64Milli({c})" if c in _TIMES else c for c in TABLES[table].columns)
        with connect(self.endpoints.clickhouse) as client:
            return [tuple(row) for row in client.query(f"SELECT {columns} FROM {table}").result_rows]


_TIMES = frozenset({"time", "recorded", "minute", "at", "opened_at", "sent_at"})


def alert(number: int, transition: str = "raised", **changes: Any) -> Derived:
    """An alert transition in partition `number` % 8."""
    backfill, seq = bool(changes.pop("backfill", False)), changes.pop("seq", number + 1)
    data: dict[str, Any] = {
        "alert_id": f"alert-{number}",
        "rule_id": "R-01",
        "rule_version": 1,
        "subject": f"forecast {number}",
        "severity": "RED",
        "value": None,
        "value_text": "11 天 days",
        "threshold": None,
        "unit": "d",
        "owner": "E002",
        "recipients": ["E002"],
        "deliveries": [],
        "title_zh": "预测过期",
        "title_en": "Forecast is stale",
        "text_zh": "请更新预测。",
        "text_en": "Please refresh the forecast.",
        "link": "",
        "explain": "{}",
        "opened_at": 1_777_000_000_000,
        **changes,
    }
    return Derived(
        type=f"alert.{transition}",
        id=derived_id(str(data["alert_id"]), transition, "test"),
        subject=str(data["subject"]),
        scope="acme",
        partition=number % 8,
        seq=seq,
        n=1,
        recorded=1_777_000_000_000,
        time=1_777_000_000_000,
        causation="cause",
        backfill=backfill,
        data=data,
    )


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def produce(writer: Producer, records: Iterable[Published]) -> None:
    for topic, partition, value, headers in records:
        said: list[tuple[str, str | bytes | None]] = list(headers)
        writer.produce(topic, value=value, partition=partition, headers=said)


def by_key(rows: Iterable[Row]) -> Mapping[Row, int]:
    """How often each row is there."""
    found: dict[Row, int] = {}
    for row in rows:
        key = tuple(tuple(v) if isinstance(v, list) else v for v in row)
        found[key] = found.get(key, 0) + 1
    return found
