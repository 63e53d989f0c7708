"""The runner's order of deeds, with a Kafka that is a script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from sharedchain.errors import ConfigError
from sinks.batch import Batch
from sinks.pace import backoff, rested
from sinks.runner import Done, Later, Runner

TOPIC = "ops.alert.v1"


class Message:
    def __init__(self, offset: int, partition: int = 0, error: KafkaError | None = None) -> None:
        self._offset, self._partition, self._error = offset, partition, error

    def topic(self) -> str:
        return TOPIC

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def error(self) -> KafkaError | None:
        return self._error

    def key(self) -> None:
        return None

    def value(self) -> bytes:
        return b"%d" % self._offset

    def headers(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return 2, 1_777_000_000_000


def end(offset: int, partition: int = 0) -> Message:
    return Message(offset, partition, KafkaError(KafkaError._PARTITION_EOF))


class Kafka:
    """Deals partitions 0 and 1 at the first poll, hands out `rounds` one by one, then stops the runner."""

    def __init__(self, rounds: Iterable[list[Message]], committed: dict[int, tuple[int, str]] | None = None) -> None:
        self.rounds = list(rounds)
        self.positions: dict[int, tuple[int, str]] = committed or {}
        self.commits: list[list[tuple[int, int, str]]] = []
        self.paused: set[int] = set()
        self.assigned: list[dict[int, int]] = []
        self.refuse_commits = 0
        self.stopping = threading.Event()
        self.inside_consume: Callable[[], None] = lambda: None
        self.low = 0  # the first offset that retention has left
        self.inside_commit: Callable[[], None] = lambda: None
        self._assign: Any = None
        self._left: list[Message] = []

    def subscribe(self, topics: list[str], on_assign: Any, on_revoke: Any, on_lost: Any) -> None:
        self._assign = on_assign

    def deal(self) -> None:
        self._assign(self, [TopicPartition(TOPIC, p) for p in (0, 1)])

    def poll(self, timeout: float) -> Message | None:
        if not self.assigned:
            self.deal()
        if not self.rounds:
            self.stopping.set()
            return None
        first, *self._left = self.rounds.pop(0) or [None]  # type: ignore[list-item]
        return first

    def consume(self, count: int, timeout: float) -> list[Message]:
        self.inside_consume()
        return self._left

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        found = []
        for p in partitions:
            offset, metadata = self.positions.get(p.partition, (-1001, ""))
            found.append(TopicPartition(TOPIC, p.partition, offset, metadata=metadata))
        return found

    def list_topics(self, timeout: float) -> Any:
        return SimpleNamespace(topics={TOPIC: SimpleNamespace(partitions={0: None, 1: None})})

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        return self.low, 99

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> list[TopicPartition]:
        self.inside_commit()
        if self.refuse_commits:
            self.refuse_commits -= 1
            raise KafkaException(KafkaError(KafkaError.REBALANCE_IN_PROGRESS))
        self.commits.append([(p.partition, p.offset, p.metadata or "") for p in offsets])
        self.positions |= {p.partition: (p.offset, p.metadata or "") for p in offsets}
        return offsets

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned.append({p.partition: p.offset for p in partitions})

    def pause(self, partitions: list[TopicPartition]) -> None:
        self.paused |= {p.partition for p in partitions}

    def resume(self, partitions: list[TopicPartition]) -> None:
        self.paused -= {p.partition for p in partitions}

    def close(self) -> None:
        """Nothing to close."""


class Sink:
    """Answers from a list, then Done; remembers what it was given."""

    def __init__(self, *answers: Done | Later) -> None:
        self.answers = list(answers)
        self.given: list[str] = []
        self.assignments = 0

    def assigned(self, ours: Callable[[], bool]) -> None:
        self.assignments += 1
        self.ours = ours

    def write(self, batch: Batch) -> Done | Later:
        self.given.append(f"{batch.name} {[r.offset for r in batch.records]}")
        return self.answers.pop(0) if self.answers else Done()


class Clock:
    """Every look at it takes `step` seconds."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 100.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def run(kafka: Kafka, sink: Sink, step: float = 0.0, **options: Any) -> None:
    Runner(kafka, [TOPIC], sink, now=Clock(step), **options).run(kafka.stopping)  # type: ignore[arg-type]


def test_batches_abreast_are_written_at_the_same_time_and_each_by_its_own_outcome() -> None:
    both = threading.Barrier(2, timeout=10)

    class Slow(Sink):
        def write(self, batch: Batch) -> Done | Later:
            both.wait()
            super().write(batch)
            return Done() if batch.place[1] else Later("away")

    kafka, sink = Kafka([[Message(5), Message(0, 1)]]), Slow()
    run(kafka, sink, abreast=2)
    assert sorted(sink.given) == ["1:ops.alert.v1-0:5-6 [5]", "1:ops.alert.v1-1:0-1 [0]"]
    assert kafka.paused == {0}  # it comes again; the other one does not


def test_who_stood_still_asks_for_every_batch_abreast_before_he_writes_one() -> None:
    kafka, sink = Kafka([[Message(5), Message(0, 1)]]), Sink()
    run(kafka, sink, step=2.0, abreast=2, fence=4.0)
    first, again = kafka.commits[:2]
    assert first == again
    assert len(again) == 2


def test_the_intent_is_committed_before_and_the_clean_end_as_soon_as_nothing_is_at_hand() -> None:
    kafka, sink = Kafka([[Message(5), Message(7), Message(0, 1)], []]), Sink()
    run(kafka, sink, epoch=3)
    assert sink.given == ["3:ops.alert.v1-0:5-8 [5, 7]", "3:ops.alert.v1-1:0-1 [0]"]
    assert kafka.commits == [
        [(0, 5, '{"v":1,"e":8,"ep":3}'), (1, 0, '{"v":1,"e":1,"ep":3}')],
        [(0, 8, '{"v":1,"e":8,"ep":3}'), (1, 1, '{"v":1,"e":1,"ep":3}')],
    ]


def test_the_next_intent_is_the_end_of_the_one_before() -> None:
    kafka, sink = Kafka([[Message(0)], [Message(1)], []]), Sink()
    run(kafka, sink)
    assert [one for commit in kafka.commits for one in commit] == [
        (0, 0, '{"v":1,"e":1,"ep":1}'),
        (0, 1, '{"v":1,"e":2,"ep":1}'),
        (0, 2, ""),
    ]


def test_what_could_not_be_written_comes_again_under_its_name_and_only_its_partition_waits() -> None:
    kafka, sink = Kafka([[Message(0)], [Message(0, 1)], *[[]] * 20]), Sink(Later("away"), Done(), Later("away"))
    run(kafka, sink, step=0.01)
    first = "1:ops.alert.v1-0:0-1 [0]"
    assert sink.given.count(first) >= 2
    assert sink.given[1] == "1:ops.alert.v1-1:0-1 [0]"
    assert kafka.paused == set()
    assert kafka.positions == {0: (1, ""), 1: (1, "")}


@pytest.mark.parametrize(
    ("took", "records", "rest"), [(0.1, 20, 0.3), (2.0, 999, 1.0), (0.1, 1_000, 0.0), (0.0, 1, 0.0)]
)
def test_a_trickle_rests_and_a_backlog_does_not(took: float, records: int, rest: float) -> None:
    assert rested(5.0, 5.0 + took, records) - (5.0 + took) == pytest.approx(rest)


def test_what_comes_while_it_rests_is_one_batch() -> None:
    """After a round that wrote something; a clean end waits for nothing."""
    kafka, sink, pauses = Kafka([[Message(0)], [], [Message(1)], [Message(2)], []]), Sink(), list[float]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        kafka._left += [message for some in kafka.rounds[:1] for message in some]
        kafka.rounds = kafka.rounds[1:]

    run(kafka, sink, rested=lambda _, ended, __: ended + 0.5, pause=pause)
    assert sink.given == ["1:ops.alert.v1-0:0-1 [0]", "1:ops.alert.v1-0:1-3 [1, 2]"]
    assert pauses == [0.5]
    assert kafka.positions[0] == (3, "")


def test_a_waiting_partition_is_paused() -> None:
    kafka = Kafka([[Message(0)], []])
    run(kafka, Sink(*[Later("away")] * 9))
    assert kafka.paused == {0}
    assert kafka.positions == {0: (0, '{"v":1,"e":1,"ep":1}')}


def test_without_a_committed_intent_nothing_is_written() -> None:
    kafka, sink = Kafka([[Message(0)], [Message(1)], []]), Sink()
    kafka.refuse_commits = 1
    run(kafka, sink)
    assert sink.given == ["1:ops.alert.v1-0:0-2 [0, 1]"]


@pytest.mark.parametrize("behind", [[Message(9)], [Message(12)], [end(10)]])
def test_a_pending_intent_is_written_again_exactly(behind: list[Message]) -> None:
    pending = {0: (4, '{"v":1,"e":10,"ep":2}')}
    kafka, sink = Kafka([[Message(4)], [Message(7)], behind, []], pending), Sink()
    run(kafka, sink, epoch=2)
    assert kafka.assigned == [{0: 4, 1: -2}]
    own = [4, 7, *(m.offset() for m in behind if m.error() is None and m.offset() < 10)]
    assert sink.given[0] == f"2:ops.alert.v1-0:4-10 {own}"


@pytest.mark.parametrize("metadata", ["", '{"v":1,"e":4,"ep":2}', '{"v":1,"e":10,"ep":2}'])
def test_positions_of_another_store_are_void_before_anybody_calls_the_sink_ready(metadata: str) -> None:
    kafka, sink = Kafka([[Message(0), Message(4)], []], {0: (4, metadata)}), Sink()
    runner = Runner(kafka, [TOPIC], sink, epoch=5)  # type: ignore[arg-type]
    kafka.inside_commit = lambda: waits.append(runner.waits())
    waits: list[str] = []
    runner.run(kafka.stopping)
    assert kafka.assigned == [{0: -2, 1: -2}]
    assert kafka.commits[0] == [(0, 0, '{"v":1,"e":0,"ep":5}')]
    assert waits[:2] == ["no partitions were dealt to it yet", ""]
    assert sink.given == ["5:ops.alert.v1-0:0-5 [0, 4]"]
    assert kafka.positions == {0: (5, '{"v":1,"e":5,"ep":5}')}


def test_a_store_that_comes_back_after_another_one_is_not_filled_twice() -> None:
    kafka, sink = Kafka([[Message(0), Message(4)], []], {0: (4, '{"v":1,"e":4,"ep":2}')}), Sink()
    with pytest.raises(ConfigError, match="drop this database"):
        run(kafka, sink, epoch=5, filled=lambda: True)
    assert (kafka.commits, sink.given) == ([], [])


def test_rows_of_another_member_of_this_store_stop_nobody() -> None:
    at = {0: (4, '{"v":1,"e":4,"ep":2}'), 1: (1, '{"v":1,"e":1,"ep":5}')}
    kafka, sink = Kafka([[Message(0), Message(4)], []], at), Sink()
    run(kafka, sink, epoch=5, filled=lambda: True)
    assert sink.given == ["5:ops.alert.v1-0:0-5 [0, 4]"]


def test_a_void_position_of_a_log_that_retention_emptied_is_its_end() -> None:
    kafka = Kafka([[end(99)], []], {0: (99, "")})
    kafka.low = 99
    run(kafka, Sink(), epoch=5)
    assert kafka.positions == {0: (99, '{"v":1,"e":99,"ep":5}')}


def test_a_clean_end_of_this_store_is_gone_on_from() -> None:
    kafka, sink = Kafka([[Message(4)], []], {0: (4, '{"v":1,"e":4,"ep":5}')}), Sink()
    run(kafka, sink, epoch=5)
    assert kafka.assigned == [{0: 4, 1: -2}]
    assert sink.given == ["5:ops.alert.v1-0:4-5 [4]"]


def test_an_end_before_the_intents_end_is_not_believed() -> None:
    kafka, sink = Kafka([[Message(4)], [end(9)], []], {0: (4, '{"v":1,"e":10,"ep":1}')}), Sink()
    run(kafka, sink)
    assert sink.given == []


def test_a_rebalance_while_reading_starts_again_from_the_committed_positions() -> None:
    kafka, sink = Kafka([[Message(0), Message(1)], [Message(0), Message(1)], []]), Sink()

    def once() -> None:
        kafka.inside_consume = lambda: None
        kafka.deal()

    kafka.inside_consume = once
    run(kafka, sink)
    assert sink.given == ["1:ops.alert.v1-0:0-2 [0, 1]"]
    assert kafka.assigned == [{0: -2, 1: -2}] * 3
    assert sink.assignments == 2


def test_after_a_long_sleep_ownership_is_asked_before_writing() -> None:
    kafka, sink = Kafka([[Message(0)], []]), Sink()
    run(kafka, sink, step=3.0, fence=4.0)
    intent = (0, 0, '{"v":1,"e":1,"ep":1}')
    assert kafka.commits[:2] == [[intent], [intent]]
    assert sink.given == ["1:ops.alert.v1-0:0-1 [0]"]


def test_who_is_no_member_any_more_writes_nothing() -> None:
    kafka = Kafka([[Message(0)], []])

    class Asleep(Clock):
        def __call__(self) -> float:
            if kafka.commits:  # suspended behind the first intent; the group went on without us
                kafka.refuse_commits = 99
                self.now += 10
            return self.now

    sink = Sink()
    Runner(kafka, [TOPIC], sink, now=Asleep(), fence=4.0).run(kafka.stopping)  # type: ignore[arg-type]
    assert sink.given == []


@pytest.mark.parametrize(("slept", "refused", "ours"), [(1, 99, True), (10, 0, True), (10, 99, False)])
def test_who_stood_still_amid_a_batch_asks_before_it_goes_on(slept: float, refused: int, ours: bool) -> None:
    kafka, clock, told = Kafka([[Message(0)], []]), Clock(), list[bool]()

    class Long(Sink):
        def write(self, batch: Batch) -> Done | Later:
            kafka.refuse_commits = refused
            clock.now += slept
            told.append(self.ours())
            return super().write(batch)

    Runner(kafka, [TOPIC], Long(), now=clock, fence=4.0).run(kafka.stopping)  # type: ignore[arg-type]
    assert told == [ours]


def test_metadata_of_a_newer_sink_stops_this_one() -> None:
    with pytest.raises(ValueError, match="newer"):
        run(Kafka([[]], {0: (4, '{"v":9}')}), Sink())


def test_waits_grow_and_stay_bounded() -> None:
    waits = [backoff(n) for n in range(1, 2_000)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (0.1, 10.0)


def test_a_fenced_member_ends_and_does_not_poll_on() -> None:
    """Seen when a broker was lost: the error comes as a message, with the code of a fatal one and without its flag."""
    last_words = KafkaError(KafkaError._FATAL)
    assert not last_words.fatal()
    kafka = Kafka([[Message(0), Message(-1, error=last_words)], [Message(1)]])
    with pytest.raises(KafkaException):
        Runner(kafka, [TOPIC], Sink()).run(kafka.stopping)  # type: ignore[arg-type]
    assert kafka.rounds
