"""What is not there answers 48; a reader reads tables and nothing else."""

from __future__ import annotations

import pytest

from tests.deploy.clickhouse.launch import Address, Launched


@pytest.fixture(scope="module")
def reader(embedded: Launched) -> Address:
    embedded.owner.post("CREATE TABLE IF NOT EXISTS default.told (a Int32) ENGINE = MergeTree ORDER BY a")
    return embedded.reader


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE USER eve IDENTIFIED BY 'x'",
        "DROP ROLE r",
        "ALTER ROW POLICY p ON t USING 1",
        "CREATE SETTINGS PROFILE IF NOT EXISTS p",
        "GRANT SELECT ON *.* TO eve",
        "SET ROLE r",
        "SELECT 1 INTO OUTFILE '/tmp/never'",
        "INSERT INTO t SELECT a FROM input('a Int32') FORMAT CSV\n1",
    ],
)
def test_what_is_not_there_is_48(embedded: Launched, sql: str) -> None:
    answer = embedded.owner.post(sql)
    assert (answer.status, answer.code) == (501, 48), answer.body
    assert b"not supported" in answer.body or b"not allowed" in answer.body


@pytest.mark.parametrize("params", [{"compress": "1"}, {"decompress": "1"}, {"role": "r"}])
def test_parameters_that_are_not_there_are_48(embedded: Launched, params: dict[str, str]) -> None:
    assert embedded.owner.post("SELECT 1", None, **params).code == 48


def test_headers_that_are_not_there_are_48(embedded: Launched) -> None:
    for headers in ({"Authorization": "Bearer x"}, {"Content-Encoding": "snappy"}):
        assert embedded.owner.post("SELECT 1", headers=headers).code == 48


def test_a_reader_reads(reader: Address) -> None:
    with reader.client(autogenerate_session_id=True) as client:
        assert client.query("SELECT count() FROM told").result_rows == [(0,)]
        assert client.query("SELECT 1 SETTINGS max_threads = 1").result_rows == [(1,)]
        assert client.query("SELECT sum(number) FROM numbers(10)").result_rows == [(45,)]
        assert "told" in str(client.command("SHOW TABLES"))


@pytest.mark.parametrize("session", [{}, {"session_id": "reading"}])
@pytest.mark.parametrize("claim", [{}, {"readonly": "0"}])
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO told VALUES (1)",
        "INSERT INTO told FORMAT TSV\n1\n",
        "WITH 1 AS a INSERT INTO told SELECT a",
        "DROP TABLE told",
        "CREATE TEMPORARY TABLE f (a String) ENGINE = File(CSV, '/etc/passwd')",
        "KILL QUERY WHERE 1",
        "SET readonly = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "SYSTEM FLUSH LOGS",
    ],
)
def test_a_reader_writes_nothing(reader: Address, sql: str, claim: dict[str, str], session: dict[str, str]) -> None:
    assert reader.post(sql, None, **claim, **session).code == 164


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT * FROM file('/etc/passwd', LineAsString)", 497),
        ("SELECT file('/etc/passwd')", 497),
        ("SELECT * FROM `file` /* x */ ('/etc/passwd', LineAsString)", 497),
        ("SELECT * FROM URL('http://127.0.0.1:1/')", 497),
        ("SELECT (SELECT count() FROM remote('127.0.0.1', system.one))", 497),
        ("SELECT * FROM executable('id', TSV, 'a String')", 497),
        ("DESCRIBE s3('http://127.0.0.1:1/b')", 497),
        ("SELECT 1 FORMAT Template SETTINGS format_template_row = '/etc/passwd'", 497),
        ("SET format_template_row = '/etc/passwd'", 497),
        ("SELECT * FROM `/etc/passwd`", 60),
        ("SELECT * FROM '/etc/passwd'", 60),
        ("SELECT * FROM {t:Identifier}", 60),
    ],
)
def test_a_reader_reaches_no_file_and_no_network(reader: Address, sql: str, code: int) -> None:
    assert reader.post(sql, param_t="/etc/passwd").code == code


def test_a_reader_reaches_no_file_by_settings(reader: Address) -> None:
    assert reader.post("SELECT 1", format_template_row="/etc/passwd").code == 497


@pytest.mark.parametrize(
    "columns", ["a String) ENGINE = File(CSV, '/etc/passwd') --", "a String DEFAULT file('/etc/passwd')"]
)
def test_a_reader_smuggles_nothing_through_external_tables(reader: Address, columns: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\nv\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    good = reader.post(body, headers, query="SELECT a FROM x", x_structure="a String")
    assert good.body == b"v\n"
    assert reader.post(body, headers, query="SELECT * FROM x", x_structure=columns).code in (36, 497)
