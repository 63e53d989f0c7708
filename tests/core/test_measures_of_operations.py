"""Mission D.5: what orders, plants, service, members and data quality come to; folded from the story's own figures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from sharedchain.core.payload import payload
from sharedchain.schemas import Catalog
from tests.core.deals import Deals
from tests.core.line import Line

Told = tuple[str, str, dict[str, Any]]  # local time (2026), event type, fields


@cache
def catalog() -> Catalog:
    return Catalog.load()


def orders() -> Iterator[Told]:
    for order, at, promise in (("SO-0900", "03-20 09:00", 5), ("SO-0001", "04-01 09:00", 15)):
        said = {"customer_id": "C-CN-01", "amount": "100", "currency": "CNY", "promise_date": f"2026-04-{promise:02d}"}
        yield at, "order.placed", {"order_id": order, **said}
    yield "04-08 12:00", "order.delivered", {"order_id": "SO-0900", "delivery_no": 1, "complete": True}
    yield "04-15 12:00", "order.delivered", {"order_id": "SO-0001", "delivery_no": 1, "complete": True}
    yield "04-27 12:00", "payment.received", {"payment_id": "P-1", "order_id": "SO-0001", "amount": "100"}
    yield "05-01 12:00", "payment.received", {"payment_id": "P-2", "order_id": "SO-0900", "amount": "100"}


def plants() -> Iterator[Told]:
    for at, total, run, good in (("04-01 20:00", 350, "400", 325), ("05-01 20:00", 425, "450", 410)):
        counts = {"total_count": total, "good_count": good, "planned_min": "500", "run_min": run}
        yield at, "production.shift.closed", {"line_id": "L-1", "shift": at, "ideal_cycle_min": "1.0", **counts}
    yield "04-01 18:00", "quality.inspection.recorded", {"site": "plant", "inspected": 1000, "rework": 43}
    yield "05-01 18:00", "quality.inspection.recorded", {"site": "plant", "inspected": 1000, "rework": 21}
    lot = {"lot": "LOT-77", "supplier_id": "S-01", "order_id": "SO-0003", "sample_n": 50, "defect_n": 3}
    yield "04-22 09:00", "quality.result.received", lot


def stock() -> Iterator[Told]:
    for sku, held in (("SP-BRG-220", "2"), ("SP-PMP-09", "5")):
        at = {"sku": sku, "site": "MAIN"}
        yield "03-15 08:05", "inventory.level.reported", {**at, "source_system": "ERP", "on_hand": held}
        day = "04-22 06:00" if held == "2" else "04-30 07:03"
        yield day, "inventory.reserved", {**at, "qty": "1", "ref": sku}
    at = {"sku": "P-CMP-75", "site": "MAIN"}
    for minute, amounts in (("10:00", ("120", "118", "125")), ("10:05", ("120",) * 3)):
        for system, held in zip(("ERP", "WMS", "MES"), amounts, strict=True):
            late = {"time": "04-01 06:00"} if (system, minute) == ("WMS", "10:00") else {}
            said = {**at, "source_system": system, "on_hand": held, **late}
            yield f"04-01 {minute}", "inventory.level.reported", said
    received = {"sku": "SP-BRG-220", "site": "MAIN", "qty": "4", "ref": "PO-0001"}
    yield "04-28 10:00", "inventory.goods.received", received


def purchases() -> Iterator[Told]:
    special = {1: ("22 06:00", "23 10:00"), 2: ("23 09:00", "24 15:00")}
    for no in range(1, 6):
        created, done = special.get(no, ("23 09:00", "24 10:00"))
        yield f"04-{created}", "procurement.order.created", {"po_id": f"PO-{no:04d}", "supplier_id": "S-02"}
        yield f"04-{done}", "procurement.order.registered", {"po_id": f"PO-{no:04d}", "touchless": no != 2}


def cases() -> Iterator[Told]:
    done = (
        ("NP-01", "04-08 09:00", 2880, 3, 3),
        ("NP-02", "04-16 04:12", 4032, 3, 3),
        ("SE-0001", "04-23 10:00", 1500, 4, 5),
        ("CA-0001", "04-27 18:00", 540, 2, 2),
        ("CA-0002", "05-03 17:00", 420, 2, 2),
    )
    for id_, at, minutes, good, nodes in done:
        counts = {"duration_min": minutes, "nodes_on_time": good, "nodes_total": nodes}
        said = {"template_id": id_[:2], "subject": id_, "outcome": "DONE", **counts}
        yield at, "case.closed", {"case_id": id_, **said}


def data() -> Iterator[Told]:
    for at, runs, failed in (("04-01 12:00", 100, 8), ("05-01 12:00", 1000, 7)):
        for n in range(runs):
            yield at, "report.run.finished", {"report_id": "R", "run_id": f"{at} {n}", "ok": n >= failed}
    for at, equal in (("04-01 12:00", 17), ("05-01 12:00", 23)):
        for n in range(25):
            key = "SO-0900" if n == 24 and equal == 17 else f"SO-{n:04d}"
            for system, value in (("FIN", "12.4"), ("CRM", "12.4" if n < equal else "10.9")):
                said = {"entity_key": key, "source_system": system, "value": value, "unit": "points"}
                yield at, "metric.value.reported", {"metric_id": "order_margin", **said}


def people() -> Iterator[Told]:
    for at, scores in (("04-01 18:00", "4444444445"), ("05-01 18:00", "5555555444")):
        for n, score in enumerate(scores):
            yield at, "customer.survey.answered", {"answer_id": f"{at} {n}", "customer_id": "C-CN-01", "score": score}
    for n, day in enumerate((18, 20, 23)):
        yield f"04-{day} 11:00", "voice.submitted", {"voice_id": f"V-{n}", "customer_id": "C-DE-01", "theme": "noise"}
    yield "03-15 08:00", "master.customer.upserted", {"customer_id": "C-CN-02", "last_order_at": "2026-01-31"}
    for n in (1, 2):
        said = {"ticket_id": f"T-{n}", "customer_id": "C-CN-02", "kind": "COMPLAINT"}
        yield "05-01 08:30", "service.ticket.opened", said
    yield "05-01 08:30", "customer.usage.reported", {"customer_id": "C-CN-02", "drop_ratio": "0.45"}
    yield "04-16 11:00", "project.risk.changed", {"project_id": "PRJ-0001", "level": "LOW"}
    yield "04-26 10:00", "project.risk.changed", {"project_id": "PRJ-0001", "level": "HIGH"}


def service() -> Iterator[Told]:
    machine = {"equipment_id": "EQ-CMP-07", "components": [{"component_id": "BRG", "limit_value": "100"}]}
    yield "03-15 08:00", "master.equipment.upserted", machine
    worn = [(f"04-{8 + n:02d} 06:00", Decimal("56.0") + Decimal("1.6") * n) for n in range(15)]
    for at, wear in (*worn, ("04-25 06:00", Decimal("2.0"))):
        said = {"equipment_id": "EQ-CMP-07", "component_id": "BRG", "metric": "wear", "value": str(wear)}
        yield at, "sensor.reading", said
    jobs = (("1", "EQ-CMP-07", "04-22 06:00", "04-24 16:00", 0), ("2", "EQ-COF-04", "04-30 07:03", "04-30 11:03", 240))
    for no, equipment, opened, closed, down in jobs:
        kind = "PREDICTIVE" if no == "1" else "CORRECTIVE"
        job = {"workorder_id": f"WO-{no}", "equipment_id": equipment, "kind": kind}
        more = {"downtime_min": down, "opened_at": f"2026-{opened}+08:00"}
        yield closed, "service.workorder.closed", {**job, **more}


def members() -> Iterator[Told]:
    for n in range(1, 6):
        yield "03-15 09:00", "member.profile.captured", {"member_id": f"M-{n}", "store_id": "ST-018"}
    for n, at in ((3, "03-15 10:00"), (4, "03-15 10:00"), (5, "03-15 10:00"), (2, "04-28 10:00")):
        yield at, "member.registered", {"member_id": f"M-{n}", "store_id": "ST-018"}
    bought = [(5, "03-15", "35"), (2, "04-28", "30")]
    bought += [(3, f"04-{day:02d}", "40") for day in (5, 15, 25)]
    bought += [(4, f"04-{day:02d}", "50") for day in (2, 5, 8, 11, 14, 17, 20, 23)]
    for n, day, amount in bought:
        said = {"member_id": f"M-{n}", "store_id": "ST-018", "amount": amount, "currency": "CNY"}
        yield f"{day} 12:00", "member.order.placed", {"order_id": f"{n} {day}", **said}
    tasks = (("04-15 00:01", "recall", "P3"), ("04-29 09:00", "shelf", "P2"), ("04-30 07:03", "WO-2", "P1"))
    for at, id_, priority in tasks:
        yield at, "store.task.assigned", {"task_id": id_, "store_id": "ST-018", "priority": priority}
    yield "04-30 11:03", "store.task.closed", {"task_id": "WO-2", "store_id": "ST-018"}


def told() -> list[Told]:
    every = (orders, plants, stock, purchases, cases, data, people, service, members)
    return sorted((one for part in every for one in part()), key=lambda one: one[0])


@pytest.fixture(scope="module")
def story() -> Deals:
    """15 March to 5 May, ticked at each midnight and the minute after each record; no rule is on."""
    line = Line()
    line.begin("2026-03-15 08:00", packs=[])
    midnights = {line.ms(f"2026-{month:02d}-{day:02d} 00:00") for month in (3, 4, 5) for day in range(1, 31)}
    midnights |= {line.ms("2026-03-31 00:00")}

    def to(ms: int) -> None:
        for at in sorted(at for at in {*midnights, line.now - line.now % 60_000 + 60_000} if line.now < at < ms):
            line.tick(at)
        line.tick(ms) if line.now < ms else None

    for at, type_, fields in told():
        to(line.ms(f"2026-{at}"))
        time = line.ms(f"2026-{fields.pop('time')}") if "time" in fields else line.now
        if type_.startswith("case."):
            fields |= {"opened_at": 0, "closed_at": line.now}
        line.add("fact", type_, payload(catalog().types[type_].schema, fields), time=time)
    to(line.ms("2026-05-05 23:59"))
    return Deals(line)


def rows(story: Deals, measure: str, **dims: str) -> list[str]:
    return [f"{at} {value}" for at, value in story.line.rows(measure, **dims)]


def test_orders(story: Deals) -> None:
    assert rows(story, "M-27") == ["04-27 12:00 26.0", "05-01 12:00 34.0"]
    assert rows(story, "M-34")[-1] == "04-15 12:00 0.5000"


def test_plants(story: Deals) -> None:
    assert rows(story, "M-30", line="L-1") == ["04-01 20:00 0.6500", "05-01 20:00 0.8200"]
    parts = [rows(story, f"M-33.{part}", line="L-1") for part in ("availability", "performance", "quality")]
    assert [[value.split()[-1] for value in part] for part in parts] == [
        ["0.8000", "0.9000"],
        ["0.8750", "0.9444"],
        ["0.9286", "0.9647"],
    ]
    assert rows(story, "M-31", site="plant") == ["04-02 00:00 0.0430", "05-02 00:00 0.0210"]
    assert story.level("M-32")['{"lot":"LOT-77"}'] == Decimal("0.0600")


def test_stock(story: Deals) -> None:
    of = {"site": "MAIN"}
    assert rows(story, "M-35.spread", sku="P-CMP-75", **of) == ["04-01 10:00 7.00", "04-01 10:05 0.00"]
    bearing = rows(story, "M-35", sku="SP-BRG-220", **of)
    assert bearing == ["03-15 08:05 2.00", "04-22 06:00 1.00", "04-28 10:00 5.00"]
    assert rows(story, "M-35", sku="SP-PMP-09", **of) == ["03-15 08:05 5.00", "04-30 07:03 4.00"]
    assert rows(story, "M-51", source="WMS") == ["04-01 10:00 240.0", "04-01 10:05 0.0"]


def test_minutes_out_of_stock_are_told_when_it_moves() -> None:
    line = Line()
    line.begin("2026-04-01 08:00")
    at = {"sku": "P-1", "site": "MAIN"}
    moves = (
        ("08:00", "level.reported", {"on_hand": Decimal(2), "source_system": "ERP"}),
        ("08:10", "issued", {"qty": Decimal(2)}),
        ("09:00", "issued", {"qty": Decimal(1)}),
        ("09:30", "goods.received", {"qty": Decimal(5)}),
        ("10:00", "issued", {"qty": Decimal(1)}),
    )
    for hour, type_, said in moves:
        line.tick(f"2026-04-01 {hour}")
        line.add("fact", f"inventory.{type_}", {**at, **said})
    line.tick("2026-04-01 10:01")
    told = [(when, str(value)) for when, value in line.rows("M-37", **at)]
    assert told == [("04-01 08:00", "0"), ("04-01 09:00", "50"), ("04-01 09:30", "80")]


def test_purchases_and_cases(story: Deals) -> None:
    assert story.level("M-38")["{}"] == Decimal("0.8000")
    assert rows(story, "M-39")[-1] == "04-24 15:00 26.6"
    assert rows(story, "M-40") == ["04-23 10:00 25.0"]
    assert rows(story, "M-41", template="NP")[-1] == "04-16 04:12 2.40"
    assert story.level("M-42")['{"template":"SE"}'] == Decimal("0.8000")
    assert story.level("M-42")["{}"] == Decimal("0.9333")


def test_data(story: Deals) -> None:
    assert rows(story, "M-45", metric="order_margin") == ["04-02 00:00 68.0", "05-02 00:00 92.0"]
    assert rows(story, "M-50", of="reports") == ["04-02 00:00 0.0800", "05-02 00:00 0.0070"]
    assert rows(story, "M-28", order="SO-0900") == ["04-01 12:00 1.50"]


def test_governed_metrics() -> None:
    """Two in use, of which one has no owner at first; what nobody reports does not count."""
    line = Line()
    line.begin("2026-04-01 08:00")
    reported = {"entity_key": "SO-1", "source_system": "FIN", "value": Decimal(1)}
    for metric in ("margin", "yield"):
        line.add("fact", "metric.value.reported", {"metric_id": metric, **reported})
    line.tick("2026-04-01 08:01")
    for metric, owner in (("margin", "data_steward"), ("yield", None), ("unused", "data_steward")):
        line.add("fact", "metric.defined", {"metric_id": metric, "version": 1, "formula": "a/b", "owner_role": owner})
    line.tick("2026-04-01 08:02")
    line.add("fact", "metric.defined", {"metric_id": "yield", "version": 2, "formula": "a", "owner_role": "ops"})
    line.tick("2026-04-01 08:03")
    assert line.rows("M-57") == [
        ("04-01 08:00", Decimal("0.0000")), ("04-01 08:01", Decimal("0.5000")), ("04-01 08:02", Decimal("1.0000")),
    ]  # fmt: skip


def test_customers(story: Deals) -> None:
    assert rows(story, "M-58", of="csat") == ["04-02 00:00 4.10", "05-02 00:00 4.70"]
    churn = rows(story, "M-59", customer="C-CN-02")
    assert "05-01 00:00 0.4256" in churn
    assert "05-01 08:30 0.8176" in churn
    assert churn[-1] == "05-05 00:00 0.8348"
    assert "04-23 11:00 3" in rows(story, "M-65", theme="noise")
    assert rows(story, "M-66", project="PRJ-0001") == ["04-16 11:00 0", "04-26 10:00 2"]


def test_service(story: Deals) -> None:
    assert rows(story, "M-62", equipment="EQ-CMP-07") == ["04-24 16:00 58.0"]
    assert rows(story, "M-62") == ["04-24 16:00 58.0", "04-30 11:03 31.0"]
    assert rows(story, "M-62.downtime")[-1] == "04-30 11:03 240"
    life = rows(story, "M-63", equipment="EQ-CMP-07", component="BRG")
    assert life[-3:] == ["04-21 06:00 14.5", "04-22 06:00 13.5", "04-25 06:00 None"]
    assert story.level("M-64")["{}"] == Decimal("0.5000")


def test_members(story: Deals) -> None:
    stages = ("PROSPECT", "NEW", "GROWTH", "MATURE", "DORMANT")
    assert [story.last("M-68", stage=stage) for stage in stages] == [1, 1, 1, 1, 1]
    assert rows(story, "M-68", stage="DORMANT") == ["04-15 00:00 1"]
    assert rows(story, "M-69", month="2026-04")[-1] == "04-28 12:00 183.33"
    open_ = [rows(story, "M-73", store="ST-018", priority=p)[0] for p in ("P1", "P2", "P3")]
    assert open_ == ["04-30 07:03 1", "04-29 09:00 1", "04-15 00:01 1"]
    assert rows(story, "M-73", store="ST-018")[-2:] == ["04-30 07:03 3", "04-30 11:03 2"]
