"""`watch`: one line an event, ticks left out, what does not decode told and passed over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sharedchain.cli.watch import as_json, as_line, wanted
from sharedchain.envelope import Envelope
from sharedchain.errors import Refused
from sharedchain.schemas import Catalog
from sharedchain.subscription import Update

CATALOG = Catalog.load()


def update(kind: str, tenant: str = "acme", **data: Any) -> Update:
    envelope = Envelope(type=kind, id="1", source="s", subject="FC-BR", tenant=tenant, time=1_777_564_800_000)
    return Update(CATALOG.types[kind], envelope, data, "topic", 3, 9)


LIVE = update(
    "forecast.live.updated",
    version=2,
    new_total=Decimal("48000000.00"),
    project_part=Decimal("36000000.00"),
    experience_part=Decimal("12000000.00"),
    period_total=Decimal("172000000.00"),
    currency="CNY",
)


def test_a_live_update_in_both_languages() -> None:
    assert as_line(LIVE, "Asia/Shanghai", "zh") == (
        "2026-05-01 00:00 +08:00  acme  预测更新  FC-BR  v2 48,000,000.00 (4800万) CNY"
        " = 项目 3600万 + 经验 1200万; 期间合计 172,000,000.00 (1.72亿)"
    )
    assert "48,000,000.00 (48M) CNY = project 36M + experience 12M" in as_line(LIVE, "UTC", "en")


def test_an_alert_names_severity_rule_and_who_is_told() -> None:
    told = ["E000", "E010"]
    said: dict[str, Any] = {"severity": "RED", "rule_id": "R-03", "title_en": "below target", "recipients": told}
    line = as_line(update("alert.escalated", **said), "UTC", "en")
    assert line.endswith("ESCALATED  FC-BR  RED R-03 below target → E000, E010")


def test_json_lines_hold_envelope_place_and_exact_money() -> None:
    said = json.loads(as_json(LIVE))
    assert said["at"] == {"topic": "topic", "partition": 3, "offset": 9}
    assert (said["time"], said["data"]["new_total"]) == ("2026-04-30T16:00:00.000Z", "48000000.00")


class Stream:
    """Gives its items in turn; an exception among them is raised, and the next call goes on behind it."""

    def __init__(self, items: list[Update | Refused]) -> None:
        self._items = iter(items)

    def __iter__(self) -> Iterator[Update]:
        return self

    def __next__(self) -> Update:
        item = next(self._items)
        if isinstance(item, Refused):
            raise item
        return item


def test_ticks_other_tenants_and_broken_records_are_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    other = update("forecast.live.updated", tenant="other")
    items: list[Update | Refused] = [update("clock.ticked"), other, Refused("bad_frame", "no frame"), LIVE]
    assert list(wanted(Stream(items), "acme")) == [LIVE]
    assert capsys.readouterr().err == "? bad_frame: no frame\n"
    assert list(wanted(Stream([other, LIVE]), None)) == [other, LIVE]
