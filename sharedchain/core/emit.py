"""Collects what one fact causes, numbered 1, 2, … in the order it is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharedchain.fact import Derived, Fact, derived_id


class Emitter:
    """One per fact. Ids come from the cause, the maker and the subject alone.

    A tick names itself by its time, not by its number: sparse and dense ticks give equal ids.
    """

    def __init__(self, fact: Fact, said: list[Derived] | None = None, event: Derived | None = None) -> None:
        self.fact = fact
        self.said: list[Derived] = [] if said is None else said
        self._event = event

    def behind(self, event: Derived) -> Emitter:
        """What the derived `event` causes in turn: numbered on, and its cause is the event."""
        return Emitter(self.fact, self.said, event)

    def cause(self, scope: str) -> str:
        if self._event is not None:
            return f"{scope}|{self._event.id}"
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
                causation=self._event.id if self._event else fact.id,
                correlation=fact.correlation,
                backfill=backfill,
                data=data,
            )
        )
