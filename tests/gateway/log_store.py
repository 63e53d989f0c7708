"""A store over the rows of `tests.gateway.lead_to_cash`: answers the queries of a trace as ClickHouse would."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.queries import Query
from gateway.store import Row

Answer = Callable[[Mapping[str, Any]], list[dict[str, Any]]]


@dataclass
class LogStore:
    facts: list[dict[str, Any]]
    alerts: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    near: list[str] = field(default_factory=list)
    asked: list[Query] = field(default_factory=list)

    async def rows(self, query: Query) -> list[Row]:
        self.asked.append(query)
        said = query.parameters
        answers: Mapping[str, Answer] = {
            "editDistance": lambda _: [{"subject": one, "far": 1} for one in self.near],
            "{ident:String}": lambda _: self._of(said["ident"]),
            "{correlations:Array": lambda _: self._around(set(said["ids"]), set(said["correlations"])),
            "{opportunities:Array": lambda _: [one for one in self.facts if one["type"].startswith("forecast.")],
            "{subjects:Array": lambda _: self._rang(said["subjects"], said["places"]),
            "{places:Array": lambda _: [one for one in self.facts if _place(one) in said["places"]],
            "FROM notifications": lambda _: [one for one in self.told if one["alert_id"] in said["alerts"]],
            "FROM alerts": lambda _: [one for one in self.alerts if one["alert_id"] == said["alert_id"]],
        }
        return list(next((answer(said) for text, answer in answers.items() if text in query.sql), []))

    async def ping(self) -> None:
        return None

    def _of(self, ident: str) -> list[dict[str, Any]]:
        return [one for one in self.facts if ident in (one["subject"], one["id"], one["correlation"])]

    def _around(self, ids: set[str], correlations: set[str]) -> list[dict[str, Any]]:
        return [
            one for one in self.facts if one["subject"] in ids or one["correlation"] in correlations or _links(one, ids)
        ]

    def _rang(self, subjects: list[str], places: list[str]) -> list[dict[str, Any]]:
        mine = {
            one["alert_id"] for one in self.alerts if _place(one) in places or one["subject"].split("/")[0] in subjects
        }
        return [one for one in self.alerts if one["alert_id"] in mine]


def _links(row: Mapping[str, Any], ids: set[str]) -> bool:
    linked = row["type"] in ("case.opened", "contract.created", "payment.received", "receivable.created")
    return linked and bool(ids & {one for one in json.loads(row["data"]).values() if isinstance(one, str)})


def _place(row: Mapping[str, Any]) -> str:
    return f"{row['partition']}/{row['seq']}"
