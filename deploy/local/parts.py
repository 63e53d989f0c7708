"""From a plan to endpoints and processes: the one place that knows how the parts of the chain fit together."""

from __future__ import annotations

import secrets
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from deploy.local import kafka, probe, registry
from deploy.local.part import Part, listens
from deploy.local.plan import TELEMETRY, Plan
from deploy.local.ports import Ports
from sharedchain.connect import read
from sharedchain.endpoints import ClickHouse, Endpoints, Notify, Secret
from sharedchain.errors import ConnectionFailed

# What each service is usually found at; taken when free.
_KAFKA, _REGISTRY, _CLICKHOUSE, _GATEWAY, _SMTP, _WEBHOOK, _METRICS = 9092, 8081, 8123, 8000, 2525, 2580, 9400

_ROOT = Path(__file__).parents[2]  # the checkout: its modules are run from there
_BASE = ("kafka", "registry", "clickhouse", "prepare")  # what every program stands on


def names(plan: Plan) -> list[str]:
    """Every process of the plan by its name: `engine` becomes engine-0, engine-1, …"""
    many = {"ingest": plan.ingests, "engine": plan.engines}
    return [n for part in plan.parts for n in ([f"{part}-{i}" for i in range(many[part])] if part in many else [part])]


def endpoints(home: Path, plan: Plan, ports: Ports) -> Endpoints:
    """Addresses for everything in the plan: those of the last run where they are free, and those of the endpoints
    file where it names a part. Our own secrets stay the same. Raises ConfigError for a wrong file."""
    try:
        last = Endpoints.load(home)
    except ConnectionFailed:
        last = None
    had = last.own_ports() if last else {}
    keeps = partial(_kept, last)
    programs = [n for n in names(plan) if n.partition("-")[0] in ("ingest", "engine", "sink", "notify", *TELEMETRY)]

    def at(name: str, usual: int) -> str:
        return f"127.0.0.1:{ports.take(had.get(name, usual))}"

    embedded = Endpoints(
        home=home,
        kafka=at("kafka", _KAFKA),
        registry=f"http://{at('registry', _REGISTRY)}{registry.API}",
        clickhouse=ClickHouse(
            url=f"http://{at('clickhouse', _CLICKHOUSE)}",
            user="sharedchain",
            password=keeps(lambda was: was.clickhouse.password, lambda: secrets.token_urlsafe(24)),
        ),
        gateway=f"http://{at('gateway', _GATEWAY)}",
        notify=Notify(
            smtp=at("smtp", _SMTP),
            webhook=f"http://{at('webhook', _WEBHOOK)}/im",
            webhook_secret=keeps(lambda was: was.notify.webhook_secret, _webhook_secret),
        ),
        link_secret=keeps(lambda was: was.link_secret, lambda: secrets.token_urlsafe(32)),
        lanes=plan.ingests,
        metrics={name: f"http://{at(name, _METRICS + i)}" for i, name in enumerate([*programs, "supervisor"])},
    )
    return read(plan.connect).over(embedded) if plan.connect else embedded


def _kept(last: Endpoints | None, pick: Callable[[Endpoints], Secret], fresh: Callable[[], str]) -> SecretStr:
    """Our own secret of the last run, else a new one; others' secrets are not kept by us."""
    found = pick(last) if last else None
    return found if isinstance(found, SecretStr) else SecretStr(fresh())


def build(ends: Endpoints, plan: Plan, ports: Ports, tell: Callable[..., None]) -> Iterator[Part]:
    """The processes of the plan, in the order of their needs. Fetches and formats what the Java parts lack."""
    present = set(names(plan))
    for name in names(plan):
        if name in ("kafka", "registry"):
            tell("fetch", name)
        part = _part(name, ends, plan, ports)
        needs = tuple(need for need in part.needs if need in present)
        yield replace(part, needs=needs, env={**part.env, **plan.env.get(name, {})})


def _part(name: str, ends: Endpoints, plan: Plan, ports: Ports) -> Part:
    match name.partition("-")[0]:
        case "kafka":
            return kafka.broker(ends.home, _port(ends.kafka), ports.take())
        case "registry":
            return registry.registry(ends, _port(ends.registry), ports.take())
        case "clickhouse":
            return _clickhouse(ends)
        case "prepare":
            return _python(ends, name, "deploy.local.prepare", needs=_BASE[:-1], once=True, early=True)
        case "postbox":
            port = _port(ends.notify.webhook)
            return _python(ends, name, "deploy.local.postbox", port=port, ready=lambda: listens(port), needs=())
        case "gateway":
            port, url = _port(ends.gateway), f"{ends.gateway}/healthz"
            return _python(ends, name, "gateway", port=port, ready=lambda: probe.http(url))
        case _:
            return _follower(name, ends, plan)


def _follower(name: str, ends: Endpoints, plan: Plan) -> Part:
    """A program that follows topics: ready when its /readyz says that it follows, whatever its peers do just now."""
    kind, _, number = name.partition("-")
    port = _port(ends.metrics[name])
    follows = f"{ends.metrics[name]}/readyz?only=follows"
    serves: dict[str, Any] = {"port": port, "ready": lambda: listens(port) and probe.http(follows)}
    match kind:
        case "ingest":
            lane = ("--lane", number, "--lanes", str(plan.ingests))
            part = _python(ends, name, "streams.ingest", *lane, **serves)
        case "engine":
            part = _python(ends, name, "streams", "--slot", number, **serves)
        case "telemetry":
            part = _python(ends, name, "streams.telemetry", "--slot", "0", **serves)
        case "minutes":
            part = _python(ends, name, "sinks.telemetry", **serves)
        case "sink":
            part = _python(ends, name, "sinks.clickhouse", **serves)
        case _:
            part = _python(ends, name, "sinks.notify", **serves)
    named = {"SHAREDCHAIN_PROGRAM": name, "SHAREDCHAIN_METRICS_PORT": str(port)}
    return replace(part, env={**part.env, **named})


def _clickhouse(ends: Endpoints) -> Part:
    port, password = _port(ends.clickhouse.url), ends.home / "run" / "clickhouse.password"
    password.touch(mode=0o600)
    password.write_text(ends.clickhouse.password.get_secret_value() + "\n")
    data = ends.home / "clickhouse"
    options = ("--path", str(data), "--port", str(port), "--user", ends.clickhouse.user)
    command = [sys.executable, "-m", "deploy.local.clickhouse", *options, "--password-file", str(password)]
    ready = f"{ends.clickhouse.url}/ping"
    return Part("clickhouse", command, lambda: probe.http(ready), port, env=_environment(ends), cwd=_ROOT)


def _python(
    ends: Endpoints, name: str, module: str, *options: str, needs: tuple[str, ...] = _BASE, **rest: Any
) -> Part:
    command = [sys.executable, "-m", module, *options, "--home", str(ends.home)]
    return Part(name, command, needs=needs, env=_environment(ends), cwd=_ROOT, **rest)


def _environment(ends: Endpoints) -> dict[str, str]:
    return {"SHAREDCHAIN_HOME": str(ends.home), "SHAREDCHAIN_CONNECT": "", "PYTHONUNBUFFERED": "1"}


def _port(address: str) -> int:
    port = urlsplit(address if "//" in address else f"//{address}").port
    assert port is not None, address
    return port


def _webhook_secret() -> str:
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()
