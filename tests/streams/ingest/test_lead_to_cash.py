"""From lead to cash in any order: ingest and a small model of the contract, record by record, say the same.

Random lives of opportunities and cases: moves that are not allowed, repetitions, children before their parents,
payments of any size, ticks near and far; in turns of one record and of many.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sharedchain.flow import Template
from tests.depth import examples
from tests.streams.ingest.deal import (
    GATES,
    WAY,
    Said,
    captured,
    completed,
    converted,
    moved,
    paid,
    signed,
    straight,
)
from tests.streams.ingest.rig import CATALOG, DAY
from tests.streams.ingest.side_by_side import FLOWS, STAFF, SideBySide

FEW = st.integers(1, 3)
MONEY = st.one_of(st.integers(1, 99), st.integers(100_00, 9_999_999_99)).map(lambda cents: Decimal(cents).scaleb(-2))
SHARES = st.sampled_from(
    [["1"], ["0.3", "0.6", "0.1"], ["0.3333", "0.3333", "0.3334"], ["0.1"] * 10, ["0.5", "0.4"], []]
)
DUE = st.lists(st.integers(-3, 40), min_size=10, max_size=10)
CURRENCY = st.sampled_from([None, None, "CNY", "CNY", "USD"])
NODES = {name: [n.id for n in flow.nodes] for name, flow in FLOWS.items() if isinstance(flow, Template)}


class LeadToCash(RuleBasedStateMachine):
    """What may happen to one tenant, and what holds whatever happened."""

    def __init__(self) -> None:
        super().__init__()
        self.line = SideBySide()

    def teardown(self) -> None:
        self.line.folds_again()

    @initialize(batch=st.sampled_from([1, 1, 7, 100]), signed=st.sampled_from([0, 0, 1, 2]))
    def begin(self, batch: int, signed: int) -> None:
        """Nothing is there yet, or some deals are signed, in two years; they wait for approval and money."""
        self.line.batch = batch
        for n in range(1, signed + 1):
            for said in straight(n, Decimal("100.01"), ["0.3", "0.6", "0.1"], [9, 3, 20], self.line.model.now):
                self.line.publish(**said)
            self.line.tick(DAY)

    # ---- what may happen

    @rule(ahead=st.sampled_from([60_000, 3_600_000, DAY, 3 * DAY, 40 * DAY]))
    def time_passes(self, ahead: int) -> None:
        self.line.tick(ahead)

    @rule(lead=FEW, amount=MONEY, known=st.booleans())
    def capture(self, lead: int, amount: Decimal, known: bool) -> None:
        self.line.publish(**captured(lead, amount, known))

    @rule(lead=FEW, contact=FEW, summary=st.sampled_from(["a", "b"]))
    def contact(self, lead: int, contact: int, summary: str) -> None:
        self.line.publish("lead.contact.logged", lead_id=f"L{lead}", contact_id=f"K{contact}", summary=summary)

    @rule(lead=FEW)
    def disqualify(self, lead: int) -> None:
        self.line.publish("lead.disqualified", lead_id=f"L{lead}", reason="no budget")

    @rule(lead=FEW, opportunity=FEW, known=st.booleans())
    def convert(self, lead: int, opportunity: int, known: bool) -> None:
        self.line.publish(**converted(lead, opportunity, known))

    @rule(opportunity=FEW, at=st.integers(0, 3), to=st.sampled_from([*GATES, "SIGNED", "LOST"]), held=st.booleans())
    def move(self, opportunity: int, at: int, to: str, held: bool) -> None:
        self.line.publish(**moved(opportunity, WAY[at], to, held))

    @rule(opportunity=FEW, to=st.sampled_from([*GATES]), held=st.booleans())
    def move_on(self, opportunity: int, to: str, held: bool) -> None:
        """From the stage it is in."""
        known = self.line.model.opportunities.get(f"O{opportunity}")
        self.line.publish(**moved(opportunity, known.stage if known else WAY[0], to, held))

    @rule(opportunity=FEW, amount=MONEY)
    def change(self, opportunity: int, amount: Decimal) -> None:
        known = self.line.model.opportunities.get(f"O{opportunity}")
        old = known.amount if known else amount
        said = {"opportunity_id": f"O{opportunity}", "old": old, "new": amount, "reason": "scope"}
        self.line.publish("opportunity.amount.changed", **said)

    @rule(opportunity=FEW, amount=MONEY, shares=SHARES, due=DUE, currency=CURRENCY, known=st.booleans())
    def sign(
        self, opportunity: int, amount: Decimal, shares: list[str], due: list[int], currency: str | None, known: bool
    ) -> None:
        self.line.publish(**signed(opportunity, amount, shares, due, currency, known, self.line.model.now))

    @rule(opportunity=FEW)
    def lose(self, opportunity: int) -> None:
        self.line.publish("opportunity.lost", opportunity_id=f"O{opportunity}", reason="PRICE")

    @rule(project=FEW, opportunity=st.sampled_from(["O1", "O2", None]))
    def project(self, project: int, opportunity: str | None) -> None:
        self.line.publish("project.created", project_id=f"P{project}", opportunity_id=opportunity)

    @rule(case=FEW, template=st.sampled_from(["CA", "CA", "SE", "XX"]), about=FEW)
    def open_case(self, case: int, template: str, about: int) -> None:
        self.line.publish("case.opened", case_id=f"{template}{case}", template_id=template, subject=f"O{about}")

    @rule(case=FEW, template=st.sampled_from(["CA", "SE"]), data=st.data())
    def complete(self, case: int, template: str, data: st.DataObject) -> None:
        node = data.draw(st.sampled_from([*NODES[template], "nowhere"]))
        by = data.draw(st.sampled_from([*STAFF, "E-99"]))
        self.line.publish(
            **completed(f"{template}{case}", node, by, data.draw(decided(template)), data.draw(st.booleans()))
        )

    @rule(case=FEW, template=st.sampled_from(["CA", "SE"]), data=st.data())
    def go_on(self, case: int, template: str, data: st.DataObject) -> None:
        """The right person completes a node that is open, if one is."""
        known = self.line.model.cases.get(f"{template}{case}")
        open_ = [n for n, d in known.nodes.items() if d == "STARTED"] if known and not known.outcome else []
        if known and open_:
            node = known.template.node(data.draw(st.sampled_from(open_)))
            assert node
            by = next((e for e, role in STAFF.items() if role == node.role), "E-99")
            said = data.draw(decided(template)), data.draw(st.sampled_from([True, True, False]))
            self.line.publish(**completed(f"{template}{case}", node.id, by, *said))

    @rule(
        payment=st.integers(1, 6),
        receivable=FEW,
        amount=MONEY,
        no=st.sampled_from([None, None, 1, 2, 3, 11]),
        data=st.data(),
    )
    def pay(self, payment: int, receivable: int, amount: Decimal, no: int | None, data: st.DataObject) -> None:
        name = f"AR-{receivable:04d}"
        known = self.line.model.receivables.get(name)
        if known and data.draw(st.booleans()):  # to the cent, of one instalment or of all
            left = [part.left for part in known.parts]
            amount = data.draw(st.sampled_from([sum(left, Decimal(0)), *left])) or amount
        self.line.publish(**paid(payment, name, amount, no, data.draw(CURRENCY), self.line.model.now))

    @rule(payment=st.integers(7, 9), amount=MONEY)
    def pay_an_order(self, payment: int, amount: Decimal) -> None:
        self.line.publish(**paid(payment, None, amount, None, None, self.line.model.now))

    @rule(opportunity=FEW, known=st.sampled_from([True, True, False]), data=st.data())
    def whole_life(self, opportunity: int, known: bool, data: st.DataObject) -> None:
        """Everything that one opportunity needs: as it should come, signed before it is approved, or in any order."""
        n, case, now = opportunity, f"CA{opportunity}", self.line.model.now
        bare = data.draw(st.sampled_from([None, None, None, *GATES]))  # the stage that is entered without evidence
        terms = data.draw(MONEY), data.draw(SHARES), data.draw(DUE), None, data.draw(st.booleans())
        life = [
            captured(n, data.draw(MONEY), known),
            {"type_": "lead.contact.logged", "lead_id": f"L{n}", "contact_id": "K9", "summary": "c"},
            converted(n, n, known),
            *(moved(n, at, to, to != bare) for at, to in pairwise(WAY)),
        ]
        approval = [
            {"type_": "case.opened", "subject": f"O{n}", "template_id": "CA", "case_id": case},
            completed(case, "legal", "E-3", "APPROVED", True),
            completed(case, "finance", "E-5", "APPROVED", True),
        ]
        bill, no = f"AR-{len(self.line.model.receivables) + 1:04d}", data.draw(st.sampled_from([None, 2, 3]))
        cash = [signed(n, *terms, now), *(paid(n + at, bill, data.draw(MONEY), no, None, now) for at in (10, 20))]
        match data.draw(st.sampled_from(["as it should", "hasty", "any"])):
            case "as it should":
                life += [*approval, *cash]
            case "hasty":
                life += [*approval[:2], *cash, approval[2]]
            case _:
                life = data.draw(st.permutations([*life, *approval, *cash]))
        for said in life:
            self.line.publish(**said)
        self.line.tick(data.draw(st.sampled_from([1_000, 60_000, 2 * DAY, 35 * DAY])))

    @precondition(lambda self: self.line.said)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """The very same record once more."""
        self.line.take(data.draw(st.sampled_from(self.line.said)))

    @precondition(lambda self: self.line.said)
    @rule(data=st.data())
    def under_a_new_name(self, data: st.DataObject) -> None:
        old = data.draw(st.sampled_from(self.line.said))
        self.line.take(Said(f"crm-{len(self.line.said)}x", old.type, old.data))

    @precondition(lambda self: any(said.type == "lead.contact.logged" for said in self.line.said))
    @rule(data=st.data())
    def other_content(self, data: st.DataObject) -> None:
        old = data.draw(st.sampled_from([said for said in self.line.said if said.type == "lead.contact.logged"]))
        self.line.take(Said(old.id, old.type, old.data | {"summary": "other"}))

    # ---- what holds at any time

    @invariant()
    def money_adds_up(self) -> None:
        paid_, total = Counter[str](), dict[str, Decimal]()
        contracts = {f.data["contract_id"]: f for f in self.line.facts("contract.created")}
        for fact in self.line.facts("receivable.created"):
            name, parts = fact.subject, fact.data["instalments"]
            total[name] = fact.data["total"]
            assert sum(part["amount"] for part in parts) == total[name]
            assert all(part["amount"] >= 0 for part in parts)
            assert contracts[fact.data["contract_id"]].data["amount"] == total[name]
        for fact in self.line.facts("payment.allocated"):
            given, surplus = sum(p["amount"] for p in fact.data["parts"]), fact.data["surplus"]
            assert given + surplus == next(
                f.data["amount"] for f in self.line.facts("payment.received") if f.id == fact.causation
            )
            paid_[fact.subject] += given
            assert fact.data["outstanding"] == total[fact.subject] - paid_[fact.subject] >= 0

    @invariant()
    def numbers_have_no_gap_and_no_double(self) -> None:
        contracts = [fact.subject for fact in self.line.facts("contract.created")]
        years = Counter(name[3:7] for name in contracts)
        assert sorted(contracts) == sorted(f"CT-{y}-{n:04d}" for y, count in years.items() for n in range(1, count + 1))
        bills = [fact.subject for fact in self.line.facts("receivable.created")]
        assert bills == [f"AR-{n:04d}" for n in range(1, len(contracts) + 1)]
        signed = [fact.subject for fact in self.line.facts("opportunity.signed")]
        assert [fact.data["opportunity_id"] for fact in self.line.facts("contract.created")] == signed
        assert len(signed) == len(set(signed))

    @invariant()
    def no_child_is_lost(self) -> None:
        """Whatever came is a fact, waits for a parent that is not there, or was refused."""
        spine = self.line.spine
        ended = {f.id for f in spine if f.kind == "fact"} | {
            f.data["original_id"] for f in spine if f.kind == "refusal"
        }
        waiting = {f.id for f in spine if f.kind == "parked"} - ended
        parked = {said.id for said, _ in self.line.model.parked}
        assert waiting <= parked
        assert {said.id for said in self.line.said} <= ended | parked | self.repeated()
        for said, _ in self.line.model.parked:
            assert said.parent
            assert (said.parent[0], said.parent[1]) not in self.created()

    def repeated(self) -> set[str]:
        """Names under which nothing new was said."""
        known = Counter((said.type, str(said.data)) for said in self.line.said)
        return {said.id for said in self.line.said if known[said.type, str(said.data)] > 1}

    def created(self) -> set[tuple[str, str]]:
        kinds = CATALOG.types
        return {(kinds[f.type].creates or "", f.subject) for f in self.line.spine if f.kind == "fact"}


def decided(template: str) -> st.SearchStrategy[str]:
    return st.sampled_from(["DONE"] * 4 + ["REJECTED"] if template == "SE" else ["APPROVED"] * 4 + ["REJECTED"])


def test_lives() -> None:
    quiet = list(HealthCheck)
    how = examples(100, quick=10, stateful_step_count=40, suppress_health_check=quiet)
    run_state_machine_as_test(LeadToCash, settings=how)


@pytest.mark.parametrize("step", [DAY, 7 * DAY])
def test_dense_and_sparse_ticks_tell_the_same_overdue_facts(step: int) -> None:
    """Their ids and causes are not of the tick: only `recorded`, and the days it saw, may differ."""

    def overdue(step: int) -> dict[str, tuple[str, str, Any]]:
        line = SideBySide()
        for said in straight(1, Decimal("100.00"), ["0.5", "0.5"], [3, 9], line.model.now):
            line.publish(**said)
        for _ in range(42 * DAY // step):
            line.tick(step)
        return {f.id: (f.causation, f.subject, f.data["instalment_no"]) for f in line.facts("receivable.overdue")}

    assert len(overdue(42 * DAY)) == 4
    assert overdue(step) == overdue(42 * DAY)
