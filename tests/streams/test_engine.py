"""One lane: skips what it has, refuses gaps, recovers silently, keeps snapshots in its transactions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from sharedchain.fact import SEQ, Derived
from sharedchain.spine import BY_KEY, Record
from sharedchain.tail import Seen
from streams import engine, snapshot
from streams.engine import Lane, Wiring
from streams.gap import Gap
from streams.outputs import Decided
from tests.chain.toy import CORE, Toy

TOY = Toy("t")


class Kafka:
    """The spine, the snapshots and the decided position of one partition, in memory."""

    def __init__(self) -> None:
        self.spine: list[Seen] = []
        self.snapshots: list[Seen] = []
        self.out: list[Record] = []
        self.decided: Decided | None = None

    def write(self, count: int) -> list[Seen]:
        """So many facts more; every third offset is a marker's."""
        fresh = []
        for _ in range(count):
            seq = len(self.spine) + 1
            headers = {SEQ: seq, "sc_recorded": seq, "sc_kind": "fact", "sc_scope": "s", "ce_id": f"F{seq}"}
            said = [(name, str(value).encode()) for name, value in headers.items()]
            fresh.append(Seen(seq + seq // 3, said, b'{"entity":"e","value":%d}' % (seq * 100)))
            self.spine.append(fresh[-1])
        return fresh

    def open(self) -> Decided | None:
        return self.decided

    def commit(self, records: Iterable[Record], decided: Decided) -> None:
        for record in records:
            if record.topic == TOY.wiring.snapshots:
                self.snapshots.append(Seen(0, [*record.headers], record.value))
            else:
                self.out.append(record)
        self.decided = decided

    def close(self) -> None: ...


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    made = Kafka()

    def load(_: Any, __: str, partition: int, core: str, offset: int) -> snapshot.Snapshot | None:
        return snapshot.newest(made.snapshots, partition, core, offset)

    monkeypatch.setattr(engine, "records", lambda _, __, ___, start: (s for s in made.spine if s.offset >= start))
    monkeypatch.setattr(snapshot, "load", load)
    return made


def lane(kafka: Kafka, every: int = 10**9, core: Any = CORE) -> Lane[Any]:
    wiring = Wiring(spine="t.facts", group="t.engine", snapshots=TOY.wiring.snapshots, every=every)
    opened: Lane[Any] = Lane(
        0, core=core, words=TOY.words, wiring=wiring, outputs=kafka, reader=Kafka  # type: ignore[arg-type]
    )  # fmt: skip
    opened.recover()
    return opened


def test_a_slice_is_decided_once_however_often_it_comes(kafka: Kafka) -> None:
    one = lane(kafka)
    first = kafka.write(7)
    one.decide(first)
    told = [*kafka.out]
    assert len(told) == 2  # every third fact decides
    one.decide(first)
    one.decide(first[4:] + kafka.write(2))
    assert kafka.out[:2] == told
    assert len(kafka.out) == 3
    assert kafka.decided == Decided(kafka.spine[-1].offset + 1, 9)


def test_what_is_wholly_known_causes_no_transaction(kafka: Kafka) -> None:
    one = lane(kafka)
    first = kafka.write(3)
    one.decide(first)
    kafka.decided = None
    one.decide(first)
    assert kafka.decided is None


def test_a_missing_fact_is_told_by_the_log_itself(kafka: Kafka) -> None:
    one = lane(kafka)
    records = kafka.write(5)
    with pytest.raises(Gap, match=r"offset 5 has seq 4, expected 3"):
        one.decide(records[:2] + records[3:])


@pytest.mark.parametrize("every", [1, 4, 10**9], ids=["snapshot-each", "snapshot-some", "no-snapshot"])
def test_a_successor_goes_on_as_if_nothing_had_happened(kafka: Kafka, every: int) -> None:
    for _ in range(6):
        lane(kafka, every).decide(kafka.write(5))
    live = [r.value for r in kafka.out]
    kafka.out, kafka.decided, kafka.snapshots = [], None, []
    lane(kafka).decide(kafka.spine)
    assert live == [r.value for r in kafka.out]


def test_recovery_is_silent(kafka: Kafka) -> None:
    lane(kafka).decide(kafka.write(9))
    told = len(kafka.out)
    lane(kafka)
    assert len(kafka.out) == told


def test_a_snapshot_is_kept_when_due_and_saves_the_replay(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    lane(kafka, every=4).decide(kafka.write(5))
    assert len(kafka.snapshots) == 1
    monkeypatch.setattr(engine, "records", lambda *_: pytest.fail("nothing is left to replay"))
    assert lane(kafka).seq == 5


def test_keep_writes_a_snapshot_now_and_only_if_there_is_news(kafka: Kafka) -> None:
    one = lane(kafka)
    one.keep()
    assert kafka.snapshots == []
    one.decide(kafka.write(2))
    one.keep()
    one.keep()
    assert len(kafka.snapshots) == 1


def test_another_core_refolds_from_the_beginning(kafka: Kafka) -> None:
    lane(kafka, every=1).decide(kafka.write(5))
    changed = engine.Core(version="toy-2", new=CORE.new, step=CORE.step, dump=CORE.dump, load=CORE.load)
    assert lane(kafka, core=changed).seq == 5


def test_a_lost_position_is_not_taken_for_a_new_beginning(kafka: Kafka) -> None:
    lane(kafka, every=1).decide(kafka.write(5))
    kafka.decided = None
    with pytest.raises(Gap, match="starting anew would double outputs"):
        lane(kafka)


def test_a_position_that_does_not_fit_the_log_is_refused(kafka: Kafka) -> None:
    lane(kafka).decide(kafka.write(5))
    kafka.decided = Decided(kafka.spine[-1].offset + 1, 4)
    with pytest.raises(Gap, match=r"was decided at seq 4, the log has 5"):
        lane(kafka)


def test_the_position_tells_the_last_fact_that_commanded(kafka: Kafka) -> None:
    """Commands go where their key says; a successor that decides nothing new still tells them."""
    words = replace(TOY.words, write=lambda d: Record("door", BY_KEY if d.seq == 3 else 0, b"k", b"v", []))
    wiring = Wiring(spine="t.facts", group="t.engine", snapshots=TOY.wiring.snapshots, every=10**9)
    one: Lane[Any] = Lane(0, core=CORE, words=words, wiring=wiring, outputs=kafka, reader=Kafka)  # type: ignore[arg-type]
    one.recover()
    one.decide(kafka.write(7))
    assert len(kafka.out) == 2
    assert kafka.decided == Decided(kafka.spine[-1].offset + 1, 7, 3)
    lane(kafka).decide(kafka.write(1))
    assert kafka.decided == Decided(kafka.spine[-1].offset + 1, 8, 3)


def test_what_an_event_causes_goes_on_with_its_trace(kafka: Kafka) -> None:
    """Only what that event caused; the trace decides nothing."""
    plain = lane(kafka)
    records = kafka.write(6)
    plain.decide(records)
    silent, kafka.out, kafka.decided = [*kafka.out], [], None
    traced = [*records[:2], records[2]._replace(headers=[*records[2].headers, ("traceparent", b"00-ab-cd-01")])]
    asked: list[Derived] = []

    def write(derived: Derived) -> Record:
        asked.append(derived)
        return TOY.words.write(replace(derived, traceparent=""))

    words = replace(TOY.words, write=write)
    fresh: Lane[Any] = Lane(
        0, core=CORE, words=words, wiring=Wiring(every=10**9), outputs=kafka, reader=Kafka  # type: ignore[arg-type]
    )  # fmt: skip
    fresh.recover()
    fresh.decide([*traced, *records[3:]])
    assert [d.traceparent for d in asked] == ["00-ab-cd-01", ""]
    assert [r.value for r in kafka.out] == [r.value for r in silent]
