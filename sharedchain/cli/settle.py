"""`sharedchain settle`: the barrier."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from sharedchain import canonical
from sharedchain.barrier import NotSettled
from sharedchain.barrier import settle as wait
from sharedchain.cli.options import Home, Json
from sharedchain.endpoints import Endpoints


def settle(
    timeout: Annotated[float, typer.Option(help="seconds to wait")] = 60.0, home: Home = None, json: Json = False
) -> None:
    """Wait until everything published before is decided, stored and told. Exit 1 if it is not in time."""
    begun = time.monotonic()
    try:
        wait(Endpoints.load(home), timeout)
    except NotSettled as error:
        typer.echo(canonical.dumps({"settled": False, "behind": str(error)}) if json else f"not settled: {error}")
        raise typer.Exit(1) from None
    took = round(time.monotonic() - begun, 2)
    typer.echo(canonical.dumps({"settled": True, "seconds": took}) if json else f"settled in {took:.2f} s")
