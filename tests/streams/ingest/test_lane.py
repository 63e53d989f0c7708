"""The running lane: what a death, a twin, a silent peer or a flood of junk may not do to the spine."""

from __future__ import annotations

import signal
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sharedchain.fact import Fact
from sharedchain.kafka import admin, create_topics
from sharedchain.schemas import Catalog
from tests.chain.door import Door, sound, until
from tests.streams.ingest.rig import lead

pytestmark = [pytest.mark.stack, pytest.mark.slow]
LEADS = "sales.lead.v1"
TARGETS = "sales.target.v1"
TENANTS = ("-a", "-b", "-c")  # three scopes of a test


def flood(door: Door, tenant: str, numbers: range) -> None:
    """Leads of three scopes over all partitions, every fifth told twice, some refused."""
    for n in numbers:
        data = lead(f"L-{n}", owner_id=None if n % 11 == 0 else "E-1")
        for _ in range(2 if n % 5 == 0 else 1):
            door.publish(
                "lead.captured", data, tenant=tenant + TENANTS[n % 3], partition=n % 4, source="crm", id=str(n)
            )


def mine(spine: list[Fact], tenant: str, kind: str) -> list[str]:
    return sorted(f.subject for f in spine if f.tenant.startswith(tenant) and f.kind == kind)


@pytest.mark.parametrize("point", ["after_begin", "after_produce", "before_commit", "after_commit"])
def test_a_killed_lane_loses_and_doubles_nothing(door: Door, tenant: str, tmp_path: Path, point: str) -> None:
    log = tmp_path / "hits"
    names = ("SHAREDCHAIN_INGEST_BATCH", "SHAREDCHAIN_FAILPOINT", "SHAREDCHAIN_FAILPOINT_LOG")
    env = dict(zip(names, ("20", f"ingest.{point}:3", str(log)), strict=True))
    victim = door.start("--tick", "100", env=env)
    flood(door, tenant, range(60))
    assert victim.wait(60) == -signal.SIGKILL
    assert log.read_text().split() == [f"ingest.{point}"]
    door.start("--tick", "100", env=env)
    flood(door, tenant, range(60, 120))
    door.settle()
    spine = door.spine()
    assert sound(spine) == []
    assert mine(spine, tenant, "fact") == sorted(f"L-{n}" for n in range(120) if n % 11)
    assert mine(spine, tenant, "refusal") == sorted(f"L-{n}" for n in range(120) if n % 11 == 0)
    assert all(door.letter(f.src) for f in spine if f.tenant.startswith(tenant) and f.kind == "refusal")


@pytest.mark.parametrize("cache", ["lost", "broken", "kept"])
def test_the_cache_is_only_a_cache(door: Door, tenant: str, cache: str) -> None:
    first = door.start()
    door.publish("lead.captured", lead("L-1"), tenant=tenant, source="crm", id="1")
    door.publish("lead.converted", {"lead_id": "L-2", "opportunity_id": "P"}, tenant=tenant)
    door.settle()
    first.terminate()
    assert first.wait(30) == 0
    file = door.endpoints.home / "ingest" / "lane0.sqlite"
    if cache == "lost":
        file.unlink()
    if cache == "broken":
        file.write_bytes(b"?" * 10_000)
    door.start()
    door.publish("lead.captured", lead("L-1"), tenant=tenant, source="crm", id="1")
    door.publish("lead.captured", lead("L-2"), tenant=tenant)
    door.settle()
    kinds = [(f.kind, f.type, f.subject) for f in door.spine(tenant)]
    assert kinds == [
        ("fact", "lead.captured", "L-1"),
        ("parked", "lead.converted", "L-2"),
        ("fact", "lead.captured", "L-2"),
        ("fact", "lead.converted", "L-2"),
        ("fact", "opportunity.created", "P"),
    ]
    assert sound(door.spine()) == []


def test_a_frozen_lane_that_wakes_up_is_fenced(door: Door, tenant: str) -> None:
    old = door.start("--tick", "100")
    door.publish("lead.captured", lead("L-1"), tenant=tenant)
    door.settle(LEADS)
    old.send_signal(signal.SIGSTOP)
    door.start("--tick", "100")
    door.publish("lead.captured", lead("L-2"), tenant=tenant)
    door.settle(LEADS)
    old.send_signal(signal.SIGCONT)
    assert old.wait(30) == 72
    door.publish("lead.captured", lead("L-3"), tenant=tenant)
    door.settle(LEADS)
    spine = door.spine()
    assert sound(spine) == []
    assert mine(spine, tenant, "fact") == ["L-1", "L-2", "L-3"]


def test_two_lanes_share_the_spine_and_the_configuration(door: Door, tenant: str) -> None:
    door.start("--lane", "0", "--lanes", "2")
    door.start("--lane", "1", "--lanes", "2")
    tenants = [f"{tenant}-{n}" for n in range(16)]
    for name in tenants:
        door.publish("lead.captured", lead("L-1"), tenant=name)
    until(lambda: len(mine(door.spine(), tenant, "fact")) == 16, "both lanes to decide")
    assert sound(door.spine()) == []
    assert len({f.partition % 2 for f in door.spine() if f.tenant in tenants}) == 2


def test_a_silent_registry_makes_the_lane_wait(door: Door, tenant: str, tmp_path: Path) -> None:
    with Gate(door.endpoints.registry) as gate:
        home = tmp_path / "home"
        home.mkdir()
        url = door.endpoints.registry.replace(urlsplit(door.endpoints.registry).netloc, f"127.0.0.1:{gate.port}")
        door.endpoints.model_copy(update={"home": home, "registry": url}).save()
        door.start(home=home)
        door.publish("lead.captured", lead("L-1"), tenant=tenant)
        door.settle(LEADS)
        gate.open.clear()
        unknown = b"\0" + (1_999_999_999).to_bytes(4, "big") + b"x"
        place = door.send(LEADS, unknown, headers=[("ce_tenant", tenant.encode())])
        until(lambda: "waiting, nothing is refused" in door.log(), "the lane to say that it waits")
        assert door.letter(place) is None
        gate.open.set()
        door.settle(LEADS)
        assert [f.data.get("reason") for f in door.spine(tenant) if f.kind == "refusal"] == ["unknown_schema"]


def test_a_poisoned_partition_stops_and_can_be_resumed(door: Door, tenant: str) -> None:
    lane = door.start(env={"SHAREDCHAIN_INGEST_BATCH": "100"})
    for n in range(1100):
        said = [("ce_tenant", tenant.encode()), ("ce_source", b"a" if n % 2 else b"b")]
        door.hand(TARGETS, b"junk %d" % n, headers=said, partition=3)
    door.publish("lead.captured", lead("L-1"), tenant=tenant)
    until(lambda: f"{TARGETS}/3 is poisoned" in door.log(), "the partition to be stopped")
    door.settle(LEADS)
    spine = door.spine(tenant)
    assert [f.subject for f in spine if f.kind == "fact"] == ["L-1"]
    assert len([f for f in spine if f.kind == "refusal"]) == 1000
    lane.terminate()
    assert lane.wait(30) == 0
    lane = door.start()
    until(lambda: f"{TARGETS}/3 stays stopped" in door.log(), "the stop to outlive a restart")
    lane.terminate()
    assert lane.wait(30) == 0
    door.start("--resume", f"{TARGETS}/3")
    door.settle(TARGETS)
    assert len([f for f in door.spine(tenant) if f.kind == "refusal"]) == 1100


def test_without_its_dead_letters_a_record_is_not_dropped(door: Door, tenant: str) -> None:
    lane = door.start()
    door.publish("lead.captured", lead("L-1"), tenant=tenant)
    door.settle(LEADS)
    dead = f"{TARGETS}.dlq.v1"
    client = admin(door.endpoints)
    for done in client.delete_topics([dead]).values():
        done.result(30)
    place = door.send(TARGETS, b"junk", headers=[("ce_tenant", tenant.encode())])
    assert lane.wait(60) == 70
    assert [f for f in door.spine(tenant) if f.kind == "refusal"] == []
    create_topics(door.endpoints, Catalog.load())  # as `prepare` does: programs make no topics
    door.start()
    door.settle(TARGETS)
    letter = door.letter(place)
    assert letter is not None
    assert letter.value() == b"junk"


def test_a_wrong_clock_ends_the_lane(door: Door, tenant: str) -> None:
    lane = door.start(env={"SHAREDCHAIN_INGEST_SKEW": "-60000"})  # nothing is close enough
    door.publish("lead.captured", lead("L-1"), tenant=tenant)
    assert lane.wait(60) == 74
    assert door.spine(tenant) == []


class Gate:
    """A TCP door to the registry that can be shut."""

    def __init__(self, url: str) -> None:
        there = urlsplit(url)
        self._there = (str(there.hostname), int(there.port or 0))
        self.open = threading.Event()
        self.open.set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._done = False

    def __enter__(self) -> Gate:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done = True
        self._server.close()

    def _serve(self) -> None:
        while not self._done:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if not self.open.is_set():
                client.close()
                continue
            peer = socket.create_connection(self._there)
            for a, b in ((client, peer), (peer, client)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if not self.open.is_set():
                    break
                target.sendall(data)
        except OSError:
            pass
        finally:
            source.close()
            target.close()
