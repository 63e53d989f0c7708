"""Record batches are read closed as their records are read one by one, or not at all."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharedchain.record_batch import Reader, Shape, shape_of
from sharedchain.telemetry import Slices
from sharedchain.vector import RECORD, probe
from streams.seam.batch import Batch
from tests.sharedchain.test_telemetry import BAD, LAB, SOME, point, told
from tests.sharedchain.test_vector import schemas, values, written
from tests.streams.seam.built import NOW, Said, built

TENANT = [("ce_tenant", b"acme"), ("ce_backfill", b"true")]


def batch(base: int, said: list[Said], **more: Any) -> Batch:
    return Batch.of("plant.telemetry.v1", 0, built(base, said, appended=NOW, **more))


def one(chance: random.Random, key: bytes | None = b"EQ", headers: Any = (), **changes: Any) -> Said:
    return Said(LAB.one(chance, 0, **changes).value, key, headers)


def some(chance: random.Random, count: int, key: bytes | None = None, headers: Any = ()) -> Said:
    return Said(LAB.some(chance, 0, count).value, key, headers)


def alike(batches: list[Batch]) -> int:
    """Closed and by rows, held equal; how many records were opened."""
    opened: list[int] = []

    class Watched(Batch):
        def records(self) -> list[Any]:
            opened.append(self.size)
            return super().records()

    closed = LAB.whole.read_batches([Watched(*each) for each in batches])
    rows = LAB.rows.read([record for each in batches for record in each.records()])
    assert told(closed) == told(rows)
    return sum(opened)


@pytest.mark.parametrize("headers", [(), TENANT, [("theirs", b"\xff"), ("none", None)]])
@pytest.mark.parametrize("key", [None, b"", b"\xffEQ"])
@pytest.mark.parametrize("packed", [0, 1, 4])
def test_batches_of_one_shape_stay_closed(key: bytes | None, headers: Any, packed: int) -> None:
    chance = random.Random(1)
    singles = [batch(n, [one(chance, key, headers) for _ in range(5)], packed=packed) for n in (0, 5)]
    many = [batch(10, [some(chance, n, key, headers) for n in (3, 1, 4)], packed=packed)]
    assert alike([*singles, *many]) == 0


def test_what_differs_within_a_batch_is_opened() -> None:
    chance = random.Random(2)
    plain = [one(chance) for _ in range(4)]
    for other in (
        one(chance, key=None),
        one(chance, headers=TENANT),
        some(chance, 2),
        Said(None, b"EQ"),
        Said(b"x", b"EQ"),
    ):
        assert alike([batch(0, [*plain, other])]) == 5
        assert alike([batch(0, [other, *plain])]) == 5


def test_each_shape_is_closed_beside_others() -> None:
    chance = random.Random(3)
    batches = [
        batch(0, [one(chance)] * 3), batch(3, [one(chance, headers=TENANT)] * 3), batch(6, [some(chance, 3)] * 2),
        batch(8, [one(chance), Said(b"\0\0\0\0\x09zz", b"EQ")]),
    ]  # fmt: skip
    assert alike(batches) == 2


@pytest.mark.parametrize("why", BAD)
def test_the_one_record_that_is_wrong_is_refused_alone(why: str) -> None:
    changes, reason, _ = BAD[why]
    chance = random.Random(why)
    wrong = [one(chance), one(chance, **changes), one(chance)]
    assert alike([batch(0, wrong), batch(3, [one(chance)])]) == 4  # opened to tell why
    found = LAB.whole.read_batches([batch(0, wrong)])
    assert [(fault.offset, fault.why.reason) for fault in found.faults] == [(1, reason)]


def test_a_tenant_that_nobody_can_have_is_refused_by_record() -> None:
    headers = [("ce_tenant", b"_system")]
    assert alike([batch(0, [one(random.Random(4), headers=headers)] * 2)]) == 2


def test_a_message_without_readings_is_refused() -> None:
    chance = random.Random(5)
    assert alike([batch(0, [some(chance, 2), some(chance, 0), some(chance, 1)])]) == 3


def test_headers_that_are_never_the_same_twice_pile_nothing_up() -> None:
    slices, chance = Slices(LAB.codec, large=0), random.Random(6)
    for nth in range(200):
        slices.read_batches([batch(nth, [one(chance, headers=[("ce_id", str(nth).encode())])])])
    assert len(slices._readers) <= 64


def test_small_batches_that_differ_within_are_tried_together_and_never_each(monkeypatch: pytest.MonkeyPatch) -> None:
    tried, read = list[int](), Reader.read

    def watched(self: Reader, batches: Sequence[Batch], *said: Any) -> Any:
        tried.append(len(batches))
        return read(self, batches, *said)

    monkeypatch.setattr(Reader, "read", watched)
    slices, chance = Slices(LAB.codec), random.Random(9)
    mixed = [batch(2 * nth, [one(chance), one(chance, headers=TENANT)]) for nth in range(500)]
    assert slices.read_batches(mixed).count == 1000
    assert tried == [500]


def test_times_are_the_records_own_where_kafka_did_not_set_them() -> None:
    chance = random.Random(7)
    own = Batch.of("plant.telemetry.v1", 0, built(3, [one(chance)] * 3))
    frame = LAB.whole.read_batches([own]).frame()
    assert frame.select("offset", "recorded").rows() == [(3, NOW), (4, NOW + 1), (5, NOW + 2)]


# --- any schema, any wound ---


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_values_are_read_as_the_vector_reads_them(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    vector = probe(schema)
    assert vector is not None
    said = [written(schema, each) for each in data.draw(st.lists(values(schema), min_size=1, max_size=5))]
    key = data.draw(st.sampled_from([None, b"", b"k" * 70]))
    closed = Batch.of("t", 0, built(2, [Said(value, key) for value in said]))
    reader = Reader(Shape(key is not None, 1, ()), vector, schema)
    found, alone = reader.read([closed], [closed.run], 1 << 20), vector.frame(said)
    assert (found is None) == (alone is None)
    if found is not None and alone is not None:
        assert repr(found.frame.select(sorted(alone.columns)).rows()) == repr(
            alone.select(sorted(alone.columns)).rows()
        )
        assert [*found.offset] == [*range(2, 2 + len(said))]


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([(), TENANT]))
def test_a_wounded_run_is_not_believed_or_says_what_it_said(chance: random.Random, headers: Any) -> None:
    """Kafka's checksum guards a batch; should a byte be another all the same, nothing may be read past its record."""
    whole = batch(0, [one(chance, headers=headers) for _ in range(6)])
    shape = shape_of(whole.run)
    assert shape is not None
    reader = LAB.whole._reader(shape)
    assert reader is not None
    run = bytearray(whole.run)
    run[chance.randrange(len(run))] ^= 1 << chance.randrange(8)
    found = reader.read([whole], [bytes(run)], 1 << 20)
    if found is not None:  # then the wound is within one field, and all else is where it was
        good = reader.read([whole], [whole.run], 1 << 20)
        assert good is not None
        cells = zip(good.frame.rows(), found.frame.rows(), strict=True)
        assert sum(a != b for mine, theirs in cells for a, b in zip(mine, theirs, strict=True)) <= 1


@pytest.mark.parametrize("run", [b"", b"\x02", b"\xff" * 30, b"\x10\0\0\0\x01\x01"])
def test_what_cannot_be_read_has_no_shape(run: bytes) -> None:
    assert shape_of(run) is None


def test_a_record_of_an_array_is_so_many_rows() -> None:
    chance = random.Random(8)
    value = LAB.codec.encode(SOME, {"gateway_id": "G", "readings": [point(chance) for _ in range(3)]})
    whole = batch(0, [Said(value), Said(value)])
    shape = shape_of(whole.run)
    assert shape is not None
    reader = LAB.whole._reader(shape)
    assert reader is not None
    found = reader.read([whole], [whole.run], 1 << 20)
    assert found is not None
    assert found.frame[RECORD].to_list() == [0, 0, 0, 1, 1, 1]
    assert reader.read([whole], [whole.run], len(value) - 1) is None  # too large: rows say so
