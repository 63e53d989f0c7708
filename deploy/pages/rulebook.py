"""docs/measures-and-rules.md: every measure, rule, pack and route, as `rules/` declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.pages.table import code, table
from sharedchain import rulecheck
from sharedchain.core.measures import Count, Match, Measure, Not
from sharedchain.core.routes import Routes
from sharedchain.core.rule import Band, Clear, OnClock, OnEvent, OnMeasure, Rule
from sharedchain.core.sighted import Derive, Look
from sharedchain.errors import ConfigError
from sharedchain.rulecheck import Book

_HEAD = """\
# 指标与规则 · Measures and rules
<!-- Generated from rules/ by `make pages`. Do not edit. -->
由 `rules/` 生成，请勿手改；修改 `rules/` 后运行 `make pages`。
Generated from `rules/`: change those files, then run `make pages`. The language of rules: `rules/README.md`.

- *flow* 每分钟的贡献 / what a minute added
- *level* 累计值，由读者计算 / a running total, computed by the reader
- *gauge* 采样值，变化时一行 / sampled, a row when it changes

A measure without its inputs has no value, never 0."""


def page(root: Path) -> str:
    """The whole page. Raises ConfigError when the files under `root`/rules are unsound."""
    book = rulecheck.check(root)
    if book.findings:
        raise ConfigError(book.findings)
    measures = sorted(book.measures().values(), key=lambda measure: measure.id)
    users = {measure.id: ", ".join(_users(book, measure.id)) for measure in measures}
    rows = (_measure(measure, users[measure.id]) for measure in measures)
    lines = [_HEAD, "", "## 指标 · Measures", "", *table(_MEASURE_HEAD, rows), "## 规则 · Rules", ""]
    for rule, _ in sorted(book.rules(), key=lambda found: found[0].id):
        lines += _rule(rule, [pack.id for pack, _ in book.models["pack"].values() if rule.id in pack.rules])
    switched = sorted((pack for pack, _ in book.models["pack"].values()), key=lambda pack: str(pack.id))
    packs = [(code(p.id), p.title.get("zh", ""), p.title.get("en", ""), ", ".join(p.rules)) for p in switched]
    lines += ["## 规则包 · Packs", "", *table(("pack", "中文", "English", "rules"), packs)]
    lines += ["## 通知渠道 · Routes", "", *_routes(next(iter(book.models["route"].values()))[0])]
    return "\n".join(lines).rstrip() + "\n"


_MEASURE_HEAD = ("measure", "中文", "English", "kind", "of what", "dimensions", "unit", "scale", "owner", "asked by")


def _measure(measure: Measure, users: str) -> tuple[str, ...]:
    dims = "; ".join(", ".join(names) or "(whole)" for names in measure.dims)
    what = _source(measure) + (f". {measure.note}" if measure.note else "")
    owner = measure.owner.removeprefix("role:")
    return (
        measure.id, measure.name.zh, measure.name.en, measure.kind, what, dims, measure.unit, str(measure.scale), owner,
        users,
    )  # fmt: skip


def _source(measure: Measure) -> str:
    if measure.count:
        return _count(measure.count)
    if measure.computed:
        along = f" along {measure.computed.along}" if measure.computed.along else ""
        return f"{measure.computed.op} of {', '.join(measure.computed.of)}{along}"
    when = {"daily": "at local midnight", "both": "at minute close and local midnight"}
    sampled = when.get(measure.sample, "at minute close")
    if measure.entities:
        said = measure.entities
        of = f"{code(said.field)} over every {said.over}" if said.field else f"every {said.over}"
        within = f" up to {said.within_days} d" if said.within_days else ""
        return f"{said.take.replace('_', ' ')}{within} of {of}{_where(said.where)}, {sampled}"
    return f"{code(measure.reducer)}, {sampled}"


def _count(said: Count) -> str:
    what = f"sum of {code(said.add)} of" if said.add else "number of"
    events = ", ".join("every event" if e == "*" else code(e) for e in said.events)
    passed = f" that passes {code(said.test)}" if said.test else ""
    return f"{what} {events}{passed}{_where(said.where)}, by {'event' if said.by == 'time' else 'recorded'} time"


def _where(where: Mapping[str, Match]) -> str:
    if not where:
        return ""
    said = (f"{code(path)} {'is not' if isinstance(m, Not) else 'is'} {_words(m)}" for path, m in where.items())
    return " where " + " and ".join(said)


def _words(match: Match) -> str:
    if isinstance(match, Not):
        return _words(match.not_)
    return match if isinstance(match, str) else " or ".join(match)


def _users(book: Book, id_: str) -> Iterator[str]:
    yield from (m.id for m in book.measures().values() if m.computed and id_ in m.computed.of)
    for rule, _ in book.rules():
        looks = isinstance(rule.on, OnMeasure) and rule.on.measure == id_
        if looks or any(f"'{id_}'" in said.text + said.title for said in rule.texts.values()):
            yield rule.id


def _rule(rule: Rule, packs: list[str]) -> list[str]:
    on = _looks_at(rule)
    subject = "/".join(map(code, rule.subject)) + (f" by {code(rule.part)}" if rule.part else "")
    facts = [f"Looks at {on}", f"subject {subject}", f"mode {rule.mode}", f"owner {_role(rule.owner)}"]
    facts += [f"shows {' '.join(map(code, rule.value))}{f' in {code(rule.unit)}' if rule.unit else ''}"] * bool(
        rule.value
    )
    facts += [f"for {_time(rule.for_)}"] if rule.for_ else []
    facts += [f"keeps firing for {_time(rule.keep_firing_for)}"] if rule.keep_firing_for else []
    facts += ["one alert a causing fact"] if rule.one_shot else []
    facts += [
        f"derives {code(one.derive)}" if isinstance(one, Derive) else f"commands {code(one.command)}"
        for one in rule.action
    ]
    facts += [f"improves {rule.goal_measure}", f"packs {', '.join(packs)}", f"[runbook](runbooks.md#{rule.id.lower()})"]
    bands = ((b.severity, _band(b, rule), ", ".join(map(_role, rule.to[b.severity]))) for b in rule.bands)
    texts = ((lang, code(said.title), code(said.text)) for lang, said in sorted(rule.texts.items(), reverse=True))
    cases = ", ".join(str(case.get("name", "")) for case in rule.tests)
    return [
        f"### {rule.id} {rule.title.zh} · {rule.title.en}", f"Version {rule.version}. {' · '.join(facts)}.", "",
        *_conditions(rule), *table(("severity", "when", "told"), bands), *table(("", "title", "text"), texts),
        f"Cases: {cases}.", "",
    ]  # fmt: skip


def _looks_at(rule: Rule) -> str:
    match rule.on:
        case OnEvent(event=types):
            return "event " + ", ".join(map(code, types))
        case OnMeasure(measure=measure, dims=dims):
            return f"measure {measure} by {', '.join(dims) or 'the whole'}"
        case OnClock(clock=clock):
            stops = [type_ for stop in clock.stop for type_ in stop.event]
            said = [f"time since {', '.join(map(code, clock.start))}"]
            said += [f"due {code(clock.due)}"] if clock.due else []
            said += [f"stopped by {', '.join(map(code, stops))}"] if stops else []
            return ", ".join(said)


def _conditions(rule: Rule) -> list[str]:
    lines = [_look(name, look) for name, look in sorted(rule.with_.items())]
    lines += [f"- looks only if {code(source)}" for source in rule.if_]
    lines += [f"- and {code(source)}" for source in rule.when.all] + [
        f"- or {code(source)}" for source in rule.when.any
    ]
    lines += [_clear(clear) for clear in rule.clear]
    return [*lines, ""] if lines else []


def _look(name: str, look: Look) -> str:
    missing = "empty if there is none" if look.optional else "looks only if there is one"
    return f"- with {code(name)}: the {look.entity} of {', '.join(map(code, look.id))}; {missing}"


def _clear(clear: Clear) -> str:
    when = [code(source) for source in clear.when.all] + [" or ".join(map(code, clear.when.any))] * bool(clear.when.any)
    said = f"- cleared by {', '.join(map(code, clear.event))} of {'/'.join(map(code, clear.subject))}"
    said += f" by {code(clear.part)}" if clear.part else ""
    return said + (f" when {' and '.join(when)}" if when else "")


def _band(band: Band, rule: Rule) -> str:
    if band.threshold is None:
        return "always"
    return f"{'|value|' if rule.magnitude else 'value'} {band.sign} {band.threshold}"


def _role(recipient: str) -> str:
    return "the subject's owner" if recipient == "owner" else recipient.removeprefix("role:")


def _time(milliseconds: int) -> str:
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds // 1000} s"


def _routes(routes: Routes) -> list[str]:
    rows = [(severity, ", ".join(channels), "each recipient") for severity, channels in routes.per_recipient.items()]
    rows += [(severity, ", ".join(channels), "the alert itself") for severity, channels in routes.per_alert.items()]
    return table(("severity", "channels", "for"), rows)
