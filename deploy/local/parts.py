"""From a plan to endpoints and processes: the one place that knows how the parts of the chain fit together."""

from __future__ import annotations

import secrets
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from deploy.local import kafka, registry
from deploy.local.part import Part, listens
from deploy.local.plan import Plan
from deploy.local.ports import Ports
from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from sharedchain.errors import ConnectionFailed

# What each service is usually found at; taken when free.
_KAFKA, _REGISTRY, _CLICKHOUSE, _GATEWAY, _SMTP, _WEBHOOK, _METRICS = 9092, 8081, 8123, 8000, 2525, 2580, 9400


def names(plan: Plan) -> list[str]:
    """Every process of the plan by its name: `engine` becomes engine-0, engine-1, …"""
    many = {"ingest": plan.ingests, "engine": plan.engines}
    return [n for part in plan.parts for n in ([f"{part}-{i}" for i in range(many[part])] if part in many else [part])]


def endpoints(home: Path, plan: Plan, ports: Ports) -> Endpoints:
    """Addresses for everything in the plan: those of the last run where they are free. Secrets stay the same."""
    try:
        last = Endpoints.load(home)
    except ConnectionFailed:
        last = None
    metrics = last.metrics if last else {}
    programs = [n for n in names(plan) if n.partition("-")[0] in ("ingest", "engine", "sink", "notify")]
    return Endpoints(
        home=home,
        kafka=f"127.0.0.1:{ports.take(_port(last.kafka) if last else _KAFKA)}",
        registry=f"http://127.0.0.1:{ports.take(_port(last.registry) if last else _REGISTRY)}{registry.API}",
        clickhouse=ClickHouse(
            url=f"http://127.0.0.1:{ports.take(_port(last.clickhouse.url) if last else _CLICKHOUSE)}",
            user="sharedchain",
            password=last.clickhouse.password if last else SecretStr(secrets.token_urlsafe(24)),
        ),
        gateway=f"http://127.0.0.1:{ports.take(_port(last.gateway) if last else _GATEWAY)}",
        notify=Notify(
            smtp=f"127.0.0.1:{ports.take(_port(last.notify.smtp) if last else _SMTP)}",
            webhook=f"http://127.0.0.1:{ports.take(_port(last.notify.webhook) if last else _WEBHOOK)}/im",
            webhook_secret=last.notify.webhook_secret if last else _webhook_secret(),
        ),
        link_secret=last.link_secret if last else SecretStr(secrets.token_urlsafe(32)),
        lanes=plan.ingests,
        metrics={
            name: f"http://127.0.0.1:{ports.take(_port(metrics[name]) if name in metrics else _METRICS + i)}"
            for i, name in enumerate(programs)
        },
    )


def build(ends: Endpoints, plan: Plan, ports: Ports, tell: Callable[..., None]) -> Iterator[Part]:
    """The processes of the plan, in the order of their needs. Fetches and formats what the Java parts lack."""
    home = ends.home
    present = set(names(plan))
    for name in names(plan):
        if name in ("kafka", "registry"):
            tell("fetch", name)
        if name == "kafka":
            part = kafka.broker(home, _port(ends.kafka), ports.take())
        elif name == "registry":
            part = registry.registry(home, _port(ends.registry), ports.take(), ends.kafka)
        else:
            part = _python(name, ends, plan)
        env = {**part.env, **plan.env.get(name, {})}
        needs = tuple(n for n in part.needs if n in present)
        yield Part(**{**vars(part), "env": env, "needs": needs})


def _python(name: str, ends: Endpoints, plan: Plan) -> Part:
    """One of our own programs."""
    kind, _, number = name.partition("-")
    lane = ["--lane", number, "--lanes", str(plan.ingests)]
    ready_stack = ("kafka", "registry", "clickhouse", "prepare")
    module, options, port, needs = {
        "clickhouse": ("deploy.local.clickhouse", [], _port(ends.clickhouse.url), ()),
        "prepare": ("deploy.local.prepare", [], None, ("kafka", "registry", "clickhouse")),
        "postbox": ("deploy.local.postbox", [], _port(ends.notify.webhook), ()),
        "ingest": ("streams.ingest", lane, _metrics(ends, name), ready_stack),
        "engine": ("streams", ["--slot", number], _metrics(ends, name), ready_stack),
        "sink": ("sinks.clickhouse", [], _metrics(ends, name), ready_stack),
        "notify": ("sinks.notify", [], _metrics(ends, name), (*ready_stack, "postbox")),
        "gateway": ("gateway", [], _port(ends.gateway), ready_stack),
    }[kind]
    command = [sys.executable, "-m", module, *options, "--home", str(ends.home)]
    env = {"SHAREDCHAIN_HOME": str(ends.home), "SHAREDCHAIN_PROGRAM": name, "PYTHONUNBUFFERED": "1"}
    ready = (lambda: listens(port)) if port else (lambda: True)
    root = Path(__file__).parents[2]  # the checkout: modules are run from there
    return Part(name, command, ready, port, needs, env, root, once=name == "prepare")


def _metrics(ends: Endpoints, name: str) -> int:
    return _port(ends.metrics[name])


def _port(address: str) -> int:
    port = urlsplit(address if "//" in address else f"//{address}").port
    assert port is not None, address
    return port


def _webhook_secret() -> SecretStr:
    return SecretStr("whsec_" + b64encode(secrets.token_bytes(32)).decode())
