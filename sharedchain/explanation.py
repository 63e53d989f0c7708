"""An alert's explanation in words: the same lines at the command line, in mails and on the page.

The object is made by the core (`sharedchain/core/explain.py`) and travels in the alert. Who reads it may know more:
what the facts behind it are (`facts`), and which of them it needs (`minimal`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sharedchain.display import Language, local_time
from sharedchain.envelope import rfc3339

Section = tuple[str, list[str]]
_FACTS = 12  # lines of facts at most: of the rest only the number is told
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "conditions": "条件", "way": "经过", "facts": "依据的事实", "clears": "何时解除", "minimal": "最小事实集",
        "contributing": "相关事实（{why}）", "needs": "去掉其中任何一条，告警就不会响（{folds} 次重算）",
        "empty": "没有这些事实也会响（{folds} 次重算）", "more": "……另有 {n} 条", "guard": "前提",
        "pending": "等待", "firing": "触发", "escalated": "升级", "eased": "降级", "resolved": "解除",
        "acknowledged": "已确认", "answered": "{by} 已确认", "clock": "计时",
        "ack": "有人确认本告警时", "later": "之后的 {event} 不再满足条件时", "value": "{what} {bounds} 时",
        "event": "收到 {event}", "if": "（且 {when}）", "quiet": "并持续 {time}", "and": " 且 ", "or": " 或 ",
        "erred": "规则出错：{error}", "changed": "规则被修改时", "nothing": "没有记录",
    },
    "en": {
        "conditions": "Conditions", "way": "Way", "facts": "Facts behind it", "clears": "Ends when",
        "minimal": "Facts it needs", "contributing": "Contributing facts ({why})",
        "needs": "without any one of them it would not ring ({folds} folds)",
        "empty": "it rings without any of them ({folds} folds)", "more": "… and {n} more", "guard": "given",
        "pending": "pending", "firing": "firing", "escalated": "escalated", "eased": "eased", "resolved": "resolved",
        "acknowledged": "acknowledged", "answered": "acknowledged by {by}", "clock": "clock",
        "ack": "somebody acknowledges it", "later": "a later {event} does not meet the conditions",
        "value": "{what} is {bounds}", "event": "{event} arrives", "if": " (and {when})", "quiet": " for {time}",
        "and": " and ", "or": " or ", "erred": "the rule erred: {error}", "changed": "the rule is changed",
        "nothing": "nothing was recorded",
    },
}  # fmt: skip


def answered(found: Mapping[str, Any], lang: Language) -> str:
    """Who has acknowledged the alert, for the line about it, with what parts it from the rest; "" if nobody has."""
    said = found.get("acknowledged")
    return _WORDS[lang]["answered"].format(by=said["by"]) + " · " if said else ""


def sections(why: Mapping[str, Any], lang: Language, *, facts: bool = True) -> list[Section]:
    """Titles, each with its lines: conditions, way, facts, what would end it. Unknown parts are left out."""
    words = _WORDS[lang]
    if "error" in why:
        ends = [words["ack"], words["changed"]]
        return [
            (words["conditions"], [words["erred"].format(error=str(why["error"])[:300])]),
            (words["clears"], [words["or"].join(ends)]),
        ]
    found: list[Section] = [
        (words["conditions"], [line for one in _list(why, "conditions") for line in _condition(one, words)]),
        (words["way"], [_step(one, str(why.get("timezone") or "UTC"), words) for one in _list(why, "way")]),
    ]
    if facts:
        found += _facts(why, words)
    found.append((words["clears"], _clears(why.get("clears") or {}, words)))
    return [(title, lines) for title, lines in found if lines]


def lines(why: Mapping[str, Any], lang: Language, *, facts: bool = True) -> list[str]:
    """The sections one under the other, their lines indented."""
    return [line for title, told in sections(why, lang, facts=facts) for line in (title, *(f"  {one}" for one in told))]


def _list(why: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = why.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _condition(one: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    if one.get("op") in ("band", "clock"):
        what = one.get("measure") or one.get("path") or f"{words['clock']} {one.get('unit') or ''}".rstrip()
        for band in _list(one, "bands"):
            limit = f"{what} {band.get('sign')} {band.get('threshold')}" if band.get("sign") else str(what)
            yield f"{_mark(band)} {band.get('severity')}: {limit} ({_said(one.get('value'))})"
        return
    if one.get("op") == "clear":
        yield f"{_mark(one)} {one.get('event')}"
        return
    if one.get("op") == "acknowledged":
        yield f"{_mark(one)} {words['acknowledged']} {one.get('by') or ''} {one.get('note') or ''}".rstrip()
        return
    said = ", ".join(f"{path} = {_said(value)}" for path, value in (one.get("values") or {}).items())
    guard = f"[{words['guard']}] " if one.get("op") == "if" else ""
    yield f"{_mark(one)} {guard}{one.get('cel')}" + (f" ({said})" if said else "")


def _mark(one: Mapping[str, Any]) -> str:
    return "✓" if one.get("truth") else "✗"


def _said(value: Any) -> str:
    return "—" if value is None else str(value)


def _step(one: Mapping[str, Any], zone: str, words: Mapping[str, str]) -> str:
    state = str(one.get("state"))
    at = local_time(rfc3339(int(one.get("at") or 0)), zone)[:16]
    return f"{at} {words.get(state, state)} {one.get('severity') or ''}".rstrip()


def _facts(why: Mapping[str, Any], words: Mapping[str, str]) -> list[Section]:
    sources = _list(why, "sources")
    said = [_fact(one) for one in sources[:_FACTS]]
    rest = [words["more"].format(n=len(sources) - _FACTS)] if len(sources) > _FACTS else []
    found: list[Section] = [(words["facts"], said + rest)]
    few = why.get("minimal")
    if isinstance(few, Mapping):
        known = {(one.get("partition"), one.get("seq")): one for one in sources}
        needed = [_fact(known.get((one.get("partition"), one.get("seq")), one)) for one in _list(few, "facts")]
        if few.get("minimal"):
            told = words["needs" if needed else "empty"].format(folds=few.get("folds"))
            found.append((words["minimal"], [*needed, told]))
        else:
            found.append((words["contributing"].format(why=few.get("why")), needed))
    return found


def _fact(one: Mapping[str, Any]) -> str:
    told = [
        f"{one.get('partition')}/{one.get('seq')}",
        *(str(one[k]) for k in ("type", "subject", "src") if one.get(k)),
    ]
    return "  ".join(told)


def _clears(said: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    quiet = words["quiet"].format(time=_span(int(said["quiet_for"]))) if said.get("quiet_for") else ""
    bounds = _bounds(said, words)
    match said.get("by"):
        case "acknowledgement":
            return [words["ack"]]
        case "event":
            return [_ending(one, words) for one in _list(said, "any")]
        case "value":
            return [words["value"].format(what=said.get("measure"), bounds=bounds) + quiet]
        case str():
            event = words["or"].join(map(str, said.get("event") or []))
            value = words["value"].format(what=said.get("path"), bounds=bounds) if bounds else ""
            return [words["later"].format(event=event) + quiet, *([value + quiet] if value else [])]
    return []


def _bounds(said: Mapping[str, Any], words: Mapping[str, str]) -> str:
    about = "|…| " if said.get("magnitude") else ""
    return words["and"].join(f"{about}{one.get('sign')} {one.get('threshold')}" for one in _list(said, "must_be"))


def _ending(one: Mapping[str, Any], words: Mapping[str, str]) -> str:
    when = one.get("when") or {}
    asked = [words["and"].join(when.get("all") or []), words["or"].join(when.get("any") or [])]
    said = words["and"].join(filter(None, asked))
    event = words["event"].format(event=words["or"].join(map(str, one.get("event") or [])))
    return event + (words["if"].format(when=said) if said else "")


def _span(ms: int) -> str:
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min")):
        if ms >= size and ms % size == 0:
            return f"{ms // size} {unit}"
    return f"{ms / 1000:g} s"
