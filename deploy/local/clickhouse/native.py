"""Revisioned Native blocks, which clickhouse-go (and with it Grafana) insists on.

chDB emits plain Native only. So: result → RowBinaryWithNamesAndTypes → a temporary Memory table on a
second handle → one Native stream per column → zipped into blocks with BlockInfo and the serialization
flag (ClickHouse's NativeWriter, revisions ≥ 54454). No type is parsed; the result is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from deploy.local.clickhouse.engine import Handle, run
from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.insert import insert

REVISION = 54454  # since then a block carries a flag per column
_BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number, shift, at = number | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return number, at


def _read_text(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = read_varint(data, at)
    return data[at : at + size], at + size


def collect(chunks: Iterator[bytes], most: int) -> bytes:
    """Hold a whole result. Raises 307 above `most` bytes."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > most:
            raise ClickHouseError(307, f"A result over {most} bytes is not sent as revisioned Native: add a LIMIT")
    return bytes(held)


def blocks(rows: bytes, scratch: Handle) -> Iterator[bytes]:
    """`rows` is a RowBinaryWithNamesAndTypes document; `scratch` a handle of its own, closed by the caller."""
    width, at = read_varint(rows, 0)
    names: list[bytes] = []
    types: list[bytes] = []
    for found in (names, types):
        for _ in range(width):
            word, at = _read_text(rows, at)
            found.append(word)
    columns = ", ".join(f"c{i} {kind.decode()}" for i, kind in enumerate(types))
    run(scratch, "SET max_threads = 1, allow_suspicious_low_cardinality_types = 1")
    run(scratch, f"CREATE TEMPORARY TABLE r ({columns}) ENGINE = Memory")
    if at < len(rows):
        insert(scratch, "INSERT INTO r", "RowBinary", [rows[at:]])
    streams = [[part.bytes() for part in scratch.send_query(f"SELECT c{i} FROM r", "Native")] for i in range(width)]
    for parts in list(zip(*streams, strict=True)) or [()]:
        yield _block(names, types, parts)


def _block(names: list[bytes], types: list[bytes], parts: tuple[bytes, ...]) -> bytes:
    out, count = bytearray(), 0
    for i, (name, kind) in enumerate(zip(names, types, strict=True)):
        out += varint(len(name)) + name + varint(len(kind)) + kind + b"\0"
        if parts:
            count, at = read_varint(parts[i], 1)  # behind the one-byte column count
            _, at = _read_text(parts[i], at)
            _, at = _read_text(parts[i], at)
            out += parts[i][at:]
    return _BLOCK_INFO + varint(len(names)) + varint(count) + bytes(out)
