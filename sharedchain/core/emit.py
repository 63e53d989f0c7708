"""Collects what one fact causes, numbered 1, 2, … in the order it is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharedchain.fact import Derived, Fact, derived_id


class Emitter:
    """One per fact. Ids come from the cause, the maker and the subject alone.

    A tick names itself by its time, not by its number: sparse and dense ticks give equal ids.
    """

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self.said: list[Derived] = []

    def cause(self, scope: str) -> str:
        if self.fact.kind == "tick":
            return f"{scope}|@{self.fact.recorded}"
        return f"{scope}|{self.fact.source}|{self.fact.id}"

    def add(
        self,
        type_: str,
        *,
        scope: str,
        subject: str,
        maker: str,
        data: Mapping[str, Any],
        time: int | None = None,
        backfill: bool = False,
    ) -> None:
        fact = self.fact
        self.said.append(
            Derived(
                type=type_,
                id=derived_id(self.cause(scope), f"{type_}/{maker}", subject),
                subject=subject,
                scope=scope,
                partition=fact.partition,
                seq=fact.seq,
                n=len(self.said) + 1,
                recorded=fact.recorded,
                time=fact.recorded if time is None else time,
                causation=fact.id,
                correlation=fact.correlation,
                backfill=backfill,
                data=data,
            )
        )
