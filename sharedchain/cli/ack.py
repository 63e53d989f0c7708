"""`sharedchain ack ALERT --by E001`: somebody answers for an alert. A one-shot alert ends by it, others are marked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sharedchain import canonical
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.cli.which import HELP, look, which

if TYPE_CHECKING:
    from sharedchain.endpoints import Endpoints

_WORDS = {
    "zh": {
        "done": "{by} 已确认告警 {alert}。看结果：sharedchain alerts --open{of}",
        "before": "{by} 此前已确认告警 {alert}，没有再发。看结果：sharedchain alerts --open{of}",
    },
    "en": {
        "done": "{by} answers for alert {alert}. What is left: sharedchain alerts --open{of}",
        "before": "{by} had answered for alert {alert} before: nothing was sent. What is left: "
        "sharedchain alerts --open{of}",
    },
}


def ack(
    alert: Annotated[str, typer.Argument(help=HELP)],
    by: Annotated[str, typer.Option(help="who answers (employee id)")],
    note: Annotated[str | None, typer.Option(help="what was done about it")] = None,
    tenant: Annotated[str, typer.Option(help="whose alert")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """Acknowledge an alert, and wait until that is decided."""
    from sharedchain.endpoints import Endpoints

    endpoints = Endpoints.load(home)
    alert = which(endpoints, alert, tenant)
    said = {"alert": alert, "by": _before(endpoints, alert, tenant)}
    told = "before"
    if not said["by"]:
        said, told = {"alert": alert, "by": by, "id": _send(alert, by, note, tenant, home)}, "done"
    of = "" if tenant == "default" else f" --tenant {tenant}"
    typer.echo(canonical.dumps(said) if json else _WORDS[language()][told].format(**said, of=of))


def _before(endpoints: Endpoints, alert: str, tenant: str) -> str:
    """Who has acknowledged it already; "" too when nobody can be asked: answering must not wait for the store.

    Raises SharedChainError for an alert that the tenant does not have."""
    from sharedchain.errors import ConnectionFailed

    try:
        return str((look(endpoints, alert, tenant).get("acknowledged") or {}).get("by") or "")
    except ConnectionFailed:
        return ""


def _send(alert: str, by: str, note: str | None, tenant: str, home: Path | None) -> str:
    """The id of the event, once it is decided."""
    from sharedchain.chain import ChainSync
    from sharedchain.events import AlertAcknowledged

    with ChainSync(home=home, source="sharedchain.cli") as chain:
        event = AlertAcknowledged(alert_id=alert, by=by, note=note)
        position = chain.publish(event, tenant=tenant, actor=by)
        chain.settle()
    return position.id
