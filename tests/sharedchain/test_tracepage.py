"""A trace at the terminal: 80 columns, both languages, alerts under the steps that caused them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.cells import cell_len

from gateway.chain import laid_out
from gateway.kin import chains, read
from gateway.side import alerts
from gateway.trail import Clock, steps
from sharedchain.display import Language
from sharedchain.trace import Trace, Whose
from sharedchain.tracepage import page
from tests.gateway.lead_to_cash import Log, alert, ms, quarter, told, utc

CLOCK = Clock(ms("05-05 23:59"), "Asia/Shanghai")
WHOSE = Whose(name="dongchen", timezone="Asia/Shanghai", currency="CNY", language="zh")
LOG = quarter()
FACTS = read(LOG.rows)
CITING = [one for one in FACTS if one.type.startswith("forecast.")]
AT = {one["type"]: one["seq"] for one in LOG.rows}
RANG = [
    alert("a30", "R-19", "OPP-0003", "05-03 15:00", "05-03 15:00", "raised", seq=AT["contract.created"], severity="RED",
          title_zh="合同未获批准", title_en="contract without approval"),
    alert("a30", "R-19", "OPP-0003", "05-03 15:00", "05-03 17:00", "resolved", seq=99, severity="RED"),
    alert("a25", "R-01", "FC-2026Q2-CN", "05-01 00:00", "05-01 00:00", "raised", seq=5001, title_zh="预测过期",
          title_en="forecast is stale"),
]  # fmt: skip
TOLD = [
    told("a30", "raised", "E010", "EMAIL"),
    told("a30", "raised", "E010", "INBOX"),
    told("a30", "raised", "E081", "IM"),
]
TOLD[-1]["outcome"] = "failed: 500"


def traced(*idents: str, rang: Sequence[dict[str, object]] = RANG) -> Trace:
    made = [laid_out(chains(FACTS, [one])[0], CITING, rang, TOLD, CLOCK) for one in idents]
    return Trace(asked="x", found_as="lead", tenant=WHOSE, as_of=utc("05-05 23:59"), chains=tuple(made))


def lines(trace: Trace, lang: Language = "zh") -> list[str]:
    return page(trace, "2026-05-05 23:59 +08:00", lang)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_wider_than_80(lang: Language) -> None:
    for line in lines(traced("OPP-0001", "OPP-0003", "OPP-0004"), lang):
        assert cell_len(line) <= 80, line


def test_the_head_says_what_a_director_asks() -> None:
    said = "\n".join(lines(traced("OPP-0001", rang=[])))
    for told_ in (
        "dongchen · Asia/Shanghai · 截至 2026-05-05 23:59 +08:00",
        "LEAD-0001 → OPP-0001 → CT-2026-0001 → AR-0001",
        "C-DE-01 · 48,000,000.00 (4800万) CNY · 已签约 · E001",
        "至今 33天1时，未结束",
        "跟进中 2天1时30分",
        "已收 14,400,000.00 / 48,000,000.00 (4800万) CNY（30.00 %）",
        "第 1 期 14,400,000.00，2026-05-03 到期，2026-05-05 结清",
        "线索 → 首笔回款 33天1时",
    ):
        assert told_ in said


def test_the_tree_in_chinese() -> None:
    said = lines(traced("OPP-0001", rang=[]))
    begin = next(n for n, line in enumerate(said) if "CA-0001 (CA) 发起" in line)
    assert said[begin : begin + 7] == [
        "├ 04-27 09:00 +4天22时30分 流程 CA-0001 (CA) 发起 · E010",
        "│                          ├ ✓ 法务审批 E081: 批准 04-27 15:00, 6时 限时内",
        "│                          └ ✓ 财务审批 E050: 批准 04-27 18:00, 9时 限时内",
        "├ 04-27 18:00 +9时         流程 CA-0001 结束：批准",
        "├ 04-29 14:00 +1天20时     签约 48,000,000.00 CNY",
        "│                          ├ 合同 CT-2026-0001 生效 48,000,000.00 CNY",
        "│                          └ 应收 AR-0001 48,000,000.00 CNY，3 期",
    ]


def test_an_alert_hangs_under_the_fact_that_caused_it_with_its_people() -> None:
    said = lines(traced("OPP-0003"), "en")
    at = next(n for n, line in enumerate(said) if "contract CT-2026-0002 BLOCKED (legal missing)" in line)
    folded = " ".join(line.lstrip("│├└ ") for line in said[at : at + 8])
    assert "■ RED R-19 contract without approval; told E010 (mail, inbox), E081 (IM ✗); resolved" in folded
    assert "05-03 17:00 (2h)" in folded
    rails = {line[27:28] for line in said[at + 1 : at + 5]}
    assert rails == {"│"}, "the receivable still comes below"


def test_what_rang_on_the_forecast_stands_with_the_forecast() -> None:
    said = lines(traced("OPP-0003"), "en")
    at = said.index("forecast FC-2026Q2-CN (2026Q2) cites it")
    assert [line[:14] for line in said[at + 1 :]] == ["├ 04-20 10:00 ", "├ 05-01 00:00 ", "└ 05-02 11:00 "]
    assert "R-01 forecast is stale" in said[at + 2]


def test_an_alert_that_no_step_caused_is_told_once_at_the_end() -> None:
    stray = alert("x", "R-99", "AR-0001/2", "05-04 00:00", "05-04 00:00", "raised", seq=7000, title_en="strange")
    said = lines(traced("OPP-0001", rang=[stray]), "en")
    assert said[-2:] == ["other alerts", "  05-04 00:00 ▲ YELLOW R-99 strange; open"]


def test_an_alert_hangs_under_what_was_said_last_before_it_rang() -> None:
    lost = next(one for one in CITING if one.n == 1)  # forecast.line.unsupported, derived of opportunity.lost
    rang = alert("a", "R-06", "FC", "05-02 09:00", "05-02 09:00", "raised", seq=lost.seq, n=2, title_en="no support")
    history = [one for one in FACTS if one.seq == lost.seq]
    trace = traced().model_copy(update={"history": steps(history, CLOCK), "alerts": alerts([rang], [], CLOCK)})
    assert [line.strip("│├└ ") for line in lines(trace, "en")[-3:]] == [
        "05-02 09:00              lost: Price",
        "✗ line L2 unsupported: OPP-0004 Lost",
        "▲ YELLOW R-06 no support; open",
    ]


@pytest.mark.parametrize(("actor", "said"), [("E007", " · E007"), ("crm", ""), ("", "")])
def test_an_actor_is_named_where_it_is_a_person(actor: str, said: str) -> None:
    rows = [row | {"actor": actor} for row in LOG.rows if row["type"] == "opportunity.signed"][:1]
    trace = traced().model_copy(update={"history": steps(read(rows), CLOCK)})
    assert lines(trace, "en")[-1].endswith(f"signed, 48,000,000.00 CNY{said}")


def test_a_lead_that_never_came_in_took_no_time() -> None:
    log = Log()
    log.refuse("04-05 09:00", "lead.captured", "LEAD-9", reason="missing_field", field="expected_amount")
    chain = laid_out(read(log.rows), [], [], [], CLOCK)
    said = lines(traced().model_copy(update={"chains": (chain,)}))
    assert said[2:] == ["LEAD-9", "被拒", "", "└ 04-05 09:00              ✗ 被拒 lead.captured：缺字段 expected_amount"]


def test_a_payment_that_waits_for_its_receivable_says_so() -> None:
    log = Log()
    log.add("05-05 09:00", "payment.received", "PAY-8", payment_id="PAY-8", amount="1.00", currency="CNY")
    log.rows[0]["kind"] = "parked"
    chain = laid_out(read(log.rows), [], [], [], CLOCK)
    said = lines(traced().model_copy(update={"chains": (chain,)}), "en")
    assert said[2] == "PAY-8"
    assert said[-1].endswith("payment PAY-8, 1.00 CNY (waits for its parent)")


def test_what_was_paid_too_much_is_told() -> None:
    (chain,) = traced("OPP-0001").chains
    assert chain.cash is not None
    over = chain.model_copy(update={"cash": chain.cash.model_copy(update={"surplus": "6400000.00"})})
    said = " ".join(line.strip() for line in lines(traced().model_copy(update={"chains": (over,)}), "en"))
    assert "6,400,000.00 too much" in said


def test_a_lost_line_is_marked_and_the_version_that_drops_it() -> None:
    said = lines(traced("OPP-0004", rang=[]))
    assert said[-3:] == [
        "├ 04-20 10:00 第 1 版 L2 12,000,000.00 (1200万) CNY",
        "├ 05-02 09:00 ✗ 行 L2 失去项目支撑：OPP-0004 流失",
        "└ 05-02 11:00 第 2 版不再引用",
    ]


def test_what_rang_on_an_id_of_no_chain_is_told_though_no_fact_of_it_caused_it() -> None:
    rang = alerts(
        [alert("a", "R-03", "2026Q2", "04-20 10:01", "04-20 10:01", "raised", seq=9000, title_en="low")], [], CLOCK
    )
    said = lines(traced().model_copy(update={"history": steps(CITING, CLOCK), "alerts": rang}), "en")
    assert said[-2:] == ["other alerts", "  04-20 10:01 ▲ YELLOW R-03 low; open"]


def test_history_and_what_is_left_off() -> None:
    trace = traced().model_copy(
        update={"asked": "FC-2026Q2-CN", "history": steps(CITING, CLOCK), "left_off": 3, "truncated": True}
    )
    said = lines(trace, "en")
    assert said[2] == "records of FC-2026Q2-CN"
    assert said[-2:] == [
        "3 more chains are not shown: ask with a more specific id",
        "more records than are read at once: ask with a more specific id",
    ]


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "无应收：签约未含付款条款"), ("en", "no receivable: the deal has no payment terms")]
)
def test_a_deal_without_terms_says_why_nothing_is_owed(lang: Language, said: str) -> None:
    trace = traced("OPP-0001")
    (chain,) = trace.chains
    bare = trace.model_copy(update={"chains": (chain.model_copy(update={"cash": None, "unbilled": True}),)})
    assert any(line.startswith(said) for line in lines(bare, lang))
    assert not any(line.startswith(said) for line in lines(trace, lang))
