"""The page holds curve, red line and alert, and needs nothing from elsewhere."""

from __future__ import annotations

import re

from deploy.backtest.command import Window, known
from deploy.backtest.curve import Curve, Curves
from deploy.backtest.overlay import Candidate
from deploy.backtest.page import html
from deploy.backtest.reading import Material
from tests.core.line import Line
from tests.deploy.backtest.test_run import rule


def page(lang: str, title: str = "R-03") -> str:
    line = Line()
    line.begin("2026-04-19 09:00")
    line.target(200)
    for day, amount in ((20, 195), (21, 180), (22, 199)):
        line.tick(f"2026-04-{day} 10:00")
        line.forecast("DE", day, {"": amount})
        line.tick(f"2026-04-{day} 10:01")
    tried = Candidate(title, (rule("R-03"),), on=("R-03",))
    curves = Curves(tried.rules.values())
    found = known(Material(lambda: iter(line.facts)), [tried], Window(), True, curves)
    return html(
        title, found.alarms[0], curves, tried.rules, found.end, "zh" if lang == "zh" else "en", found.count.zone, []
    )


def test_the_curve_the_red_lines_and_the_alert_are_there() -> None:
    told = page("en")
    assert re.findall(r'class="mark (\w+)"', told) == ["YELLOW", "RED"]
    assert re.findall(r'class="bar (\w+)"', told) == ["YELLOW"]
    assert len(re.findall(r'class="line" points="([^"]+)"', told)[0].split()) == 3
    assert "forecast covers 90.00 % of the target" in told
    assert "Hindsight and what was known are alike" in told
    assert "预测覆盖率 90.00 %" in page("zh")


def test_it_needs_nothing_from_elsewhere_and_escapes_what_it_is_told() -> None:
    told = page("en", "<script>alert(1)</script>")
    assert not re.search(r"(?:src|href)=|https?://|<script", told)


def test_a_curve_of_any_length_has_so_many_buckets_and_loses_no_peak() -> None:
    curve = Curve()
    for at in range(100_000):
        curve.add(at * 60_000, 999.0 if at == 61_803 else float(at % 7))
    assert 100 < len(curve.buckets) <= 800
    assert max(one.high for one in curve.buckets) == 999.0
    assert min(one.low for one in curve.buckets) == 0.0
    assert curve.buckets == sorted(curve.buckets, key=lambda one: one.at)
