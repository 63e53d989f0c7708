"""kill -9 loses nothing acknowledged, and a token writes once across it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tests.deploy.clickhouse.launch import Address, Launched, launch

ROWS = 5_000
WINDOW = "ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000"


@pytest.mark.slow
def test_kill_9_in_the_middle_of_inserts_loses_nothing_acknowledged(tmp_path: Path) -> None:
    acked: list[str] = []
    server = launch(tmp_path / "data")
    try:
        with server.owner.client() as client:
            _tables(client)
        for turn in range(3):
            unsure = _insert_until_killed(server, acked, turn)
            server = launch(tmp_path / "data")
            _check(server.owner, acked, unsure)
    finally:
        server.kill()
    assert len(acked) >= 9


def _tables(client: Client) -> None:
    client.command(f"CREATE TABLE IF NOT EXISTS source (token String, n Int64) {WINDOW}")
    client.command(f"CREATE TABLE IF NOT EXISTS target (token String, n Int64) {WINDOW}")
    client.command("CREATE MATERIALIZED VIEW IF NOT EXISTS view TO target AS SELECT token, n FROM source")


def _insert_until_killed(server: Launched, acked: list[str], turn: int) -> list[str]:
    """Two writers; SIGKILL once three blocks are acknowledged and others are under way. Returns the unsure tokens."""
    tried: list[str] = []
    enough = threading.Event()

    def write(writer: int) -> None:
        number = 0
        while True:
            token, number = f"{turn}-{writer}-{number}", number + 1
            tried.append(token)
            try:
                if _insert(server.owner, token) != 200:
                    return
            except OSError:
                return
            acked.append(token)
            if sum(done.startswith(f"{turn}-") for done in acked) >= 3:
                enough.set()

    writers = [threading.Thread(target=write, args=(i,)) for i in range(2)]
    for writer in writers:
        writer.start()
    assert enough.wait(20)
    server.kill()
    for writer in writers:
        writer.join(10)
    return [token for token in tried if token not in acked]


def _insert(owner: Address, token: str) -> int:
    body = "".join(f"{token}\t{i}\n" for i in range(ROWS)).encode()
    return owner.post(
        body,
        query="INSERT INTO source FORMAT TSV",
        insert_deduplication_token=token,
        deduplicate_blocks_in_dependent_materialized_views="1",
    ).status


def _counts(owner: Address, table: str) -> dict[str, int]:
    lines = owner.post(f"SELECT token, count() FROM {table} GROUP BY token").body.decode().splitlines()
    return {line.split("\t")[0]: int(line.split("\t")[1]) for line in lines}


def _check(owner: Address, acked: list[str], unsure: list[str]) -> None:
    for table in ("source", "target"):
        found = _counts(owner, table)
        assert {token: found.get(token) for token in acked} == dict.fromkeys(acked, ROWS)
        assert set(found) <= {*acked, *unsure}
    for token in [*acked[-3:], *unsure]:  # as a sink does that does not know whether its block arrived
        assert _insert(owner, token) == 200
    acked += unsure
    for table in ("source", "target"):
        assert _counts(owner, table) == dict.fromkeys(acked, ROWS)
