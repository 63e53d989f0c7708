"""A record batch says closed what its records say one by one, whatever it was packed with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.memory_records import MemoryRecords
from faust.types import TP

from streams import seam
from streams.seam.batch import Batch, Remembered, Sealed, size
from tests.streams.seam.built import Said, built, control

SAID = [Said(b"a"), Said(None, key=b"k", headers=[("h", b"x"), ("n", None)]), Said(b"", key=b"")]


@pytest.mark.parametrize("packed", range(5), ids=["plain", "gzip", "snappy", "lz4", "zstd"])
def test_its_run_is_its_records_unpacked(packed: int) -> None:
    plain, batch = Batch.of("t", 1, built(7, SAID)), Batch.of("t", 1, built(7, SAID, packed=packed))
    assert batch.run == plain.run
    assert (batch.base, batch.offset, batch.size) == (7, 9, 3)


@pytest.mark.parametrize("appended", [None, 5_000])
def test_opened_it_is_what_aiokafka_gives_an_agent(appended: int | None) -> None:
    octets = built(7, SAID, appended=appended)
    alone = fetcher.PartitionRecords(TP("t", 1), MemoryRecords(octets), [], 7, None, None, True, 0)
    batch = Batch.of("t", 1, octets)
    assert batch.records() == [*alone]
    times = [record.timestamp for record in batch.records()]
    assert times == ([5_000] * 3 if appended else [batch.first, batch.first + 1, batch.first + 2])
    assert (batch.timestamp, batch.timestamp_type) == (times[-1], int(bool(appended)))
    assert size([batch, batch]) == 6


def test_a_format_that_kafka_no_longer_writes_is_refused() -> None:
    octets = bytearray(built(0, SAID))
    octets[16] = 1
    with pytest.raises(ValueError, match="format 1 at 0; 2 is read"):
        Batch.of("t", 0, bytes(octets))


def fetched(data: bytes, aborted: list[tuple[int, int]], start: int = 0) -> tuple[list[Any], int]:
    parts = seam._PartitionRecords(TP("batched", 1), Remembered(data), aborted, start, None, None, True, 1)
    found = [*parts]
    return found, parts.next_fetch_offset


@pytest.fixture(autouse=True)
def batched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seam._PartitionRecords, "batched", {"batched"})


def test_of_a_fetch_come_its_batches_without_markers_and_what_was_aborted() -> None:
    data = (
        built(0, SAID, producer=7) + built(3, SAID, producer=8) + control(6, producer=7, commit=False)
        + built(7, SAID, producer=7) + control(10, producer=7, commit=True) + built(11, SAID)
    )  # fmt: skip
    found, then = fetched(data, [(7, 0)])
    assert [batch.base for batch in found] == [3, 7, 11]
    assert then == 14
    assert found[2] == Batch.of("batched", 1, built(11, SAID))


def test_a_batch_that_is_read_to_its_middle_comes_whole_again_and_one_that_is_read_does_not() -> None:
    found, then = fetched(built(0, SAID) + built(3, SAID), [], start=4)
    assert ([batch.base for batch in found], then) == ([3], 6)


def test_other_topics_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = seam._PartitionRecords(TP("t", 1), Remembered(built(0, SAID)), [], 0, None, None, True, 1)
    assert all(isinstance(record, seam.Record) for record in parts)


def test_a_fetch_that_is_cut_off_in_a_batch_ends_before_it() -> None:
    data = built(0, SAID) + built(3, SAID)[:-5]
    sealed = Sealed("t", 1, Remembered(data))
    assert sealed.has_next()
    assert next(iter(sealed.next_batch())).base == 0
    assert not sealed.has_next()


def test_an_app_reads_by_batches_what_its_schema_says() -> None:
    app = seam.App("batches-test", broker="slices://127.0.0.1:1", store="memory://", autodiscover=False)
    app.topic("mine", schema=seam.SliceSchema(batches=True))
    app.topic("other", schema=seam.SliceSchema())
    assert seam._PartitionRecords.batched == {"batched", "mine"}


def test_upstream_still_makes_its_records_where_we_look_for_them() -> None:
    assert fetcher.MemoryRecords is Remembered
    assert fetcher.PartitionRecords is seam._PartitionRecords
    taken = SimpleNamespace(calls=fetcher.Fetcher._proc_fetch_request.__code__.co_names)
    assert {"MemoryRecords", "PartitionRecords"} <= set(taken.calls)
