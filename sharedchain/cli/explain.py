"""`sharedchain rules explain ALERT`: why it rang, of which facts, and what would end it."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Annotated, Any

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.cli.which import HELP, look, which
from sharedchain.errors import SharedChainError


def explain(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help=HELP)],
    minimal: Annotated[
        bool, typer.Option("--minimal", help="fold the log again to find the facts it needs, at most 64 times")
    ] = False,
    tenant: Annotated[str, typer.Option(help="whose alert")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show why an alert rang: conditions with values, its way, the facts behind it, what would end it."""
    from sharedchain.canonical import dumps
    from sharedchain.endpoints import Endpoints

    endpoints = Endpoints.load(home)
    found = look(endpoints, which(endpoints, alert, tenant), tenant, "/explain")
    if minimal:
        found["explain"] |= {"minimal": _minimal()(endpoints, found, tenant)}
    if json:
        typer.echo(dumps(found))
        return
    print_explanation(found, language())


def print_explanation(found: Any, lang: Any) -> None:
    """The answer of GET /v1/alerts/{id}/explain, as mail and page say it."""
    from sharedchain.explanation import answered, lines
    from sharedchain.table import say

    about = f"{found['rule_id']} v{found['rule_version']} · {found['subject']} · {found['severity']} · "
    say(f"{about}{answered(found, lang)}{found['state']}")
    say(found[f"title_{lang}"] or "")
    for line in lines(found["explain"] if isinstance(found["explain"], dict) else {}, lang):
        say(line)


def _minimal() -> Any:
    """Folding needs the engine's code and the log: the checkout registers who can."""
    found = list(entry_points(group="sharedchain.explain", name="minimal"))
    if not found:
        raise SharedChainError("`--minimal` folds the log and needs a checkout or the image; leave it out")
    return found[0].load()
