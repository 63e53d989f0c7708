"""What goes on beside a chain: its cases with their nodes, the forecasts that cite it, the alerts on it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.forecasts import milliseconds
from gateway.kin import Seen
from gateway.trail import Clock, source_of, step_of
from sharedchain.envelope import rfc3339
from sharedchain.spine import ENGINE
from sharedchain.trace import Alert, Case, Citation, Forecast, Node, Source, Told

Row = Mapping[str, Any]
_LAST = 253_402_300_799_999  # the end of year 9999: what RFC 3339 can say


def cases(facts: Sequence[Seen], clock: Clock) -> tuple[Case, ...]:
    """The cases in order of their opening."""
    accepted = [one for one in facts if one.kind == "fact"]
    return tuple(_case(one, accepted, clock) for one in accepted if one.type == "case.opened")


def _case(opened: Seen, facts: Sequence[Seen], clock: Clock) -> Case:
    mine = [one for one in facts if one.data.get("case_id") == opened.data["case_id"]]
    closed = next((one for one in mine if one.type == "case.closed"), None)
    done = {one.data.get("node_id"): one for one in mine if one.type == "case.node.completed"}
    started = [one for one in mine if one.type == "case.node.started"]
    return Case(
        case_id=str(opened.data["case_id"]),
        template_id=str(opened.data.get("template_id") or ""),
        outcome=str(closed.data.get("outcome") or "") if closed else "",
        opened_at=rfc3339(opened.at),
        closed_at=rfc3339(closed.at) if closed else None,
        seconds=((closed.at if closed else clock.now) - opened.at) // 1000,
        nodes=tuple(
            _node(one, done.get(one.data["node_id"]), clock, until=closed.at if closed else clock.now)
            for one in started
        ),
    )


def _node(started: Seen, done: Seen | None, clock: Clock, *, until: int) -> Node:
    """A node; one that the end of its case cut short runs until then."""
    data = started.data
    begun = _ms(data.get("started_at"), started.at)
    due = None if data.get("due_at") is None else min(milliseconds(data["due_at"]), _LAST)
    ended = done.at if done else until
    late = due is not None and ended > due
    return Node(
        **{name: str(data.get(name) or "") for name in ("node_id", "name_zh", "name_en", "role")},
        **{name: str(data.get(name) or "") for name in ("responsible_id", "accountable_id")},
        started_at=rfc3339(begun),
        due_at=None if due is None else rfc3339(due),
        due_local="" if due is None else clock.local(due),
        completed_at=rfc3339(done.at) if done else None,
        completed_local=clock.local(done.at) if done else "",
        by=str(done.data.get("by") or done.actor) if done else "",
        decision=str(done.data.get("decision") or "") if done else "",
        seconds=max(0, ended - begun) // 1000,
        within_limit=not late if done or late else None,
        source=source_of(started),
        completed=source_of(done) if done else None,
    )


def _ms(value: Any, otherwise: int) -> int:
    return otherwise if value is None else milliseconds(value)


def forecasts(facts: Sequence[Seen], opportunities: Iterable[str], clock: Clock) -> tuple[Forecast, ...]:
    """The forecasts that cite one of `opportunities`: from the first version that did, each version's line."""
    ours = frozenset(opportunities)
    by_id: dict[str, list[Seen]] = {}
    for one in facts:
        by_id.setdefault(str(one.data.get("forecast_id")), []).append(one)
    found = [_forecast(name, said, ours, clock) for name, said in sorted(by_id.items())]
    return tuple(one for one in found if one.citations)


def _forecast(name: str, facts: Sequence[Seen], ours: frozenset[str], clock: Clock) -> Forecast:
    cited: list[Citation] = []
    for one in (one for one in facts if one.type == "forecast.published"):
        lines = [line for line in one.data.get("lines", []) if line.get("opportunity_id") in ours]
        if not lines and not (cited and cited[-1].line_id):
            continue  # before the first version that cites it, or after the one that dropped it
        cited += [_citation(one, line, clock) for line in lines or [{}]]
    marks = [one for one in facts if one.type != "forecast.published" and one.data.get("opportunity_id") in ours]
    period = next((str(one.data["period"]) for one in facts if one.data.get("period")), "")
    marked = tuple(step_of(one, clock) for one in marks)  # in the order of the spine
    return Forecast(forecast_id=name, period=period, citations=tuple(cited), marks=marked)


def _citation(one: Seen, line: Mapping[str, Any], clock: Clock) -> Citation:
    return Citation(
        version=one.data["version"],
        at=rfc3339(one.at),
        local=clock.local(one.at),
        actor=one.actor,
        line_id=str(line.get("line_id") or ""),
        amount=None if line.get("amount") is None else str(line["amount"]),
        currency=str(one.data.get("currency") or ""),
        source=source_of(one),
    )


def alerts(rows: Sequence[Row], told: Sequence[Row], clock: Clock) -> tuple[Alert, ...]:
    """One of each alert in `rows` of `queries.alerts_around`, in order of opening, with whom it was told."""
    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row["alert_id"], []).append(row)
    heard: dict[str, list[Told]] = {}
    for row in told:
        names = ("recipient", "channel", "transition", "outcome")
        heard.setdefault(row["alert_id"], []).append(Told(**{name: row[name] for name in names}))
    made = [_alert(said, tuple(heard.get(ident, ())), clock) for ident, said in by_id.items()]
    return tuple(sorted(made, key=lambda one: (one.opened_at, one.rule_id, one.alert_id)))


def _alert(said: Sequence[Row], told: tuple[Told, ...], clock: Clock) -> Alert:
    first, last = said[0], said[-1]
    escalated, resolved = _when(said, "escalated"), _when(said, "resolved")
    opened = milliseconds(first["opened_at"])
    return Alert(
        **{name: first[name] for name in ("alert_id", "rule_id", "subject")},
        severity_raised=first["severity"],
        severity=last["severity"],
        state="open" if resolved is None else "resolved",
        **{name: first[name] or "" for name in ("title_zh", "title_en", "value_text")},
        opened_at=rfc3339(opened),
        opened_local=clock.local(opened),
        escalated_at=None if escalated is None else rfc3339(escalated),
        escalated_local="" if escalated is None else clock.local(escalated),
        resolved_at=None if resolved is None else rfc3339(resolved),
        resolved_local="" if resolved is None else clock.local(resolved),
        seconds=max(0, (clock.now if resolved is None else resolved) - opened) // 1000,
        told=told,
        source=_place(first),
    )


def _place(row: Row) -> Source:
    place = {name: row[name] for name in ("partition", "seq", "n")}
    return Source(**place, event_id="", published_by=ENGINE)


def _when(said: Sequence[Row], transition: str) -> int | None:
    return next((milliseconds(row["at"]) for row in said if row["transition"] == transition), None)
