"""The judge on a run of two records: content with what is right, and with nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.audit import Audit, Count
from deploy.replay import Verdict
from tests.chain.evidence import Evidence, Out
from tests.nemesis.checks import JUDGES, Found, in_flight, verdicts
from tests.nemesis.damages import DAMAGES
from tests.nemesis.faults import Strike
from tests.nemesis.schedule import Fault


def tick(seq: int) -> Any:
    """A record of the spine that no publisher sent."""
    return SimpleNamespace(
        seq=seq, scope="s", kind="tick", recorded=seq, data={}, type="", source="", id=str(seq), causation="", src=""
    )


@pytest.fixture
def found() -> Found:
    said = Out(b"k", b"v", ())
    evidence = Evidence(
        spine={0: [(tick(1), b""), (tick(2), b"")]}, live={("t", 0): [said]}, replayed={("t", 0): [said]},
        kept={(0, 1): b"x"}, states={(0, 1): b"x"}, published={}, letters=[],
    )  # fmt: skip
    audit = Audit(2, (Count(0, 1, 1, 1), Count(1, 1, 1, 1)), (Verdict("facts", 2, 2, 0, 0),))
    ledger: Any = SimpleNamespace(sent=[], places={}, maybe=set(), again=set())
    return Found(
        evidence=evidence, ledger=ledger, audit=audit, caches=(), planned=Counter(a=1), outcomes=Counter(a=1),
        received=Counter(m=1), letters=0, answers=[(1.0, 202)], spans=[(0, 5)], most={"sink": 1}, strikes=[],
        unready=(), captured={("t", 0): 2}, expected={("t", 0): 2}, untold={}, late=1,
    )  # fmt: skip


def test_what_is_right_holds(found: Found) -> None:
    assert [verdict.line() for verdict in verdicts(found) if verdict.wrong] == []


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_is_called_broken(found: Found, name: str) -> None:
    assert any(verdict.name.startswith(name) for verdict in verdicts(DAMAGES[name](found)) if verdict.wrong)


def test_every_guarantee_has_its_damage() -> None:
    assert len(DAMAGES) == len(JUDGES)
    assert [name for name in JUDGES if not any(name.startswith(damage) for damage in DAMAGES)] == []


def test_a_fault_is_in_flight_when_a_record_waited_then() -> None:
    fault = Fault(0, 0.0, "kill", "sink")
    strikes = [Strike(fault, "sink", at) for at in (5, 15, 25)]
    assert in_flight(strikes, [(0, 10), (20, 30)]) == [strikes[0], strikes[2]]


def test_an_acknowledgement_while_two_brokers_are_away_is_a_lie(found: Found) -> None:
    away = Strike(Fault(0, 0.0, "two-brokers", "any", 5.0), "kafka-1 kafka-2", 10_000, 20_000)
    for at, wrong in ((9.0, 0), (13.0, 1), (19.0, 0)):
        told = replace(found, strikes=[away], answers=[(at, 202)])
        assert len(next(v for v in verdicts(told) if v.name.startswith("G7")).wrong) == wrong
