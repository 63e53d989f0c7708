"""`sharedchain ack ALERT --by E001`: somebody answers for an alert. A one-shot alert ends by it, others are marked."""

from __future__ import annotations

from typing import Annotated

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json

_WORDS = {
    "zh": "{by} 已确认告警 {alert}。看结果：sharedchain alerts --open",
    "en": "{by} answers for alert {alert}. What is left: sharedchain alerts --open",
}


def ack(
    alert: Annotated[str, typer.Argument(help="alert id, as `sharedchain alerts --json` tells it")],
    by: Annotated[str, typer.Option(help="who answers (employee id)")],
    note: Annotated[str | None, typer.Option(help="what was done about it")] = None,
    tenant: Annotated[str, typer.Option(help="whose alert")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """Acknowledge an alert, and wait until that is decided."""
    from sharedchain import canonical
    from sharedchain.chain import ChainSync
    from sharedchain.events import AlertAcknowledged

    with ChainSync(home=home, source="sharedchain.cli") as chain:
        event = AlertAcknowledged(alert_id=alert, by=by, note=note)
        position = chain.publish(event, tenant=tenant, actor=by)
        chain.settle()
    said = {"alert": alert, "by": by, "id": position.id}
    typer.echo(canonical.dumps(said) if json else _WORDS[language()].format(**said))
