"""Blocks as clickhouse-go reads them: BlockInfo, and per column a serialization flag."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.native import collect, read_varint, varint
from tests.deploy.clickhouse.launch import Launched

BLOCK_INFO = bytes([1, 0, 2, 255, 255, 255, 255, 0])


@given(st.integers(0, 1 << 60))
def test_varints(number: int) -> None:
    packed = varint(number)
    assert read_varint(b"x" + packed + b"y", 1) == (number, 1 + len(packed))


def test_the_blocks_of_a_result(embedded: Launched) -> None:
    sql = "SELECT number AS n, toString(number) AS s, toDateTime64(number, 3, 'UTC') AS t FROM numbers(3)"
    data = embedded.owner.post(sql, client_protocol_version="54460", default_format="Native").body
    assert data.startswith(BLOCK_INFO)
    width, at = read_varint(data, len(BLOCK_INFO))
    rows, at = read_varint(data, at)
    assert (width, rows) == (3, 3)
    columns = {}
    for size in (24, 6, 24):  # UInt64, one length byte and one digit, Int64
        name, at = _text(data, at)
        kind, at = _text(data, at)
        assert data[at] == 0  # no custom serialization
        columns[name] = (kind, data[at + 1 : at + 1 + size])
        at += 1 + size
    assert at == len(data)
    assert columns == {
        b"n": (b"UInt64", b"".join(i.to_bytes(8, "little") for i in range(3))),
        b"s": (b"String", b"\x010\x011\x012"),
        b"t": (b"DateTime64(3, 'UTC')", b"".join((i * 1000).to_bytes(8, "little") for i in range(3))),
    }


def test_an_empty_result_still_names_its_columns(embedded: Launched) -> None:
    params = {"client_protocol_version": "54460", "default_format": "Native"}
    data = embedded.owner.post("SELECT 1 AS one WHERE 0", None, **params).body
    assert data == BLOCK_INFO + b"\x01\x00\x03one\x05UInt8\x00"


def test_a_result_that_is_too_large_is_refused() -> None:
    with pytest.raises(ClickHouseError) as refused:
        collect(iter([b"x" * 6, b"y" * 6]), 10)
    assert refused.value.code == 307


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = read_varint(data, at)
    return data[at : at + size], at + size
