"""Which facts an alert needs: take one away, fold again, and see whether it still rings. Pure; counted in folds.

A set is 1-minimal when the alert rings with it and does not when any one of it is missing. Greedy, oldest fact first;
where a later removal makes an earlier one possible, it goes round again. After so many folds it stops, and what it has
is called contributing facts, which is all that is known of them then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sharedchain.core import fold
from sharedchain.core.state import Place
from sharedchain.core.wording import SEVERITIES, Severity
from sharedchain.fact import Derived, Fact

BUDGET = 64  # folds
_ENDS = ("resolved", "eased")


@dataclass(frozen=True, slots=True)
class Alert:
    """What must ring: an alert of this rule about this subject, at least so severe, at the fact `at`."""

    scope: str
    rule: str
    subject: str
    severity: Severity
    at: Place
    part: str = ""


@dataclass(frozen=True, slots=True)
class Minimal:
    """`minimal`: removing any one of `facts` turns it green. Else they contribute, and no more is known."""

    facts: tuple[Place, ...]
    minimal: bool
    folds: int
    why: str = ""  # if not minimal: what stopped it


@dataclass
class Refold:
    """The log of one partition up to the alert: `prefix` is folded once, `tail` at each try."""

    prefix: bytes  # dump of the state before the first candidate
    tail: Sequence[Fact]
    alert: Alert
    folds: int = field(default=0, init=False)

    def rings(self, without: Collection[Place]) -> bool:
        """Whether the alert still stands at its moment when these facts were never there. One fold."""
        self.folds += 1
        kept = [fact for fact in self.tail if (fact.partition, fact.seq) not in without]
        state, said = fold.step(fold.load(self.prefix), kept)
        return _stands(state, said, self.alert)


def minimal(refold: Refold, candidates: Sequence[Place], budget: int = BUDGET) -> Minimal:
    """The fewest of `candidates` that greedy removal finds; all other facts of the log stay where they are."""
    kept = list(dict.fromkeys(candidates))
    if not refold.rings(()):
        return Minimal(tuple(kept), False, refold.folds, "the log as it is does not ring it")
    sure = 0  # of the last ones in a row that were found needed in the set as it is
    while sure < len(kept):
        if refold.folds >= budget:
            return Minimal(tuple(kept), False, refold.folds, f"stopped after {budget} folds")
        one = kept.pop(0)
        if refold.rings({*candidates} - {*kept}):
            sure = 0  # the set is smaller: whether each of the others is needed is asked anew
        else:
            kept.append(one)
            sure += 1
    return Minimal(tuple(sorted(kept)), True, refold.folds)


def _stands(state: fold.State, said: Sequence[Derived], alert: Alert) -> bool:
    scope = state.scopes.get(alert.scope)
    for episode in scope.episodes.values() if scope else ():
        if (episode.rule, episode.subject, episode.part) == (alert.rule, alert.subject, alert.part):
            return episode.status == "firing" and _reaches(episode.severity, alert.severity)
    last = next((one for one in reversed(said) if _about(one, alert)), None)  # one-shot: it has no episode
    return last is not None and last.type.split(".")[1] not in _ENDS and _reaches(last.data["severity"], alert.severity)


def _about(one: Derived, alert: Alert) -> bool:
    return one.type.startswith("alert.") and (one.scope, one.data["rule_id"], one.subject) == (
        alert.scope,
        alert.rule,
        alert.subject,
    )


def _reaches(severity: str | None, wanted: Severity) -> bool:
    return severity in SEVERITIES[SEVERITIES.index(wanted) :]


def places(candidates: Sequence[Place], at: Place) -> tuple[Place, ...]:
    """Candidates of the partition of the alert, not after it."""
    return tuple(one for one in candidates if one[0] == at[0] and one[1] <= at[1])
