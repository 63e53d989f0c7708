"""The declaration of a derivation (rules/derivations/<id>.yaml): events that follow from an event, without an alert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Self

from pydantic import Field, model_validator

from sharedchain.core import consistent
from sharedchain.core.on import OnEvent
from sharedchain.core.sighted import Actions, Command, Sighted


class Derivation(Sighted):
    """Where `when` holds, every action is said: a fact derived, or a command that goes through ingest.

    It looks at what ingest accepts and derives, and at what the engine itself derives beside alerts or by others.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    on: OnEvent
    action: Actions = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        found = list(consistent.of_derivation(self))
        if found:
            raise ValueError("\n".join(found))
        return self

    @property
    def says(self) -> tuple[str, ...]:
        """The types of what it says."""
        return tuple(one.command if isinstance(one, Command) else one.derive for one in self.action)


def rings(derivations: Iterable[Derivation]) -> Iterator[str]:
    """The ids of those that would feed themselves, directly or through others: they would never end."""
    every = {one.id: one for one in derivations}
    next_ = {
        id_: [o for o, other in every.items() if set(one.says) & set(other.on.event)] for id_, one in every.items()
    }
    yield from (id_ for id_ in sorted(every) if id_ in _reached(next_, id_))


def _reached(next_: Mapping[str, list[str]], start: str) -> set[str]:
    found, open_ = set[str](), list(next_[start])
    while open_:
        one = open_.pop()
        if one not in found:
            found.add(one)
            open_ += next_[one]
    return found
