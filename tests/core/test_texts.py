from __future__ import annotations

from decimal import Decimal

import pytest

from sharedchain.core.texts import compile_text, money, names, number, pct, percent, render

CONTEXT = {"currency": "CNY", "timezone": "Asia/Shanghai", "value": Decimal("0.8900")}


@pytest.mark.parametrize(
    ("amount", "zh", "en"),
    [
        ("178000000.00", "CNY 1.78亿", "CNY 178M"),
        ("22000000.00", "CNY 2200万", "CNY 22M"),
        ("-1500.50", "CNY -1500.5", "CNY -1.5005K"),
        ("2500000000", "CNY 25亿", "CNY 2.5B"),
        ("0.00", "CNY 0", "CNY 0"),
    ],
)
def test_money_as_people_read_it(amount: str, zh: str, en: str) -> None:
    assert (money(Decimal(amount), "CNY", "zh"), money(Decimal(amount), "CNY", "en")) == (zh, en)


def test_shares_and_numbers() -> None:
    assert (pct(Decimal("0.8900")), pct(Decimal("-0.06977")), number(Decimal("11.0000"))) == (
        "89.00 %",
        "-6.98 %",
        "11",
    )
    assert (percent(Decimal("65")), percent(Decimal("12.345"))) == ("65.00 %", "12.35 %")
    assert (pct(None), percent(None), number(None), money(None)) == ("—", "—", "—", "—")


def test_the_language_and_zone_of_the_reader() -> None:
    text = compile_text("{{ value|pct }} {{ amount|money }} {{ at|localtime }}")
    context = {**CONTEXT, "amount": Decimal(178_000_000), "at": 1_777_564_800_000}
    assert render(text, context, "zh") == "89.00 % CNY 1.78亿 2026-05-01 00:00 +08:00"
    assert render(text, context, "en") == "89.00 % CNY 178M 2026-05-01 00:00 +08:00"
    computed = context | {"at": Decimal("1777564800000.0000")}
    assert render(text, computed, "en") == render(text, context, "en")


@pytest.mark.parametrize("source", ["{{ nothing }}", "{{ message.absent.deeper }}", "{{ value|money|pct }}"])
def test_what_is_not_there_is_an_error(source: str) -> None:
    with pytest.raises(ValueError, match="text:"):
        render(compile_text(source), {**CONTEXT, "message": {}}, "zh")


def test_no_way_out_of_the_sandbox() -> None:
    for source in ("{{ ().__class__.__mro__ }}", "{{ value.__class__ }}", "{% include 'x' %}", "{{ range(10) }}"):
        with pytest.raises(ValueError, match=r"text:|line"):
            render(compile_text(source), CONTEXT, "zh")


def test_a_stranger_cannot_make_it_endless_or_a_template() -> None:
    said = render(compile_text("{{ message.text }}"), {**CONTEXT, "message": {"text": "{{ 7 * 7 }}" * 9_000}}, "en")
    assert said.startswith("{{ 7 * 7 }}")
    assert len(said) == 2_000


def test_a_template_that_does_not_parse() -> None:
    with pytest.raises(ValueError, match="mend the template"):
        compile_text("{{ value|permille }}")


def test_the_names_a_template_reads() -> None:
    found = {name for name, _ in names("{{ message.a.b }} {{ m['M-09']|money }} {{ value }}")}
    assert {"message.a", "m.M-09", "value"} <= found
