"""What one step of a trace says to people, in Chinese and English: the words, no layout."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sharedchain.dictionary import load_dictionaries
from sharedchain.display import Language, thousands
from sharedchain.trace import Step

# event type → (zh, en); {names} are filled by `_values`, what is not said stays empty
_STEPS: Mapping[str, tuple[str, str]] = {
    "lead.captured": ("线索 {subject} 录入 {money}{who}", "lead {subject} captured, {money}{who}"),
    "lead.contact.logged": ("联系 {contact_id} {channel}", "contact {contact_id} {channel}"),
    "lead.disqualified": ("线索作废：{reason}", "lead disqualified: {reason}"),
    "lead.converted": ("线索转为商机 {opportunity_id}", "lead converted to {opportunity_id}"),
    "opportunity.opened": ("商机 {subject} 登记 {money}", "opportunity {subject} brought in, {money}"),
    "opportunity.created": ("商机 {subject} 建立 {money}，{stage}", "opportunity {subject} created, {money}, {stage}"),
    "opportunity.stage.changed": ("{from} → {to}{evidence}", "{from} → {to}{evidence}"),
    "opportunity.amount.changed": ("金额 {old} → {new}：{reason}", "amount {old} → {new}: {reason}"),
    "opportunity.signed": ("签约 {money}", "signed, {money}"),
    "opportunity.lost": ("流失：{lost_reason} {competitor}", "lost: {lost_reason} {competitor}"),
    "contract.created": ("合同 {subject} {status}{missing} {money}", "contract {subject} {status}{missing}, {money}"),
    "contract.approved": ("合同 {subject} 生效（{case_id} 批准）", "contract {subject} effective ({case_id} approved)"),
    "receivable.created": ("应收 {subject} {money}，{parts} 期", "receivable {subject} {money}, {parts} instalment(s)"),
    "receivable.overdue": (
        "{subject} 第 {instalment_no} 期逾期 {days} 天，{money}",
        "{subject} instalment {instalment_no} overdue by {days} d, {money}",
    ),
    "receivable.settled": ("第 {instalment_no} 期结清{late}", "instalment {instalment_no} settled{late}"),
    "payment.received": ("回款 {subject} {money}", "payment {subject}, {money}"),
    "payment.allocated": (
        "核销 {allocated}；未收 {outstanding}{surplus}",
        "paid {allocated}; open {outstanding}{surplus}",
    ),
    "project.created": ("项目 {subject} 建立 {name}{manager}", "project {subject} created {name}{manager}"),
    "case.opened": ("流程 {subject} ({template_id}) 发起", "case {subject} ({template_id}) opened"),
    "case.closed": ("流程 {subject} 结束：{outcome}", "case {subject} closed: {outcome}"),
    "forecast.published": ("{subject} 第 {version} 版 {reason}", "{subject} version {version} {reason}"),
    "forecast.live.updated": ("实时预测 {total}", "live forecast {total}"),
    "forecast.refresh.requested": (
        "已 {age_days} 天未刷新，请 {owner_id} 更新",
        "not refreshed for {age_days} d, {owner_id} asked",
    ),
    "forecast.line.unsupported": (
        "✗ 行 {line_id} 失去项目支撑：{opportunity_id} {cause}",
        "✗ line {line_id} unsupported: {opportunity_id} {cause}",
    ),
    "forecast.line.cleared": ("✓ 行 {line_id} 恢复：{cause}", "✓ line {line_id} cleared: {cause}"),
    "forecast.review.held": (
        "预测评审 {period}：线索 {lead_count}，商机 {opportunity_count}，预测 {forecast_total}，缺口 {gap}",
        "forecast review {period}: {lead_count} leads, {opportunity_count} opportunities, {forecast_total}, gap {gap}",
    ),
    "sensor.reading": ("{subject} {metric} {value} {unit}", "{subject} {metric} {value} {unit}"),
    "sensor.sampled": ("{subject} {metric} {value} {unit}", "{subject} {metric} {value} {unit}"),
    "record.rejected": ("✗ 被拒 {original_type}：{refused}", "✗ refused {original_type}: {refused}"),
}  # fmt: skip
_WORDS: Mapping[str, tuple[str, str]] = {
    "LEAD": ("线索", "Lead"),
    "DISQUALIFIED": ("已作废", "Disqualified"),
    "REFUSED": ("被拒", "Refused"),
    "PARKED": ("等待上级", "Waiting for its parent"),
    "EFFECTIVE": ("生效", "effective"),
    "BLOCKED": ("锁定", "BLOCKED"),
    "SUPPORTED": ("重获支撑", "supported again"),
    "DROPPED": ("已不再引用", "no longer cited"),
    "MISSING": ("商机不存在", "no such opportunity"),
    "AMOUNT_EXCEEDS": ("超出商机金额", "exceeds the opportunity"),
    "transition": ("不允许的变更", "not a move from here"),
    "evidence": ("缺少关口凭证", "gate evidence missing"),
    "missing_field": ("缺字段", "field missing"),
    "unknown_term": ("未知词", "unknown word"),
    "domain": ("数值不成立", "cannot be"),
    "permission": ("无权", "not permitted"),
    "conflict": ("与已有内容冲突", "conflicts with what is there"),
    "orphan": ("上级未到", "its parent did not come"),
    "bad_header": ("消息头有误", "bad header"),
    "unreadable": ("无法读取", "unreadable"),
    "no_identity": ("没有标识", "without identity"),
    "bad_time": ("时间不合理", "implausible time"),
    "INBOX": ("收件箱", "inbox"),
    "EMAIL": ("邮件", "mail"),
}
_SUMS = ("old", "new", "outstanding", "forecast_total", "gap")
_DOMAINS = {"stage": "opportunity_stage", "from": "opportunity_stage", "to": "opportunity_stage"}
_DOMAINS |= {"outcome": "case_decision", "lost_reason": "lost_reason"}


def told(step: Step, lang: Language) -> str:
    """The step in one sentence; a type without words says its name."""
    return sentence(step.type, step.subject, step.said, lang, otherwise=f"{step.type} {step.subject}")


def sentence(kind: str, subject: str, said: Mapping[str, Any], lang: Language, otherwise: str = "") -> str:
    """What an event of type `kind` says; `otherwise` for a type without words. Values as Avro or JSON has them."""
    pair = _STEPS.get(kind)
    if pair is None:
        return otherwise
    text = pair[0 if lang == "zh" else 1].format_map(_Filled(_values(subject, said, lang)))
    return " ".join(text.split()).rstrip(" ：:，,")


def word(code: str, lang: Language, domain: str = "opportunity_stage") -> str:
    """A code as people say it: by the dictionary of `domain`, else by the words above, else itself."""
    pair = _labels(domain).get(code) or _WORDS.get(code)
    return pair[0 if lang == "zh" else 1] if pair else code


def codes(domain: str) -> list[str]:
    """The codes of a dictionary in its own order."""
    return list(_labels(domain))


@lru_cache
def _labels(domain: str) -> Mapping[str, tuple[str, str]]:
    known = load_dictionaries().get(domain)
    return {term.code: (term.label_zh, term.label_en) for term in known.terms} if known else {}


class _Filled(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def _values(subject: str, said: Mapping[str, Any], lang: Language) -> dict[str, str]:
    currency = str(said.get("currency") or "")

    def much(value: Any) -> str:
        return f"{thousands(str(value))} {currency}".strip()

    values = {
        name: str(value) for name, value in said.items() if value is not None and not isinstance(value, list | dict)
    }
    values |= {name: word(values[name], lang, domain) for name, domain in _DOMAINS.items() if name in values}
    values["subject"] = subject
    amount = next((said[name] for name in ("amount", "expected_amount", "total", "new") if said.get(name)), None)
    values["money"] = "" if amount is None else much(amount)
    values |= {name: much(said[name]) for name in _SUMS if said.get(name) is not None}
    values["status"] = word(values.get("status", ""), lang)
    if "cause" in values:
        values["cause"] = word(values["cause"], lang)
    return values | _parts(said, lang, currency)


def _parts(said: Mapping[str, Any], lang: Language, currency: str) -> dict[str, str]:
    """What is told of lists, of days, of a refusal."""
    zh = lang == "zh"
    who = [said.get("customer_id") or said.get("prospect_name"), said.get("owner_id")]
    made = {
        "who": "".join(f" · {one}" for one in who if one),
        "manager": f" · {said['manager_id']}" if said.get("manager_id") else "",
    }
    made["lost_reason"] = word(str(said.get("reason") or ""), lang, "lost_reason")
    made["evidence"] = "".join(
        f" [{one.get('kind')} {one.get('ref') or ''}".rstrip() + "]" for one in said.get("evidence") or []
    )
    nodes = ", ".join(said.get("missing") or [])
    made["missing"] = "" if not nodes else f"（缺 {nodes}）" if zh else f" ({nodes} missing)"
    made["parts"] = str(len(said.get("instalments") or []))
    made["allocated"] = ", ".join(_allocated(one, zh) for one in said.get("parts") or []) or ("无" if zh else "nothing")
    surplus = str(said.get("surplus") or "0")
    made["surplus"] = (
        "" if not surplus.strip("0.") else f"；多付 {thousands(surplus)}" if zh else f"; {thousands(surplus)} too much"
    )
    made["late"] = _late(said.get("days"), zh)
    if said.get("new_total"):
        made["total"] = f"{thousands(str(said['new_total']))} {currency}"
    if said.get("original_type"):
        reason = word(str(said.get("reason", "")), lang)
        detail = said.get("value") or said.get("field") or ""
        where = (
            f"{said['field']} " if said.get("reason") == "domain" and said.get("value") and said.get("field") else ""
        )
        made["refused"] = f"{where}{reason} {detail}"
    return made


def _allocated(part: Mapping[str, Any], zh: bool) -> str:
    return (
        f"第 {part['instalment_no']} 期 {thousands(part['amount'])}"
        if zh
        else f"no. {part['instalment_no']} {thousands(part['amount'])}"
    )


def _late(days: Any, zh: bool) -> str:
    if not isinstance(days, int) or days == 0:
        return ""
    if days > 0:
        return f"（晚 {days} 天）" if zh else f", {days} d late"
    return f"（早 {-days} 天）" if zh else f", {-days} d early"
