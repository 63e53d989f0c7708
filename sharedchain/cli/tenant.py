"""`sharedchain tenant NAME`: a company's settings as the log has them; with options, publish them changed."""

from __future__ import annotations

import json as json_
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sharedchain import canonical, config
from sharedchain.cli.options import Home, Json
from sharedchain.errors import ConfigError

if TYPE_CHECKING:
    from sharedchain.chain import ChainSync

DEFAULTS: dict[str, Any] = {
    "mode": "wall",
    "timezone": "Asia/Shanghai",
    "currency": "CNY",
    "language": "zh",
    "packs": ["default"],
    "flow": "standard",
    "calendar": "",
}


def tenant(
    name: Annotated[str, typer.Argument(help="the tenant")],
    flow: Annotated[str | None, typer.Option(help="how its opportunities move: schemas/flows/FLOW.yaml")] = None,
    pack: Annotated[
        list[str] | None, typer.Option(help="its rules: rules/packs/PACK.yaml; give it several times")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="such as Asia/Shanghai")] = None,
    currency: Annotated[str | None, typer.Option(help="such as CNY")] = None,
    language: Annotated[str | None, typer.Option(help="zh or en, of what its people are told")] = None,
    calendar: Annotated[str | None, typer.Option(help="its worked days: rules/calendars/CALENDAR.yaml")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Show the settings of a tenant; with options, change these and wait until they hold."""
    from sharedchain.chain import ChainSync
    from sharedchain.events import ConfigDefined

    asked = {"flow": flow, "packs": pack, "timezone": timezone, "currency": currency, "language": language}
    asked["calendar"] = calendar
    with ChainSync(home=home, source="sharedchain.cli") as chain:
        old = in_force(chain, name)
        new = changed(old, asked, {(item.kind, item.name) for item in config.bundle()})
        if new != old:
            item = config.item("tenant", name, new)
            event = ConfigDefined(**item.said, changed_by="cli")
            chain.publish(event, tenant="_system")
            chain.settle()
    typer.echo(canonical.dumps(new) if json else "\n".join(f"{key:<9} {_said(value)}" for key, value in new.items()))


def changed(old: Mapping[str, Any], asked: Mapping[str, Any], known: set[tuple[str, str]]) -> dict[str, Any]:
    """The settings with what was asked (None: as it was). Raises ConfigError for a flow, pack or calendar
    without a file."""
    new = {**old, **{key: value for key, value in asked.items() if value}}
    named = [("flow", new["flow"]), *(("pack", pack) for pack in new["packs"])]
    named += [("calendar", new["calendar"])] if new["calendar"] else []
    missing = [pair for pair in named if pair not in known]
    if missing:
        kind, name = missing[0]
        raise ConfigError([f"no {kind} {name}: there is {', '.join(sorted(n for k, n in known if k == kind))}"])
    return new


def in_force(chain: ChainSync, name: str) -> dict[str, Any]:
    """What the log said last of this tenant, over the defaults. Raises ConnectionFailed."""
    from sharedchain.configlog import ConfigLog

    said = ConfigLog.read(chain.endpoints, chain.codec).items.get(("tenant", name))
    return DEFAULTS | (json_.loads(said.body) if said else {})


def _said(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value) or "–"
