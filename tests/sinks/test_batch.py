"""The intent protocol as pure functions: cut, die, read again, cut again → the same records under the same name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.batch import FIRST_EPOCH, Intent, Record, cut, cut_again, read_intent

PLACE = ("ops.alert.v1", 3)


def records(offsets: list[int]) -> list[Record]:
    return [Record(*PLACE, offset, None, b"%d" % offset, []) for offset in offsets]


OFFSETS = st.sets(st.integers(0, 200), min_size=1).map(sorted)  # gaps: aborted records and markers


def test_a_batch_spans_from_its_first_record_to_behind_its_last() -> None:
    batch = cut(PLACE, records([4, 6, 9, 12]), epoch=2, limit=3)
    assert batch.intent == Intent(4, 10, 2)
    assert batch.name == "2:ops.alert.v1-3:4-10"
    assert [r.offset for r in batch.records] == [4, 6, 9]


@pytest.mark.parametrize("metadata", ["", None])
def test_no_metadata_is_a_clean_end(metadata: str | None) -> None:
    assert read_intent(7, metadata) == Intent(7, 7, FIRST_EPOCH)


def test_metadata_of_a_newer_sink_is_refused() -> None:
    with pytest.raises(ValueError, match="newer"):
        read_intent(7, '{"v":2,"e":9}')


def test_the_metadata_has_the_agreed_form() -> None:
    assert Intent(4, 10, 2).metadata() == '{"v":1,"e":10,"ep":2}'


@given(OFFSETS, st.integers(1, 50), st.integers(1, 9))
def test_a_successor_cuts_the_same_batch(offsets: list[int], limit: int, epoch: int) -> None:
    log = records(offsets)
    batch = cut(PLACE, log, epoch, limit)
    pending = read_intent(batch.intent.start, batch.intent.metadata())
    assert pending is not None
    # The successor reads from the committed offset and may have read more than the batch by then.
    again = cut_again(PLACE, pending, [r for r in log if r.offset >= pending.start], seen_to=offsets[-1] + 1)
    assert again == batch


@given(OFFSETS, st.data())
def test_nothing_is_cut_before_all_of_it_was_read(offsets: list[int], data: st.DataObject) -> None:
    pending = Intent(offsets[0], offsets[-1] + 1, 1)
    seen = data.draw(st.integers(0, offsets[-1]))
    assert cut_again(PLACE, pending, [r for r in records(offsets) if r.offset < seen], seen) is None


def test_records_that_retention_took_leave_an_empty_batch_and_no_block() -> None:
    again = cut_again(PLACE, Intent(4, 10, 1), [], seen_to=25)
    assert again is not None
    assert again.records == ()
