"""Every format and every type of the unmodified clickhouse-connect goes in and comes back."""

from __future__ import annotations

import datetime as dt
import gzip
import importlib
import json
import sys
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import lz4.frame
import pytest
from clickhouse_connect.driver.client import Client

from tests.deploy.clickhouse.launch import table

pytestmark = pytest.mark.slow  # a real ClickHouse behind the real door


@pytest.mark.parametrize(
    "name", ["TSV", "CSVWithNames", "JSONEachRow", "JSON", "RowBinary", "Parquet", "Arrow", "Native"]
)
def test_raw_formats_out(client: Client, name: str) -> None:
    data = client.raw_query("SELECT number AS n FROM numbers(3)", fmt=name)
    expected = {
        "TSV": b"0\n1\n2\n",
        "CSVWithNames": b'"n"\n0\n1\n2\n',
        "RowBinary": b"".join(i.to_bytes(8, "little") for i in range(3)),
    }
    if name in expected:
        assert data == expected[name]
    elif name == "JSON":
        assert json.loads(data)["rows"] == 3
    else:
        assert len(data) > 20


@pytest.mark.parametrize("method", [None, "gzip", "zstd", "lz4"])
@pytest.mark.parametrize(
    "name", ["CSV", "TSVWithNames", "JSONEachRow", "RowBinary", "Parquet", "ArrowStream", "Values"]
)
def test_raw_formats_in(client: Client, name: str, method: str | None) -> None:
    block = b"(0),(1),(2)" if name == "Values" else client.raw_query("SELECT number AS n FROM numbers(3)", fmt=name)
    packers: dict[str | None, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": _zstd, "lz4": _lz4}
    packed = packers.get(method, bytes)(block)
    target = table(client, "n UInt64")
    client.raw_insert(target, ["n"], packed, fmt=name, compression=method)
    assert client.query(f"SELECT groupArray(n) FROM (SELECT n FROM {target} ORDER BY n)").first_row == ([0, 1, 2],)


def _lz4(data: bytes) -> bytes:
    packed: bytes = lz4.frame.compress(data)
    return packed


def _zstd(data: bytes) -> bytes:
    zstd = importlib.import_module("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd")
    packed: bytes = zstd.compress(data)
    return packed


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Decimal(18, 2)", Decimal("178000000.25")),
        ("Nullable(Decimal(38, 4))", Decimal("-0.0001")),
        ("Nullable(Decimal(38, 4))", None),
        ("DateTime64(3, 'UTC')", dt.datetime(2026, 4, 20, 1, 2, 3, 4000, tzinfo=ZoneInfo("UTC"))),
        ("DateTime64(3, 'Asia/Shanghai')", dt.datetime(2026, 4, 20, 1, 2, 3, tzinfo=ZoneInfo("Asia/Shanghai"))),
        ("Map(String, Decimal(18, 4))", {"k": Decimal("1.5000"), "": Decimal("0.0000")}),
        ("Map(String, String)", {}),
        ("Array(Array(Nullable(Int64)))", [[1, None], []]),
        ("Array(String)", ["e-1", "员工"]),
        ("Tuple(Int32, String)", (1, "x")),
        ("LowCardinality(Nullable(String))", None),
        ("LowCardinality(String)", "RED"),
        ("Enum8('ON' = 1, 'OFF' = 2)", "OFF"),
        ("UUID", uuid.UUID(int=1 << 100)),
        ("Bool", False),
        ("Date32", dt.date(1999, 1, 1)),
        ("UInt64", 2**64 - 1),
        ("Int256", -(2**200)),
    ],
)
def test_types_come_back_as_they_went(client: Client, kind: str, value: Any) -> None:
    name = table(client, f"i Int8, v {kind}")
    client.insert(name, [[1, value]])
    assert client.query(f"SELECT v FROM {name}", tz_mode="aware").result_rows == [(value,)]


def test_raw_bytes_in_a_string(client: Client) -> None:
    name = table(client, "v String")
    client.insert(name, [[bytes(range(256))]], column_names=["v"])
    assert client.query(f"SELECT v FROM {name}", column_formats={"v": "bytes"}).first_row == (bytes(range(256)),)
