"""One run: everything up, the schedule of a seed, everything healed, judged, told in lines."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sharedchain.barrier import settle
from sharedchain.codec import Codec
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from tests.chain.ledger import DRIVEN
from tests.nemesis.arena import Arena
from tests.nemesis.checks import Found, Verdict, in_flight, verdicts
from tests.nemesis.faults import Nemesis
from tests.nemesis.gather import found
from tests.nemesis.schedule import NOT_DONE, Fault
from tests.nemesis.storm import KINDS, Book, Storm

Tell = Callable[[str], None]
_PATIENCE = 300.0  # seconds for the first events on a busy machine
_LOAD_OF_A_TWIN = 250  # records, behind which its deaths have shown what is missing


def run(
    folder: Path,
    seed: int,
    faults: list[Fault],
    seconds: float,
    tell: Tell,
    behind: Callable[[Arena], None] = lambda arena: None,
    twins: tuple[str, ...] = (),
) -> tuple[Found, list[Verdict]]:
    """Start everything in `folder`, do the faults that begin within so many seconds, and judge. `behind` sees what is
    still up when all was read; everything has ended when this returns."""
    begun = time.monotonic()
    arena = Arena(folder, twins)
    with arena as endpoints:
        tell(f"everything is up after {time.monotonic() - begun:.0f} s, in {folder}")
        registry, catalog = Registry.of(endpoints), Catalog.load()
        for kind in map(catalog.types.__getitem__, KINDS):  # asked now: the registry will be away
            registry.register(kind.registry_subject, kind.schema_text)
        codec = Codec(registry, catalog)
        storm = Storm(endpoints, Book(codec, seed, time.time_ns() // 1_000_000))
        _open(storm)
        nemesis = Nemesis(arena, storm, tell)
        storm.start()
        nemesis.run(faults, seconds)
        for _ in twins:
            storm.more(_LOAD_OF_A_TWIN)
        seen = found(arena, storm, codec, nemesis.strikes, tell)
        behind(arena)
    judged = verdicts(seen)
    for line in report(seen, judged, seed, len(faults)):
        tell(line)
    return seen, judged


def _open(storm: Storm) -> None:
    """Driven tenants get their mode and first tick before anything else; then everybody's people and targets."""
    storm.publish([storm.ledger.configure(tenant) for tenant in DRIVEN])
    settle(storm.endpoints, _PATIENCE)
    storm.publish([storm.ledger.tick(tenant, 0) for tenant in DRIVEN])
    settle(storm.endpoints, _PATIENCE)
    storm.publish(storm.ledger.opening())


def report(seen: Found, judged: list[Verdict], seed: int, planned: int) -> list[str]:
    """What the run was, and how each guarantee stands."""
    flying = in_flight(seen.strikes, seen.spans)
    share = 100 * len(flying) / max(1, len(seen.strikes))
    kinds = Counter(s.fault.kind for s in seen.strikes)
    joined = sum(1 for s in seen.strikes if s.fault.meanwhile)
    return [
        f"SEED={seed}: {len(seen.strikes)} of {planned} faults came in time; in {joined} a program was killed too",
        ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())),
        f"{len(flying)} of {len(seen.strikes)} faults ({share:.0f} %) fell while records were in flight",
        f"not done here, {len(NOT_DONE)} kinds: " + "; ".join(f"{k} ({why})" for k, why in NOT_DONE.items()),
        *(verdict.line() for verdict in judged),
    ]


def seed_of(said: str) -> int:
    """The seed that was asked for, or a fresh one."""
    return int(said) if said else random.SystemRandom().randrange(10**6)
