"""`sharedchain schema check | apply`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sharedchain import canonical, dialects, flowcheck
from sharedchain.cli.options import Home, Json
from sharedchain.dictionary import load_dictionaries
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError
from sharedchain.evolution import breaks
from sharedchain.pastschemas import default_ref, past_schemas
from sharedchain.registration import COMPATIBILITY
from sharedchain.registration import apply as bring
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog, data_root
from sharedchain.soundness import findings

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Check schemas, flows and dialects under schemas/, and register the schemas.",
    no_args_is_help=True,
)
Root = Annotated[Path | None, typer.Option("--root", help="the folder that holds schemas/ (default: our own)")]


@app.command()
def check(
    against: Annotated[
        str | None, typer.Option(help="git ref, or a folder with earlier schemas (default: git main, if there is one)")
    ] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Are the files sound, and may each schema follow every earlier one? No broker is asked. Exit 1 if not."""
    found, compared = check_schemas(data_root(root), against)
    if json:
        typer.echo(canonical.dumps({"ok": not found, "findings": found, "compared": compared}))
    else:
        for line in found:
            typer.echo(line)
        typer.echo(f"{compared} earlier versions compared, {len(found)} findings")
    if found:
        raise typer.Exit(1)


@app.command()
def apply(home: Home = None, root: Root = None, json: Json = False) -> None:
    """Register every schema in the chain's registry, FULL_TRANSITIVE, and read it back. Exit 1 on a break."""
    registry = Registry.of(Endpoints.load(home))
    try:
        done = bring(registry, Catalog.load(root))
    except ConfigError as error:
        typer.echo(canonical.dumps({"ok": False, "findings": error.findings}) if json else str(error))
        raise typer.Exit(1) from None
    if json:
        typer.echo(canonical.dumps({"ok": True, "subjects": {d.subject: d.schema_id for d in done}}))
        return
    for one in done:
        typer.echo(f"{one.schema_id:>5}  {'new ' if one.fresh else 'kept'}  {one.subject}")
    typer.echo(f"{len(done)} schemas, {sum(d.fresh for d in done)} new, all {COMPATIBILITY}")


def check_schemas(root: Path, against: str | None) -> tuple[list[str], int]:
    """Findings, and the number of earlier versions compared."""
    try:
        catalog = Catalog.load(root)
        dictionaries = load_dictionaries(root)
        found = findings(catalog, dictionaries) + flowcheck.findings(root, dictionaries)
        found += dialects.findings(root, catalog, dictionaries)
    except ConfigError as error:
        return error.findings, 0
    reference = against or default_ref(root)
    if reference is None:
        return found, 0
    compared, told = 0, set[object]()
    for past in past_schemas(root, reference):
        compared += 1
        kind = catalog.types.get(past.event_type)
        if kind is None:
            if past.event_type not in told:
                found.append(f"{past.event_type}: in {past.where}, and gone now; event types stay: records of it exist")
            told.add(past.event_type)
            continue
        for each in breaks(past.schema, kind.schema):
            if (past.event_type, each) not in told:  # the same break against many versions is one finding
                found.append(f"{past.event_type}: {each} (against {past.where})")
            told.add((past.event_type, each))
    return found, compared
