"""`watch`: one line an event, ticks left out, what does not decode told and passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len

from sharedchain.cli.watch import as_json, as_lines, wanted
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


def line(one: Update, zone: str, lang: str) -> str:
    """The lines of an update, unfolded; between wide signs a fold leaves no space."""
    text = " ".join(text.strip() for text in as_lines(one, zone, lang))
    return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", text)


def test_a_live_update_in_both_languages() -> None:
    assert as_lines(LIVE, "Asia/Shanghai", "zh") == [
        "2026-05-01 00:00 +08:00  acme  预测更新  FC-BR  v2 48,000,000.00 (4800万) CNY =",
        "    项目 3600万 + 经验 1200万; 期间合计 172,000,000.00 (1.72亿)",
    ]
    assert "48,000,000.00 (48M) CNY = project 36M + experience 12M" in line(LIVE, "UTC", "en")


def test_a_live_update_says_until_when_it_is_fresh_and_what_has_no_support() -> None:
    one = update(LIVE.type, **LIVE.data, stale_after=1_778_428_800_000, unsupported=["L2", "L3"])
    assert line(one, "Asia/Shanghai", "zh").endswith("2026-05-11 起算过期; ⚠ 无项目支撑的行 L2, L3")
    assert line(one, "UTC", "en").endswith("stale from 2026-05-10; ⚠ lines without project L2, L3")


def test_lines_that_lose_and_regain_their_support() -> None:
    said = {"forecast_id": "FC-BR", "line_id": "L2", "opportunity_id": "OPP-4"}
    lost = update("forecast.line.unsupported", **said, cause="LOST")
    assert line(lost, "UTC", "zh").endswith("无项目支撑  FC-BR  ✗ 行 L2 失去项目支撑：OPP-4 流失")
    back = update("forecast.line.cleared", **said, cause="DROPPED", left=["L3"])
    assert line(back, "UTC", "en").endswith("✓ line L2 cleared: no longer cited; still unsupported L3")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_wider_than_80(lang: str) -> None:
    told = ["E000", "E010", "E020", "E021"]
    title = {
        "title_zh": "2026Q2 预测覆盖率 80.00 %，低于 85.00 %",
        "title_en": "2026Q2 forecast covers 80.00 % of the target",
    }
    alert = update("alert.escalated", severity="RED", rule_id="R-03", recipients=told, **title)
    refused = update("record.rejected", reason="transition", field="to", text="FOLLOWING → SIGNED is not a move " * 3)
    for one in (LIVE, alert, refused):
        assert all(cell_len(text) <= 80 for text in as_lines(one, "Asia/Shanghai", lang))


def test_a_fact_of_the_lifecycle_is_told_in_words() -> None:
    said: dict[str, Any] = {
        "opportunity_id": "OPP-1",
        "amount": Decimal("48000000.00"),
        "currency": "CNY",
        "payment_terms": [],
    }
    assert line(update("opportunity.signed", **said), "UTC", "zh").endswith("FC-BR  签约 48,000,000.00 CNY")
    assert line(update("master.org.upserted", org_id="O"), "UTC", "en").endswith("master.org.upserted  FC-BR")


def test_an_alert_names_severity_rule_and_who_is_told() -> None:
    told = ["E000", "E010"]
    said: dict[str, Any] = {"severity": "RED", "rule_id": "R-03", "title_en": "below target", "recipients": told}
    text = line(update("alert.escalated", **said), "UTC", "en")
    assert text.endswith("ESCALATED  FC-BR  RED R-03 below target → E000, E010")


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
