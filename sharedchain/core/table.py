"""The declaration of a table (rules/tables/<id>.yaml): rows that a stream of events leaves behind.

`with` of a rule looks into them, measures aggregate them. A row is named by the texts at `key`. An event of a type
under `from` updates the columns that its source names; else those that read a field it has, and of those that read
none (`count`, `last: meta.time`) all that no other source names. A source with a shorter key updates every row that
begins with it and makes none. Rows are forgotten `keep` after their last change, at a local midnight.

In CEL `row.x` is what another column says after the event (and what the column itself said before it), `before.x`
what the row said before it, `age.x` the local days since a time of the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from sharedchain.core import columns as column
from sharedchain.core.columns import Columns
from sharedchain.core.on import Paths
from sharedchain.core.sighted import Look
from sharedchain.core.wording import Duration, Model, Words

_KEEP = 400 * 86_400_000


class Source(Model):
    """One event type's way into a table; what is not said is as the table says."""

    key: Paths | None = None
    each: str | None = None  # "" = the event itself, not the elements of a list
    columns: tuple[str, ...] | None = None  # none said: every column whose fields the event has
    where: str = ""  # CEL; unless it holds the event does nothing here
    remove: bool = False  # the event ends the row


class Table(Model):
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Words
    key: Paths = Field(min_length=1)
    each: str = ""
    keep: Duration = _KEEP
    owner: Annotated[str, Field(pattern=r"^role:[a-z_]+$")] = "role:ops"  # told when a column errs
    from_: Mapping[str, Source] = Field(alias="from", min_length=1)
    columns: Columns = Field(default={})
    with_: Mapping[str, Look] = Field(default={}, alias="with")  # rows of other tables, as in a rule
    daily: tuple[str, ...] = ()  # columns of `cel` that are computed again at each local midnight
    note: str = ""

    @model_validator(mode="after")
    def _named(self) -> Self:
        names = self.keys
        if len({*names, *self.columns}) != len(names) + len(self.columns):
            raise ValueError(f"a row has the parts {', '.join(names)} of its `key`: rename what has the same name")
        for name, one in self.columns.items():
            if column.kind(one) is None:
                raise ValueError(f"column {name} needs a `type`: text, decimal, count, instant, day or flag")
        for name, look in self.with_.items():
            if look.first:
                raise ValueError(f"`with` {name} chooses by `first`, which tables cannot: name the row by `id`")
        for name in self.daily:
            if name not in self.columns or not self.columns[name].cel or "message." in self.columns[name].cel:
                raise ValueError(f"`daily` {name} is no column of `cel` over row and age alone")
        for type_, source in self.from_.items():
            for name in source.columns or ():
                if name not in self.columns:
                    raise ValueError(f"{type_} updates {name}, which is no column")
            if source.key is not None and len(source.key) > len(names):
                raise ValueError(f"the `key` of {type_} has more parts than that of the table")
        return self

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """What the parts of the key are called: the last word of each path."""
        return tuple(path.rpartition(".")[2] for path in self.key)

    @cached_property
    def kinds(self) -> dict[str, column.Type]:
        """All that a row has, with its type."""
        known = {name: column.kind(one) or "text" for name, one in self.columns.items()}
        return {**dict.fromkeys(self.keys, "text"), **known}
