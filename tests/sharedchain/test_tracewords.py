"""One sentence a step, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.trail import SAID
from sharedchain.display import Language
from sharedchain.trace import Source, Step
from sharedchain.tracewords import _STEPS, told, word

SOURCE = Source(partition=0, seq=1, event_id="e", published_by="crm")


def step(kind: str, subject: str = "X-1", state: Any = "accepted", **said: Any) -> Step:
    said = {name.rstrip("_"): value for name, value in said.items()}
    return Step(type=kind, subject=subject, state=state, at="t", local="l", said=said, source=SOURCE)


@pytest.mark.parametrize(
    ("one", "zh", "en"),
    [
        (
            step("opportunity.signed", amount="48000000.00", currency="CNY"),
            "签约 48,000,000.00 CNY",
            "signed, 48,000,000.00 CNY",
        ),
        (step("opportunity.stage.changed", from_="BIDDING", to="IN_REVIEW"), "投标 → 评审中", "Bidding → In review"),
        (step("opportunity.lost", reason="PRICE", competitor="Y"), "流失：价格 Y", "lost: Price Y"),
        (step("opportunity.lost", reason="PRICE"), "流失：价格", "lost: Price"),
        (
            step(
                "contract.created", "CT-2026-0002", status="BLOCKED", missing=["legal"], amount="1.00", currency="CNY"
            ),
            "合同 CT-2026-0002 锁定（缺 legal） 1.00 CNY",
            "contract CT-2026-0002 BLOCKED (legal missing), 1.00 CNY",
        ),
        (step("contract.created", "CT-1", status="EFFECTIVE"), "合同 CT-1 生效", "contract CT-1 effective"),
        (
            step("receivable.settled", instalment_no=1, days=2),
            "第 1 期结清（晚 2 天）",
            "instalment 1 settled, 2 d late",
        ),
        (
            step("receivable.settled", instalment_no=1, days=-3),
            "第 1 期结清（早 3 天）",
            "instalment 1 settled, 3 d early",
        ),
        (step("receivable.settled", instalment_no=1, days=0), "第 1 期结清", "instalment 1 settled"),
        (
            step(
                "payment.allocated",
                parts=[{"instalment_no": 1, "amount": "5.00", "left": "0.00"}],
                outstanding="0.00",
                surplus="2.00",
            ),
            "核销 第 1 期 5.00；未收 0.00；多付 2.00",
            "paid no. 1 5.00; open 0.00; 2.00 too much",
        ),
        (
            step(
                "record.rejected", state="refused", original_type="opportunity.signed", reason="evidence", value="brief"
            ),
            "✗ 被拒 opportunity.signed：缺少关口凭证 brief",
            "✗ refused opportunity.signed: gate evidence missing brief",
        ),
        (
            step(
                "record.rejected",
                state="refused",
                original_type="payment.received",
                reason="domain",
                value="EUR",
                field="currency",
            ),
            "✗ 被拒 payment.received：currency 数值不成立 EUR",
            "✗ refused payment.received: currency cannot be EUR",
        ),
        (step("order.placed", "SO-1"), "order.placed SO-1", "order.placed SO-1"),
    ],
)
def test_told(one: Step, zh: str, en: str) -> None:
    assert (told(one, "zh"), told(one, "en")) == (zh, en)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", _STEPS)
def test_a_step_that_says_nothing_still_reads(kind: str, lang: Language) -> None:
    text = told(step(kind), lang)
    assert text
    assert "None" not in text
    assert "{" not in text


def test_every_type_whose_fields_are_picked_has_words() -> None:
    assert SAID.keys() - _STEPS.keys() == set()
    assert _STEPS.keys() - SAID.keys() == set()


def test_a_code_without_a_label_is_said_as_it_is() -> None:
    assert (word("SIGNED", "zh"), word("APPROVED", "en", "case_decision")) == ("已签约", "Approved")
    assert (word("WEIRD", "zh"), word("X", "en", "no_such_domain")) == ("WEIRD", "X")
