"""What a rule and a derivation share: what they look at beside the event, what they compute, ask and say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from sharedchain.core.columns import Column
from sharedchain.core.functions import FUNCTIONS
from sharedchain.core.on import Paths, When
from sharedchain.core.wording import Model, Words

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Sources = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
EventType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]


class Computed(Model):
    """A computed value: CEL, then a named function, then rounded (numbers only)."""

    cel: str
    scale: int = Field(default=4, ge=0, le=9)
    fn: str = ""  # a function of sharedchain/core/functions.py

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.fn and self.fn not in FUNCTIONS:
            raise ValueError(f"no function {self.fn}; there are {', '.join(FUNCTIONS)}")
        return self


Let = Annotated[Computed, BeforeValidator(lambda v: {"cel": v} if isinstance(v, str) else v)]


class Look(Model):
    """Looks up a row of `entity` (sharedchain/core/lookup.py, rules/tables) by the texts at these paths.

    With `first` it is not named but chosen: of the rows whose key begins so, the first by these values, the smallest
    first, equals by key. What the expressions read of a row is `row.*`.
    """

    entity: str
    id: Paths = ()
    optional: bool = False  # a row that is not there is empty; else the rule does not look at the event
    first: Sources = ()  # CEL: numbers or texts; what has none comes last
    among: str = ""  # CEL: who is considered at all
    where: str = ""  # CEL: who may be chosen
    let: Mapping[Name, Let] = {}  # computed for each row, and columns of the chosen one
    tell: Mapping[Name, str] = {}  # field → CEL: what `considered` tells of each, the chosen one first

    @model_validator(mode="after")
    def _named_or_chosen(self) -> Self:
        if not self.id and not self.first:
            raise ValueError("a row is named by `id`, or chosen by `first`: add one")
        if not self.first and (self.among or self.where or self.let or self.tell):
            raise ValueError("`among`, `where`, `let` and `tell` are about a row that is chosen: add `first`")
        if any(one.fn for one in self.let.values()):
            raise ValueError("`let` of a chosen row takes no `fn`: compute it under the rule's own `let`")
        return self


class Cel(Model):
    """A computed field of an action."""

    cel: str
    scale: int = Field(default=4, ge=0, le=9)


Told = Mapping[str, str | int | bool | Cel | None]  # field → a path, else the text itself; or what CEL gives


class Derive(Model):
    """A fact that the engine derives: beside the alert when it is raised, or by itself."""

    derive: EventType
    subject: Paths = ()
    when: str = ""  # CEL; unless it holds, this one is left out
    data: Told = Field(default={})


class Command(Model):
    """An event that goes through ingest like any publisher's; a rule commands in mode act only."""

    command: EventType
    subject: Paths = ()
    when: str = ""  # CEL; unless it holds, this one is left out
    data: Told = Field(default={})


Action = Annotated[
    Annotated[Derive, Tag("derive")] | Annotated[Command, Tag("command")],
    Discriminator(
        lambda v: "command" if isinstance(v, Command) or (isinstance(v, dict) and "command" in v) else "derive"
    ),
]
Actions = Annotated[tuple[Action, ...], BeforeValidator(lambda v: v if isinstance(v, list | tuple) else [v])]


class Sighted(Model):
    """One file that looks at events: named, owned, and with its cases at the bottom."""

    id: str
    version: int = Field(ge=1)
    title: Words
    each: str = ""  # a path to a list: every element is judged by itself, its fields are `item.*`
    with_: Mapping[Name, Look] = Field(default={}, alias="with")
    seen: Mapping[Name, Column] = {}  # what is remembered of a (subject, part), after this event
    let: Mapping[Name, Let] = {}  # computed values, in order
    when: When = When()
    subject: Paths = Field(min_length=1)
    part: str = ""
    owner: str = Field(pattern=r"^role:[a-z_]+$")
    action: Actions = ()
    tests: tuple[Mapping[str, Any], ...] = ()
