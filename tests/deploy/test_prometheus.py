"""Metrics, alert rules and scrape file, as Prometheus' own tool judges them; and the port that serves them."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import httpx2
import pytest
import yaml
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

import sinks.clickhouse.metrics
import sinks.metrics
import sinks.notify.metrics
import streams.ingest.metrics
import streams.metrics
from deploy.local.meters import Parts
from deploy.local.state import PartState
from gateway.meters import Meters
from sharedchain import exposition, refusals  # noqa: F401
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.exposition import Lag, Replicas
from sharedchain.fact import Derived, Fact
from sharedchain.health import Health
from sharedchain.lag import Position
from sharedchain.replicas import Short
from tests.house.tree import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
RULES = yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))["groups"][0]["rules"]
CASES = yaml.safe_load((FOLDER / "tests.yaml").read_text("utf-8"))["tests"]
_NAME = re.compile(r"\b(?:sharedchain|chain)_[a-z_]+")


def promtool(*arguments: str, said: bytes = b"") -> None:
    """Run it in the folder of the files; fails with its words."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian package `prometheus`)")
    asked = subprocess.run([found, *arguments], cwd=FOLDER, input=said, capture_output=True, check=False)
    assert asked.returncode == 0, (asked.stdout + asked.stderr).decode()


def exposed(home: Path) -> bytes:
    """Everything that any process of the chain exposes, with a sample in each family that has labels."""
    own = CollectorRegistry()
    own.register(
        Lag("chain.engine", lambda: [Position("chain.facts.v1", 0, 3, 10), Position("chain.facts.v1", 1, 5, 5)])
    )
    own.register(Replicas(lambda: [Short("t", 0, 1, 3, 2)]))
    own.register(Parts(home, lambda: [PartState(name="sink", phase="ready", pid=1, born=0.0)]))
    return generate_latest(REGISTRY) + generate_latest(own) + Meters().text()


def test_every_metric_is_clean(tmp_path: Path) -> None:
    promtool("check", "metrics", said=exposed(tmp_path))


def test_the_named_series_are_there(tmp_path: Path) -> None:
    names = set(_NAME.findall(exposed(tmp_path).decode()))
    assert names >= {
        "sharedchain_event_to_alert_seconds",
        "sharedchain_consumer_lag_records",
        "sharedchain_rule_errors_total",
        "sharedchain_notifications_total",
        "sharedchain_freshness_age_seconds",
        "sharedchain_dlq_records_total",
        "chain_audit_mismatch_total",
    }


def test_the_files_are_sound() -> None:
    promtool("check", "config", "scrape.yaml")
    promtool("check", "rules", "alerts.yaml")


@pytest.mark.slow
def test_each_alert_fires_and_is_quiet() -> None:
    promtool("test", "rules", "tests.yaml")


def test_each_alert_has_both_cases_says_how_to_mend_and_asks_for_metrics_that_exist(tmp_path: Path) -> None:
    names = set(_NAME.findall(exposed(tmp_path).decode()))
    names |= {f"{name}_bucket" for name in names}
    tried = {
        (case["alert_rule_test"][0]["alertname"], bool(case["alert_rule_test"][0]["exp_alerts"])) for case in CASES
    }
    assert tried == {(rule["alert"], fires) for rule in RULES for fires in (True, False)}
    assert {name for rule in RULES for name in _NAME.findall(rule["expr"])} - names == set()
    assert [
        rule["alert"] for rule in RULES if not {"summary", "summary_zh", "mend"} <= rule["annotations"].keys()
    ] == []


def test_a_silent_broker_costs_the_sample_not_the_scrape() -> None:
    def silent() -> list[Position]:
        raise ConnectionFailed("nobody")

    own = CollectorRegistry()
    own.register(Lag("chain.engine", silent))
    assert b"sharedchain_consumer_lag_records{" not in generate_latest(own)


def test_lag_is_summed_by_topic() -> None:
    own = CollectorRegistry()
    own.register(Lag("g", lambda: [Position("t", 0, 3, 10), Position("t", 1, 5, 9), Position("u", 0, 9, 4)]))
    assert own.get_sample_value("sharedchain_consumer_lag_records", {"group": "g", "topic": "t"}) == 11
    assert own.get_sample_value("sharedchain_consumer_lag_records", {"group": "g", "topic": "u"}) == 0


def test_it_is_served_where_endpoints_say(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("SHAREDCHAIN_METRICS_PORT", "1")  # another program's: the named one has its own
    where = Endpoints.model_construct(metrics={"supervisor": f"http://127.0.0.1:{port}"})
    exposition.serve(where, Health("supervisor"), program="supervisor")
    door = f"http://127.0.0.1:{port}"
    assert "sharedchain_dlq_records_total" in httpx2.get(f"{door}/metrics", timeout=5).text
    assert [httpx2.get(f"{door}/{path}", timeout=5).status_code for path in ("healthz", "readyz", "x")] == [
        200,
        503,
        404,
    ]


def raised(rule: str, recorded: int, *, backfill: bool = False) -> Derived:
    return Derived(
        type="alert.raised", id="a", subject="R-06", scope="s", partition=0, seq=1, n=1, recorded=recorded,
        time=recorded, causation="c", backfill=backfill, data={"rule_id": rule},
    )  # fmt: skip


def test_alerts_are_timed_and_errors_of_rules_counted() -> None:
    def sample(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = sample("sharedchain_event_to_alert_seconds_count"), sample("sharedchain_event_to_alert_seconds_sum")
    errors = sample("sharedchain_rule_errors_total", rule="R-06")
    said = [
        raised("R-01", 1_000_000),
        raised("R-00", 1_000_500),
        raised("R-01", 0, backfill=True),
        raised("R-01", -(9**9)),
    ]
    streams.metrics.decided(0, [], said, 4, now=lambda: 1001.0)
    assert sample("sharedchain_event_to_alert_seconds_count") - before[0] == 2
    assert sample("sharedchain_event_to_alert_seconds_sum") - before[1] == pytest.approx(1.5)
    assert sample("sharedchain_rule_errors_total", rule="R-06") - errors == 1


def tick(scope: str, recorded: int) -> Fact:
    return Fact(
        partition=77, seq=1, recorded=recorded, kind="tick", scope=scope, type="clock.ticked", id="i", source="s",
        subject="", time=recorded, tenant="", data={},
    )  # fmt: skip


def test_the_age_of_the_tick_is_of_the_wall_clock_and_goes_with_the_partition() -> None:
    def age() -> float | None:
        return REGISTRY.get_sample_value("sharedchain_engine_tick_age_seconds", {"partition": "77"})

    now = round(time.time() * 1000)
    streams.metrics.decided(77, [tick("story", now)], [], 1)
    assert age() is None  # a driven scope's time says nothing of ours
    streams.metrics.decided(77, [tick("", now - 60_000), tick("", now - 5_000), tick("story", 9)], [], 1)
    assert age() == pytest.approx(5, abs=4)
    streams.metrics.left(77)
    assert age() is None


def test_replicas_are_counted_and_a_silent_broker_costs_the_samples() -> None:
    found: list[Short] = [Short("t", 0, 1, 3, 2), Short("t", 1, 2, 3, 2)]
    own = CollectorRegistry()
    own.register(Replicas(lambda: found))
    names = ("sharedchain_kafka_under_replicated_partitions", "sharedchain_kafka_under_min_isr_partitions")
    assert [own.get_sample_value(name) for name in names] == [2, 1]

    def silent() -> list[Short]:
        raise ConnectionFailed("nobody")

    away = CollectorRegistry()
    away.register(Replicas(silent))
    assert [away.get_sample_value(name) for name in names] == [None, None]


def test_a_message_is_timed_when_it_was_sent() -> None:
    def count() -> float:
        return REGISTRY.get_sample_value("sharedchain_notification_age_seconds_count", {"channel": "T"}) or 0.0

    for why, age in (("", 2.0), ("failed: away", 2.0), ("muted: night", 2.0), ("", -5.0), ("", 9e9)):
        sinks.notify.metrics.told("T", why, age)
    assert count() == 1  # not what failed, was muted, or lives by a driven clock
