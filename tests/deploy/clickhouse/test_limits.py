"""How much a client may ask of the server."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from deploy.local.clickhouse.limits import Limits, limits
from tests.deploy.clickhouse.launch import Launched, launch, wait_for

pytestmark = pytest.mark.slow  # a server of its own


def test_every_user_starts_with_limits(embedded: Launched) -> None:
    names = ("max_memory_usage", "max_execution_time", "max_result_rows")
    sql = "SELECT " + ", ".join(f"toUInt64(getSetting('{name}'))" for name in names)
    owner, reader = ([int(word) for word in user.post(sql).body.split()] for user in (embedded.owner, embedded.reader))
    assert all(0 < less < more for less, more in zip(reader, owner, strict=True))
    assert embedded.reader.post("SELECT number FROM numbers(6000000) FORMAT Null").code == 396


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """A server with small limits."""
    more = [word for limit in ("body=100000", "client=0.5", "statements=1", "queue=0.2") for word in ("--limit", limit)]
    server = launch(tmp_path_factory.mktemp("strict") / "data", *more)
    yield server
    server.kill()


def test_a_body_has_a_cap(strict: Launched) -> None:
    strict.owner.post("CREATE TABLE big (a String) ENGINE = MergeTree ORDER BY a")
    answer = strict.owner.post(b"x" * 200_000, query="INSERT INTO big FORMAT RawBLOB")
    assert (answer.status, answer.code) == (413, 307)
    assert strict.owner.post("SELECT count() FROM big").body == b"0\n"


def test_a_silent_client_is_let_go_and_nothing_is_written(strict: Launched) -> None:
    strict.owner.post("CREATE TABLE slow (a String) ENGINE = MergeTree ORDER BY a")
    with socket.create_connection((strict.owner.host, strict.owner.port), timeout=10) as peer:
        peer.sendall(strict.owner.raw(b"x\n" * 10, "/?query=INSERT%20INTO%20slow%20FORMAT%20TSV", length=90_000))
        answer = b"".join(iter(lambda: peer.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert strict.owner.post("SELECT count() FROM slow").body == b"0\n"


def test_too_many_statements_wait_then_hear_202(strict: Launched) -> None:
    with socket.create_connection((strict.owner.host, strict.owner.port)) as peer:
        peer.sendall(strict.owner.raw(b"SELECT number FROM system.numbers"))
        assert peer.recv(20).startswith(b"HTTP/1.1 200")
        assert strict.owner.post("SELECT 1").code == 202
    wait_for(lambda: strict.owner.post("SELECT 1").body == b"1\n")


def test_limits_are_words_with_numbers() -> None:
    assert limits(["body=5", "client=0.5"]) == Limits(body=5, client=0.5)
    for wrong in ("no=1", "body=x", "body"):
        with pytest.raises(ValueError, match="--limit"):
            limits([wrong])
