"""The running lane and what it derives: no death makes a gap or a double in the numbers, or lets a live topic
differ from the spine."""

from __future__ import annotations

import signal
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sharedchain.fact import Fact
from tests.chain.door import Door, Eye, sound
from tests.streams.ingest.rig import lead
from tests.streams.ingest.steps import GATES

pytestmark = [pytest.mark.stack, pytest.mark.slow]
TENANTS = ("-a", "-b", "-c")
DEALS = 12  # of each tenant
SIGNED_AT = 1_777_000_000_000


def tell(door: Door, tenant: str, kind: str, **data: Any) -> None:
    door.publish(kind, {name.rstrip("_"): value for name, value in data.items()}, tenant=tenant)


def prepare(door: Door, tenant: str, n: int) -> None:
    """An opportunity that can be signed."""
    who = {"opportunity_id": f"P-{n}"}
    tell(door, tenant, "lead.captured", **lead(f"L-{n}", customer_id="C-1"))
    tell(door, tenant, "lead.converted", lead_id=f"L-{n}", **who)
    here = "FOLLOWING"
    for there, gate in GATES.items():
        evidence = [{"kind": gate, "ref": "1"}]
        tell(door, tenant, "opportunity.stage.changed", **who, from_=here, to=there, evidence=evidence)
        here = there


def sign(door: Door, tenant: str, n: int) -> None:
    """Every third twice, every fourth in the wrong currency first; each is paid before it is signed, too."""
    said = {"opportunity_id": f"P-{n}", "amount": Decimal(100 + n), "signed_at": SIGNED_AT}
    if n % 4 == 0:
        tell(door, tenant, "opportunity.signed", **said, currency="USD")
    for _ in range(2 if n % 3 == 0 else 1):
        tell(door, tenant, "opportunity.signed", **said)
    bill = {"receivable_id": f"AR-{n + 1:04d}", "amount": Decimal(100), "received_at": SIGNED_AT}
    tell(door, tenant, "payment.received", payment_id=f"PAY-{n}", **bill)


@pytest.mark.parametrize("point", ["after_begin", "after_produce", "before_commit", "after_commit"])
def test_a_death_while_signing_leaves_numbers_and_live_topics_whole(
    door: Door, tenant: str, tmp_path: Path, point: str
) -> None:
    tenants = [tenant + end for end in TENANTS]
    first = door.start("--tick", "100")
    for n in range(DEALS):
        for name in tenants:
            prepare(door, name, n)
    door.settle()
    first.terminate()
    assert first.wait(30) == 0

    log = tmp_path / "hits"
    names = ("SHAREDCHAIN_INGEST_BATCH", "SHAREDCHAIN_FAILPOINT", "SHAREDCHAIN_FAILPOINT_LOG")
    env = dict(zip(names, ("7", f"ingest.{point}:4", str(log)), strict=True))
    victim = door.start("--tick", "100", env=env)
    for n in range(DEALS // 2):
        for name in tenants:
            sign(door, name, n)
    assert victim.wait(60) == -signal.SIGKILL
    assert log.read_text().split() == [f"ingest.{point}"]
    door.start("--tick", "100", env=env)
    for n in range(DEALS // 2, DEALS):
        for name in tenants:
            sign(door, name, n)
    door.settle()

    spine = door.spine()
    assert sound(spine) == []
    for name in tenants:
        numbers_are_whole([f for f in spine if f.scope == name and f.kind == "fact"])
    live_is_the_spine(door, spine)


def numbers_are_whole(facts: list[Fact]) -> None:
    """Each deal has one contract and one receivable right behind its signature, numbered without a gap."""
    made = {kind: [f for f in facts if f.type == kind] for kind in ("contract.created", "receivable.created")}
    assert [f.subject for f in made["contract.created"]] == [f"CT-2026-{n + 1:04d}" for n in range(DEALS)]
    assert [f.subject for f in made["receivable.created"]] == [f"AR-{n + 1:04d}" for n in range(DEALS)]
    signed = [f for f in facts if f.type == "opportunity.signed"]
    assert sorted(f.subject for f in signed) == sorted(f"P-{n}" for n in range(DEALS))
    for behind, kind in enumerate(made, 1):
        assert [f.seq - behind for f in made[kind]] == [f.seq for f in signed]
        assert [f.data["opportunity_id"] for f in made[kind]] == [f.subject for f in signed]
    paid = [f.data["payment_id"] for f in facts if f.type == "payment.allocated"]
    assert sorted(paid) == sorted(f"PAY-{n}" for n in range(DEALS))


def live_is_the_spine(door: Door, spine: list[Fact]) -> None:
    """What stands on the topics of derived types is what the spine holds of them: bytes, headers, order, place."""
    types, derived = door.catalog.types, [t.name for t in door.catalog.topics.values() if t.derived == "ingest"]
    there: dict[tuple[str, int], list[Any]] = {}
    for message in Eye(door.endpoints, "chain.facts.v1").look():
        said = dict(message.headers() or ())
        kind = types.get(_text(said["ce_type"]))
        if kind and kind.topic in derived and _text(said["sc_kind"]) == "fact":
            there.setdefault((kind.topic, message.partition() or 0), []).append((message.value(), message.headers()))
    keys: Counter[bytes] = Counter()
    for topic in derived:
        found: dict[tuple[str, int], list[Any]] = {}
        for message in Eye(door.endpoints, topic).look():
            found.setdefault((topic, message.partition() or 0), []).append((message.value(), message.headers()))
            keys[message.key() or b""] += 1
        assert found == {place: records for place, records in there.items() if place[0] == topic}
    mine = [f for f in spine if f.type == "contract.created"]
    assert {f"{f.scope}/{f.subject}/created".encode() for f in mine} <= keys.keys()
    assert len(mine) >= 3 * DEALS


def _text(value: str | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
