"""The confirm page and its answers as HTML: one file, no script, no foreign address, zh and en."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gateway.confirm import Current
from sharedchain.display import Language, compact, local_time, thousands
from sharedchain.explanation import answered, sections

_FOLDER = Path(__file__).parent / "templates"
_STYLE = Markup((_FOLDER / "page.css").read_text("utf-8"))  # our own file: escaped, it is not what the policy hashes
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Vary": "Accept-Language, Accept",
}

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "title": "确认预测",
        "version": "版本",
        "refreshed": "刷新于",
        "amount": "金额",
        "now": "现为",
        "drop": "去掉金额为 0 的行",
        "confirm": "确认",
        "hint": "金额不改就是确认不变。提交后立即生效，供应链马上看到。确认人：",
        "PROJECT": "项目",
        "EXPERIENCE": "经验",
        "done": "已确认",
        "done_text": "版本 {version} 已送出。可以关闭此页。",
        "again_text": "版本 {version} 已经按此确认，无需再点。",
        "error": "没有成功",
        "conflict": "预测已被更新",
        "conflict_text": "{by} 已于 {at} 刷新到版本 {version}。这个链接是版本 {asked} 的，不再有效。",
        "signature": "链接无效",
        "signature_text": "这个链接不完整或被改动过。请重新打开邮件里的链接。",
    },
    "en": {
        "title": "Confirm forecast",
        "version": "Version",
        "refreshed": "refreshed",
        "amount": "Amount",
        "now": "now",
        "drop": "Remove lines set to 0",
        "confirm": "Confirm",
        "hint": "Amounts left as they are confirm it unchanged. It counts at once; supply sees it now. Confirmed by",
        "PROJECT": "Project",
        "EXPERIENCE": "Experience",
        "done": "Confirmed",
        "done_text": "Version {version} was sent. You may close this page.",
        "again_text": "Version {version} was already confirmed so; nothing more to do.",
        "error": "This did not work",
        "conflict": "The forecast has moved on",
        "conflict_text": "{by} refreshed it to version {version} at {at}. This link, for version {asked}, is spent.",
        "signature": "This link is not valid",
        "signature_text": "The link is incomplete or was changed. Please open the one in the mail again.",
    },
}


def confirm_page(current: Current, recipient: str, zone: str, lang: Language) -> str:
    """The form: each line with its amount to be changed or left."""
    data = current.data
    return _PAGES.get_template("confirm.html").render(
        lang=lang,
        words=_WORDS[lang],
        style=_STYLE,
        forecast_id=data["forecast_id"],
        period=data["period"],
        region=data["region"],
        version=current.version,
        by=current.by,
        at=local_time(current.at, zone),
        total=thousands(current.total),
        short=compact(current.total, lang),
        currency=data.get("currency") or "",
        recipient=recipient,
        lines=[_line(line, lang) for line in data["lines"]],
    )


def _line(line: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    basis = str(line.get("basis") or "")
    return {
        "line_id": line["line_id"],
        "basis": basis,
        "basis_word": _WORDS[lang].get(basis, basis),
        "reason": line.get("opportunity_id") or line.get("rationale") or "",
        "expected_date": line.get("expected_date") or "",
        "amount": thousands(line["amount"]),
        "short": compact(line["amount"], lang),
    }


def done_page(version: int, lang: Language, *, again: bool) -> str:
    """The answer to a confirmation; `again`: it had been made before."""
    words = _WORDS[lang]
    text = words["again_text" if again else "done_text"].format(version=version)
    return _notice(words["done"], [text], lang, mark="✓", tone="good")


def conflict_page(current: Current, asked: int, zone: str, lang: Language) -> str:
    """Somebody was faster: who, when, which version."""
    words = _WORDS[lang]
    text = words["conflict_text"].format(
        by=current.by, at=local_time(current.at, zone), version=current.version, asked=asked
    )
    return _notice(words["conflict"], [text], lang, mark="!", tone="bad")


def problem_page(code: str, details: Sequence[str], lang: Language) -> str:
    """Any other problem, for a reader who came by browser."""
    words = _WORDS[lang]
    if code == "bad_signature":
        return _notice(words["signature"], [words["signature_text"]], lang, mark="!", tone="bad")
    return _notice(words["error"], details, lang, mark="!", tone="bad")


def alert_page(found: Mapping[str, Any], lang: Language) -> str:
    """Why an alert rang, as the command line and the mail say it."""
    why = found["explain"] if isinstance(found["explain"], Mapping) else {}
    return _PAGES.get_template("alert.html").render(
        lang=lang,
        style=_STYLE,
        title=found[f"title_{lang}"] or found["rule_id"],
        tone="good" if found["state"] == "resolved" else "bad",
        text=found[f"text_{lang}"],
        about=f"{found['rule_id']} v{found['rule_version']} · {found['subject']} · {found['severity']} · "
        f"{found['state']} · {answered(found, lang)}{found['alert_id']}",
        sections=sections(why, lang),
    )


def _notice(title: str, lines: Sequence[str], lang: Language, *, mark: str, tone: str) -> str:
    return _PAGES.get_template("notice.html").render(
        lang=lang, title=title, lines=lines, mark=mark, tone=tone, style=_STYLE
    )
