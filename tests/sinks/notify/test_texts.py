"""What people read, and what nobody can smuggle into it."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sharedchain.explanation import sections
from sharedchain.links import confirm_path, verify
from sinks.notify.delivery import Delivery
from sinks.notify.texts import Words, compose, cut, one_line, plain
from tests.sinks.rig import alert

WORDS = Words("http://127.0.0.1:8080", "canary-secret")


def told(**changes: str) -> Delivery:
    return Delivery(alert(1, **changes), "EMAIL", "E002", "e002@example.com")


def test_subject_and_text_are_in_both_languages() -> None:
    made = compose((told(),), WORDS)
    assert made.subject == "[红线 RED] 预测过期 / Forecast is stale"
    for part in ("请更新预测。", "Please refresh the forecast.", "R-01", "forecast 1", "11 天 days", "alert-1"):
        assert part in made.text
    assert made.links == ()


def test_the_time_is_that_of_the_company() -> None:
    delivery = told(explain='{"timezone":"Asia/Shanghai"}', owner="role:sales_director")
    there = datetime.fromtimestamp(delivery.alert.recorded / 1000, ZoneInfo("Asia/Shanghai"))
    made = compose((delivery,), WORDS)
    assert f"{there:%Y-%m-%d %H:%M} +08:00 · 负责人 owner sales_director" in made.text


def test_the_link_is_signed_for_its_reader_and_only_in_the_body() -> None:
    made = compose((told(link=confirm_path("acme", "FC-BR", 3, "E099")),), WORDS)
    (link,) = made.links
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert verify("canary-secret", "acme", "FC-BR", 3, "E002", asked["sig"])
    assert link in made.body
    assert asked["sig"] not in made.text
    assert "canary-secret" not in made.body


def test_a_title_cannot_start_a_header_or_a_line() -> None:
    made = compose((told(title_zh="x\r\nBcc: all@example.com", subject="a\x1b[31m\nRULE: y"),), WORDS)
    assert made.subject == "[红线 RED] x Bcc: all@example.com / Forecast is stale"
    assert "\x1b" not in made.text
    assert "\nRULE" not in made.text


def test_several_alerts_in_one_message_name_them_all() -> None:
    made = compose(tuple(Delivery(alert(n), "IM", "E002", "x") for n in range(3)), WORDS)
    assert made.subject.startswith("3 条告警 alerts")
    assert all(f"alert-{n}" in made.text for n in range(3))
    assert made.id == "alert-0.raised.E002+2"


@given(st.text(), st.integers(3, 40))
def test_cutting_keeps_to_bytes_and_characters(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short.encode(errors="replace")) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert all(c.isprintable() or c in "\n\t" for c in plain(text))


def test_a_flood_is_cut() -> None:
    made = compose((told(text_zh="字" * 50_000, title_zh="题" * 5_000),), WORDS)
    assert len(made.text.encode()) <= 16_000
    assert len(made.subject.encode()) <= 300


def test_why_it_rang_stands_in_the_mail_as_everywhere_else() -> None:
    bands = [{"severity": "RED", "sign": ">", "threshold": "10", "truth": True}]
    why = {
        "conditions": [{"op": "band", "measure": "M-15", "value": "11", "bands": bands, "truth": True}],
        "sources": [{"partition": 3, "seq": 7}],
        "clears": {"by": "acknowledgement"},
    }
    made = compose((told(explain=json.dumps(why)),), WORDS)
    for title, said in sections(why, "en"):
        assert title in made.text
        assert all(f"  {line}" in made.text for line in said)


def test_an_explanation_that_is_none_is_left_out() -> None:
    assert "Conditions" not in compose((told(explain="not json"),), WORDS).text
    assert "Conditions" not in compose((told(explain="[]"),), WORDS).text


def test_a_word_of_a_stranger_in_the_explanation_stays_on_its_line() -> None:
    why = {
        "conditions": [{"op": "all", "cel": "x", "values": {"message.a": "a\r\nBcc: b@c" + "z" * 900}, "truth": True}]
    }
    text = compose((told(explain=json.dumps(why)),), WORDS).text
    assert "\nBcc" not in text
    assert max(map(len, text.splitlines())) <= 300
