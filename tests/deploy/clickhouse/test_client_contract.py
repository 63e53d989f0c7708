"""What the unmodified clickhouse-connect does must work, here and on a real server.

SHAREDCHAIN_TEST_CLICKHOUSE=http://user:password@host:port runs the same suite against a real one.
"""

from __future__ import annotations

import datetime as dt
import http.client
import importlib
import socket
import threading
import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

from tests.deploy.clickhouse.launch import Address, table, wait_for

pytestmark = pytest.mark.slow  # a real ClickHouse behind the real door

MILLION = 1_000_000
pa: Any = importlib.import_module("pyarrow")  # neither has type stubs
pd: Any = importlib.import_module("pandas")


def count(client: Client, name: str) -> int:
    return int(client.query(f"SELECT count() FROM {name}").result_rows[0][0])


def test_handshake(address: Address) -> None:
    with address.client() as client:
        assert client.ping()
        assert int(str(client.server_version).split(".")[0]) >= 24
        assert client.command("SELECT 1") == 1
        assert client.query("SELECT currentUser() != ''").first_row == (True,)


@pytest.mark.parametrize(
    ("kind", "value", "back"),
    [
        ("Int64", -5, -5),
        ("Float64", 1.5, 1.5),
        ("Bool", True, True),
        ("String", 'it\'s a "tab"\t, a \\ and\na line; ünï 数据 {x:String}', None),
        ("String", "", None),
        ("Nullable(String)", None, None),
        ("Date", dt.date(2026, 4, 20), None),
        ("DateTime('UTC')", dt.datetime(2026, 4, 20, 8, 30, tzinfo=dt.UTC), None),
        ("DateTime64(3, 'UTC')", dt.datetime(2026, 4, 20, 8, 30, 0, 123000, tzinfo=dt.UTC), None),
        ("Array(String)", ["a'b", "c\\d", ""], None),
        ("Array(Array(Int32))", [[1], [2, 3], []], None),
        ("Decimal(18, 4)", Decimal("12.3400"), None),
        ("UUID", uuid.UUID(int=7), None),
    ],
)
def test_server_side_parameters(client: Client, kind: str, value: Any, back: Any) -> None:
    # With tzinfo the client answers naive for UTC by default; the text form shows the instant.
    rows = client.query(
        f"SELECT {{v:{kind}}} AS v", parameters={"v": value}, query_tz="UTC", tz_mode="aware"
    ).result_rows
    assert rows == [(value if back is None else back,)]


def test_identifier_and_client_side_parameters(client: Client) -> None:
    name = table(client, "a Int32")
    client.insert(name, [[1], [2]])
    assert client.query("SELECT sum(a) FROM {t:Identifier}", parameters={"t": name}).first_row == (3,)
    found = client.query(f"SELECT a FROM {name} WHERE a IN %(v)s", parameters={"v": [2, 3]})
    assert found.result_rows == [(2,)]
    assert client.query("SELECT %s", parameters=["it's"]).first_row == ("it's",)


def test_insert_rows_arrow_and_frame(client: Client) -> None:
    name = table(client, "a Int64, b String")
    assert client.insert(name, [[1, "x"], [2, "y"]], column_names=["a", "b"]).written_rows == 2
    client.insert_arrow(name, pa.table({"a": pa.array([3, 4], pa.int64()), "b": ["z", "ä"]}))
    client.insert_df(name, pd.DataFrame({"a": [5], "b": ["w"]}))
    rows = client.query(f"SELECT * FROM {name} ORDER BY a").result_rows
    assert rows == [(1, "x"), (2, "y"), (3, "z"), (4, "ä"), (5, "w")]


def test_stream_a_million_rows(client: Client) -> None:
    with client.query_row_block_stream(f"SELECT number FROM numbers({MILLION})") as stream:
        total = sum(row[0] for block in stream for row in block)
    assert total == MILLION * (MILLION - 1) // 2


def test_arrow_whole_and_streamed(client: Client) -> None:
    sql = f"SELECT number AS n, toString(number % 7) AS s FROM numbers({MILLION})"
    whole = client.query_arrow(sql)
    assert (whole.num_rows, whole.column_names) == (MILLION, ["n", "s"])
    with client.query_arrow_stream(sql) as stream:
        assert sum(part.num_rows for part in stream) == MILLION


@pytest.mark.parametrize("method", [False, "gzip", "zstd", "lz4"])
def test_compression_both_ways(address: Address, database: str, method: Any) -> None:
    with address.client(database=database, compress=method) as client:
        name = table(client, "a Int64, b String")
        client.insert(name, [[i, f"row {i % 10}"] for i in range(20_000)])
        assert client.query(f"SELECT count(), sum(a), max(b) FROM {name}").first_row == (20_000, 199_990_000, "row 9")
        assert len(client.query(f"SELECT * FROM {name}").result_rows) == 20_000


def test_settings_end_with_their_query(client: Client) -> None:
    sql = "SELECT toInt64(getSetting('max_block_size')), toInt64(getSetting('max_threads'))"
    before = client.query(sql).first_row
    assert client.query(sql, settings={"max_block_size": 1234, "max_threads": 1}).first_row == (1234, 1)
    assert client.query(sql).first_row == before
    with pytest.raises(DatabaseError):
        client.query("SELECT nonsense", settings={"max_block_size": 4321})
    assert client.query(sql).first_row == before


def test_settings_in_a_session(address: Address) -> None:
    sql = "SELECT toInt64(getSetting('max_block_size'))"
    with address.client(session_id=uuid.uuid4().hex) as kept, address.client() as other:
        kept.command("SET max_block_size = 777")
        assert kept.query(sql, settings={"max_block_size": 1234}).first_row == (1234,)
        assert kept.query(sql).first_row == (777,)
        assert other.query(sql).first_row != (777,)


def test_a_session_keeps_temporary_tables_to_itself(address: Address) -> None:
    with address.client(session_id=uuid.uuid4().hex) as kept, address.client(session_id=uuid.uuid4().hex) as other:
        kept.command("CREATE TEMPORARY TABLE scratch (a Int32)")
        kept.insert("scratch", [[1], [2]])
        assert count(kept, "scratch") == 2
        with pytest.raises(DatabaseError) as raised:
            other.query("SELECT * FROM scratch")
        assert raised.value.code == 60


def test_a_busy_session_is_locked(address: Address) -> None:
    session = uuid.uuid4().hex
    with (
        address.client(session_id=session) as one,
        address.client(session_id=session) as two,
        one.query_row_block_stream("SELECT number FROM numbers(100000000)"),
        pytest.raises(DatabaseError) as raised,
    ):
        two.query("SELECT 1")
    assert raised.value.code == 373


def test_a_token_writes_once_through_a_view_too(client: Client) -> None:
    window = "MergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 100"
    source, target = table(client, "a Int64", window), table(client, "a Int64", window)
    client.command(f"CREATE MATERIALIZED VIEW {source}_v TO {target} AS SELECT a * 10 AS a FROM {source}")
    token = {"insert_deduplication_token": "block-1", "deduplicate_blocks_in_dependent_materialized_views": 1}
    for _ in range(3):
        client.insert(source, [[1], [2]], settings=token)
    client.insert(source, [[1], [2]], settings={**token, "insert_deduplication_token": "block-2"})
    assert (count(client, source), count(client, target)) == (4, 4)


@pytest.mark.parametrize(
    ("sql", "code", "name"),
    [
        ("SELEC 1", 62, "SYNTAX_ERROR"),
        ("SELECT * FROM no_such_table", 60, "UNKNOWN_TABLE"),
        ("SELECT no_such_column", 47, "UNKNOWN_IDENTIFIER"),
        ("SELECT toInt32('x')", 6, "CANNOT_PARSE_TEXT"),
        ("SELECT 1 FROM no_such_database.t", 81, "UNKNOWN_DATABASE"),
        ("SELECT 1; SELECT 2", 62, "SYNTAX_ERROR"),
        ("SELECT 1 FORMAT Nonsense", 73, "UNKNOWN_FORMAT"),
    ],
)
def test_errors_carry_code_and_name(client: Client, sql: str, code: int, name: str) -> None:
    with pytest.raises(DatabaseError) as raised:
        client.command(sql)
    assert (raised.value.code, raised.value.name) == (code, name)


def test_an_unknown_setting_is_refused(address: Address) -> None:
    answer = address.post("SELECT 1", no_such_setting="1")
    assert (answer.status, answer.code) == (404, 115)
    assert b"no_such_setting" in answer.body


@pytest.mark.parametrize("method", [False, "lz4"])
def test_an_error_in_the_middle_raises(address: Address, method: Any) -> None:
    sql = f"SELECT number, throwIf(number = {MILLION - 1}, 'far in') FROM numbers({MILLION})"
    with (
        address.client(compress=method) as client,
        pytest.raises(StreamFailureError, match="far in"),
        client.query_column_block_stream(sql, settings={"max_block_size": 65536, "max_threads": 1}) as stream,
    ):
        for _ in stream:
            pass


def test_execution_time_is_limited(client: Client) -> None:
    with pytest.raises(DatabaseError) as raised:
        client.query("SELECT count() FROM system.numbers", settings={"max_execution_time": 1})
    assert raised.value.code == 159


def test_kill_query(address: Address) -> None:
    query_id, caught = uuid.uuid4().hex, []

    def run() -> None:
        with address.client() as victim:
            try:
                victim.query(
                    "SELECT count() FROM system.numbers", settings={"max_execution_time": 20, "query_id": query_id}
                )
            except DatabaseError as raised:
                caught.append(raised.code)

    thread = threading.Thread(target=run)
    thread.start()
    with address.client() as killer:
        kill = f"KILL QUERY WHERE query_id = '{query_id}' SYNC"
        wait_for(lambda: "finished" in str(killer.command(kill)))
    thread.join(10)
    assert caught == [394]


def test_a_dropped_client_ends_its_query(address: Address, client: Client) -> None:
    mark = uuid.uuid4().hex
    running = f"SELECT count() FROM system.processes WHERE query LIKE '%{mark}%' AND query NOT LIKE '%processes%'"
    with socket.create_connection((address.host, address.port)) as peer:
        peer.sendall(address.raw(f"SELECT number, '{mark}' FROM system.numbers".encode()))
        assert peer.recv(100).startswith(b"HTTP/1.1 200")
        assert client.query(running).first_row == (1,)
    wait_for(lambda: client.query(running).first_row == (0,))


def test_a_truncated_insert_commits_nothing(address: Address, client: Client, database: str) -> None:
    name = table(client, "a Int64")
    running = f"SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO%{name}%'"
    with socket.create_connection((address.host, address.port)) as peer:
        target = "/?query=" + quote(f"INSERT INTO {database}.{name} FORMAT TSV")
        peer.sendall(address.raw(b"1\n" * 2 * MILLION, target, length=100_000_000))
        wait_for(lambda: client.query(running).first_row == (1,))
    wait_for(lambda: client.query(running).first_row == (0,))
    assert count(client, name) == 0


def test_a_large_insert_streams(client: Client) -> None:
    name = table(client, "a String")
    client.raw_insert(name, ["a"], (b"x" * 999 + b"\n") * 20_000, fmt="TSV")
    assert client.query(f"SELECT count(), sum(length(a)) FROM {name}").first_row == (20_000, 19_980_000)


def test_external_data(client: Client) -> None:
    data = ExternalData(file_name="people.csv", data=b"1,Ann\n2,Bo\n", fmt="CSV", structure=["id Int32", "name String"])
    sql = "SELECT name FROM people WHERE id = {wanted:Int32}"
    assert client.query(sql, parameters={"wanted": 2}, external_data=data).result_rows == [("Bo",)]
    typed = ExternalData(file_name="pairs", data=b"7\t8\n", fmt="TSV", types=["Int32", "Int32"])
    assert client.query("SELECT _1 + _2 FROM pairs", external_data=typed).first_row == (15,)
    with pytest.raises(DatabaseError):
        client.query("SELECT * FROM people")


async def test_async_client(address: Address, database: str) -> None:
    async with await clickhouse_connect.get_async_client(
        host=address.host, port=address.port, username=address.user, password=address.password, database=database
    ) as client:
        name = f"t_{uuid.uuid4().hex[:12]}"
        await client.command(f"CREATE TABLE {name} (a Int64) ENGINE = MergeTree ORDER BY a")
        await client.insert(name, [[i] for i in range(1000)])
        assert (await client.query(f"SELECT sum(a) FROM {name}")).first_row == (499_500,)
        with pytest.raises(DatabaseError) as raised:
            await client.query("SELECT no_such_column")
        assert raised.value.code == 47


def test_insert_values_select_and_an_empty_result(client: Client) -> None:
    name = table(client, "a Int64, b String DEFAULT 'd'")
    client.command(f"INSERT INTO {name} (a) VALUES (1), (1 + 1)")
    client.command(f"INSERT INTO {name} SELECT number, 'FORMAT CSV' FROM numbers(3)")
    assert count(client, name) == 5
    assert client.query(f"SELECT * FROM {name} WHERE a > 100").result_rows == []


def test_many_threads_share_one_client(client: Client) -> None:
    name, failed = table(client, "a Int64"), []

    def work(number: int) -> None:
        try:
            client.insert(name, [[number]])
            assert client.query("SELECT {n:Int64}", parameters={"n": number}).first_row == (number,)
        except Exception as raised:
            failed.append(raised)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert count(client, name) == 12


def test_a_wrong_password_is_516(address: Address) -> None:
    for user in (address.user, "nobody"):
        with pytest.raises(DatabaseError) as raised:
            Address(address.host, address.port, user, "not the password").client()
        assert raised.value.code == 516


def test_get_only_reads(address: Address, database: str) -> None:
    assert address.get(f"DROP DATABASE {database}").code == 164
    assert address.get("SELECT 1").body == b"1\n"


def test_ping_needs_no_password(address: Address) -> None:
    peer = http.client.HTTPConnection(address.host, address.port, timeout=10)
    peer.request("GET", "/ping")
    answer = peer.getresponse()
    assert (answer.status, answer.read()) == (200, b"Ok.\n")
