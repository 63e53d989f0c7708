"""Live and recovered state are one: whatever is published, folding the spine gives the lane's book."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sharedchain.fact import Fact
from streams.ingest.book import MemoryBook
from streams.ingest.fold import fold
from tests.depth import examples
from tests.streams.ingest.rig import CATALOG, DAY, NOW, Rig, forecast, lead

TENANTS = st.sampled_from(["a", "t0", "t14", "driven"])
LEADS = st.sampled_from(["L-1", "L-2"])
NAMES = st.one_of(st.none(), st.integers(1, 6).map(str))


@st.composite
def action(draw: st.DrawFn) -> tuple[str, Any]:
    what = draw(st.sampled_from(["lead", "contact", "end", "forecast", "junk", "wait", "tick", "config"]))
    if what == "wait":
        return what, draw(st.sampled_from([1000, DAY]))
    if what == "junk":
        return what, draw(st.sampled_from([None, b"", b"\0\0\0\0\x63x"]))
    name = draw(NAMES)
    said = {"tenant": draw(TENANTS)} | ({} if name is None else {"source": "crm", "id": name})
    match what:
        case "lead":
            amount = draw(st.sampled_from([Decimal(1), Decimal(2), None]))
            return "lead.captured", (lead(draw(LEADS), expected_amount=amount), said)
        case "contact":
            return "lead.contact.logged", ({"lead_id": draw(LEADS), "contact_id": draw(LEADS)}, said)
        case "end":
            return "lead.converted", ({"lead_id": draw(LEADS), "opportunity_id": "P"}, said)
        case "forecast":
            return "forecast.published", (forecast(draw(st.integers(1, 3))), said)
        case "tick":
            at = NOW + draw(st.integers(-1, 3)) * DAY
            return "clock.ticked", ({"at": at, "n": 1}, {**said, "tenant": "driven"})
    return what, draw(st.sampled_from(["wall", "driven"]))


def play(rig: Rig, what: str, how: Any) -> None:
    match what:
        case "wait":
            rig.tick(rig.now + how)
        case "junk":
            rig.take("sales.lead.v1", how)
        case "config":
            rig.config("tenant", "t0", {"mode": how})
        case _:
            data, said = how
            rig.publish(what, data, **said)


@examples(120)
@given(st.lists(action(), max_size=30))
def test_folding_the_spine_gives_the_lanes_book(actions: list[tuple[str, Any]]) -> None:
    rig = Rig()
    rig.drive("driven", NOW)
    for what, how in actions:
        play(rig, what, how)
    again = MemoryBook()
    for fact, value in rig.spine:
        fold(again, CATALOG.types, fact, value)
    assert {n: _plain(v) for n, v in again.values.items()} == {n: _plain(v) for n, v in rig.book.values.items()}
    assert again.identities == rig.book.identities
    _sound([fact for fact, _ in rig.spine])


def _sound(spine: list[Fact]) -> None:
    """seq gapless; recorded never falls within a scope; ticks rise; each accepted identity is a fact once."""
    for partition in range(8):
        own = [f for f in spine if f.partition == partition]
        assert [f.seq for f in own] == list(range(1, len(own) + 1))
        for scope in {f.scope for f in own}:
            times = [f.recorded for f in own if f.scope == scope]
            assert times == sorted(times)
        wall = [f.data["n"] for f in own if f.kind == "tick" and f.scope == ""]
        assert wall == sorted(set(wall))
    named = [(f.scope, f.source, f.id) for f in spine if f.kind in ("fact", "tick")]
    assert len(named) == len(set(named)) + _ticks_of_several_partitions(spine)


def _ticks_of_several_partitions(spine: list[Fact]) -> int:
    wall = [(f.scope, f.source, f.id) for f in spine if f.kind == "tick" and f.scope == ""]
    return len(wall) - len(set(wall))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
