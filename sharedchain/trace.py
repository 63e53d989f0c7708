"""What a trace tells: every step of a chain from lead to cash, and what rang on the way.

The shape of `GET /v1/trace/{id}` and of `sharedchain trace --json`. Moments are RFC 3339 in UTC, with the
tenant's local time beside them; durations are seconds; amounts are exact decimals as text. Every step
carries the place of its fact, so that it can be read in the table `facts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["lead", "opportunity", "contract", "receivable", "payment", "project", "case"]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Said):
    """Where a fact lies: its place in `facts`, its id, who published it, what caused it."""

    partition: int
    seq: int
    n: int = 0
    event_id: str
    published_by: str
    correlation: str = ""
    cause: str = ""


class Step(_Said):
    """One fact. `seconds`: since the step before (of the same chain, refusals not counted); `caused`: what the
    chain derived of it in the same turn. `state` parked = it waits for its parent."""

    type: str
    subject: str
    state: Literal["accepted", "parked", "refused"] = "accepted"
    at: str
    local: str
    actor: str = ""
    seconds: int | None = None
    said: Mapping[str, Any] = {}
    source: Source
    caused: tuple[Step, ...] = ()


class Span(_Said):
    """Time spent in a stage: LEAD, those of the flow, SIGNED until paid in full. `left_at` None: still there."""

    stage: str
    entered_at: str
    left_at: str | None = None
    seconds: int


class Node(_Said):
    """A node of a case. `within_limit` is None while it is open and in time."""

    node_id: str
    name_zh: str = ""
    name_en: str = ""
    role: str = ""
    responsible_id: str = ""
    accountable_id: str = ""
    started_at: str
    due_at: str | None = None
    due_local: str = ""
    completed_at: str | None = None
    completed_local: str = ""
    by: str = ""
    decision: str = ""
    seconds: int
    within_limit: bool | None = None
    source: Source
    completed: Source | None = None


class Case(_Said):
    """A case about this chain, with its nodes in order; `outcome` is empty while it is open."""

    case_id: str
    template_id: str = ""
    outcome: str = ""
    opened_at: str
    closed_at: str | None = None
    seconds: int
    nodes: tuple[Node, ...] = ()


class Instalment(_Said):
    no: int
    amount: str
    due_date: str
    left: str
    overdue_days: int | None = None
    settled_at: str | None = None
    settled_local: str = ""
    settled_days: int | None = None


class Cash(_Said):
    """What was billed and what came. Seconds count from the beginning of the chain."""

    receivable_id: str
    total: str
    paid: str
    outstanding: str
    surplus: str = "0.00"
    currency: str
    instalments: tuple[Instalment, ...] = ()
    first_payment_at: str | None = None
    first_payment_seconds: int | None = None
    paid_in_full_at: str | None = None
    paid_in_full_seconds: int | None = None


class Citation(_Said):
    """A forecast version and its line on this opportunity; without `line_id` the version cites it no more."""

    version: int
    at: str
    local: str
    actor: str = ""
    line_id: str = ""
    amount: str | None = None
    currency: str = ""
    source: Source


class Forecast(_Said):
    """A forecast that cites the opportunity. `marks`: its line lost its support, or has it again."""

    forecast_id: str
    period: str = ""
    citations: tuple[Citation, ...] = ()
    marks: tuple[Step, ...] = ()


class Told(_Said):
    recipient: str
    channel: str
    transition: str
    outcome: str


class Alert(_Said):
    """An alert on one of these ids, or caused by one of these steps."""

    alert_id: str
    rule_id: str
    subject: str
    severity_raised: str
    severity: str
    state: Literal["open", "resolved"]
    title_zh: str = ""
    title_en: str = ""
    value_text: str = ""
    opened_at: str
    opened_local: str
    escalated_at: str | None = None
    escalated_local: str = ""
    resolved_at: str | None = None
    resolved_local: str = ""
    seconds: int
    told: tuple[Told, ...] = ()
    source: Source


class Chain(_Said):
    """One lead with all that came of it. `seconds`: from its first step to the money in full, else to its last
    step (`closed` False: it goes on). `unbilled`: the contract holds, and nobody said what is due when."""

    ids: Mapping[Kind, tuple[str, ...]]
    customer_id: str = ""
    prospect_name: str = ""
    owner_id: str = ""
    stage: str
    amount: str | None = None
    currency: str = ""
    began_at: str
    began_local: str
    ended_at: str
    ended_local: str
    closed: bool
    seconds: int
    steps: tuple[Step, ...]
    stages: tuple[Span, ...] = ()
    cases: tuple[Case, ...] = ()
    cash: Cash | None = None
    unbilled: bool = False
    forecasts: tuple[Forecast, ...] = ()
    alerts: tuple[Alert, ...] = ()


class Whose(_Said):
    name: str
    timezone: str
    currency: str
    language: str


class Trace(_Said):
    """The answer. `found_as`: what `asked` is; `history`: the facts of an id that is no part of a chain (a
    forecast, a customer); `left_off`: chains not shown; `truncated`: more facts than are read at once."""

    asked: str
    found_as: str
    tenant: Whose
    as_of: str
    history: tuple[Step, ...] = ()
    alerts: tuple[Alert, ...] = ()
    chains: tuple[Chain, ...] = ()
    left_off: int = 0
    truncated: bool = False
