"""The telling half of the oracle: alerts as episodes, who is told by which way, what is refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = dict[str, Any]
COLUMNS = ("escalated", "told_then", "resolved")


def minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def four(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.0001"), ROUND_HALF_UP))


def short(value: Decimal) -> str:
    """A number as people read it: no zeros behind the point."""
    text = four(value)
    return text.rstrip("0").rstrip(".")


def percent(value: Decimal) -> str:
    return f"{(Decimal(four(value)) * 100).quantize(Decimal('0.01'), ROUND_HALF_UP)} %"


def money(value: Decimal) -> str:
    return f"{value:.2f}"


@dataclass
class Desk:
    """One tenant's people, its open alerts, and all rows that came of its life."""

    people: dict[str, Row] = field(default_factory=dict)
    open: dict[tuple[str, str], Row] = field(default_factory=dict)
    out: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)

    def role(self, *roles: str) -> list[str]:
        return sorted(p for p, row in self.people.items() if row["role"] in roles)

    def add(self, section: str, **row: Any) -> None:
        self.out[section].append(row)

    def ring(self, at: datetime, rule: str, subject: str, severity: str, who: list[str], **said: str) -> Row:
        """Raise a one-shot alert, or the first of an episode; `said`: value, value_text."""
        who = sorted(set(who))
        row = {"opened": minute(at), "rule": rule, "subject": subject, "severity": severity}
        row |= {"value": said.get("value", ""), "value_text": said["value_text"]}
        row |= {"recipients": ",".join(who), **dict.fromkeys(COLUMNS, ""), "_now": severity}
        self.out["alerts"].append(row)
        self._tell(rule, subject, "raised", severity, who)
        return row

    def hold(self, at: datetime, rule: str, subject: str, severity: str, who: list[str], **said: str) -> None:
        """Keep an episode open: raise it, escalate it from YELLOW to RED, or stay silent."""
        known = self.open.get((rule, subject))
        if known is None:
            self.open[rule, subject] = self.ring(at, rule, subject, severity, who, **said)
        elif (known["_now"], severity) == ("YELLOW", "RED"):
            who = sorted(set(who))
            known |= {"escalated": f"{minute(at)} RED {said['value']}", "told_then": ",".join(who), "_now": "RED"}
            self._tell(rule, subject, "escalated", "RED", who)

    def clear(self, at: datetime, rule: str, subject: str) -> None:
        if row := self.open.pop((rule, subject), None):
            row["resolved"] = minute(at)
            if row["_now"] == "RED":
                self.add("lamps", rule=rule, subject=subject, state="OFF")

    def refuse(self, at: datetime, kind: str, subject: str, reason: str, name: str, word: str = "") -> None:
        self.counts["record.rejected"] += 1
        self.add("refusals", at=minute(at), type=kind, subject=subject, reason=reason, field=name, word=word)
        if reason == "unknown_term":
            self.ring(at, "R-17", subject, "YELLOW", self.role("data_steward"), value_text=word)

    def _tell(self, rule: str, subject: str, transition: str, severity: str, who: list[str]) -> None:
        row = {"rule": rule, "subject": subject, "transition": transition}
        for person in who:
            self.out["inbox"].append({"recipient": person, **row})
            self.out["mails"].append({"to": self.people[person]["channels"]["email"], **row})
            if severity == "RED":
                self.out["webhooks"].append({"to": person, **row})
        if severity == "RED":
            self.add("lamps", rule=rule, subject=subject, state="ON")
