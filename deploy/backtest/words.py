"""The words of the back-test's commands, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS: Mapping[str, Mapping[str, Any]] = {
    "zh": {
        "known": "回测 · {what} · 按当时所知 · {n} 条事实",
        "hindsight": "回测 · {what} · 事后回看 · {n} 条事实",
        "rules": ("规则", "版本", "告警", "红线", "对象", "通知", "最长", "合计"),
        "alarms": ("开始", "结束", "级别", "规则", "对象", "通知"),
        "open": "未结束",
        "none": "没有告警。",
        "all": "告警",
        "written": "已写入 {path}",
        "more": "…… 另有 {n} 条，见 --json",
        "late": "{n} 条事实在发生一分钟之后才为人所知，最晚 {worst}：{types}",
        "differs": "事后回看与当时所知不同之处（当时谁也做不到）：",
        "alike": "事后回看与当时所知相同。",
        "diff": "{old} → {new} · {n} 条事实",
        "same": "没有差别。",
        "summary": ("负责人", "新增", "消失", "提前", "推迟", "其他"),
        "changes": ("差别", "规则", "对象", "负责人", "原", "新", "相差"),
        "added": "新增",
        "removed": "消失",
        "earlier": "提前",
        "later": "推迟",
        "other": "其他",
    },
    "en": {
        "known": "Back-test · {what} · as known then · {n} facts",
        "hindsight": "Back-test · {what} · in hindsight · {n} facts",
        "rules": ("rule", "version", "alerts", "red", "subjects", "people", "longest", "together"),
        "alarms": ("from", "to", "severity", "rule", "subject", "told"),
        "open": "open",
        "none": "Nothing would have rung.",
        "all": "Alerts",
        "written": "written to {path}",
        "more": "… and {n} more: --json",
        "late": "{n} facts became known more than a minute after they happened, the last {worst} later: {types}",
        "differs": "Where hindsight differs from what was known then (nobody could have acted on it):",
        "alike": "Hindsight and what was known are alike.",
        "diff": "{old} → {new} · {n} facts",
        "same": "No difference.",
        "summary": ("owner", "added", "removed", "earlier", "later", "other"),
        "changes": ("change", "rule", "subject", "owner", "old", "new", "by"),
        "added": "added",
        "removed": "removed",
        "earlier": "earlier",
        "later": "later",
        "other": "other",
    },
}
