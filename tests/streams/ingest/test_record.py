"""The order of a batch: configuration, then append time; a partition never turns."""

from __future__ import annotations

from streams.ingest.record import Record, in_append_order


def at(topic: str, partition: int, offset: int, time: int) -> Record:
    return Record(topic, partition, offset, None, b"", (), time)


def test_configuration_comes_first_then_time_decides() -> None:
    batch = [at("a", 0, 1, 30), at("b", 0, 1, 10), at("b", 0, 2, 40), at("c", 0, 5, 99), at("a", 1, 1, 20)]
    assert [r.timestamp for r in in_append_order(batch, "c")] == [99, 10, 20, 30, 40]


def test_a_partition_keeps_its_order_whatever_the_broker_clock_did() -> None:
    batch = [at("a", 0, 1, 50), at("a", 0, 2, 10), at("b", 0, 1, 20)]
    offsets = [r.offset for r in in_append_order(batch, "c") if r.topic == "a"]
    assert offsets == [1, 2]
