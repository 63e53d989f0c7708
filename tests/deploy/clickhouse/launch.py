"""Start `python -m deploy.local.clickhouse` as a process of its own, as the supervisor does."""

from __future__ import annotations

import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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

    def client(self, **options: Any) -> Client:
        options.setdefault("autogenerate_session_id", False)
        return clickhouse_connect.get_client(
            host=self.host, port=self.port, username=self.user, password=self.password, **options
        )


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


def command(path: Path, *more: str) -> list[str]:
    for name, word in (("owner", PASSWORD), ("reader", READER_PASSWORD)):
        path.parent.joinpath(f"{name}.password").write_text(word + "\n")
    given = ["--path", path, "--port", 0, "--user", "owner", "--password-file", path.parent / "owner.password"]
    reader = ["--reader-password-file", path.parent / "reader.password"]
    return [sys.executable, "-m", "deploy.local.clickhouse", *map(str, [*given, *reader]), *more]


def launch(path: Path) -> Launched:
    """Raises AssertionError when the ready line does not come within 30 s."""
    process = subprocess.Popen(command(path), cwd=ROOT, stdout=subprocess.PIPE, text=True)
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
