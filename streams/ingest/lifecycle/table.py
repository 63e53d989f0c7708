"""The lifecycle in one table: what each type of event must pass, brings about, and leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sharedchain.fact import Fact
from streams.ingest.book import Book
from streams.ingest.lifecycle import (
    approval,
    case,
    forecast,
    gap,
    lead,
    opportunity,
    overdue,
    payment,
    receivable,
    signing,
    staff,
)
from streams.ingest.lifecycle.event import Said, Told


class Step(NamedTuple):
    """`check` raises Refused when the event cannot follow what is there; `follow` is what the accepted
    fact brings about, asked after it was folded; `fold` is what it leaves in the book."""

    check: Callable[[Book, Said], None] | None = None
    follow: Callable[[Book, Fact], list[Told]] | None = None
    fold: Callable[[Book, Fact], None] | None = None


STEPS: dict[str, Step] = {
    "master.customer.upserted": Step(follow=gap.tell),
    "master.employee.upserted": Step(follow=gap.tell, fold=staff.upserted),
    "master.product.upserted": Step(follow=gap.tell),
    "lead.captured": Step(fold=lead.captured),
    "lead.contact.logged": Step(fold=lead.contacted),
    "lead.disqualified": Step(lead.check_open, None, lead.ended),
    "lead.converted": Step(lead.check_conversion, lead.convert, lead.ended),
    "forecast.published": Step(forecast.check, None, forecast.published),
    "opportunity.opened": Step(opportunity.check_opened, opportunity.open_),
    "opportunity.created": Step(fold=opportunity.created),
    "opportunity.stage.changed": Step(opportunity.check_stage, None, opportunity.moved),
    "opportunity.amount.changed": Step(opportunity.check_amount, None, opportunity.amended),
    "opportunity.lost": Step(opportunity.check_lost, None, opportunity.lost),
    "opportunity.signed": Step(signing.check, signing.sign, opportunity.signed),
    "contract.created": Step(fold=approval.created),
    "contract.approved": Step(fold=approval.approved),
    "receivable.created": Step(fold=receivable.created),
    "receivable.overdue": Step(fold=overdue.told),
    "payment.received": Step(payment.check, payment.allocate),
    "payment.allocated": Step(fold=payment.allocated),
    "case.opened": Step(case.check_open, case.start, case.opened),
    "case.node.started": Step(fold=case.started),
    "case.node.completed": Step(case.check_completion, case.go_on, case.completed),
    "case.closed": Step(None, approval.approve, case.closed),
}
NOTHING = Step()
