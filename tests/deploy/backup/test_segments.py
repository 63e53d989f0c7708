"""Kafka's batches are counted however their bytes come; what is torn is not counted."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from deploy.local.backup.segments import Batches


def batch(base: int, records: int, body: int = 40, *, control: bool = False) -> bytes:
    """A record batch, magic 2, of which only the head is true."""
    head = struct.pack(">qiibIh", base, 49 + body, 0, 2, 0, 0x20 if control else 0)
    return head + struct.pack(">iqqqhii", records - 1, 0, 0, -1, -1, -1, records) + b"\xff" * body


@given(st.lists(st.integers(1, 9), max_size=6), st.integers(1, 200), st.integers(0, 60))
def test_any_chunks_count_the_same(sizes: list[int], chunk: int, torn: int) -> None:
    log, base = b"", 7
    for records in sizes:
        log += batch(base, records)
        base += records
    log += batch(base, 5)[:torn]
    seen = Batches()
    seen.segment(7)
    for at in range(0, len(log), chunk):
        seen.feed(log[at : at + chunk])
    assert (seen.end, seen.records) == (base, sum(sizes))


def test_markers_take_an_offset_and_are_no_records() -> None:
    seen = Batches()
    seen.segment(0)
    seen.feed(batch(0, 3) + batch(3, 1, control=True))
    assert (seen.end, seen.records) == (4, 3)


def test_the_next_segment_goes_on() -> None:
    seen = Batches()
    seen.segment(0)
    seen.feed(batch(0, 3) + b"torn")
    seen.segment(3)
    seen.feed(batch(3, 2))
    assert (seen.end, seen.records) == (5, 5)


def test_an_empty_segment_tells_where_the_log_stands() -> None:
    """After retention took everything."""
    seen = Batches()
    seen.segment(41)
    assert (seen.end, seen.records) == (41, 0)


def test_zeros_behind_the_end_are_nothing() -> None:
    seen = Batches()
    seen.segment(0)
    seen.feed(batch(0, 3) + bytes(500))
    assert (seen.end, seen.records) == (3, 3)
