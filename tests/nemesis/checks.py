"""What must hold when everything is healed: each guarantee, and what was found of it. Nothing is asked here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploy.audit import Audit
from tests.chain.evidence import Evidence, live_faults, spine_faults, state_faults
from tests.chain.ledger import Ledger
from tests.nemesis.faults import Strike
from tests.nemesis.schedule import BROKERS

MEMORY = 400 * 2**20  # bytes of one program of ours (G16)
STALL = 120.0  # seconds that a record may wait for its step beside those in which something was hurt (G5, G6)
LONGEST = 900.0  # seconds that it may wait, whatever is hurt
OURS = ("ingest", "engine", "sink", "notify", "gateway")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One guarantee: what was counted, and what is wrong with it (nothing: it holds)."""

    name: str
    counted: str
    wrong: tuple[str, ...] = ()

    def line(self) -> str:
        return f"{'HOLDS' if not self.wrong else 'BROKEN'} {self.name}: {self.counted}" + "".join(
            f"\n      {one}" for one in self.wrong[:5]
        )


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that a run left behind."""

    evidence: Evidence
    ledger: Ledger
    audit: Audit
    caches: tuple[str, ...]  # faults of the lanes' caches
    planned: Counter[str]  # deliveries that the alerts ask for, by id
    outcomes: Counter[str]  # outcomes on the log, by id
    received: Counter[str]  # what receivers got, by message id
    letters: int  # rows of `dead_letters`
    answers: Sequence[tuple[float, int]]  # of the gateway: when, status
    spans: Sequence[tuple[int, int]]  # ms: from when to when a record waited for a step
    most: Mapping[str, int]  # program → memory at most
    strikes: Sequence[Strike]
    unready: tuple[str, ...]  # programs that were not ready at the end
    captured: Mapping[Minute, int]  # leads by the minute in which they happened, as the store has them
    expected: Mapping[Minute, int]  # the same, counted from the ledger's own times
    untold: Mapping[Minute, int]  # and those that came in a last minute that is not over: told, or not yet
    late: int  # of them, those that came more than a minute after they happened


Minute = tuple[str, int]  # tenant, start of the minute in ms
Finding = tuple[str, Iterable[str]]  # what was counted, and what is wrong


def verdicts(found: Found) -> list[Verdict]:
    """Every guarantee, in the order of docs/nemesis.md."""
    return [Verdict(name, said, tuple(wrong)) for name, judge in JUDGES.items() for said, wrong in [judge(found)]]


def _accepted(found: Found) -> Finding:
    ledger = found.ledger
    said = f"{len(ledger.places)} records acknowledged, {len(ledger.maybe)} maybe, spine {len(found.evidence.facts)}"
    return said, (*spine_faults(found.evidence, ledger), *found.caches)


def _stored(found: Found) -> Finding:
    counts, tables = found.audit.counts, found.audit.tables
    said = ", ".join(f"{t.table} {t.live}" for t in tables)
    said += f", minutes of flows by SQL {sum(f.compared for f in found.audit.flows)}; mismatches {found.audit.mismatch}"
    wrong = [f"facts of {c.partition}: log {c.log}, rows {c.rows}, offsets {c.offsets}" for c in counts if c.mismatch]
    differ = [t for t in tables if not t.equal]
    wrong += [f"{flow.measure}: {flow.wrong} minutes, as {flow.example}" for flow in found.audit.flows if flow.wrong]
    return said, [*wrong, *(f"{t.table}: only live {t.only_live}, only folded {t.only_replayed}" for t in differ)]


def _derived(found: Found) -> Finding:
    return f"{sum(len(out) for out in found.evidence.live.values())} records", live_faults(found.evidence)


def _told(found: Found) -> Finding:
    missing, extra = found.planned - found.outcomes, found.outcomes - found.planned
    wrong = [f"{id_}: planned, and {n} times without an outcome" for id_, n in missing.items()]
    return f"{found.planned.total()} deliveries", [*wrong, *(f"{id_}: {n} too many" for id_, n in extra.items())]


def _effects(found: Found) -> Finding:
    """A death between sending and writing down sends again, under the same id: once a death of the notifier."""
    again = found.received.total() - len(found.received)
    deaths = sum(1 for s in found.strikes if "notify" in (s.whom, s.fault.meanwhile) or "kafka" in s.whom)
    said = f"{len(found.received)} messages by id, {again} repeated under the same id"
    return said, [f"{id_} came {n} times" for id_, n in found.received.items() if n > 1 + deaths]


def _stalls(found: Found) -> Finding:
    """How long a record waited to be a fact, and a fact for what is derived of it."""
    waits = sorted(end - begin for begin, end in found.spans)
    said = f"{len(waits)} waits, p50 {_at(waits, 0.5)} ms, p99 {_at(waits, 0.99)} ms, longest {_at(waits, 1.0)} ms"
    long = [span for span in found.spans if span[1] - span[0] > STALL * 1000]
    free = {span: span[1] - span[0] - _hurt(span, found.strikes) for span in long}
    wrong = [f"{ms} ms from {begin}, beside the faults" for (begin, _), ms in free.items() if ms > STALL * 1000]
    return said, [*wrong, *(f"{end - begin} ms from {begin}" for begin, end in long if end - begin > LONGEST * 1000)]


def _hurt(span: tuple[int, int], strikes: Sequence[Strike]) -> int:
    """Milliseconds of it in which a fault lasted, or several."""
    hurt, seen = 0, span[0]
    for strike in sorted(strikes, key=lambda s: s.began):
        hurt += max(0, min(span[1], strike.over) - max(seen, strike.began))
        seen = max(seen, strike.over)
    return hurt


def _at(waits: Sequence[int], share: float) -> int:
    return waits[min(int(len(waits) * share), len(waits) - 1)] if waits else -1


def _door(found: Found) -> Finding:
    """That each 2xx is a fact is G1: acknowledged events stand in the ledger."""
    told = Counter(status for _, status in found.answers)
    alone = [(s.began + 1000, s.began + s.fault.hold * 1000) for s in found.strikes if s.fault.kind == "two-brokers"]
    lies = [at for at, status in found.answers for a, b in alone if status == 202 and a <= at * 1000 <= b]
    hurt = [s for s in found.strikes if s.fault.kind in BROKERS]
    during = Counter(status for at, status in found.answers if any(s.began <= at * 1000 <= s.over for s in hurt))
    wrong = [f"{n} answers {status}" for status, n in told.items() if status not in (0, 202, 429, 503)]
    wrong += [f"acknowledged at {at:.3f}, when two brokers were away" for at in lies]
    said = f"{dict(sorted(told.items()))}; while a broker was hurt {dict(sorted(during.items()))} (0: no answer)"
    return said, wrong if told[202] else [*wrong, "it never acknowledged"]


def _poison(found: Found) -> Finding:
    refused = sum(1 for fact in found.evidence.facts if fact.kind == "refusal")
    letters = len(found.evidence.letters)
    wrong = [] if found.letters == letters == refused else [f"{letters} dead letters, {found.letters} rows of them"]
    return f"{refused} refusals", wrong


def _timeless(found: Found) -> Finding:
    """Leads came late and shuffled; what their minutes say is what a count by their own times says."""
    said = f"{sum(found.expected.values())} leads, {found.late} of them late, in {len(found.expected)} minutes"
    places = sorted({*found.captured, *found.expected})
    pairs = [(place, found.captured.get(place, 0), found.expected.get(place, 0)) for place in places]
    wrong = [
        f"{place[0]}: minute {place[1]} has {have} leads, happened {want}"
        for place, have, want in pairs
        if not want <= have <= want + found.untold.get(place, 0)
    ]
    return said, wrong if found.late else [*wrong, "nothing was late"]


def _snapshots(found: Found) -> Finding:
    return f"{len(found.evidence.kept)} snapshots", state_faults(found.evidence)


def _memory(found: Found) -> Finding:
    ours = {name: size for name, size in sorted(found.most.items()) if name.startswith(OURS)}
    said = ", ".join(f"{name} {size >> 20} MiB" for name, size in ours.items())
    return said, [f"{name}: {size >> 20} MiB" for name, size in ours.items() if size > MEMORY]


def _alive(found: Found) -> Finding:
    return f"behind {len(found.strikes)} faults", found.unready


JUDGES: dict[str, Callable[[Found], Finding]] = {
    "G1 each accepted event is one fact": _accepted,
    "G1 G2 G15 store = log = fold": _stored,
    "G3 G5 derived = pure fold, byte for byte": _derived,
    "G3 every alert is told": _told,
    "G4 one effect for one id": _effects,
    "G5 G6 nothing stands still for long": _stalls,
    "G7 the gateway acknowledges or says 503": _door,
    "G8 each bad record is refused once, with its bytes": _poison,
    "G14 late and shuffled, the same numbers": _timeless,
    "G15 snapshots = the fold from zero": _snapshots,
    "G16 memory is bounded": _memory,
    "all is ready at the end": _alive,
}


def in_flight(strikes: Sequence[Strike], spans: Sequence[tuple[int, int]]) -> list[Strike]:
    """The faults that fell while a record waited between door and spine, or between spine and what is derived of it."""
    return [s for s in strikes if any(begin <= s.began <= end for begin, end in spans)]
