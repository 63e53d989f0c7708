"""Where rules are judged: one scope, what is in force there, and the fact that asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sharedchain.core import routes, shadow
from sharedchain.core.emit import Emitter
from sharedchain.core.gauges import key_of
from sharedchain.core.ruleset import Enabled, Ruleset
from sharedchain.core.settings import Settings
from sharedchain.core.state import Episode, Sample, ScopeState
from sharedchain.core.wording import Severity


@dataclass(slots=True)  # not frozen: one is made of every fact, and that would be the dearest part of it
class Desk:
    name: str
    scope: ScopeState
    settings: Settings
    rules: Ruleset
    enabled: Enabled
    now: int
    out: Emitter
    silent: bool = False  # backfill: alerts are recorded, nobody is told

    def sample(self, measure: str, dims: Mapping[str, str]) -> Sample | None:
        return self.scope.gauges.get(key_of(measure, dims))

    def peers(self, dims: Mapping[str, str]) -> dict[str, Sample]:
        """The last samples of all gauges with the same dims, by measure."""
        found = {m.id: self.sample(m.id, dims) for m in self.rules.measures if m.kind == "gauge"}
        return {id_: sample for id_, sample in found.items() if sample is not None}

    def deliveries(self, severity: Severity, people: list[str]) -> list[dict[str, Any]]:
        return [] if self.silent else routes.deliveries(self.scope, self.rules.routes, severity, people)

    def lamp_out(self, episode: Episode) -> list[dict[str, Any]]:
        """What a resolved alert sends: nobody is told, but its lamp goes out if it was lit."""
        lit = "LIGHT" in episode.channels and not self.silent
        return [{"channel": "LIGHT", "recipient": "", "address": ""}] if lit else []

    def say(self, type_: str, subject: str, maker: str, data: Mapping[str, Any]) -> None:
        self._weigh(type_, data.get("rule_id", ""))
        if type_.startswith("alert.") and shadow.is_shadow(data["rule_id"]):
            type_, data = "shadow.decided", shadow.decided(type_.removeprefix("alert."), data)
        self.out.add(type_, scope=self.name, subject=subject, maker=maker, data=data, backfill=self.silent)

    def _weigh(self, type_: str, rule_id: str) -> None:
        """Count what a canary raises, and what the version before it would have."""
        canary = self.scope.canaries.get(shadow.base(rule_id)) if self.scope.canaries else None
        if canary is None or type_ != "alert.raised" or self.silent:
            return
        if not shadow.is_shadow(rule_id):
            canary.rang += 1
        elif (before := self.rules.befores.get(shadow.base(rule_id))) and shadow.shadowed(before.rule).id == rule_id:
            canary.stable += 1
