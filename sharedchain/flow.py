"""Flows: how an opportunity moves, and how cases run. Data under `schemas/flows/`, in the log as kind `flow`.

A profile (`kind: opportunity`) is chosen by a tenant; a template (`kind: case`) is named by `case.opened`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from sharedchain.core.wording import Duration, Model, Words

DEFAULT = "standard"  # the profile of a tenant that says none
SIGNED, LOST = "SIGNED", "LOST"  # the stages that opportunity.signed and opportunity.lost alone lead into
Outcome = Literal["DONE", "APPROVED", "REJECTED"]
# Nothing else of what `format` can do: attributes and endless widths would stop whoever gives the number.
_PATTERN = re.compile(r"(?:[^{}]|\{year\}|\{n(?::0?\d?d)?\}){1,100}")
_CENTURY = 36_500  # days: no term and no mark is farther, and every day that they lead to is a date
Reportable = Literal["master.customer.upserted", "master.employee.upserted", "master.product.upserted"]


def _numbering(pattern: str) -> str:
    if not _PATTERN.fullmatch(pattern):
        raise ValueError(f"{pattern!r} is no pattern: write it of {{year}} and {{n:04d}}, as AR-{{n:04d}}")
    told = {pattern.format(year=year, n=n) for year in (2026, 2027) for n in (1, 2)}
    if len(told) < (4 if "{year" in pattern else 2):
        raise ValueError(f"{pattern!r} gives the same number twice: let it hold {{n:04d}}")
    return pattern


Pattern = Annotated[str, AfterValidator(_numbering)]


class Stage(Model):
    """An open stage: where it may lead, and what evidence its gate asks of who enters."""

    code: str = Field(min_length=1)
    next: tuple[str, ...] = ()
    gate: tuple[str, ...] = ()


class Term(Model):
    """A share of the amount, due so many days after the day of signing."""

    share: Annotated[Decimal, Field(gt=0, le=1, decimal_places=4)]
    days: Annotated[int, Field(ge=0, le=_CENTURY)]


class Numbers(Model):
    """Patterns of the numbers that are given; one with {year} counts from 1 in each year."""

    contract: Pattern
    receivable: Pattern


class Profile(Model):
    """The way of an opportunity. It begins in the first stage; `lost_from` left out = from every stage.

    `approval` is the template whose case must be approved at signing, None = nothing must be.
    `without_lead`: opportunity.opened may begin one. `default_terms` empty: a deal signed without terms
    of its own makes a contract and no receivable, since nobody said what is due when. `reported`: contract
    fields of an event type whose lack refuses nothing; record.incomplete tells it.
    """

    kind: Literal["opportunity"]
    id: str
    version: Annotated[int, Field(ge=1)]
    title: Words
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    signed_from: Annotated[tuple[str, ...], Field(min_length=1)]
    lost_from: tuple[str, ...] | None = None
    approval: str | None = None
    numbers: Numbers
    default_terms: tuple[Term, ...]
    overdue_marks: tuple[Annotated[int, Field(ge=1, le=_CENTURY)], ...] = ()
    without_lead: bool = False
    reported: Mapping[Reportable, tuple[str, ...]] = {}

    @property
    def start(self) -> str:
        return self.stages[0].code

    def stage(self, code: str) -> Stage | None:
        """None for what is no open stage: SIGNED and LOST too."""
        return self._by_code.get(code)

    def excused(self, event_type: str) -> tuple[str, ...]:
        """Contract fields that an event of this type may lack."""
        return next((lacks for kind, lacks in self.reported.items() if kind == event_type), ())

    def may_lose(self, code: str) -> bool:
        return code in (self._by_code if self.lost_from is None else self.lost_from)

    @cached_property
    def _by_code(self) -> dict[str, Stage]:
        return {stage.code: stage for stage in self.stages}


class Node(Model):
    """One step of a case: who does it, who answers for it, what must be done `after`, what it must show."""

    id: str = Field(min_length=1)
    name: Words
    role: str
    accountable: str | None = None
    limit: Annotated[Duration, Field(ge=0, le=_CENTURY * 86_400_000)]
    after: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


class Template(Model):
    """A kind of case. An `approval` ends APPROVED or REJECTED, `work` ends DONE (or REJECTED)."""

    kind: Literal["case"]
    id: str
    version: Annotated[int, Field(ge=1)]
    title: Words
    outcome: Literal["approval", "work"]
    nodes: Annotated[tuple[Node, ...], Field(min_length=1)]

    def node(self, node_id: str) -> Node | None:
        return self._by_id.get(node_id)

    def ready(self, done: Set[str]) -> tuple[Node, ...]:
        """Nodes not yet done, all of whose `after` are; in the file's order."""
        return tuple(node for node in self.nodes if node.id not in done and set(node.after) <= done)

    @property
    def good_end(self) -> Outcome:
        """How it ends when every node was completed."""
        return "APPROVED" if self.outcome == "approval" else "DONE"

    @cached_property
    def _by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}


Flow = Annotated[Profile | Template, Field(discriminator="kind")]
FLOW: TypeAdapter[Profile | Template] = TypeAdapter(Flow)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a flow that reads well, and where: keys and indices from the top of the file."""

    steps: tuple[str | int, ...]
    text: str


def read(body: str) -> Profile | Template:
    """A flow from the log. Raises ValueError (pydantic's too) for one that nobody can follow."""
    flow = FLOW.validate_json(body)
    if faults := list(faults_of(flow)):
        where = ".".join(map(str, faults[0].steps))
        raise ValueError(f"{where}: {faults[0].text}")
    return flow


def faults_of(flow: Profile | Template) -> Iterator[Fault]:
    """Everything that is wrong with the flow by itself; roles and other files are looked up elsewhere."""
    return _profile(flow) if isinstance(flow, Profile) else _template(flow)


def _profile(flow: Profile) -> Iterator[Fault]:
    codes = [stage.code for stage in flow.stages]
    yield from _twice("stages", codes, "stage")
    for at, stage in enumerate(flow.stages):
        if stage.code in (SIGNED, LOST):
            yield Fault(("stages", at, "code"), f"{stage.code} is no open stage; take it out, it needs no entry")
        yield from _unknown(("stages", at, "next"), stage.next, codes)
    yield from _unknown(("signed_from",), flow.signed_from, codes)
    yield from _unknown(("lost_from",), flow.lost_from or (), codes)
    reached = _reached(flow)
    for at, code in enumerate(codes):
        if code not in reached:
            yield Fault(("stages", at), f"nothing leads to {code} from {flow.start}; put it under `next` of a stage")
    if flow.default_terms and (total := sum(term.share for term in flow.default_terms)) != 1:
        yield Fault(("default_terms",), f"the shares add up to {total}; let them add up to 1")
    if list(flow.overdue_marks) != sorted(set(flow.overdue_marks)):
        yield Fault(("overdue_marks",), "the days do not rise; write each once, the smallest first")


def _reached(flow: Profile) -> set[str]:
    reached, ahead = set[str](), [flow.start]
    while ahead:
        code = ahead.pop()
        if code not in reached:
            reached.add(code)
            stage = flow.stage(code)
            ahead += stage.next if stage else ()
    return reached


def _template(flow: Template) -> Iterator[Fault]:
    ids = [node.id for node in flow.nodes]
    yield from _twice("nodes", ids, "node")
    for at, node in enumerate(flow.nodes):
        yield from _unknown(("nodes", at, "after"), node.after, ids, "node")
    done = set[str]()
    while found := [node.id for node in flow.ready(done)]:
        done |= set(found)
    for at, node in enumerate(flow.nodes):
        if node.id not in done and set(node.after) <= set(ids):
            yield Fault(
                ("nodes", at, "after"), f"{node.id} can never start: its `after` come round to it; break the ring"
            )


def _twice(part: str, names: list[str], what: str) -> Iterator[Fault]:
    for at, name in enumerate(names):
        if name in names[:at]:
            yield Fault((part, at), f"{what} {name} stands twice; give it another name or take it out")


def _unknown(
    steps: tuple[str | int, ...], named: tuple[str, ...], known: list[str], what: str = "stage"
) -> Iterator[Fault]:
    for at, name in enumerate(named):
        if name in (SIGNED, LOST) and what == "stage":
            yield Fault((*steps, at), f"{name} is entered by opportunity.{name.lower()} alone; take it out here")
        elif name not in known:
            yield Fault((*steps, at), f"no {what} {name} in this flow; it has {', '.join(known)}")
