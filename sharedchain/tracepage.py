"""A trace as lines for people: 80 columns, wide signs counted, steps as a tree with what they caused beneath."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.cells import cell_len

from sharedchain.display import Language, duration, money, percent, thousands
from sharedchain.fact import INGEST
from sharedchain.table import folded
from sharedchain.trace import Alert, Case, Cash, Chain, Forecast, Instalment, Kind, Node, Source, Step, Trace
from sharedchain.tracewords import told, word

_INDENT = 27  # where the text of a step begins: rail, time, duration
_LINE: tuple[Kind, ...] = ("lead", "opportunity", "contract", "receivable")
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "as_of": "{tenant} · {zone} · 截至 {now}",
        "stages": "各阶段用时",
        "cash": "回款 {id}：已收 {paid} / {total}（{share}）",
        "surplus": "，多付 {amount}",
        "unbilled": "无应收：签约未含付款条款，流程也没有默认条款，何时应收多少没有人说过（不编造）",
        "parked": "（等待上级）",
        "first": "线索 → 首笔回款 {span}",
        "full": "线索 → 全部收回 {span}",
        "goes_on": "至今 {span}，未结束",
        "took": "历时 {span}",
        "instalment": "第 {no} 期 {amount}，{due} 到期",
        "left": "，未收 {left}",
        "overdue": "，逾期 {days} 天",
        "settled": "，{at} 结清",
        "forecast": "预测 {id}（{period}）引用本商机",
        "line": "第 {version} 版 {line} {amount}",
        "dropped": "第 {version} 版不再引用",
        "alerts": "其他告警",
        "told": "已通知 {who}",
        "open": "未解除",
        "resolved": "{at} 解除（{span}）",
        "escalated": "{at} 升级为{severity}",
        "within": "限时内",
        "late": "超时",
        "running": "进行中",
        "due": "，限 {due}",
        "nobody": "无人担任",
        "history": "{id} 的记录",
        "left_off": "另有 {n} 条链未显示：请用更具体的编号查询",
        "truncated": "记录太多，未全部读取：请用更具体的编号查询",
        "INFO": "○ 提醒",
        "YELLOW": "▲ 预警",
        "RED": "■ 红线",
    },
    "en": {
        "as_of": "{tenant} · {zone} · as of {now}",
        "stages": "time in stages",
        "cash": "cash {id}: {paid} of {total} ({share})",
        "surplus": ", {amount} too much",
        "unbilled": "no receivable: the deal has no payment terms and its flow no default; "
        "nobody said what is due when, and nothing is invented",
        "parked": " (waits for its parent)",
        "first": "lead → first payment {span}",
        "full": "lead → paid in full {span}",
        "goes_on": "{span} so far, goes on",
        "took": "took {span}",
        "instalment": "no. {no} {amount}, due {due}",
        "left": ", {left} open",
        "overdue": ", {days} d overdue",
        "settled": ", settled {at}",
        "forecast": "forecast {id} ({period}) cites it",
        "line": "version {version} {line} {amount}",
        "dropped": "version {version} cites it no more",
        "alerts": "other alerts",
        "told": "told {who}",
        "open": "open",
        "resolved": "resolved {at} ({span})",
        "escalated": "escalated to {severity} {at}",
        "within": "in time",
        "late": "LATE",
        "running": "under way",
        "due": ", due {due}",
        "nobody": "nobody holds the role",
        "history": "records of {id}",
        "left_off": "{n} more chains are not shown: ask with a more specific id",
        "truncated": "more records than are read at once: ask with a more specific id",
        "INFO": "○ INFO",
        "YELLOW": "▲ YELLOW",
        "RED": "■ RED",
    },
}


def page(trace: Trace, now: str, lang: Language) -> list[str]:
    """The lines of a trace; `now` is `as_of` in the tenant's zone."""
    words = _WORDS[lang]
    lines = [words["as_of"].format(tenant=trace.tenant.name, zone=trace.tenant.timezone, now=now)]
    if trace.history:
        lines += ["", words["history"].format(id=trace.asked)]
        lines += _Tree(lang, trace.alerts).lines(trace.history, ())
    lines += _others(_free(trace.alerts, trace.history), lang)
    for chain in trace.chains:
        lines += ["", *_head(chain, lang), *_Tree(lang, chain.alerts).lines(chain.steps, chain.cases)]
        lines += _beside(chain, lang)
    if trace.left_off:
        lines += ["", words["left_off"].format(n=trace.left_off)]
    return [*lines, *([words["truncated"]] if trace.truncated else [])]


def _head(chain: Chain, lang: Language) -> Iterator[str]:
    words = _WORDS[lang]
    names = [name for kind in _LINE for name in chain.ids.get(kind, ())]
    yield " → ".join(names or [name for found in chain.ids.values() for name in found])
    amount = f"{money(chain.amount, lang)} {chain.currency}" if chain.amount else ""
    who = chain.customer_id or chain.prospect_name
    if known := " · ".join(part for part in (who, amount, word(chain.stage, lang), chain.owner_id) if part):
        yield known
    span = words["took" if chain.closed else "goes_on"].format(span=duration(chain.seconds, lang))
    if any(one.state != "refused" for one in chain.steps):
        yield from folded(f"{chain.began_local[:16]} … {chain.ended_local[:16]} · {span}")
    if chain.stages:
        spent = [f"{word(one.stage, lang)} {duration(one.seconds, lang)}" for one in chain.stages]
        yield from folded(f"{words['stages']}: {' · '.join(spent)}", "", "  ")
    if chain.cash:
        yield from _cash(chain.cash, lang)
    if chain.unbilled:
        yield from folded(words["unbilled"], "", "  ")
    yield ""


def _cash(cash: Cash, lang: Language) -> Iterator[str]:
    words = _WORDS[lang]
    total = f"{money(cash.total, lang)} {cash.currency}"
    share = percent(Decimal(cash.paid) / Decimal(cash.total)) if Decimal(cash.total) else "-"
    head = words["cash"].format(id=cash.receivable_id, paid=thousands(cash.paid), total=total, share=share)
    if Decimal(cash.surplus):
        head += words["surplus"].format(amount=thousands(cash.surplus))
    yield from folded(head, "", "  ")
    for one in cash.instalments:
        yield from folded(_instalment(one, words), "  ", "    ")
    for name, span in (("first", cash.first_payment_seconds), ("full", cash.paid_in_full_seconds)):
        if span is not None:
            yield "  " + words[name].format(span=duration(span, lang))


def _instalment(one: Instalment, words: Mapping[str, str]) -> str:
    text = words["instalment"].format(no=one.no, amount=thousands(one.amount), due=one.due_date)
    if one.settled_at:
        return text + words["settled"].format(at=one.settled_local[:10])
    if Decimal(one.left):
        text += words["left"].format(left=thousands(one.left))
    return text + (words["overdue"].format(days=one.overdue_days) if one.overdue_days else "")


class _Tree:
    """The steps of one chain; an alert hangs under the step that caused it, and is told once."""

    def __init__(self, lang: Language, alerts: Iterable[Alert]) -> None:
        self._lang = lang
        self._rang = tuple(alerts)
        self._alerts: dict[Source, list[Alert]] = {}

    def lines(self, steps: Sequence[Step], cases: Sequence[Case]) -> Iterator[str]:
        sources = list(_sources(steps))
        for alert in self._rang:
            behind = [one for one in sources if _place(one) == _place(alert.source) and one.n < alert.source.n]
            if behind:  # the last thing said before it rang
                self._alerts.setdefault(max(behind, key=lambda one: one.n), []).append(alert)
        by_id = {one.case_id: one for one in cases}
        for index, step in enumerate(steps):
            last = index == len(steps) - 1
            span = f"+{duration(step.seconds, self._lang)}" if step.seconds and step.state == "accepted" else ""
            first = f"{'└' if last else '├'} {step.local[5:16]} {_padded(span, _INDENT - 14)}"
            rest = f"{' ' if last else '│'}{' ' * (_INDENT - 1)}"
            text = told(step, self._lang)
            waits = _WORDS[self._lang]["parked"] if step.state == "parked" else ""
            yield from folded(text + waits + _actor(step, text), first, rest)
            yield from _branches(
                self._beneath(step, by_id.get(step.subject) if step.type == "case.opened" else None), rest
            )

    def _beneath(self, step: Step, case: Case | None) -> list[_Branch]:
        """What hangs under a step: what it derived, nodes of its case, alerts it caused."""
        found = [_Branch(told(child, self._lang), self._beneath(child, None)) for child in step.caused]
        found += [_Branch(_node(one, self._lang)) for one in (case.nodes if case else ())]
        return found + [_Branch(_alert(one, self._lang)) for one in self._alerts.get(step.source, [])]


def _actor(step: Step, text: str) -> str:
    """Who did it, where that is a person (not the system it came from) whom the text has not named."""
    derived = step.source.published_by == INGEST
    known = not step.actor or step.actor == step.source.published_by or step.actor in text.split()
    return "" if derived or known else f" · {step.actor}"


@dataclass(frozen=True, slots=True)
class _Branch:
    text: str
    beneath: Sequence[_Branch] = ()


def _branches(branches: Sequence[_Branch], rail: str) -> Iterator[str]:
    for index, one in enumerate(branches):
        last = index == len(branches) - 1
        rest = f"{rail}{' ' if last else '│'} "
        yield from folded(one.text, f"{rail}{'└' if last else '├'} ", rest)
        yield from _branches(one.beneath, rest)


def _node(node: Node, lang: Language) -> str:
    words = _WORDS[lang]
    name = (node.name_zh if lang == "zh" else node.name_en) or node.node_id
    who = node.by or node.responsible_id or words["nobody"]
    limit = {True: words["within"], False: words["late"], None: words["running"]}[node.within_limit]
    sign = {True: "✓", False: "✗", None: "…"}[node.within_limit]
    spent = f"{duration(node.seconds, lang)} {limit}"
    if node.completed_at:
        return (
            f"{sign} {name} {who}: {word(node.decision, lang, 'case_decision')} {node.completed_local[5:16]}, {spent}"
        )
    return f"{sign} {name} {who}: {spent}{words['due'].format(due=node.due_local[5:16]) if node.due_local else ''}"


def _alert(one: Alert, lang: Language) -> str:
    words = _WORDS[lang]
    title = (one.title_zh if lang == "zh" else one.title_en) or one.subject
    parts = [f"{words.get(one.severity_raised, one.severity_raised)} {one.rule_id} {title}"]
    if one.escalated_at:
        severity = words.get(one.severity, one.severity).split()[-1]
        parts.append(words["escalated"].format(at=one.escalated_local[5:16], severity=severity))
    who = _people(one, lang)
    if who:
        parts.append(words["told"].format(who=who))
    span = duration(one.seconds, lang)
    parts.append(words["resolved"].format(at=one.resolved_local[5:16], span=span) if one.resolved_at else words["open"])
    return "; ".join(parts)


def _people(one: Alert, lang: Language) -> str:
    """`E010 (mail, inbox), E020 (mail ✗)`: ✗ did not arrive; why stands in the JSON."""
    channels: dict[str, dict[str, None]] = {}
    for each in one.told:
        said = word(each.channel, lang) + ("" if each.outcome == "sent" else " ✗")
        channels.setdefault(each.recipient, {})[said] = None
    return ", ".join(f"{person} ({', '.join(said)})" for person, said in channels.items())


def _beside(chain: Chain, lang: Language) -> Iterator[str]:
    """The forecasts that cite it, and the alerts that none of its steps caused."""
    words = _WORDS[lang]
    free = _free(chain.alerts, chain.steps)
    for forecast in chain.forecasts:
        mine = [one for one in free if one.subject == forecast.forecast_id]
        yield from ("", words["forecast"].format(id=forecast.forecast_id, period=forecast.period))
        yield from _forecast(forecast, mine, lang)
    cited = {one.forecast_id for one in chain.forecasts}
    yield from _others([one for one in free if one.subject not in cited], lang)


def _free(alerts: Iterable[Alert], steps: Sequence[Step]) -> list[Alert]:
    """The alerts that none of these steps caused."""
    places = {_place(source) for source in _sources(steps)}
    return [one for one in alerts if _place(one.source) not in places]


def _others(alerts: Sequence[Alert], lang: Language) -> Iterator[str]:
    if alerts:
        yield from ("", _WORDS[lang]["alerts"])
    for one in alerts:
        yield from folded(_alert(one, lang), f"  {one.opened_local[5:16]} ")


def _forecast(forecast: Forecast, alerts: Iterable[Alert], lang: Language) -> Iterator[str]:
    words = _WORDS[lang]
    found: list[tuple[str, int, int, str, str]] = []
    for one in forecast.citations:
        amount = f"{money(one.amount, lang)} {one.currency}" if one.amount else ""
        text = words["line" if one.line_id else "dropped"].format(version=one.version, line=one.line_id, amount=amount)
        found.append((one.at, one.source.seq, one.source.n, one.local, text))
    found += [(one.at, one.source.seq, one.source.n, one.local, told(one, lang)) for one in forecast.marks]
    found += [(one.opened_at, one.source.seq, one.source.n, one.opened_local, _alert(one, lang)) for one in alerts]
    for index, (*_, local, text) in enumerate(sorted(found)):
        rail = "└" if index == len(found) - 1 else "├"
        yield from folded(text, f"{rail} {local[5:16]} ", f"{' ' if rail == '└' else '│'}{' ' * 13}")


def _sources(steps: Sequence[Step]) -> Iterator[Source]:
    ahead = list(steps)
    while ahead:
        step = ahead.pop()
        yield step.source
        ahead += step.caused


def _place(source: Source) -> tuple[int, int]:
    return source.partition, source.seq


def _padded(text: str, width: int) -> str:
    return text + " " * max(1, width - cell_len(text))
