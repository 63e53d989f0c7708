"""docs/flows.md: how opportunities move and cases run, as `schemas/flows/` declares them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deploy.pages.table import code, table
from sharedchain import flowcheck
from sharedchain.dictionary import Term, load_dictionaries
from sharedchain.flow import LOST, SIGNED, Node, Profile, Template

_HEAD = """\
# 流程 · Flows
<!-- Generated from schemas/flows/ by `make pages`. Do not edit. -->
由 `schemas/flows/` 生成，请勿手改；修改后运行 `make pages`。
Generated from `schemas/flows/`: change those files, then run `make pages`. How to add one: `schemas/README.md`.
"""
_UNITS = (("h", 3_600_000), ("m", 60_000), ("s", 1_000))


def page(root: Path) -> str:
    """The whole page. Raises ConfigError when a flow under `root` is unsound."""
    dictionaries = load_dictionaries(root)
    flows = flowcheck.load(root, dictionaries)
    labels = {term.code: term for term in dictionaries["opportunity_stage"].terms}
    lines = [_HEAD, "## 商机 · Opportunities", ""]
    for flow in flows.values():
        if isinstance(flow, Profile):
            lines += _profile(flow, labels)
    lines += ["## 流程模板 · Case templates", ""]
    for flow in flows.values():
        if isinstance(flow, Template):
            lines += _template(flow)
    return "\n".join(lines).rstrip() + "\n"


def _profile(flow: Profile, labels: Mapping[str, Term]) -> list[str]:
    rows = []
    for stage in flow.stages:
        ends = [SIGNED] if stage.code in flow.signed_from else []
        ends += [LOST] if flow.may_lose(stage.code) else []
        term = labels[stage.code]
        rows.append((stage.code, term.label_zh, term.label_en, ", ".join(stage.gate), ", ".join((*stage.next, *ends))))
    terms = " + ".join(f"{term.share:%} after {term.days} d" for term in flow.default_terms)
    marks = ", ".join(map(str, flow.overdue_marks))
    return [
        f"### {flow.id}",
        f"{flow.title.zh} / {flow.title.en}. Version {flow.version}.",
        "",
        *table(("stage", "中文", "English", "evidence to enter", "may lead to"), rows),
        f"- 审批 / approval: {code(flow.approval or '') or 'none'}",
        f"- 编号 / numbers: contract {code(flow.numbers.contract)}, receivable {code(flow.numbers.receivable)}",
        f"- 默认付款条件 / terms where the signing names none: {terms or 'none, and then no receivable'}",
        f"- 逾期提醒 / told overdue after days: {marks or 'never'}",
        *(["- 可无线索登记 / may begin without a lead: `opportunity.opened`"] if flow.without_lead else []),
        *(
            f"- 缺失只报告 / `{kind}` may lack, and is told: {', '.join(lacks)}"
            for kind, lacks in flow.reported.items()
        ),
        "",
    ]


def _template(flow: Template) -> list[str]:
    end = "APPROVED, REJECTED" if flow.outcome == "approval" else "DONE, REJECTED"
    head = ("node", "中文", "English", "role", "accountable", "limit", "after", "evidence")
    return [
        f"### {flow.id}",
        f"{flow.title.zh} / {flow.title.en}. Version {flow.version}. Ends {end}.",
        "",
        *table(head, map(_node, flow.nodes)),
    ]


def _node(node: Node) -> tuple[str, ...]:
    after, evidence = ", ".join(node.after), ", ".join(node.evidence)
    return (
        node.id, node.name.zh, node.name.en, node.role, node.accountable or "", duration(node.limit), after, evidence,
    )  # fmt: skip


def duration(ms: int) -> str:
    """Milliseconds in hours, else in the largest unit that leaves nothing over. No days: limits are hours."""
    unit, size = next((unit, size) for unit, size in _UNITS if ms % size == 0)
    return f"{ms // size}{unit}"
