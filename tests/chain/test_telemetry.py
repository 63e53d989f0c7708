"""The telemetry engine on a real Kafka: killed anywhere, it tells of every border that the readings crossed; and what
it tells rings the rules of the business way."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deploy.demo.found import client
from deploy.minutes import compare_minutes
from sharedchain.barrier import TELEMETRY
from sharedchain.chain import ChainSync
from sharedchain.cli import run
from sharedchain.config import item
from sharedchain.endpoints import Endpoints
from sharedchain.envelope import Envelope
from sharedchain.events import ClockTicked, ConfigDefined, MasterEmployeeUpserted, MasterEquipmentUpserted
from sharedchain.events.equipment import Setpoint
from sharedchain.kafka import producer
from sharedchain.scope import SPINE, partition_of
from sharedchain.spine import spine_headers
from sharedchain.telemetry import TOPIC
from streams.telemetry.thin import scaled
from tests.sinks.rig import PATIENCE, House

pytestmark = pytest.mark.stack
ENGINE, TOLD, TENANT = "streams.telemetry", "plant.reading.v1", "acme"
LOW, HIGH = 910_000, 950_000


class Plant:
    """Three machines that are too hot, or not; each publishes into a partition of its own."""

    def __init__(self, house: House) -> None:
        self.house, self.said = house, dict[str, list[tuple[int, int]]]()
        self._chance, self._producer = random.Random("plant"), producer(house.endpoints)
        for n in range(3):
            self._install(f"EQ-{n}", n + 1)

    def _install(self, equipment: str, seq: int) -> None:
        point = {"parameter": "t", "value": Decimal(93), "tolerance": Decimal(2), "unit": "°C"}
        kind = self.house.catalog.types["master.equipment.upserted"]
        data = dict.fromkeys(f["name"] for f in kind.schema["fields"]) | {"equipment_id": equipment}
        envelope = Envelope(type=kind.name, id=equipment, source="erp", time=1, subject=equipment, tenant=TENANT)
        headers = spine_headers(envelope, seq=seq, recorded=1, kind="fact", scope=TENANT, src="x/0/0")
        value = self.house.codec.encode(kind, data | {"setpoints": [point]})
        self.house.publish([(SPINE, partition_of(TENANT), value, headers)])

    def publish(self, count: int) -> None:
        kind, now = self.house.catalog.types["telemetry.reading"], time.time_ns() // 1_000_000
        for _ in range(count):
            n = self._chance.randrange(3)
            equipment, said = f"EQ-{n}", self.said.setdefault(f"EQ-{n}", [])
            value, at = round(93 + self._chance.gauss(0, 2), 3), max(now, said[-1][0] if said else 0) + 1
            said.append((at, scaled(value)))
            data = {
                "equipment_id": equipment, "component_id": "B", "metric": "t", "value": value, "unit": "°C",
                "quality_flag": None, "at": at,
            }  # fmt: skip
            headers: list[tuple[str, str | bytes | None]] = [("ce_tenant", TENANT.encode())]
            self._producer.produce(TOPIC, self.house.codec.encode(kind, data), partition=n, headers=headers)
            if self._chance.random() < 0.3:
                self._history(kind, data, n, headers)
        assert self._producer.flush(PATIENCE) == 0

    def _history(self, kind: Any, data: dict[str, Any], n: int, headers: list[tuple[str, str | bytes | None]]) -> None:
        """Of last year and far out of range, between the live ones: it tells nobody anything."""
        value = self.house.codec.encode(kind, data | {"value": 500.0, "at": data["at"] - 31_536_000_000})
        self._producer.produce(TOPIC, value, partition=n, headers=[*headers, ("ce_backfill", b"true")])

    def told(self) -> dict[str, list[tuple[int, int]]]:
        """What stands in the log by equipment, repetitions dropped as ingest drops them; (when, value)."""
        found: dict[str, dict[int, int]] = {}
        for record in self.house.log(TOLD):
            data = self.house.codec.decode(TOLD, record.value).data
            found.setdefault(data["equipment_id"], {})[data["at"]] = int(data["value"].scaleb(4))
        return {equipment: list(said.items()) for equipment, said in found.items()}


def crossings(said: list[tuple[int, int]]) -> list[tuple[int, bool]]:
    found, outside = [], False
    for at, value in said:
        if (now := not LOW <= value <= HIGH) != outside:
            outside = now
            found.append((at, now))
    return found


def test_killed_anywhere_every_crossing_is_told_and_none_that_was_not(
    broker: Endpoints, tmp_path_factory: pytest.TempPathFactory
) -> None:
    house = House(broker.model_copy(update={"home": tmp_path_factory.mktemp("house")}))
    plant = Plant(house)
    for where in ("telemetry.before_commit:3", "engine.before_commit:4", "telemetry.after_commit:9"):
        plant.publish(100)
        house.dies_at(ENGINE, where, lambda: plant.publish(3))
    plant.publish(100)
    process = house.start(ENGINE)
    try:
        house.settle(TELEMETRY, TOPIC)
    finally:
        process.terminate()
        process.wait(PATIENCE)
    told = plant.told()
    for equipment, said in plant.said.items():
        assert len(crossings(said)) > 20
        assert crossings(told[equipment]) == crossings(said)
        assert len(told[equipment]) < len(said)


def test_readings_by_the_hundred_ring_the_rules_and_fill_their_minutes(
    stack: Endpoints, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twelve minutes at two readings a second, ten seconds of them too hot; then the sensor is silent."""
    tenant, began = "kiln", datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=2)
    with ChainSync(stack, source="test.telemetry") as chain:
        pack = {"id": tenant, "rules": ["R-36c", "R-37"]}
        for made in (item("pack", tenant, pack), item("tenant", tenant, {"mode": "driven", "packs": [tenant]})):
            chain.publish(ConfigDefined(**made.said, changed_by="test"), tenant="_system")
        _tick(chain, tenant, began, 0)
        for role in ("ops", "service_manager", "store_manager"):
            chain.publish(MasterEmployeeUpserted(employee_id=role, org_id="O", role=role, name=role), tenant=tenant)
        point = Setpoint(parameter="t", value=Decimal(93), tolerance=Decimal(2), unit="°C")
        chain.publish(
            MasterEquipmentUpserted(equipment_id="EQ-1", type="KILN", customer_id="C-1", setpoints=(point,)),
            tenant=tenant,
        )
        _tick(chain, tenant, began, 12)
        _readings(chain, tenant, began, [97.0 if 600 <= n < 620 else 93.0 + n % 3 / 10 for n in range(1440)])
        chain.settle()
        _tick(chain, tenant, began, 30)
    with client(stack) as store:
        sql = "SELECT count(), sum(n), max(high) FROM telemetry_minute WHERE tenant = {t:String}"
        assert store.query(sql, parameters={"t": tenant}).result_rows == [(12, 1440, 97.0)]
        sql = "SELECT count() FROM facts WHERE tenant = {t:String} AND type = {k:String}"
        ((told,),) = store.query(sql, parameters={"t": tenant, "k": "sensor.sampled"}).result_rows
        assert 12 < told < 30  # one a window, and each crossing
    (minutes,) = compare_minutes(stack)
    assert minutes.equal
    assert minutes.live >= 12
    capsys.readouterr()
    assert run(["alerts", "--tenant", tenant, "--home", str(stack.home), "--json"]) == 0
    rang = json.loads(capsys.readouterr().out)["items"]
    assert sorted((one["rule_id"], one["state"], one["subject"]) for one in rang) == [
        ("R-36c", "open", "EQ-1"),
        ("R-37", "resolved", "EQ-1"),
    ]
    hot = next(one for one in rang if one["rule_id"] == "R-37")
    assert datetime.fromisoformat(hot["opened_at"]) >= began + timedelta(minutes=5)


def _tick(chain: ChainSync, tenant: str, began: datetime, minute: int) -> None:
    at = began + timedelta(minutes=minute)
    chain.publish(ClockTicked(at=at, n=minute), tenant=tenant, id=f"t{minute}", time=at)
    chain.settle()


def _readings(chain: ChainSync, tenant: str, began: datetime, values: list[float]) -> None:
    """One each half second, a hundred and twenty a message: what a gateway sends in a minute."""
    kind, first = chain.codec.catalog.types["telemetry.readings"], round(began.timestamp() * 1000)
    sender = producer(chain.endpoints)
    for start in range(0, len(values), 120):
        said = [
            {
                "equipment_id": "EQ-1", "component_id": "B", "metric": "t", "value": value, "unit": "°C",
                "quality_flag": None, "at": first + 500 * n,
            }
            for n, value in enumerate(values[start : start + 120], start)
        ]  # fmt: skip
        value = chain.codec.encode(kind, {"gateway_id": "GW-1", "readings": said})
        sender.produce(TOPIC, value, partition=0, headers=[("ce_tenant", tenant.encode())])
    assert sender.flush(PATIENCE) == 0
