"""Dialects: how a foreign system speaks, and what that means in our events. Data under `schemas/imports/`.

A dialect names files (or the bodies of a webhook), each column once, and for each of our fields where it
comes from. A column that no event carries says why (`left`); one that may be blank says what a blank is
called (`blank`), so that it is counted. `sharedchain.translate` does what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from sharedchain.config import unreadable
from sharedchain.core.wording import Model, Words
from sharedchain.errors import ConfigError
from sharedchain.schemas import Catalog, data_root
from sharedchain.yamlfile import Document, read

Row = Mapping[str, Any]
Steps = tuple[str | int, ...]  # keys and indices from the top of the file


class Column(Model):
    """One column, or a dotted path into a JSON body. `words` names a table of the dialect's own words."""

    blank: str = ""
    one_of: tuple[str, ...] = ()
    words: str = ""
    left: str = ""


class Look(Model):
    """The column `take` of the row of another file whose id stands in our column `by`."""

    file: str
    by: str
    take: str


class Source(Model):
    """Where a value comes from: one of column, value, look. `note` is counted when it came from here."""

    column: str | None = None
    value: str | None = None
    look: Look | None = None
    note: str = ""

    @model_validator(mode="after")
    def _one(self) -> Source:
        if sum(way is not None for way in (self.column, self.value, self.look)) != 1:
            raise ValueError("a source is one of column, value, look: say exactly one")
        return self


def _sources(said: Any) -> Any:
    return [{"column": one} if isinstance(one, str) else one for one in (said if isinstance(said, list) else [said])]


Sources = Annotated[tuple[Source, ...], BeforeValidator(_sources)]  # the first that says something counts


class Tells(Model):
    """One event of a row; `when`: only where each of these columns has one of these words."""

    type: str
    when: Mapping[str, tuple[str, ...]] = {}
    time: str | None = None
    set: Mapping[str, Sources]


class Part(Model):
    """One file of the export, or, without a file, one kind of webhook body. `id` is the column that names a row."""

    file: str = ""
    id: str
    columns: Mapping[str, Column]
    tells: Annotated[tuple[Tells, ...], Field(min_length=1)]

    @property
    def form(self) -> str:
        return Path(self.file).suffix.lstrip(".")


class Expected(Model):
    """An event that an example gives; `data` as JSON, fields left out are not looked at."""

    type: str
    id: str
    time: str | None = None
    data: Mapping[str, Any]


class Refusal(Model):
    reason: str
    field: str


class Example(Model):
    """One row and what it becomes; `beside`: rows of the other files that it looks at."""

    part: str
    row: Row
    beside: Mapping[str, tuple[Row, ...]] = {}
    gives: tuple[Expected, ...] = ()
    notes: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


class Settings(Model):
    """What a tenant that speaks so begins with, as its `tenant` item of the log."""

    timezone: str
    currency: str
    language: Literal["zh", "en"]
    packs: tuple[str, ...]
    flow: str


class Dialect(Model):
    """One foreign system. `source` is its `ce_source`, and whose synonyms the dictionary hears; `zh`: its notes
    in Chinese."""

    id: str
    version: Annotated[int, Field(ge=1)]
    title: Words
    source: str
    tenant: Settings
    words: Mapping[str, Mapping[str, str]] = {}
    zh: Mapping[str, str] = {}
    parts: Annotated[Mapping[str, Part], Field(min_length=1)]
    examples: tuple[Example, ...] = ()


_KEYS = sorted(
    {
        key
        for part in (Dialect, Settings, Part, Column, Tells, Source, Look, Example, Expected, Refusal)
        for key in part.model_fields
    }
)


def files(root: Path | None = None) -> list[Path]:
    """The dialects that come with us."""
    return sorted((data_root(root) / "schemas" / "imports").glob("*.yaml"))


def load(path: Path, catalog: Catalog) -> Dialect:
    """A dialect of which every name exists. Raises ConfigError with every finding."""
    try:
        document = read(path)
        dialect = Dialect.model_validate(document.value)
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from None
    except yaml.YAMLError as error:
        raise ConfigError([unreadable(path, error)]) from None
    except ValidationError as error:
        raise ConfigError([_at(document, one["loc"], _invalid(one)) for one in error.errors()]) from None
    if found := [_at(document, steps, text) for steps, text in _faults(dialect, catalog)]:
        raise ConfigError(found)
    return dialect


def _at(document: Document, steps: Steps, text: str) -> str:
    line, column = document.where(steps)
    return f"{document.path}:{line}:{column}: {text}"


def meant(name: str, known: Iterable[str]) -> str:
    """The near name, else what there is."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"there is {', '.join(names) or 'none'}"


def _invalid(error: ErrorDetails) -> str:
    match error["type"]:
        case "extra_forbidden":
            near = get_close_matches(str(error["loc"][-1]), _KEYS, n=1)
            return f"unknown key {error['loc'][-1]}; " + (f"did you mean {near[0]}?" if near else "take it out")
        case "missing":
            return f"key {error['loc'][-1]} is missing; add it"
    return error["msg"].removeprefix("Value error, ")


def _faults(dialect: Dialect, catalog: Catalog) -> Iterator[tuple[Steps, str]]:
    for name, part in dialect.parts.items():
        at: Steps = ("parts", name)
        yield from _columns((*at, "id"), part, [part.id])
        for one, column in part.columns.items():
            if column.words and column.words not in dialect.words:
                yield (
                    (*at, "columns", one),
                    f"no table {column.words} under words; {meant(column.words, dialect.words)}",
                )
        for index, tells in enumerate(part.tells):
            yield from _tells(dialect, catalog, part, tells, (*at, "tells", index))
        used = {part.id} | {name for tells in part.tells for name in _used(tells)}
        for one, column in part.columns.items():
            if (one in used) == bool(column.left):
                told = "is used; take `left` out" if column.left else "is not used; say why it is left, or use it"
                yield (*at, "columns", one), f"column {one} {told}"


def _used(tells: Tells) -> Iterator[str]:
    yield from tells.when
    yield from [tells.time] if tells.time else []
    for sources in tells.set.values():
        yield from _read(sources)


def _read(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        yield from [source.column] if source.column else []
        yield from [source.look.by] if source.look else []


def _tells(dialect: Dialect, catalog: Catalog, part: Part, tells: Tells, at: Steps) -> Iterator[tuple[Steps, str]]:
    kind = catalog.types.get(tells.type)
    if kind is None or not catalog.topics[kind.topic].ingest:
        doors = [name for name, one in catalog.types.items() if catalog.topics[one.topic].ingest]
        yield (*at, "type"), f"{tells.type} is no event type that anybody publishes; {meant(tells.type, doors)}"
        return
    fields = [field["name"] for field in kind.schema["fields"]]
    for name in tells.set:
        if name not in fields:
            yield (*at, "set", name), f"{tells.type} has no field {name}; {meant(name, fields)}"
    yield from _columns((*at, "when"), part, tells.when)
    yield from _columns((*at, "time"), part, [tells.time] if tells.time else [])
    for name, sources in tells.set.items():
        yield from _columns((*at, "set", name), part, _read(sources))
        for look in (source.look for source in sources if source.look):
            there = dialect.parts.get(look.file)
            if there is None or look.take not in there.columns:
                known = there.columns if there else dialect.parts
                told = (
                    f"nothing stands under {look.file}.{look.take}; {meant(look.take if there else look.file, known)}"
                )
                yield (*at, "set", name), told


def _columns(at: Steps, part: Part, names: Iterable[str]) -> Iterator[tuple[Steps, str]]:
    for name in names:
        if name not in part.columns:
            yield at, f"no column {name} in {part.file or 'this body'}; {meant(name, part.columns)}"
