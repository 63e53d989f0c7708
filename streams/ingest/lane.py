"""One lane: the loop that turns domain records into the spine, a transaction a turn."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import require_topics
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import PARTITIONS, SPINE
from streams.ingest import config, metrics, ticks
from streams.ingest.book import key
from streams.ingest.breaker import Breaker
from streams.ingest.decide import decide_case
from streams.ingest.lifecycle import profile
from streams.ingest.opening import opened, questions
from streams.ingest.reader import Reader
from streams.ingest.record import Record, in_append_order
from streams.ingest.recovery import recover
from streams.ingest.settings import Settings
from streams.ingest.store import open_store
from streams.ingest.ticks import Place
from streams.ingest.turn import Turn
from streams.ingest.writer import Writer

log = logging.getLogger("ingest")


def wall() -> int:
    """This machine's clock, milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Lane:
    """Lane `number` of `lanes`: the writer of the spine partitions p with p % lanes == number.

    To change `lanes`: settle, stop every lane, start them anew. Lanes cut differently do not fence
    each other, and each skips what another one's offsets say is done.
    """

    def __init__(
        self, endpoints: Endpoints, number: int, lanes: int, settings: Settings, now: Callable[[], int] = wall
    ) -> None:
        """Take the lane over and find its footing; raises what recovery raises."""
        self.owned = tuple(p for p in range(PARTITIONS) if p % lanes == number)
        self._settings, self._now = settings, now
        self._catalog = Catalog.load()
        doors = tuple(sorted(t.name for t in self._catalog.topics.values() if t.ingest))
        require_topics(endpoints, (SPINE, *doors))
        self._codec = Codec(Registry.of(endpoints), self._catalog)
        self._writer = Writer(endpoints, number, settings.skew, now)
        self._writer.init()
        self._store = open_store(endpoints.home / "ingest" / f"lane{number}.sqlite")
        count = recover(endpoints, self._codec, self._store, self.owned)
        self._reader = Reader(endpoints, number, doors)
        self._words = {d for t in self._catalog.types.values() if t.topic in doors for d in t.terms.values()}
        self._breakers: dict[Place, Breaker] = {}
        self._waits = ""
        log.info("lane %d owns partitions %s; %d records caught up", number, self.owned, count)

    def waits(self) -> str:
        """What this lane waits for before it decides anything; empty: it follows its topics."""
        return self._waits or ("" if self._reader.doors_open else f"the end of {config.TOPIC} was not read yet")

    def reads(self) -> frozenset[Place]:
        """The partitions of which it decides what comes; none while it waits for something else."""
        return frozenset() if self._waits else self._reader.reads

    def run(self, stop: threading.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Turn after turn until `stop`, each with a `beat`; raises whatever ends this process."""
        while not stop.is_set():
            beat()
            interval = self._settings.tick
            wait = (interval - self._now() % interval) / 1000
            records = self._reader.read(self._settings.batch, max(wait, 0.001))
            while not stop.is_set() and not self._turn(records):
                beat()
                stop.wait(0.5)
            if self._store.due():
                self._store.write()
        self._reader.close()
        self._store.write()
        self._store.close()

    def _turn(self, records: list[Record]) -> bool:
        """Judge and write one batch. False: the registry does not answer, nothing happened."""
        turn = Turn(self._store, self._catalog, self._codec, self.owned, self._now())
        touched = {(r.topic, r.partition) for r in records}
        breakers = {p: self._breakers[p].copy() if p in self._breakers else Breaker() for p in touched}
        offsets: dict[Place, int] = {}
        try:
            self._judge(turn, records, breakers, offsets)
            self._tick(turn)
        except ConnectionFailed as error:
            self._wait(str(error))
            log.warning("waiting, nothing is refused: %s", error)
            return False
        self._wait("")
        stopped = [p for p, b in breakers.items() if b.stopped and not self._stopped(p)]
        self._commit(turn, {**self._ends(stopped), **offsets}, min((r.timestamp for r in records), default=0))
        self._breakers.update(breakers)
        for place in stopped:
            self._stop(place)
        if not self._reader.doors_open and self._reader.config_read:
            self._open_doors()
        return True

    def _judge(
        self, turn: Turn, records: list[Record], breakers: dict[Place, Breaker], offsets: dict[Place, int]
    ) -> None:
        cases = [opened(turn, record) for record in in_append_order(records, config.TOPIC)]
        self._store.foresee(*questions(cases))
        for case in cases:
            record = case.record
            place = (record.topic, record.partition)
            breaker = breakers[place]
            if breaker.stopped:
                turn.book.put(key("stopped", *place), 1)
                continue
            reason = decide_case(turn, case)
            breaker.observe(_source(record), reason)
            offsets[place] = record.offset + 1

    def _tick(self, turn: Turn) -> None:
        """Ticks stand behind the facts of their turn, and only when no older record is unread."""
        interval = self._settings.tick
        number = turn.now // interval
        if self._reader.doors_open and self._reader.backlog.clear(number * interval):
            for partition in ticks.due(turn.book, self.owned, number):
                ticks.tick(turn, partition, number, interval)

    def _ends(self, stopped: list[Place]) -> dict[Place, int]:
        """Clean ends: where the end of a partition was seen, behind aborted records and markers too."""
        committed = self._reader.committed
        return {p: o for p, o in self._reader.ends.items() if o > committed.get(p, -1) and p not in stopped}

    def _wait(self, why: str) -> None:
        self._waits = why
        metrics.WAITING.set(1 if why else 0)

    def _commit(self, turn: Turn, offsets: dict[Place, int], oldest: int) -> None:
        changed = {p: o for p, o in offsets.items() if o != self._reader.committed.get(p)}
        if not turn.entries and not changed:
            return
        marks = self._writer.write(turn, changed, self._reader.group())
        self._store.adopt(turn.book, marks)
        self._reader.committed.update(changed)
        metrics.count(turn, oldest, self._now())

    def _open_doors(self) -> None:
        lacking = {d for d in self._words for p in self.owned if not config.dictionaries(self._store, p, {d})}
        lacking |= {f"flow {name}" for p in self.owned for name in profile.lacking(self._store, p)}
        self._wait(f"dictionaries and flows on {config.TOPIC}: {', '.join(sorted(lacking))}" if lacking else "")
        if lacking:
            log.warning("waiting for %s", self._waits)
            return
        stopped = {(t, int(p)) for n in self._store.names("stopped/") for _, t, p in [n.split("/")]}
        if self._settings.resume:
            resumed = {
                p for p in stopped if self._settings.resume == "all" or f"{p[0]}/{p[1]}" in self._settings.resume
            }
            for place in resumed:
                self._store.put(key("stopped", *place), None)
            stopped -= resumed
        for place in stopped:
            metrics.STOPPED.labels(*map(str, place)).set(1)
            log.error("%s/%d stays stopped: see `sharedchain dlq list`, then start with --resume", *place)
        self._reader.open_doors(stopped)

    def _stopped(self, place: Place) -> bool:
        return place in self._breakers and self._breakers[place].stopped

    def _stop(self, place: Place) -> None:
        self._reader.stop(place)
        self._store.put(key("stopped", *place), 1)
        metrics.STOPPED.labels(*map(str, place)).set(1)
        log.error("%s/%d is poisoned: more than a fifth of its last 1,000 records cannot be decoded; stopped", *place)


def _source(record: Record) -> str:
    return next((str(v) for n, v in record.headers if n == "ce_source"), "")
