"""What deploy/ ships to machines of others, read once, and the programs as one machine runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator
from pydantic import SecretStr

from deploy.local.parts import build
from deploy.local.plan import PROGRAMS, TELEMETRY, Plan
from deploy.local.ports import Ports
from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from tests.house.tree import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OURS = "sharedchain:0.1.0"
METRICS_PORT = 9400


@cache
def commands(engines: int = 1, ingests: int = 1) -> dict[str, list[str]]:
    """Process → module and options, as `sharedchain up` starts it, without its home. The table of programs."""
    secret = SecretStr("x")
    names = (
        [f"ingest-{n}" for n in range(ingests)]
        + [f"engine-{n}" for n in range(engines)]
        + ["sink", "notify", *TELEMETRY]
    )
    ends = Endpoints(
        home=Path("H"), kafka="127.0.0.1:1", registry="http://127.0.0.1:1", gateway="http://127.0.0.1:1",
        clickhouse=ClickHouse(url="http://127.0.0.1:1", user="x", password=secret), link_secret=secret,
        notify=Notify(webhook_secret=secret), metrics=dict.fromkeys(names, "http://127.0.0.1:1"),
    )  # fmt: skip
    plan = Plan(parts=("prepare", *PROGRAMS, *TELEMETRY), engines=engines, ingests=ingests)
    found = build(ends, plan, Ports(), lambda *_: None)
    return {part.name: list(_without_home(part.command[2:])) for part in found}


def _without_home(command: list[str]) -> Iterator[str]:
    words = iter(command)
    for word in words:
        if word == "--home":
            next(words)
        else:
            yield word


def schema_findings(document: Any, package: str, path: str) -> list[str]:
    """What is wrong with `document` by a JSON schema that the distribution `package` carries."""
    schema = json.loads(Path(str(distribution(package).locate_file(path))).read_text("utf-8"))
    found = Draft7Validator(schema).iter_errors(document)
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in found]
