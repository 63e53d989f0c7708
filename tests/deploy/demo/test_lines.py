"""What the narrator says of each fact, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.demo import lines
from sharedchain.dictionary import load_dictionaries

STAGES = load_dictionaries()["opportunity_stage"]
DEAL = {"opportunity_id": "OPP-1", "lead_id": "LEAD-1", "customer_id": "C-1", "prospect_name": None}
PARTS = [{"no": 1, "amount": "14400000.00", "due_date": "2026-05-03"}, {"no": 2, "amount": "1.00"}]
PAID = {"receivable_id": "AR-1", "parts": [{"instalment_no": 1, "amount": "14400000.00"}], "outstanding": "33600000.00"}
CLOSED = {"case_id": "CA-1", "duration_min": 540, "nodes_on_time": 2, "nodes_total": 2}
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "opportunity.created",
        {**DEAL, "amount": "48000000.00", "contact_ids": ["a", "b", "c"]},
        "OPP-1 ← LEAD-1 C-1 48,000,000 · 3 次接触",
        "OPP-1 ← LEAD-1 C-1 48,000,000 · 3 contacts",
    ),
    (
        "opportunity.created",
        {**DEAL, "customer_id": None, "prospect_name": "Someone", "amount": "0.50", "contact_ids": []},
        "OPP-1 ← LEAD-1 Someone 0.50",
        "OPP-1 ← LEAD-1 Someone 0.50",
    ),
    (
        "opportunity.stage.changed",
        {"opportunity_id": "OPP-1", "from": "FOLLOWING", "to": "PROJECT_APPROVED"},
        "OPP-1 跟进中 → 已立项",
        "OPP-1 following → project approved",
    ),
    (
        "contract.created",
        {"contract_id": "CT-1", "amount": "30000000.00", "missing": []},
        "合同 CT-1 30,000,000 生效",
        "contract CT-1 30,000,000 effective",
    ),
    (
        "contract.created",
        {"contract_id": "CT-1", "amount": "30000000.00", "missing": ["legal"]},
        "合同 CT-1 30,000,000 锁定，缺 legal",
        "contract CT-1 30,000,000 blocked, missing: legal",
    ),
    ("contract.approved", {"contract_id": "CT-1"}, "合同 CT-1 生效", "contract CT-1 is effective"),
    (
        "receivable.created",
        {"receivable_id": "AR-1", "total": "14400001.00", "instalments": PARTS},
        "应收 AR-1 14,400,001，2 期，首期 14,400,000 2026-05-03 到期",
        "receivable AR-1 14,400,000 of 14,400,001 due 2026-05-03",
    ),
    (
        "receivable.created",
        {"receivable_id": "AR-1", "total": "14400000.00", "instalments": PARTS[:1]},
        "应收 AR-1 14,400,000，2026-05-03 到期",
        "receivable AR-1 14,400,000 of 14,400,000 due 2026-05-03",
    ),
    (
        "receivable.overdue",
        {"receivable_id": "AR-1", "instalment_no": 1, "days": 1, "amount": "14400000.00"},
        "AR-1/1 逾期 1 天 14,400,000",
        "AR-1/1 is 1 day overdue: 14,400,000",
    ),
    (
        "payment.allocated",
        {**PAID, "surplus": "0.00"},
        "AR-1/1 已收 14,400,000 · 未收 33,600,000",
        "AR-1/1 paid 14,400,000 · outstanding 33,600,000",
    ),
    (
        "payment.allocated",
        {"receivable_id": "AR-1", "parts": [], "outstanding": "0.00", "surplus": "5.00"},
        "AR-1 · 未收 0 · 多收 5",
        "AR-1 · outstanding 0 · surplus 5",
    ),
    (
        "case.closed",
        {**CLOSED, "outcome": "APPROVED"},
        "CA-1 批准 · 用时 9.0 小时，按时 2/2",
        "CA-1 approved · in 9.0 h, on time 2/2",
    ),
]


@pytest.mark.parametrize(("kind", "data", "zh", "en"), CASES)
def test_a_fact_is_told(kind: str, data: dict[str, Any], zh: str, en: str) -> None:
    assert lines.line(kind, data, STAGES, zh=True) == zh
    assert lines.line(kind, data, STAGES, zh=False) == en


def test_every_told_type_has_its_line() -> None:
    assert {kind for kind, *_ in CASES} == set(lines.TOLD)
    assert lines.line("master.org.upserted", {}, STAGES, zh=False) == ""


def test_what_a_subscriber_receives() -> None:
    data = {"forecast_id": "FC-1", "version": 2, "new_total": "48000000.00", "period_total": "172000000.00"}
    assert lines.update(data, "E020", zh=True) == "E020 收到 FC-1 v2 48,000,000 · 期合计 172,000,000"
    assert lines.update(data, "E020", zh=False) == "E020 gets FC-1 v2 48,000,000 · total 172,000,000"
