"""Confirming a forecast by link: what stands now, what the reader changes, the version that follows. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

from gateway.cloudevents import Incoming
from gateway.problem import Finding, Problem
from gateway.strict_json import parse
from sharedchain.envelope import Envelope
from sharedchain.fact import derived_id

SOURCE = "gateway/confirm"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The version of a forecast that stands: as published, by whom, when (RFC 3339)."""

    version: int
    data: Mapping[str, Any]
    id: str
    by: str
    at: str
    total: str
    correlation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New amounts by line id; lines not named stay. `drop_zero`: a line set to 0 goes."""

    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    drop_zero: bool = False


def current_of(rows: Sequence[Mapping[str, Any]]) -> Current | None:
    """The newest version in rows of `queries.forecast_history`."""
    if not rows:
        return None
    row = rows[0]
    live, data = json.loads(row["live"]), json.loads(row["data"])
    return Current(
        version=live["version"],
        data=data,
        id=row["id"],
        by=row["actor"] or live["owner_id"],
        at=row["recorded"],
        total=str(live["new_total"]),
        correlation=row["correlation"],
    )


def event_id(tenant: str, forecast_id: str, version: int) -> str:
    """The id of «version+1 by link»: the same for every click, so a double click counts once."""
    return derived_id(f"{tenant}/{forecast_id}/{version}", "confirm", forecast_id)


def already_done(current: Current, change: Change, tenant: str, version: int) -> bool:
    """True if the version that stands is what this very confirmation made."""
    forecast_id = str(current.data["forecast_id"])
    if current.version != version + 1 or current.id != event_id(tenant, forecast_id, version):
        return False
    stands = {line["line_id"]: Decimal(line["amount"]) for line in current.data["lines"]}
    dropped = change.drop_zero
    return all(stands.get(name, Decimal(0) if dropped else None) == amount for name, amount in change.amounts.items())


def next_version(current: Current, change: Change, tenant: str, recipient: str) -> Incoming:
    """The event that confirms `current`, changed or not. It says no time: ingest stamps it by the scope's clock.

    Raises Problem(422) for lines that do not exist, or when no line is left.
    """
    known = {line["line_id"] for line in current.data["lines"]}
    strange = sorted(change.amounts.keys() - known)
    if strange:
        text = f"the forecast has no line {', '.join(strange)}"
        finding = Finding(
            field="lines", code="unknown_line", text=text, mend=f"its lines are {', '.join(sorted(known))}"
        )
        raise Problem(422, "bad_confirmation", text, findings=[finding])
    lines = [line | _amount(change, line["line_id"]) for line in current.data["lines"]]
    if change.drop_zero:
        lines = [line for line in lines if line["line_id"] not in change.amounts or Decimal(line["amount"]) != 0]
    if not lines:
        raise Problem(422, "bad_confirmation", "no line would be left; keep at least one")
    forecast_id = str(current.data["forecast_id"])
    envelope = Envelope(
        type="forecast.published",
        id=event_id(tenant, forecast_id, current.version),
        source=SOURCE,
        subject=forecast_id,
        tenant=tenant,
        correlation=current.correlation,
        causation=current.id,
        actor=recipient,
    )
    return Incoming(envelope=envelope, data={**current.data, "version": current.version + 1, "lines": lines})


def _amount(change: Change, line_id: str) -> dict[str, str]:
    amount = change.amounts.get(line_id)
    return {} if amount is None else {"amount": format(amount, "f")}


def read_change(content_type: str, body: bytes) -> Change:
    """What the reader sent: nothing (confirm unchanged), JSON, or the form of the page. Raises Problem."""
    if not body.strip():
        return Change()
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/json":
        return _from_json(parse(body))
    if media == FORM:
        return _from_form(body)
    raise Problem(415, "bad_content_type", f"send application/json, {FORM}, or no body at all")


def _from_json(said: Any) -> Change:
    lines = said.get("lines", []) if isinstance(said, dict) else None
    drop_zero = said.get("drop_zero", False) if isinstance(said, dict) else None
    if not isinstance(lines, list) or not isinstance(drop_zero, bool):
        shape = '{"lines": [{"line_id": "L1", "amount": "36000000.00"}], "drop_zero": false}'
        raise Problem(422, "bad_confirmation", f"send {shape}")
    pairs: list[tuple[str, Any]] = []
    for index, line in enumerate(lines):
        if not isinstance(line, dict) or not isinstance(line.get("line_id"), str) or "amount" not in line:
            raise _bad_line(f"lines[{index}]", "a line is an object with line_id and amount")
        if extra := line.keys() - {"line_id", "amount"}:
            raise _bad_line(f"lines[{index}].{min(extra)}", "only the amount of a line can be changed here")
        pairs.append((line["line_id"], line["amount"]))
    return Change(amounts=_amounts(pairs), drop_zero=drop_zero)


def _from_form(body: bytes) -> Change:
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=2000)
    except ValueError:
        raise Problem(400, "bad_form", "the form is not URL-encoded UTF-8 of at most 2000 fields") from None
    names = [value for name, value in fields if name == "line_id"]
    amounts = [value for name, value in fields if name == "amount"]
    if len(names) != len(amounts):
        raise Problem(422, "bad_confirmation", "each line_id needs its amount")
    drop_zero = any(name == "drop_zero" for name, _ in fields)
    return Change(amounts=_amounts(list(zip(names, amounts, strict=True))), drop_zero=drop_zero)


def _amounts(pairs: list[tuple[str, Any]]) -> dict[str, Decimal]:
    made: dict[str, Decimal] = {}
    for index, (line_id, said) in enumerate(pairs):
        if line_id in made:
            raise _bad_line(f"lines[{index}].line_id", f"line {line_id} stands twice")
        made[line_id] = _money(said, f"lines[{index}].amount")
    return made


def _money(said: Any, where: str) -> Decimal:
    """An amount as people write it: `36000000.00`, `36,000,000`; at most 16 digits and two places, not negative."""
    text = said.replace(",", "").replace("，", "").replace(" ", "") if isinstance(said, str) else said
    try:
        amount = Decimal(text) if not isinstance(text, bool | list | dict | None) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount < 10**16 or amount != round(amount, 2):
        raise _bad_line(where, "an amount is a number of at most 16 digits and two decimal places, not negative")
    return round(amount, 2)


def _bad_line(where: str, text: str) -> Problem:
    return Problem(
        422, "bad_confirmation", f"{where}: {text}", findings=[Finding(field=where, code="bad_value", text=text)]
    )
