"""The borders of each metric follow the spine."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from unittest.mock import MagicMock

from sharedchain.fact import Fact
from streams.telemetry.setpoints import Setpoints
from streams.telemetry.thin import Limit


def fact(*setpoints: tuple[str, str | None, str | None, str | None], **changes: Any) -> Fact:
    names = ("parameter", "value", "tolerance", "unit")
    said = [
        {n: Decimal(v) if v is not None and n in ("value", "tolerance") else v for n, v in zip(names, one, strict=True)}
        for one in setpoints
    ]
    usual: dict[str, Any] = {
        "partition": 0, "seq": 1, "recorded": 1, "kind": "fact", "scope": "acme", "tenant": "acme",
        "type": "master.equipment.upserted", "id": "1", "source": "erp", "subject": "EQ-1", "time": 1,
        "data": {"equipment_id": "EQ-1", "setpoints": said or None},
    }  # fmt: skip
    return Fact(**usual | changes)


def test_the_newest_record_of_an_equipment_says_all_its_borders() -> None:
    one = Setpoints(MagicMock(), MagicMock())
    one.learn(fact(("t", "93.0", "2.0", "°C"), ("p", "9", None, None), ("x", None, "1", None)))
    assert one.limits == {
        ("acme", "EQ-1", "t"): Limit(910_000, 950_000, "°C"),
        ("acme", "EQ-1", "p"): Limit(90_000, 90_000, ""),
    }
    one.learn(fact(("t", "90", "-1", "°C")))
    assert one.limits == {("acme", "EQ-1", "t"): Limit(890_000, 910_000, "°C")}
    one.learn(fact(kind="refusal"))
    assert one.limits
    one.learn(fact())
    assert one.limits == {}
