"""Ingest and the model of its contract, record by record side by side: what they say must be the same.

One tenant on a driven clock. Every turn is also judged once more and thrown away, as after an aborted
transaction: it must say the same again, and leave nothing behind.
"""

from __future__ import annotations

from typing import Any, get_args

from sharedchain.errors import Reason
from sharedchain.fact import Fact
from sharedchain.flow import FLOW, Profile, Template
from sharedchain.scope import partition_of
from sharedchain.yamlfile import read
from streams.ingest.book import MemoryBook
from streams.ingest.decide import decide
from streams.ingest.fold import fold
from streams.ingest.record import Record
from tests.house.tree import ROOT
from tests.streams.ingest.deal import Said, Told
from tests.streams.ingest.model import Model
from tests.streams.ingest.rig import CATALOG, Rig

TENANT = "acme"
START = 1_798_700_000_000  # 2026-12-31: the year ends on the way
FILES = {"standard": ROOT / "schemas/flows", "CA": ROOT / "schemas/flows", "SE": ROOT / "tests/data/flows"}
FLOWS = {name: FLOW.validate_python(read(folder / f"{name}.yaml").value) for name, folder in FILES.items()}
STAFF = {  # nobody buys and nobody manages buying: those nodes anybody may complete
    "E-1": "sales",
    "E-2": "sales_director",
    "E-3": "legal_counsel",
    "E-4": "legal_counsel",
    "E-5": "finance_controller",
    "E-6": "quality_engineer",
    "E-7": "production_planner",
    "E-8": "plant_manager",
}


class SideBySide:
    """`said` is everything published, in order; a difference is an AssertionError. A turn takes `batch` records."""

    def __init__(self, batch: int = 1) -> None:
        self.rig = Rig()
        self.batch = batch
        self.turn, self.records = self.rig.turn(), list[Record]()
        self.said: list[Said] = []
        self.refused: set[tuple[str, str, str]] = set()
        self.rig.config("tenant", TENANT, {"mode": "driven", "timezone": "Asia/Shanghai", "currency": "CNY"})
        for name, folder in FILES.items():
            self.rig.config("flow", name, read(folder / f"{name}.yaml").value)
        profile, templates = FLOWS["standard"], {n: f for n, f in FLOWS.items() if isinstance(f, Template)}
        assert isinstance(profile, Profile)
        self.model = Model(profile, templates, STAFF)
        self.tick(0)
        for person, role in STAFF.items():
            data = {"employee_id": person, "org_id": "O-1", "role": role}
            self.rig.publish("master.employee.upserted", data, tenant=TENANT, source="hr", id=person)
        self.turn = self.rig.turn()
        self.begun = len(self.rig.spine)

    def publish(self, type_: str, **data: Any) -> None:
        full = {f["name"]: f.get("default") for f in CATALOG.types[type_].schema["fields"]} | data
        said = Said(f"crm-{len(self.said)}", type_, full)
        self.said.append(said)
        self.take(said)

    def take(self, said: Said) -> None:
        kind = CATALOG.types[said.type]
        headers = (("ce_source", b"crm"), ("ce_id", said.id.encode()), ("ce_tenant", TENANT.encode()))
        value = self.rig.codec.encode(kind, said.data)
        self.rig._offset += 1
        record = Record(kind.topic, 0, self.rig._offset, None, value, headers, self.model.now)
        self.records.append(record)
        before = len(self.turn.entries)
        decide(self.turn, record)
        found, wanted = [entry.fact for entry in self.turn.entries[before:]], self.model.take(said)
        if not found and [one.kind for one in wanted] == ["refusal"]:  # the same refusal of the same record
            assert any((said.id, str(said.data), reason) in self.refused for reason in wanted[0].reasons)
            return
        assert len(found) == len(wanted), told(found, wanted)
        for fact, one in zip(found, wanted, strict=True):
            self.same(fact, one)
        self.derived_is_sound(found)
        if found and found[0].kind == "refusal":
            self.refused.add((said.id, str(said.data), found[0].data["reason"]))
        if len(self.records) >= self.batch:
            self.commit()

    def commit(self) -> None:
        """The turn is written: what it decided is there."""
        again = self.rig.turn()
        for record in self.records:
            decide(again, record)
        assert again.entries == self.turn.entries, "a turn that was thrown away left something behind"
        self.rig.adopt(self.turn)
        self.turn, self.records = self.rig.turn(), []

    @property
    def spine(self) -> list[Fact]:
        """What is there, and what the turn under way adds."""
        return [fact for fact, _ in self.rig.spine] + [entry.fact for entry in self.turn.entries]

    def tick(self, ahead: int) -> None:
        at = max(self.model.now, START) + ahead
        self.commit()
        found = self.rig.publish("clock.ticked", {"at": at, "n": at}, tenant=TENANT, source="clock", id=str(at))
        assert [fact.kind for fact in found[:1]] == ["tick"]
        self.turn = self.rig.turn()
        rest, wanted = found[1:], self.model.tick(at)
        assert len(rest) == len(wanted), told(rest, wanted)
        for fact, one in zip(sorted(rest, key=order), sorted(wanted, key=order), strict=True):
            self.same(fact, one)
        self.derived_is_sound(found)

    def same(self, fact: Fact, wanted: Told) -> None:
        """A fact is what the model told, as far as it told it."""
        type_ = fact.data["original_type"] if fact.kind == "refusal" else fact.type
        assert (fact.kind, type_, fact.subject) == (wanted.kind, wanted.type, wanted.subject), (fact, wanted)
        if wanted.kind == "refusal":
            assert fact.data["reason"] in wanted.reasons & set(get_args(Reason)), (fact, wanted)
        if wanted.correlation:
            assert fact.correlation == wanted.correlation, (fact, wanted)
        for name, value in wanted.data.items():
            assert holds(fact.data[name], value), (name, value, fact)

    def derived_is_sound(self, facts: list[Fact]) -> None:
        """What nobody published follows from a fact before it, and fits its schema and its model."""
        causes = {fact.id for fact in self.spine}
        for fact in facts:
            topic = CATALOG.topics[CATALOG.types[fact.type].topic]
            if fact.kind == "fact" and topic.derived:
                assert topic.derived == "ingest"
                assert fact.source == "sharedchain:ingest"
                assert fact.causation in causes
                CATALOG.types[fact.type].model.model_validate(fact.data)

    def facts(self, type_: str) -> list[Fact]:
        return [fact for fact in self.spine if fact.type == type_ and fact.kind == "fact"]

    def folds_again(self) -> None:
        """The spine folded again is the same book."""
        self.commit()
        again = MemoryBook()
        for fact, value in self.rig.spine:
            fold(again, CATALOG.types, fact, value)
        book = self.rig.book
        assert {n: plain(v) for n, v in again.values.items()} == {n: plain(v) for n, v in book.values.items()}
        assert again.identities == book.identities
        own = [fact.seq for fact, _ in self.rig.spine if fact.partition == partition_of(TENANT)]
        assert own == list(range(1, len(own) + 1))


def holds(found: Any, wanted: Any) -> bool:
    """Equal as far as `wanted` says something; lists and maps are looked into."""
    if isinstance(wanted, dict) and all(key in found for key in wanted):
        return all(holds(found[key], value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, (list, tuple)):
        return len(found) == len(wanted) and all(map(holds, found, wanted))
    return bool(found == wanted)


def order(one: Fact | Told) -> tuple[str, ...]:
    """Some order in which two tellings of one tick can be laid side by side."""
    type_ = one.data["original_type"] if isinstance(one, Fact) and one.kind == "refusal" else one.type
    return one.kind, type_, one.subject, *(str(one.data.get(n)) for n in ("instalment_no", "days"))


def told(found: list[Fact], wanted: list[Told]) -> str:
    lines = [f"found  {f.kind} {f.type} {f.subject} {dict(f.data)}" for f in found]
    return "\n".join([*lines, *(f"wanted {w.kind} {w.type} {w.subject} {w.data} {set(w.reasons)}" for w in wanted)])


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
