"""Start `python -m deploy.local.clickhouse` as a process of its own, as the supervisor does."""

from __future__ import annotations

import http.client
import re
import select
import signal
import subprocess
import sys
import threading
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client

ROOT = Path(__file__).parents[3]
PASSWORD = "owner-password-1"
READER_PASSWORD = "reader-password-1"


@dataclass(frozen=True)
class Address:
    """One user at one server; ours or a real one."""

    host: str
    port: int
    user: str
    password: str

    @classmethod
    def of(cls, url: str) -> Address:
        """From http://user:password@host:port."""
        parts = urlsplit(url)
        return cls(parts.hostname or "localhost", parts.port or 8123, parts.username or "default", parts.password or "")

    @property
    def basic(self) -> str:
        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()

    def post(self, sql: str | bytes, headers: Mapping[str, str] | None = None, **params: str) -> Answer:
        return self.ask("POST", params, sql.encode() if isinstance(sql, str) else sql, headers)

    def get(self, sql: str, **params: str) -> Answer:
        return self.ask("GET", {"query": sql, **params}, None)

    def ask(
        self, method: str, params: Mapping[str, str], body: bytes | None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        peer = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            peer.request(method, f"/?{urlencode(params)}", body, {"Authorization": self.basic, **(headers or {})})
            answer = peer.getresponse()
            data = answer.read()
        finally:
            peer.close()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, data)

    def raw(self, body: bytes, target: str = "/", length: int | None = None, more: str = "") -> bytes:
        """The bytes of a POST, for tests that stop in the middle of it."""
        size = len(body) if length is None else length
        head = (
            f"POST {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {self.basic}\r\nContent-Length: {size}\r\n{more}\r\n"
        )
        return head.encode() + body

    def client(self, **options: Any) -> Client:
        options.setdefault("autogenerate_session_id", False)
        return clickhouse_connect.get_client(
            host=self.host, port=self.port, username=self.user, password=self.password, **options
        )


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> int:
        """ClickHouse's error number, 0 without one."""
        return int(self.headers.get("x-clickhouse-exception-code", "0"))


@dataclass(frozen=True)
class Launched:
    """A running server process."""

    process: subprocess.Popen[str]
    owner: Address
    reader: Address

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(30)


def wait_for(done: Callable[[], bool], seconds: float = 10.0) -> None:
    """Raises AssertionError when `done` is not true in time."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "did not happen in time"
        threading.Event().wait(0.02)


def command(path: Path, *more: str) -> list[str]:
    for name, word in (("owner", PASSWORD), ("reader", READER_PASSWORD)):
        path.parent.joinpath(f"{name}.password").write_text(word + "\n")
    given = ["--path", path, "--port", 0, "--user", "owner", "--password-file", path.parent / "owner.password"]
    reader = ["--reader-password-file", path.parent / "reader.password"]
    return [sys.executable, "-m", "deploy.local.clickhouse", *map(str, [*given, *reader]), *more]


def launch(path: Path, *more: str) -> Launched:
    """Raises AssertionError when the ready line does not come within 30 s."""
    process = subprocess.Popen(command(path, *more), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line, deadline = "", time.monotonic() + 30
    if select.select([process.stdout], [], [], deadline - time.monotonic())[0]:
        line = process.stdout.readline()
    found = re.match(r"ready http://127\.0\.0\.1:(\d+) ", line)
    if not found:
        process.kill()
    assert found, f"no ready line but {line!r}"
    port = int(found[1])
    return Launched(
        process, Address("127.0.0.1", port, "owner", PASSWORD), Address("127.0.0.1", port, "reader", READER_PASSWORD)
    )


def table(client: Client, columns: str, engine: str = "MergeTree ORDER BY tuple()") -> str:
    name = f"t_{uuid.uuid4().hex[:12]}"
    client.command(f"CREATE TABLE {name} ({columns}) ENGINE = {engine}")
    return name
