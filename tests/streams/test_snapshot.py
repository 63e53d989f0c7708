"""Snapshots come back whole, the newest one that fits, or not at all."""

from __future__ import annotations

import random

from sharedchain.tail import Seen
from streams.snapshot import Snapshot, chunks, newest


def snapshot(seq: int, body: bytes = b"{}", core: str = "v1") -> Snapshot:
    return Snapshot(partition=3, seq=seq, offset=seq * 2, core=core, body=body)


def seen(*snapshots: Snapshot) -> list[Seen]:
    return [Seen(0, [*r.headers], r.value) for s in snapshots for r in chunks(s, "t")]


def test_a_snapshot_comes_back_as_it_was() -> None:
    one = snapshot(7, b'{"a":1}')
    assert newest(seen(one), 3, "v1", 14) == one


def test_a_large_state_travels_in_chunks_under_the_record_limit() -> None:
    body = random.Random(1).randbytes(2_000_000)
    made = chunks(snapshot(7, body), "t")
    assert [r.key for r in made] == [b"engine/0", b"engine/1", b"engine/2", b"engine/3"]
    assert all(len(r.value) <= 512 * 1024 and r.partition == 3 for r in made)
    found = newest(seen(snapshot(7, body)), 3, "v1", 14)
    assert found is not None
    assert found.body == body


def test_the_newest_one_wins_but_never_one_ahead_of_the_decided_offset() -> None:
    records = seen(snapshot(5), snapshot(9), snapshot(11))
    assert newest(records, 3, "v1", 19) == snapshot(9)


def test_another_core_s_snapshot_is_not_ours() -> None:
    assert newest(seen(snapshot(5), snapshot(9, core="v2")), 3, "v1", 100) == snapshot(5)
    assert newest(seen(snapshot(9, core="v2")), 3, "v1", 100) is None


def test_a_snapshot_that_lost_a_chunk_to_compaction_is_passed_over() -> None:
    large = snapshot(9, random.Random(1).randbytes(1_200_000))
    torn = seen(snapshot(5)) + seen(large)[1:]
    assert newest(torn, 3, "v1", 100) == snapshot(5)
