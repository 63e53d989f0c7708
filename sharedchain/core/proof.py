"""The `tests:` at the bottom of a derivation: its cases, folded as the engine folds facts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from sharedchain.core import fold, wire
from sharedchain.core.derivation import Derivation
from sharedchain.core.payload import Avro
from sharedchain.core.ruleset import config_hash
from sharedchain.core.settings import DEFAULT
from sharedchain.core.state import Item, ScopeState, State
from sharedchain.core.trial import START, Message, Outcome, Tick, fact_of, hold, tick_at
from sharedchain.core.wording import Duration, Model
from sharedchain.fact import Derived, Fact


class Said(Model):
    """One event that is said; what is not said here is not compared."""

    derives: str
    subject: str = ""
    data: Mapping[str, Any] = {}

    def __str__(self) -> str:
        shown = [f"{name} {value}" for name, value in self.data.items()]
        return " ".join([self.derives, self.subject, *shown]).strip()


class Story(Model):
    """Events one after the other, `every` apart."""

    events: tuple[Message | Tick, ...] = Field(min_length=1)
    every: Duration = 60_000


class Proof(Model):
    """One case. For each event `quiet`, what is said, or a list of it."""

    name: str
    given: Story
    expect: tuple[Literal["quiet"] | Said | tuple[Said, ...], ...]
    edge: bool = False

    @property
    def fires(self) -> bool:
        return any(one != "quiet" for one in self.expect)

    @property
    def stays_quiet(self) -> bool:
        """Its last event derives nothing: that is what it is about."""
        return self.expect[-1] == "quiet"


_proofs = TypeAdapter(tuple[Proof, ...])


def proofs_of(raw: Any) -> tuple[Proof, ...]:
    """Read `tests:`. Raises pydantic.ValidationError."""
    return _proofs.validate_python(raw)


def run(derivation: Derivation, proof: Proof, schemas: Mapping[str, Avro], data: Mapping[str, Item]) -> Outcome:
    """Fold one case; one that asks for what cannot be ends as `cannot: …`. `data`: tables and calendars."""
    found: list[Any] = []
    try:
        if len(proof.expect) != len(proof.given.events):
            raise ValueError(f"{len(proof.given.events)} events and {len(proof.expect)} words: expect one each")
        state, now = _begun(derivation, data), START
        for number, (event, expect) in enumerate(zip(proof.given.events, proof.expect, strict=True), 1):
            now += proof.given.every if event.after is None else event.after
            state, said = fold.step(state, [_fact(event, number, now, schemas)])
            hold(said, schemas)
            found.append(_found(said, expect))
    except (ValidationError, ValueError, KeyError, AttributeError, TypeError, ArithmeticError) as error:
        return Outcome(proof.name, proof.expect, f"cannot: {error}")
    return Outcome(proof.name, proof.expect, tuple(found))


def _fact(event: Message | Tick, number: int, now: int, schemas: Mapping[str, Avro]) -> Fact:
    return tick_at(number, now) if isinstance(event, Tick) else fact_of(event, event.type, number, now, schemas)


def _begun(derivation: Derivation, data: Mapping[str, Item]) -> State:
    """A core in which this derivation alone is in force."""
    bodies = {
        "derivation/trial": derivation.model_dump(mode="json", by_alias=True),
        "pack/trial": {"id": "trial", "derivations": [derivation.id]},
        "tenant/trial": {"mode": "driven", "packs": ["trial"]},
    }
    config = {**data, **{key: Item(json.dumps(body), json.dumps(body)) for key, body in bodies.items()}}
    scope = ScopeState("driven", START, DEFAULT.timezone, START)
    return State(config=config, config_hash=config_hash(config), scopes={"trial": scope})


def _found(said: list[Derived], expect: str | Said | Sequence[Said]) -> Any:
    """What was said, as exact as it was expected; an error in words."""
    if broken := [d.data["value_text"] for d in said if d.data.get("rule_id") == "R-00"]:
        return f"error: {broken[0]}"
    told = [d for d in said if not d.type.startswith(("alert.", "metric."))]
    wanted = [expect] if isinstance(expect, Said) else [] if isinstance(expect, str) else list(expect)
    found = [_as_exact(d, wanted[at] if at < len(wanted) else Said(derives="")) for at, d in enumerate(told)]
    return "quiet" if not found else found[0] if isinstance(expect, Said) and len(found) == 1 else tuple(found)


def _as_exact(derived: Derived, wanted: Said) -> Said:
    data = {name: _plain(derived.data.get(name), value) for name, value in wanted.data.items()}
    return Said(derives=derived.type, subject=derived.subject if wanted.subject else "", data=data)


def _plain(found: Any, wanted: Any) -> Any:
    """What was found in the way in which it is expected: `12.5` is 12.5000; of a record, the fields that are named."""
    match wanted:
        case dict() if isinstance(found, Mapping):
            return {name: _plain(found.get(name), value) for name, value in wanted.items()}
        case list() if isinstance(found, list | tuple):
            return [_plain(one, wanted[at] if at < len(wanted) else None) for at, one in enumerate(found)]
    if isinstance(found, Decimal | int) and not isinstance(found, bool):
        return wanted if wire.number(str(wanted)) == found else found
    return found
