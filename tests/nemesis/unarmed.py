"""Red twins: the real programs, each without the one mechanism that a guarantee rests on; the judge must see it.

What `tests/chain` shows of single programs is shown here of the whole chain: `make nemesis TWIN=all`. Several are run
at once where each is seen in a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from confluent_kafka import Message

from sharedchain.endpoints import Endpoints
from sharedchain.fact import Fact
from sharedchain.failpoint import failpoint
from sharedchain.spine import Record

ROOT = Path(__file__).resolve().parents[2]
# The environment of a program that imports `twin/sitecustomize.py` before anything else.
BENT = {"PYTHONPATH": f"{ROOT / 'tests' / 'nemesis' / 'twin'}:{ROOT}"}


@dataclass(frozen=True, slots=True)
class Twin:
    """`programs` run without the mechanism, and die at `failpoint`; the verdict that begins with `red` must break."""

    mechanism: str
    programs: tuple[str, ...]
    failpoint: str
    red: str
    line: str  # which a finding of it has
    take: Callable[[Path], None]


def _repetitions(_: Path) -> None:
    from streams.ingest import decide

    decide.repeats = lambda *_: None


def _transactions(home: Path) -> None:
    from sharedchain import kafka
    from streams import outputs

    plain, commit = kafka.producer(Endpoints.load(home, program="engine")), outputs.Outputs.commit

    def loose(self: outputs.Outputs, records: Iterable[Record], decided: outputs.Decided) -> None:
        said = list(records)
        for one in said:
            plain.produce(one.topic, one.value, key=one.key, partition=one.partition, headers=[*one.headers])
        plain.flush()
        if any(one.topic == "ops.metric.v1" for one in said):
            failpoint("nemesis.after_outputs")
        commit(self, (), decided)

    outputs.Outputs.commit = loose  # type: ignore[method-assign]


def _intents(_: Path) -> None:
    from sinks import batch, runner

    read = batch.read_intent

    def forgotten(offset: int, metadata: str | None) -> Any:
        found = read(offset, metadata)
        return replace(found, end=found.start)

    runner.read_intent = forgotten  # type: ignore[attr-defined]


def _outcomes(_: Path) -> None:
    from sinks.notify.ledger import LedgerReader

    LedgerReader.unread = lambda _: iter(())  # type: ignore[method-assign,assignment]


def _acknowledgements(_: Path) -> None:
    """It answers first and sends with the next one: what it holds when it dies, it has promised."""
    from sharedchain import outbox

    send, held = outbox.Outbox.send, list[outbox.Letter]()

    def hasty(self: outbox.Outbox, letter: outbox.Letter) -> Future[outbox.Position]:
        failpoint("nemesis.after_answer")
        while held:
            send(self, held.pop())
        held.append(letter)
        answer: Future[outbox.Position] = Future()
        answer.set_result(outbox.Position(letter.topic, 0, 0, letter.id))
        return answer

    outbox.Outbox.send = hasty  # type: ignore[method-assign]


def _letters(_: Path) -> None:
    from streams.ingest import writer
    from streams.ingest.turn import Turn

    produce = writer.Writer._produce

    def silent(self: writer.Writer, turn: Turn, _: Any, told: list[Message]) -> None:
        produce(self, turn, [], told)

    writer.Writer._produce = silent  # type: ignore[method-assign, assignment]


def _snapshots(_: Path) -> None:
    from sharedchain.core import fold
    from streams import snapshot as module
    from streams.snapshot import Snapshot

    chunks, before = module.chunks, dict[int, bytes]()

    def behind(snapshot: Snapshot, topic: str) -> list[Record]:
        old = before.get(snapshot.partition, fold.dump(fold.new_state()))
        before[snapshot.partition] = snapshot.body
        return chunks(replace(snapshot, body=old), topic)

    module.chunks = behind


def _minutes(_: Path) -> None:
    from sharedchain.core import flows

    count = flows.count

    def by_arrival(scope: Any, fact: Fact, *more: Any) -> bool:
        return count(scope, replace(fact, time=fact.recorded), *more)

    flows.count = by_arrival  # type: ignore[assignment]


_ENGINES, _LANES = ("engine-0", "engine-1"), ("ingest-0", "ingest-1")
TWINS = {
    "repetitions": Twin("ingest knows what came before", _LANES, "", "G1 each accepted", " is a fact 2 ", _repetitions),
    "acknowledgements": Twin(
        "the gateway answers when Kafka has it", ("gateway",), "nemesis.after_answer:9", "G1 each accepted",
        "was accepted and is no fact", _acknowledgements,
    ),
    "intents": Twin(
        "an intent is committed before rows are written", ("sink",), "sink.after_insert:40", "G1 G2 G15", "", _intents
    ),
    "transactions": Twin(
        "outputs and position in one transaction", _ENGINES, "nemesis.after_outputs:2", "G3 G5 derived", "seen twice",
        _transactions,
    ),
    "outcomes": Twin(
        "the notifier reads what it recorded", ("notify",), "notify.after_record:3", "G3 every alert", "too many",
        _outcomes,
    ),
    "letters": Twin("a refusal has its dead letter", _LANES, "", "G8", "dead letters", _letters),
    "minutes": Twin("a fact counts in the minute in which it happened", _ENGINES, "", "G14", "happened", _minutes),
    "snapshots": Twin(
        "a snapshot is the state behind its last fact", _ENGINES, "", "G15 snapshots", "not the fold from zero",
        _snapshots,
    ),
}  # fmt: skip
# One program lacks one mechanism at a time.
TOGETHER = (("acknowledgements", "intents", "transactions", "outcomes", "letters"), ("repetitions", "minutes"),
            ("snapshots",))  # fmt: skip


def environment(names: tuple[str, ...], folder: Path) -> dict[str, dict[str, str]]:
    """What to add to the environment of each program."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        for program in TWINS[name].programs:
            said = {"NEMESIS_TWIN": name, **BENT}
            if point := TWINS[name].failpoint:
                said |= {"SHAREDCHAIN_FAILPOINT": point, "SHAREDCHAIN_FAILPOINT_LOG": str(folder / f"died-{program}")}
            found[program] = said
    return found
