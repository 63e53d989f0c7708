"""The lexer agrees with the engine's own parser on where a statement's FORMAT is, and never reads data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import example, given
from hypothesis import strategies as st

from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.lex import parse, tokens
from tests.deploy.clickhouse.launch import Launched
from tests.depth import examples

# Everything that can hide the word: strings, heredocs, names, comments, nested brackets, plain names.
HIDDEN = st.sampled_from(
    [
        "' FORMAT CSV'",
        "'it''s FORMAT CSV'",
        "'\\' FORMAT CSV'",
        "$$ FORMAT CSV $$",
        "$tag$ FORMAT CSV $$ ' $tag$",
        "`a FORMAT CSV`",
        '"a FORMAT CSV"',
        "(SELECT 1 AS format)",
        "(SELECT format FROM (SELECT 1 AS format))",
        "[1, 2]",
        "f(format)",
        "a.format",
        "{p:String}",
        "1.5e3",
    ]
)
GAP = st.sampled_from(
    [
        " ",
        "\n",
        "\t \n",
        " /* FORMAT CSV */ ",
        " /* a /* ' */ FORMAT CSV */ ",
        " -- ' FORMAT CSV\n",
        " // `\n",
        " # '\n",
    ]
)
FORMATS = st.sampled_from(["JSON", "TSVWithNames", "Native", "Null", "format"])


@st.composite
def selects(draw: st.DrawFn) -> tuple[str, str | None]:
    """A statement and the format that it names."""
    columns = draw(st.lists(HIDDEN, min_size=1, max_size=4))
    sql = "SELECT" + draw(GAP) + f"{draw(GAP)},".join(columns)
    if draw(st.booleans()):
        sql += f"{draw(GAP)}FROM{draw(GAP)}t{draw(GAP)}"
    if draw(st.booleans()):
        sql += f"{draw(GAP)}SETTINGS{draw(GAP)}x = {draw(st.sampled_from(['1', chr(39) + 'FORMAT CSV' + chr(39)]))}"
    name = draw(st.none() | FORMATS)
    if name:
        sql += f"{draw(GAP)}{draw(st.sampled_from(['FORMAT', 'format', 'Format']))}{draw(GAP)}{name}"
        sql += draw(st.sampled_from(["", " SETTINGS y = 2", " SETTINGS y = 'FORMAT CSV'"]))
    return sql + draw(GAP) + draw(st.sampled_from(["", ";", "; -- ; FORMAT CSV", ";\n"])), name


@given(selects())
@examples(300)
def test_the_format_of_a_select(case: tuple[str, str | None]) -> None:
    sql, name = case
    found = parse(sql.encode())
    assert (found.verb, found.format, found.data) == ("SELECT", name, None)
    # Nothing is lost: the pieces are the statement, word for word.
    clause = [b"FORMAT", name.upper().encode()] if name else []
    pieces = [*_words(found.head), *clause, *_words(found.tail)]
    assert pieces == [word for word in _words(sql.encode()) if word != b";"]


def _words(sql: bytes) -> list[bytes]:
    return [token.upper or token.text for token in tokens(sql)]


NAMES = st.sampled_from(
    [
        "a",
        "format",
        "t",
        "settings",
        "values",
        "table",
        "database",
        "by",
        "`format`",
        "format.format",
        "1",
        "'f JSON'",
        "*",
    ]
)
# Each line may end a statement that is still whole before it.
MORE = st.sampled_from(
    [
        "",
        "",
        ", format",
        "+ format",
        "AS format",
        "format",
        ", a format",
        "* format",
        "* format x",
        "NOT format x",
        "OR format x",
    ]
)
SOURCES = st.sampled_from(["", "FROM t", "FROM format", "FROM t AS format", "FROM t, format", "FROM format FINAL"])
ENDS = st.sampled_from(
    ["", "WHERE format", "WHERE format = a", "ORDER BY format", "ORDER BY format desc", "ORDER BY a DESC", "LIMIT 1"]
)
CLAUSES = st.sampled_from(
    ["", "format json", "format json", "format json SETTINGS b = 2", "SETTINGS a = 1 format json"]
)


@st.composite
def ambiguous(draw: st.DrawFn) -> str:
    """A statement where `format` may be a name or the clause; never FORMAT, so that we can ask the engine."""
    return " ".join(word for word in ["SELECT", *map(draw, (NAMES, MORE, SOURCES, ENDS, CLAUSES))] if word)


@pytest.fixture(scope="module")
def engine(embedded: Launched) -> Iterator[Client]:
    with embedded.owner.client() as client:
        yield client


KNOWN = [
    "SELECT format FROM t",
    "SELECT a FROM format format json",
    "SELECT table format json",
    "SELECT a ORDER BY a DESC format json",
]


@given(asked=st.lists(ambiguous(), min_size=30, max_size=30))
@example(asked=KNOWN)
@examples(25)
def test_it_reads_format_as_the_engine_does(engine: Client, asked: list[str]) -> None:
    sql = "SELECT arrayMap(q -> formatQuerySingleLineOrNull(q), {qs:Array(String)})"
    answers = engine.query(sql, parameters={"qs": asked}).result_rows[0][0]
    understood = [(query, answer) for query, answer in zip(asked, answers, strict=True) if answer is not None]
    # The engine writes keywords in upper case and names as they came, so FORMAT there is the clause.
    theirs = {query: re.search(r" FORMAT (\w+)(?: SETTINGS \w+ = \d)?$", answer) for query, answer in understood}
    assert {query: parse(query.encode()).format for query in theirs} == {
        query: found[1] if found else None for query, found in theirs.items()
    }
    assert len(understood) == len(asked) if asked == KNOWN else understood


@given(
    st.binary(max_size=200).filter(lambda data: data[:1] not in (b" ", b"\t", b"\r", b"\n", b";")),
    st.sampled_from(["t", "db.`FORMAT`", "TABLE t", "FUNCTION null('a Int32')", "format"]),
    st.sampled_from(["", " (a, `FORMAT CSV`)", " (format, b)", " (* EXCEPT(b))"]),
    st.sampled_from(["", " SETTINGS insert_deduplication_token = 'FORMAT CSV'", " /* FORMAT CSV */"]),
    st.sampled_from(["\n", " ", ";\n", "\r\n"]),
)
@examples(300)
def test_the_data_of_an_insert_is_not_read(data: bytes, target: str, columns: str, extra: str, gap: str) -> None:
    head = f"INSERT INTO {target}{columns}{extra} "
    found = parse(head.encode() + b"FORMAT JSONEachRow" + gap.encode() + data)
    assert (found.verb, found.format, found.data) == ("INSERT", "JSONEachRow", data)
    assert found.head == head.encode()


@given(st.binary(max_size=300) | st.text(alphabet="'\"`$*/-#(){};\\FORMATSELCINUO \n", max_size=60).map(str.encode))
@examples(500)
def test_any_bytes_are_a_statement_or_an_error(data: bytes) -> None:
    try:
        head = parse(data).head
    except ClickHouseError as refused:
        head = b"" if refused.code in (48, 62) else b"an error of another kind"
    assert data.startswith(head)


@pytest.mark.parametrize(
    ("sql", "verb"),
    [
        ("insert into t values (1), ('FORMAT x'); garbage '", "INSERT"),
        ("INSERT INTO t SELECT 1 FORMAT Null", "INSERT"),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "INSERT"),
        ("WITH 1 AS a SELECT a", "WITH"),
        ("(SELECT 1) UNION ALL (SELECT 2)", "SELECT"),
        ("FROM t SELECT a", "FROM"),
        ("/* c */ -- d\n explain SELECT 1", "EXPLAIN"),
    ],
)
def test_the_verb(sql: str, verb: str) -> None:
    found = parse(sql.encode())
    assert (found.verb, found.data) == (verb, None)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("", 62),
        (" -- only a comment", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT 'open", 62),
        ("SELECT `open", 62),
        ("SELECT 1 /* open", 62),
        ("SELECT 1 INTO /* x */ OUTFILE 'f'", 48),
        ("INSERT INTO t FROM INFILE 'f' FORMAT CSV", 48),
    ],
)
def test_what_is_refused(sql: str, code: int) -> None:
    with pytest.raises(ClickHouseError) as refused:
        parse(sql.encode())
    assert refused.value.code == code


def test_a_long_string_costs_little() -> None:
    found = parse(b"SELECT '" + b"x''" * 500_000 + b"' FORMAT JSON")
    assert found.format == "JSON"
