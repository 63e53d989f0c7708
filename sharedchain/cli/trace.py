"""`sharedchain trace ID`: every step of a chain from lead to cash, with time, actor and what rang."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json

_WORDS = {
    "zh": {"unknown": "{tenant} 没有编号 {id}", "near": "，是不是 {near}？", "other": "（别的公司：--tenant）"},
    "en": {
        "unknown": "{tenant} knows no id {id}",
        "near": ": did you mean {near}?",
        "other": " (another company: --tenant)",
    },
}


def trace(
    ident: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="any id: lead, opportunity, contract, receivable, payment, case, project, forecast, alert, event",
        ),
    ],
    at: Annotated[str | None, typer.Option(help="as known at this moment (RFC 3339)")] = None,
    tenant: Annotated[str, typer.Option(help="whose data")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show every step from lead to cash, by any id of the chain. Exit 1 when nobody knows the id."""
    from urllib.parse import quote

    from sharedchain.canonical import dumps
    from sharedchain.endpoints import Endpoints
    from sharedchain.reader import NotThere, read

    try:
        found = read(Endpoints.load(home), f"/v1/trace/{quote(ident, safe='')}", {"at": at, "tenant": tenant})
    except NotThere as missing:
        typer.echo(_unknown(ident, tenant, missing.near, language()), err=True)
        raise typer.Exit(1) from None
    if json:
        typer.echo(dumps(found))
        return
    print_trace(found, language())


def print_trace(found: Any, lang: Any) -> None:
    """The answer of GET /v1/trace/{id} as a tree."""
    from sharedchain.display import local_time
    from sharedchain.trace import Trace
    from sharedchain.tracepage import page

    said = Trace.model_validate(found)
    for line in page(said, local_time(said.as_of, said.tenant.timezone), lang):
        typer.echo(line)


def _unknown(ident: str, tenant: str, near: list[str], lang: str) -> str:
    words = _WORDS[lang]
    text = words["unknown"].format(id=ident, tenant=tenant)
    more = words["near"].format(near=", ".join(near)) if near else words["other"]
    return f"sharedchain: {text}{more}"
