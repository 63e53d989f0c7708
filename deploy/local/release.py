"""What the releases that ran in a home left there, in HOME/home.json; an older one learns that it is older.

A release before this file leaves none and is taken as older.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from sharedchain import private
from sharedchain.errors import ConfigError
from sharedchain.schemas import Catalog
from sinks.clickhouse.migrate import read_migrations

LAYOUT = 1  # of the home's folders; raised when an older release could not run what this one leaves


class Stamp(BaseModel):
    """The most that any release left: event types on the log, migrations of the tables."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    layout: int
    release: str
    types: tuple[str, ...]
    migration: int


def ours() -> Stamp:
    """What this release leaves."""
    types = tuple(sorted(Catalog.load().types))
    return Stamp(layout=LAYOUT, release=version("sharedchain"), types=types, migration=read_migrations()[-1].number)


def check(home: Path) -> None:
    """Raises ConfigError for a home that a newer release has run, when this one could not."""
    left = read(home)
    if left is not None and (findings := newer(left, ours(), home)):
        raise ConfigError(findings)


def newer(left: Stamp, here: Stamp, home: Path) -> list[str]:
    """What in a home is beyond the release `here`, and how to go on."""
    said = f"{home} was run by release {left.release}"
    if left.layout > here.layout:
        return [
            f"{said}, whose folders are of layout {left.layout}, here is {here.layout}: run that release or a newer one"
        ]
    findings = []
    if unknown := sorted(set(left.types) - set(here.types)):
        findings.append(
            f"{said}: its log holds event types that are not known here ({', '.join(unknown[:5])}): "
            "run that release or a newer one, or restore a backup from before it"
        )
    if left.migration > here.migration:
        findings.append(
            f"{said}: its tables are at migration {left.migration}, here is {here.migration}: run that release, "
            f"or make the tables anew with this one: sharedchain rebuild --home {home}"
        )
    return findings


def stamp(home: Path) -> None:
    """Leave word that this release runs here: before it changes anything. A container has no home and leaves none."""
    if not home.is_dir():
        return
    left, here = read(home), ours()
    if left is not None:
        here = here.model_copy(update={"types": tuple(sorted({*left.types, *here.types}))})
    if here != left:
        _write(home, here)


def forget_tables(home: Path) -> None:
    """The tables are gone: no migration is left."""
    if (left := read(home)) is not None:
        _write(home, left.model_copy(update={"migration": 0}))


def read(home: Path) -> Stamp | None:
    """Raises ConfigError for a file that no release wrote."""
    file = home / "home.json"
    try:
        return Stamp.model_validate_json(file.read_text())
    except FileNotFoundError:
        return None
    except ValidationError as wrong:
        raise ConfigError(
            [f"{file} is no word of a release ({wrong.error_count()} faults): take it from a backup"]
        ) from None


def _write(home: Path, word: Stamp) -> None:
    private.write(home / "home.json", word.model_dump_json(indent=1) + "\n")
