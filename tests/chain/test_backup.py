"""A home is saved in the middle of a story while a load publishes, killed while the broker stands still, brought back
elsewhere, and the story goes on there; then everything but the log is thrown away and made again."""

from __future__ import annotations

import email
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_END, TopicPartition

from deploy.demo.command import DONGCHEN, judge
from deploy.demo.player import Player
from deploy.demo.story import Story, load
from deploy.local.backup.anew import anew, of_the_spine
from deploy.local.backup.command import bring_back
from deploy.local.backup.cut import LOG
from deploy.local.stack import Stack
from sharedchain.barrier import settle
from sharedchain.chain import ChainSync
from sharedchain.endpoints import Endpoints
from sharedchain.events import LeadCaptured
from sharedchain.kafka import admin
from sharedchain.scope import PARTITIONS
from sinks.clickhouse.rows import TABLES
from sinks.clickhouse.store import connect
from tests.chain.crew import until
from tests.house.tree import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.long]

HALF = datetime(2026, 4, 30, 12)  # one contract is signed, the next one is not; timers run
TENANT, BUSY = "acme", "busy"
FOLDED = ("facts", "metric_minute", "alerts")


def first_half(story: Story) -> Story:
    return story.model_copy(update={"end": HALF, "steps": tuple(s for s in story.steps if s.at < HALF)})


def second_half(story: Story) -> Story:
    return story.model_copy(update={"start": HALF, "steps": tuple(s for s in story.steps if s.at >= HALF)})


class Load(threading.Thread):
    """Leads of a tenant on the wall clock, one after the other acknowledged, until it is stopped."""

    def __init__(self, endpoints: Endpoints) -> None:
        super().__init__(daemon=True)
        self._endpoints = endpoints
        self.acknowledged: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        with ChainSync(self._endpoints, source="load") as chain:
            for number in count():
                if self.stop.wait(0.02):
                    return
                publish(chain, f"LOAD-{number}")
                self.acknowledged.append(f"LOAD-{number}")

    def more(self, events: int) -> None:
        wanted = len(self.acknowledged) + events
        until(lambda: len(self.acknowledged) >= wanted or not self.is_alive(), 60, "the load stands still")
        assert self.is_alive()


def publish(chain: ChainSync, lead: str) -> None:
    event = LeadCaptured(
        lead_id=lead, customer_industry="制造业", demand_type="新购", expected_amount=Decimal(1000),
        prospect_name=lead, region="CN", channel="fair", owner_id="E001",
    )  # fmt: skip
    chain.publish(event, tenant=BUSY, id=lead)


@dataclass
class Saved:
    """A file, and what was acknowledged before the command that made it began."""

    file: Path
    said: dict[str, Any]
    before: list[str]
    all: list[str]
    rows: dict[str, Counter[str]]


def command(*words: object, **env: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "sharedchain", *map(str, words)]
    return subprocess.run(
        program, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=300, check=False
    )


def rows(endpoints: Endpoints, tenant: str) -> dict[str, Counter[str]]:
    """Every row of a tenant by table, without provenance."""
    with connect(endpoints.clickhouse) as client:
        return {
            t.name: Counter(
                str(row)
                for row in client.query(
                    f"SELECT {', '.join(t.compared)} FROM {t.name} WHERE tenant = {{t:String}}", {"t": tenant}
                ).result_rows
            )
            for t in TABLES.values()
        }


def leads(endpoints: Endpoints) -> Counter[str]:
    with connect(endpoints.clickhouse) as client:
        asked = "SELECT subject FROM facts WHERE tenant = {t:String} AND type = 'lead.captured' AND kind = 'fact'"
        return Counter(str(lead) for (lead,) in client.query(asked, {"t": BUSY}).result_rows)


def throw_away(endpoints: Endpoints, *topics: str) -> None:
    """What retention does to a topic in time."""
    client = admin(endpoints)
    ends = [TopicPartition(topic, p, OFFSET_END) for topic in topics for p in range(PARTITIONS)]
    for gone in client.delete_records(ends).values():
        gone.result(30)


def mails(home: Path) -> Counter[str]:
    """How often each message came."""
    read = (email.message_from_bytes(f.read_bytes()) for f in (home / "mail").glob("*.eml"))
    return Counter(str(mail["message-id"]) for mail in read)


@pytest.fixture(scope="module")
def story() -> Story:
    return load(DONGCHEN).as_tenants([TENANT])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backup") / "home"


@pytest.fixture(scope="module")
def saved(home: Path, story: Story, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """The original lives the first half, is saved under a load, lives on a little and is taken down."""
    file = tmp_path_factory.mktemp("archive") / "half.tar.lz4"
    with Stack(home) as endpoints:
        Player(endpoints, first_half(story)).play()
        load_ = Load(endpoints)
        load_.start()
        load_.more(100)
        hit = {"SHAREDCHAIN_FAILPOINT": "backup.during_cut", "SHAREDCHAIN_FAILPOINT_LOG": str(file.with_name("hit"))}
        killed = command("backup", file, "--home", home, **hit)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        load_.more(20)  # the broker goes on, although whoever stopped it is no more
        assert not file.exists()
        before = list(load_.acknowledged)
        done = command("backup", file, "--home", home, "--json")
        assert done.returncode == 0, done.stderr
        load_.more(20)
        load_.stop.set()
        load_.join(30)
        return Saved(file, json.loads(done.stdout), before, load_.acknowledged, rows(endpoints, TENANT))


@pytest.fixture(scope="module")
def restored(saved: Saved, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Elsewhere, on other ports; what people were told until the cut lies in their mailboxes."""
    place = tmp_path_factory.mktemp("restored") / "elsewhere"
    bring_back(saved.file, place)
    shutil.copytree(home / "mail", place / "mail")
    for told in home.glob("im.jsonl"):
        shutil.copy(told, place)
    with Stack(place) as endpoints:
        settle(endpoints)
        yield endpoints


def test_all_that_was_acknowledged_before_the_command_is_there_once(saved: Saved, restored: Endpoints) -> None:
    found = leads(restored)
    assert len(saved.before) > 100
    assert set(saved.before) - set(found) == set()
    assert set(found) <= set(saved.all)
    assert set(found.values()) == {1}
    assert saved.said["frozen_ms"] < 2_000


def test_old_events_are_dropped_and_new_ones_taken(saved: Saved, restored: Endpoints) -> None:
    with ChainSync(restored, source="load") as chain:
        for lead in [*saved.before[:30], *saved.all[-30:], "LOAD-NEW"]:
            publish(chain, lead)
        chain.settle()
    found = leads(restored)
    assert found["LOAD-NEW"] == 1
    assert {*saved.before, *saved.all[-30:]} <= set(found)
    assert set(found.values()) == {1}


def test_the_story_goes_on_as_if_nothing_had_been(restored: Endpoints, story: Story) -> None:
    """Numbers without a gap, timers at their instant, every mail and message once: the story's own expectation."""
    player = Player(restored, second_half(story))
    player._ticks = count(100_000)
    player.play()
    verdicts = judge(story, restored, TENANT)
    compared = [v for v in verdicts if not v.section.startswith("received")]  # its subscriber left with the original
    assert sum(v.expected for v in compared) > 40
    assert [(v.section, v.missing, v.unexpected) for v in compared if not v.equal] == []
    assert set(mails(restored.home).values()) == {1}


def test_live_is_replay(restored: Endpoints) -> None:
    done = command("replay", "--home", restored.home)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_but_the_log_is_made_again_and_nobody_is_told(restored: Endpoints) -> None:
    was, told = rows(restored, TENANT), mails(restored.home)
    done = command("rebuild", "--home", restored.home, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(restored, TENANT) == was
    assert all(was.values())
    assert mails(restored.home) == told


def test_rows_that_no_topic_holds_any_more_are_derived_again(restored: Endpoints) -> None:
    """As after years: the topics of alerts and metrics have thrown their records away."""
    was = rows(restored, TENANT)
    throw_away(restored, "ops.alert.v1", "ops.metric.v1")
    done = command("rebuild", "--home", restored.home, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    said = {table["table"]: table["derived_again"] for table in json.loads(done.stdout)["tables"]}
    assert said["alerts"] >= was["alerts"].total()
    assert said["metric_minute"] >= was["metric_minute"].total()
    assert rows(restored, TENANT) == was


def test_the_spine_alone_makes_everything_else(saved: Saved, tmp_path: Path) -> None:
    """No other topic, no position, no snapshot, no table, no cache: the same tables, and nobody hears anything."""
    place = tmp_path / "anew"
    bring_back(saved.file, place, wanted=of_the_spine)
    topics = {folder.name.rpartition("-")[0] for folder in (place / LOG).iterdir() if any(folder.glob("*.log"))}
    assert topics == {"__cluster_metadata", "chain.facts.v1", "kafkasql-journal"}
    with anew(place, 1) as endpoints:
        found = rows(endpoints, TENANT)
        assert {name: found[name] for name in FOLDED} == {name: saved.rows[name] for name in FOLDED}
        assert all(found[name] for name in FOLDED)
        assert not found["notifications"]
        notifier = subprocess.Popen([sys.executable, "-m", "sinks.notify", "--home", place], cwd=ROOT)
        try:
            settle(endpoints)
            assert rows(endpoints, TENANT)["notifications"] == Counter()
        finally:
            notifier.terminate()
            notifier.wait(30)
