"""`sharedchain endpoints [NAME]`: where each part listens, for people and for `$(…)` in a shell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from sharedchain import canonical
from sharedchain.cli.options import Home, Json
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError


def endpoints(
    name: Annotated[str, typer.Argument(help="one of them, such as gateway or clickhouse.url (default: all)")] = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Print where each part listens. A secret is shown only when it is asked for by its name."""
    known = dict(flat(Endpoints.load(home).model_dump()))
    if name:
        if name not in known:
            raise ConfigError([f"no endpoint {name}: there is {', '.join(known)}"])
        value = known[name]
        typer.echo(value.get_secret_value() if isinstance(value, SecretStr) else _text(value))
    elif json:
        typer.echo(canonical.dumps({key: None if value is None else _text(value) for key, value in known.items()}))
    else:
        for key, value in known.items():
            typer.echo(f"{key:<22} {_text(value) or '–'}")


def _text(value: object) -> str:
    """As people and shells write it: what is not there is nothing, not the word None."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted name, value) of every setting, in order."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
