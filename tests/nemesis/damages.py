"""What was found, damaged once for each guarantee: the judge must call it broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from tests.nemesis.checks import Found


def _acknowledged_and_gone(found: Found) -> Found:
    spine = {place: out[1:] for place, out in found.evidence.spine.items()}
    return replace(found, evidence=replace(found.evidence, spine=spine))


def _told_twice(found: Found) -> Found:
    live = {place: [*out, *out[:1]] for place, out in found.evidence.live.items()}
    return replace(found, evidence=replace(found.evidence, live=live))


# The first words of a guarantee → what was found, damaged so that it must be called broken.
DAMAGES: dict[str, Callable[[Found], Found]] = {
    "G1 each accepted": _acknowledged_and_gone,
    "G1 G2 G15": lambda found: replace(
        found, audit=replace(found.audit, counts=(replace(found.audit.counts[0], rows=-1), *found.audit.counts[1:]))
    ),
    "G3 G5 derived": _told_twice,
    "G3 every alert": lambda found: replace(found, outcomes=Counter(dict([*found.outcomes.items()][1:]))),
    "G4": lambda found: replace(found, received=found.received + Counter({"one": 1000})),
    "G5 G6": lambda found: replace(found, spans=[*found.spans, (0, 10**9)]),
    "G7": lambda found: replace(found, answers=[(0.0, 503)]),
    "G8": lambda found: replace(found, letters=found.letters + 1),
    "G14": lambda found: replace(found, captured={**found.captured, ("tenant0", 0): 1}),
    "G15 snapshots": lambda found: replace(
        found, evidence=replace(found.evidence, kept=dict.fromkeys(found.evidence.kept, b""))
    ),
    "G16": lambda found: replace(found, most={**found.most, "sink": 2**30}),
    "all is ready": lambda found: replace(found, unready=("sink",)),
}
