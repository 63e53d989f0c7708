"""The telemetry sink on real parts: whatever is killed, the minutes are the ledger, and what is wrong is kept once."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from sharedchain.barrier import MINUTES
from sharedchain.endpoints import Endpoints
from sharedchain.telemetry import TOPIC
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.store import connect
from tests.sinks.rig import House, Store
from tests.sinks.telemetry.ledger import Ledger

pytestmark = pytest.mark.stack
SINK, NAIVE = "sinks.telemetry", "tests.sinks.telemetry.naive"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    one = Store(tmp_path_factory.mktemp("clickhouse"))
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def house(broker: Endpoints, store: Store, tmp_path_factory: pytest.TempPathFactory) -> House:
    found = House(broker.model_copy(update={"home": tmp_path_factory.mktemp("house"), "clickhouse": store.endpoints}))
    migrate(store.endpoints)
    return found


def now() -> int:
    return time.time_ns() // 1_000_000


def stored(house: House, ledger: Ledger) -> list[tuple[tuple[str, str, str, int], int, int, int, int]]:
    asked = (
        "SELECT equipment_id, metric, toUnixTimestamp64Milli(minute), n, toInt64(total * 10000), "
        "toInt64(low * 10000), toInt64(high * 10000) FROM telemetry_minute WHERE equipment_id LIKE {of:String}"
    )
    with connect(house.endpoints.clickhouse) as client:
        rows = client.query(asked, {"of": f"EQ-{ledger.seed}-%"}).result_rows
    return [((ledger.tenant, row[0], row[1], row[2]), *row[3:]) for row in rows]


def minutes_are_the_ledger(house: House, *ledgers: Ledger) -> None:
    house.settle(MINUTES, TOPIC)
    for ledger in ledgers:
        assert ledger.minutes
        assert sorted(stored(house, ledger)) == sorted(ledger.expected())


def letters(house: House) -> list[bytes]:
    with connect(house.endpoints.clickhouse) as client:
        asked = "SELECT value FROM dead_letters WHERE topic = {topic:String}"
        rows = client.query(asked, {"topic": TOPIC}, query_formats={"String": "bytes"}).result_rows
    return [row[0] for row in rows]


def test_killed_anywhere_the_minutes_are_the_ledger_and_the_broken_ones_are_kept_once(house: House) -> None:
    chance = random.Random("seed 4")
    ledger = Ledger(house, "kills")
    for where in ("sink.after_intent", "sink.before_insert", "sink.after_insert", "sink.before_commit"):
        ledger.publish(chance.randint(200, 600), now(), wrong=3)

        def more() -> None:
            if " own " in house.said():
                ledger.publish(chance.randint(1, 8), now())

        if where == "sink.before_insert":
            ledger.repeat()
        house.dies_at(SINK, f"{where}:{chance.randint(1, 4)}", more)
    with house.running(SINK):
        minutes_are_the_ledger(house, ledger)
        ledger.repeat()
        minutes_are_the_ledger(house, ledger)
    assert sorted(letters(house)) == sorted(ledger.refused)
    assert len(ledger.refused) == 12


def test_a_storm_of_broken_ones_holds_up_nobody(house: House) -> None:
    ledger = Ledger(house, "storm")
    before = Counter(letters(house))
    for _ in range(4):
        ledger.publish(300, now(), wrong=750)
    with house.running(SINK):
        minutes_are_the_ledger(house, ledger)
        assert len(house.said().splitlines()) < 20
    assert Counter(letters(house)) - before == Counter(ledger.refused)
    assert len(ledger.refused) == 3000


def test_late_readings_correct_their_minute_and_history_comes_in_beside(house: House) -> None:
    early, late = Ledger(house, "early"), Ledger(house, "late")
    with house.running(SINK):
        moment = now()
        early.publish(100, moment, back=3_600_000)
        minutes_are_the_ledger(house, early)
        early.publish(100, moment, back=3_600_000)
        late.publish(50, moment, back=390 * 86_400_000)
        minutes_are_the_ledger(house, early, late)
    with connect(house.endpoints.clickhouse) as client:
        asked = "SELECT sum(n), sum(late) FROM telemetry_minute WHERE minute < now() - 1800"
        ((n, behind),) = client.query(asked).result_rows
    assert n == behind == early.count + late.count


def test_red_twin_without_intents_minutes_count_twice(house: House) -> None:
    ledger = Ledger(house, "naive")
    ledger.publish(300, now())
    house.dies_at(NAIVE, "sink.after_insert")
    ledger.publish(300, now())
    with house.running(NAIVE):
        house.settle(MINUTES, TOPIC)
    assert sum(row[1] for row in stored(house, ledger)) > ledger.count
