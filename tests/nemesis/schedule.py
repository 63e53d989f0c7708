"""What shall happen, and when: a pure function of a seed. It names roles, not processes: who leads, is seen then."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

PACE = 14.0  # seconds from one fault to the next
_PROGRAMS = ("ingest-0", "ingest-1", "engine-0", "engine-1", "sink", "notify", "gateway")
CLOCKED = ("ingest-0", "ingest-1", "notify")  # whose clock may jump
_LINKS = ("kafka-1.clients", "kafka-2.clients", "kafka-3.clients", "registry", "clickhouse")
_ROLES = ("leader", "coordinator", "transactions", "controller", "any")


@dataclass(frozen=True, slots=True)
class Fault:
    """`target`: a program, a part, a link, or the role of a broker. `hold`: seconds until it is healed.
    `meanwhile`: a program that is killed in the middle of it; "" = none."""

    n: int
    at: float
    kind: str
    target: str
    hold: float = 0.0
    meanwhile: str = ""

    def line(self) -> str:
        held = f" for {self.hold:.1f} s" if self.hold else ""
        return f"{self.kind} {self.target}{held}" + (f", meanwhile kill {self.meanwhile}" if self.meanwhile else "")


@dataclass(frozen=True, slots=True)
class Card:
    """A kind of fault, on whom, and how long at least and at most."""

    kind: str
    targets: tuple[str, ...]
    least: float = 0.0
    most: float = 0.0
    doubled: bool = False  # may be joined by a kill


# Family → (how often in a round, its cards).
FAMILIES: dict[str, tuple[int, tuple[Card, ...]]] = {
    "program": (
        5,
        (
            Card("kill", _PROGRAMS),
            Card("terminate", _PROGRAMS),
            Card("freeze", _PROGRAMS, 0.5, 12.0),
            Card("clock-jump", CLOCKED, 1.0, 8.0),
        ),
    ),
    "broker": (
        2,
        (
            Card("broker-kill", _ROLES, 2.0, 10.0, doubled=True),
            Card("broker-stop", _ROLES, 2.0, 6.0),
            Card("broker-freeze", _ROLES, 1.0, 10.0, doubled=True),
            Card("broker-cut", _ROLES, 2.0, 12.0, doubled=True),
            Card("broker-full", ("any",), 2.0, 5.0),
            Card("rolling", ("all brokers",)),
            Card("two-brokers", ("any",), 3.0, 8.0),
        ),
    ),
    "link": (
        3,
        (
            Card("blackhole", _LINKS, 2.0, 10.0, doubled=True),
            Card("reset", _LINKS, 0.2, 4.0, doubled=True),
            Card("slow", _LINKS, 3.0, 10.0),
        ),
    ),
    "store": (
        1,
        (
            Card("store-kill", ("clickhouse",), 0.5, 8.0, doubled=True),
            Card("store-freeze", ("clickhouse",), 1.0, 10.0),
        ),
    ),
    "other": (
        1,
        (
            Card("registry-kill", ("registry",), 3.0, 10.0, doubled=True),
            Card("poison", ("300 bad records",)),
            Card("rival", ("ingest-0", "ingest-1")),
        ),
    ),
}
BROKERS = frozenset(card.kind for card in FAMILIES["broker"][1])
# What is said and counted, not done: an ordinary user may not, or it would not show what it is meant to show.
NOT_DONE = {
    "clock jump of the machine": "settimeofday needs CAP_SYS_TIME; the clocks of single programs jump instead",
    "full disk": "mounting a small file system needs CAP_SYS_ADMIN; a limit on the size of files stands in for it",
    "full disk of ClickHouse": "cut off in a merge by a limit, chDB 4.4 keeps a part that cannot be read",
    "loss and delay of packets": "tc netem needs CAP_NET_ADMIN; the proxy stalls, resets and slows connections",
}


def place(fault: Fault) -> str:
    """Where it hurts: one place suffers one fault at a time. Brokers are one place: two of three must be left."""
    return "brokers" if fault.kind in BROKERS else fault.target


def schedule(seed: int, seconds: float, pace: float = PACE) -> list[Fault]:
    """Faults for so many seconds. Every family comes in each round, every card of a family before one comes again."""
    chance = random.Random(seed)
    faults: list[Fault] = []
    for n, card in enumerate(itertools.islice(_cards(chance), max(1, int(seconds / pace)))):
        hold = round(chance.uniform(card.least, card.most), 1)
        target = chance.choice(card.targets)
        meanwhile = chance.choice(_PROGRAMS) if card.doubled and chance.random() < 0.4 else ""
        faults.append(Fault(n, round(n * pace, 1), card.kind, target, hold, meanwhile))
    return faults


def _cards(chance: random.Random) -> Iterator[Card]:
    piles = {name: _dealt(chance, cards) for name, (_, cards) in FAMILIES.items()}
    while True:
        round_ = [name for name, (often, _) in FAMILIES.items() for _ in range(often)]
        chance.shuffle(round_)
        for name in round_:
            yield next(piles[name])


def _dealt(chance: random.Random, cards: tuple[Card, ...]) -> Iterator[Card]:
    while True:
        pile = list(cards)
        chance.shuffle(pile)
        yield from pile
