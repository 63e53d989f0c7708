"""Who works here: employees by id and by role, as `master.employee.upserted` told last."""

from __future__ import annotations

from datetime import date

from sharedchain.core.state import Employee, ScopeState
from sharedchain.fact import Fact

_ADDRESS = 320  # characters


def upsert(scope: ScopeState, fact: Fact) -> None:
    """Take one `master.employee.upserted`; what it leaves out is unknown, not as before."""
    data = fact.data
    channels = data.get("channels") or {}
    scope.employees[data["employee_id"]] = Employee(
        role=data.get("role") or "",
        name=data.get("name") or "",
        email=_address(channels.get("email")),
        im=_address(channels.get("im")),
        since=_day(data.get("valid_from")),
        until=_day(data.get("valid_to")),
    )


def holders(scope: ScopeState, role: str, day: date) -> list[str]:
    """Ids of those who hold `role` on `day`, sorted. Roles compare without regard to case."""
    today, wanted = day.isoformat(), role.casefold()
    return sorted(
        id_
        for id_, who in scope.employees.items()
        if who.role.casefold() == wanted
        and (not who.since or who.since <= today)
        and (not who.until or today <= who.until)
    )


def _address(told: str | None) -> str:
    """What is longer than any address is none: who has none is recorded as not reached."""
    return told if told and len(told) <= _ADDRESS else ""


def _day(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")
