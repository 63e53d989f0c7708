"""What alerts, inbox, metric and forecasts print, in 80 columns and both languages."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from sharedchain.cli import run
from sharedchain.cli.metric import no_measure, quantity
from tests.sharedchain.test_reader import ENDS

WHOSE = {"name": "acme", "timezone": "Asia/Shanghai", "currency": "CNY", "language": "zh"}
FRAME: dict[str, Any] = {"tenant": WHOSE, "as_of": "2026-05-02T03:01:00.000Z"}
ALERT = {
    "alert_id": "a",
    "rule_id": "R-03",
    "subject": "2026Q2",
    "severity": "RED",
    "state": "open",
    "title_zh": "预测低于目标",
    "title_en": "Forecast below target",
    "value": "0.8000",
    "value_text": "80 %",
    "at": "2026-05-02T03:01:00.000Z",
    "opened_at": "2026-04-20T02:01:00.000Z",
    "recipients": ["E000", "E010"],
}
FORECAST = {
    "forecast_id": "FC-2026Q2-BR",
    "version": 1,
    "period": "2026Q2",
    "currency": "CNY",
    "new_total": "54000000.00",
    "project_part": "36000000.00",
    "experience_part": "18000000.00",
    "period_total": "178000000.00",
    "refreshed_at": "2026-04-20T02:00:00.000Z",
    "age_days": 11,
    "stale": True,
    "unsupported_lines": [],
}
GAUGE = {
    "dims": {"period": "2026Q2"},
    "minute": "2026-05-02T03:00:00.000Z",
    "value": "160000000.0000",
    "unit": "CNY",
    "corrected": False,
}
MESSAGE = {
    "alert_id": "a",
    "transition": "raised",
    "subject": "预测已过期",
    "text": "请更新：\nhttp://127.0.0.1:8000/v1/forecasts/FC-2026Q2-BR/confirm?tenant=acme&version=1&recipient=E002&sig="
    + "0" * 64,
    "at": "2026-04-30T16:00:00.000Z",
}


class Gateway:
    """Stands for `sharedchain.reader.read`: one answer, and what was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, endpoints: Any, path: str, params: dict[str, Any]) -> Any:
        self.asked.append((path, {name: value for name, value in params.items() if value is not None}))
        return self.answer


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    ENDS.model_copy(update={"home": tmp_path}).save()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, home: Path, answer: Any, *words: str) -> Gateway:
    gateway = Gateway(answer)
    monkeypatch.setattr("sharedchain.reader.read", gateway)
    assert run([*words, "--home", str(home)]) == 0
    return gateway


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def test_alerts_in_english(monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resolved = ALERT | {"state": "resolved", "severity": "YELLOW"}
    answered = ALERT | {"acknowledged": {"by": "E010", "at": "2026-05-02T02:00:00.000Z"}}
    items = [ALERT, resolved, answered]
    gateway = call(monkeypatch, home, FRAME | {"items": items}, "alerts", "--open", "--tenant", "acme")
    assert gateway.asked == [("/v1/alerts", {"state": "open", "tenant": "acme"})]
    out = capsys.readouterr().out
    assert "Alerts · acme · Asia/Shanghai · as of 2026-05-02 11:01 +08:00" in out
    assert re.search(r"2026-04-20 10:01\s+■ RED\s+R-03\s+2026Q2\s+Forecast", out)
    assert "▲ YELLOW" in out
    assert "[resolved" in out
    assert re.search(r"\[acknowledged by E010 05-02\s+10:00\]", out)


def test_a_listing_of_alerts_says_who_was_told(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd = ALERT | {"recipients": [f"E{number}" for number in range(6)]}
    call(monkeypatch, home, FRAME | {"items": [ALERT, crowd, ALERT | {"recipients": []}]}, "alerts")
    out = " ".join(capsys.readouterr().out.split())
    assert "→ E000, E010 " in out
    assert "→ E0, E1, E2, E3 +2" in out
    assert out.count("[told nobody]") == 1


def test_a_word_that_rang_is_shown_unless_the_title_says_it(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = ALERT | {
        "value": None,
        "rule_id": "R-06",
        "subject": "FC-CN",
        "value_text": "OPP-0004 LOST",
        "title_en": "no support",
    }
    said = ALERT | {
        "value": None,
        "rule_id": "R-19",
        "subject": "OPP-3",
        "value_text": "legal",
        "title_en": "legal is missing",
    }
    call(monkeypatch, home, FRAME | {"items": [lost, said]}, "alerts")
    out = capsys.readouterr().out
    assert re.search(r"R-06\s+FC-CN\s+OPP-0004 LOST · no support", out)
    assert re.search(r"R-19\s+OPP-3\s+legal is missing", out)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_messages_fit_80_columns_but_for_links(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    long = {
        "zh": "合同尚未批准：法务未完成，请尽快处理。" * 6,
        "en": "the contract is not approved: legal is missing. " * 6,
    }
    message = MESSAGE | {"subject": long[lang], "text": f"{long[lang]}\n\n{MESSAGE['text']}"}
    call(monkeypatch, home, FRAME | {"items": [message]}, "inbox", "E002", "--lang", lang)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if width(line) > 80] == [line for line in lines if "&sig=" in line]
    assert sum("&sig=" in line for line in lines) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("words", "items"),
    [
        (("alerts",), [ALERT, ALERT | {"severity": "YELLOW", "state": "resolved"}]),
        (("forecasts",), [FORECAST, FORECAST | {"stale": False, "unsupported_lines": [{"line_id": "L1"}]}]),
        (("metric", "M-09"), [GAUGE, GAUGE | {"value": None}]),
        (("metric", "M-05"), [GAUGE | {"dims": {"pair": "PROJECT_APPROVED>IN_REVIEW"}, "value": "178000000.0000"}]),
    ],
)
def test_tables_fit_80_columns(
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    lang: str,
    words: tuple[str, ...],
    items: list[Any],
) -> None:
    name = {"zh": "预测未更新天数", "en": "days since the forecast was refreshed"}
    answer = FRAME | {"items": items, "metric_id": "M-15", "kind": "gauge", "name": name}
    call(monkeypatch, home, answer, *words, "--lang", lang)
    out = capsys.readouterr().out
    assert out
    for line in out.splitlines():
        assert width(line) <= 80, line


def test_forecasts_in_chinese(monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(monkeypatch, home, FRAME | {"items": [FORECAST]}, "forecasts", "--lang", "zh")
    out = capsys.readouterr().out
    for told in ("FC-2026Q2-BR", "5400万", "3600万", "1800万", "04-20 10:00 +08:00", "⚠ 已过期 11 天"):
        assert told in out
    assert "期间合计: 2026Q2 CNY 178,000,000.00 (1.78亿)" in out


def test_metric_asks_for_its_moment_and_dims(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = FRAME | {"items": [GAUGE], "metric_id": "M-09", "kind": "gauge", "name": {"en": "forecast total"}}
    words = ("metric", "M-09", "--at", "2026-05-02T11:00:00+08:00", "--as-known", "2026-05-03T00:00:00Z")
    gateway = call(monkeypatch, home, answer, *words, "--dims", "period=2026Q2", "--dims", "region=BR")
    asked = {"at": "2026-05-02T11:00:00+08:00", "as_known": "2026-05-03T00:00:00Z", "tenant": "default"}
    assert gateway.asked == [("/v1/metrics/M-09", asked | {"dims": ["period=2026Q2", "region=BR"]})]
    out = capsys.readouterr().out
    assert "M-09 forecast total\nacme · Asia/Shanghai · as of 2026-05-02 11:00 +08:00\n" in out
    assert re.search(r"period=2026Q2\s+2026-05-02 11:00\s+160,000,000.00 CNY\s+160M", out)


def test_metric_shows_only_the_dimensions_asked_for(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [GAUGE | {"dims": one} for one in ({}, {"period": "2026Q2"}, {"period": "2026Q2", "region": "BR"})]
    answer = FRAME | {"items": rows, "metric_id": "M-09", "kind": "gauge", "name": {"en": "forecast total"}}
    call(monkeypatch, home, answer, "metric", "M-09", "--by", "region", "--by", "period", "--json")
    assert [one["dims"] for one in json.loads(capsys.readouterr().out)["items"]] == [rows[2]["dims"]]
    assert run(["metric", "M-09", "--by", "owner", "--home", str(home)]) == 2
    assert "not by owner: there is" in capsys.readouterr().err


def test_a_flow_shows_the_minute_and_the_total(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = GAUGE | {"dims": {}, "value": "2.0000", "total": "10.0000", "unit": "leads", "corrected": True}
    call(
        monkeypatch, home, FRAME | {"items": [item], "metric_id": "M-01", "kind": "flow", "name": {}}, "metric", "M-01"
    )
    assert re.search(r"\(whole\)\s+2026-05-02 11:00\s+2 leads \(corrected\)\s+10 leads", capsys.readouterr().out)


def test_links_in_the_inbox_are_not_broken(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = call(monkeypatch, home, FRAME | {"items": [MESSAGE]}, "inbox", "E002", "--tenant", "acme", "--lang", "zh")
    assert gateway.asked == [("/v1/inbox", {"recipient": "E002", "tenant": "acme", "limit": "50"})]
    out = capsys.readouterr().out
    assert "&sig=" + "0" * 64 in out
    assert "2026-05-01 00:00 +08:00  新告警  预测已过期" in out


@pytest.mark.parametrize(
    ("words", "next_command"),
    [
        (("alerts",), "sharedchain watch alerts"),
        (("alerts", "--open"), "sharedchain alerts"),
        (("inbox", "E009"), "sharedchain alerts"),
        (("metric", "M-99"), "sharedchain forecasts"),
        (("forecasts",), "sharedchain publish forecast.published"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_empty_answer_names_the_next_command(
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    lang: str,
    words: tuple[str, ...],
    next_command: str,
) -> None:
    answer = FRAME | {"items": [], "metric_id": "M-99", "kind": "gauge", "name": {"zh": "总额", "en": "total"}}
    call(monkeypatch, home, answer, *words, "--lang", lang)
    out = capsys.readouterr().out
    assert next_command in out
    assert "acme" in out  # whoever forgot --tenant sees whose nothing this is
    assert "--tenant" in out


def test_a_measure_that_nobody_declared_is_an_error(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = Gateway(FRAME | {"items": [], "metric_id": "M-99", "kind": "gauge", "name": {}})
    monkeypatch.setattr("sharedchain.reader.read", gateway)
    assert run(["metric", "M-99", "--home", str(home)]) == 2
    assert capsys.readouterr().err == "sharedchain: no measure M-99: `sharedchain metric` lists them\n"


@pytest.mark.parametrize(
    ("unit", "value", "zh", "en"),
    [
        ("ratio", "0.8000", "80.00 %", "80.00 %"),
        ("ratio", "-0.03371", "-3.37 %", "-3.37 %"),
        ("d", "19.0", "19 天", "19 d"),
        ("h", "37.5000", "37.50 小时", "37.50 h"),
        ("opportunities", "3", "3 个商机", "3 opportunities"),
        ("opportunities", "1.0", "1 个商机", "1 opportunity"),
        ("leads", "1", "1 条线索", "1 lead"),
        ("CNY", "160000000.0000", "160,000,000.00 CNY", "160,000,000.00 CNY"),
    ],
)
def test_values_are_shown_in_the_units_that_people_read(unit: str, value: str, zh: str, en: str) -> None:
    assert (quantity(value, unit, "zh"), quantity(value, unit, "en")) == (zh, en)


def test_the_whole_comes_first_and_stages_in_the_order_of_the_flow(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dims = [{"stage": "BIDDING"}, {"stage": "SIGNED"}, {"stage": "FOLLOWING"}, {}, {"product": ""}]
    items = [GAUGE | {"dims": one, "value": "3", "unit": "opportunities"} for one in dims]
    answer = FRAME | {"items": items, "metric_id": "M-04", "kind": "gauge", "name": {"zh": "商机数"}}
    call(monkeypatch, home, answer, "metric", "M-04", "--lang", "zh")
    firsts = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()[3:]]
    assert firsts == [
        "（整体）",
        "product=（无）",
        "stage=FOLLOWING 跟进中",
        "stage=BIDDING 投标",
        "stage=SIGNED 已签约",
    ]


def test_a_column_that_would_be_empty_is_left_out(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = GAUGE | {"value": "0.8000", "unit": "ratio"}
    answer = FRAME | {"items": [item], "metric_id": "M-14", "kind": "gauge", "name": {"en": "coverage"}}
    call(monkeypatch, home, answer, "metric", "M-14")
    out = capsys.readouterr().out
    assert "80.00 %" in out
    assert "about" not in out


def test_metric_without_an_id_lists_what_there_is(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = {"id": "M-14", "kind": "gauge", "unit": "ratio", "name": {"zh": "目标覆盖率"}, "dims": [["period"], []]}
    gateway = call(monkeypatch, home, {"items": [one]}, "metric", "--lang", "zh")
    assert gateway.asked == [("/v1/metrics", {})]
    assert re.search(r"M-14\s+目标覆盖率\s+比率\s+period; （整体）", capsys.readouterr().out)
    call(monkeypatch, home, {"items": []}, "metric")
    assert "rules/measures/" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("alerts",), ("inbox", "E"), ("metric", "M-09"), ("forecasts",)])
def test_json_is_the_gateways_answer(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    call(monkeypatch, home, FRAME | {"items": []}, *words, "--json")
    assert json.loads(capsys.readouterr().out) == FRAME | {"items": []}


@pytest.mark.parametrize("words", [("alerts",), ("inbox", "E"), ("metric", "M-09"), ("forecasts",)])
def test_a_gateway_that_is_down_is_one_line_and_exit_2(
    home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert run([*words, "--home", str(home)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"sharedchain: the gateway at http://127.0.0.1:1 does not answer: .*`sharedchain up`\n", err)


def test_a_fault_says_its_kind_in_chinese(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alerts", "--home", str(home), "--lang", "zh"]) == 2
    assert capsys.readouterr().err.startswith("sharedchain: 连接不上：the gateway at ")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("M-03", "did you mean M-03.max, M-03.p50?"),
        ("m-20", "did you mean M-20?"),
        ("weather", "`sharedchain metric` lists them"),
    ],
)
def test_an_id_of_no_measure_is_told_with_those_it_may_mean(asked: str, said: str) -> None:
    assert said in str(no_measure(asked, ["M-03.max", "M-03.p50", "M-20", "M-20.signed"], "en"))
