"""What is said, in both languages. Nothing that came with an event can become a header, a control or a flood."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sharedchain.display import local_time
from sharedchain.envelope import rfc3339
from sharedchain.explanation import sections
from sharedchain.links import link_for
from sinks.notify.delivery import Delivery
from sinks.notify.stages import Bundle

_SEVERITY = {"INFO": "提醒", "YELLOW": "预警", "RED": "红线"}
_SUBJECT_BYTES, _TEXT_BYTES, _LINE_BYTES = 300, 16_000, 300


@dataclass(frozen=True, slots=True)
class Words:
    """How links are made: the gateway's base URL and the secret that signs them."""

    gateway: str
    secret: str

    def link(self, delivery: Delivery) -> str:
        return link_for(self.secret, self.gateway, str(delivery.alert.data["link"]), delivery.recipient)


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one recipient: about one alert, or about several when they came too fast.

    `text` is without links, so it may be stored and shown; `links` open doors and go to the recipient only.
    """

    id: str
    type: str
    recipient: str
    address: str
    at: int  # milliseconds: when the newest of its alerts was decided
    subject: str
    text: str
    links: tuple[str, ...]
    deliveries: Bundle

    @property
    def traceparent(self) -> str:
        """Of the first alert that has one; empty if none has."""
        return next((d.alert.traceparent for d in self.deliveries if d.alert.traceparent), "")

    @property
    def body(self) -> str:
        """The text with its links, as a person receives it."""
        return "\n\n".join([self.text, *self.links])


def compose(bundle: Bundle, words: Words) -> Notification:
    """The message that tells a bundle. Same bundle, same message."""
    first, last = bundle[0], bundle[-1]
    several = len(bundle) > 1
    subject = f"{len(bundle)} 条告警 alerts: {_subject(first)}" if several else _subject(first)
    return Notification(
        id=f"{first.message_id}+{len(bundle) - 1}" if several else first.message_id,
        type=first.alert.type,
        recipient=first.recipient,
        address=first.address,
        at=last.alert.recorded,
        subject=cut(one_line(subject), _SUBJECT_BYTES),
        text=cut("\n\n――――\n\n".join(_text(d) for d in bundle), _TEXT_BYTES),
        links=_distinct([words.link(d) for d in bundle]),
        deliveries=bundle,
    )


def _subject(delivery: Delivery) -> str:
    data = delivery.alert.data
    severity = data["severity"]
    higher = {"escalated": "升级 ", "eased": "降级 "}.get(delivery.transition, "")
    return f"[{higher}{_SEVERITY.get(severity, severity)} {severity}] {data['title_zh']} / {data['title_en']}"


def _text(delivery: Delivery) -> str:
    data = delivery.alert.data
    said = [
        plain(data["text_zh"]),
        plain(data["text_en"]),
        f"规则 rule {data['rule_id']} · 对象 subject {data['subject']} · 数值 value {data['value_text']}",
        f"时间 time {_local(delivery)} · 负责人 owner {data['owner'].removeprefix('role:')}",
        f"编号 id {delivery.alert_id}",
    ]
    why = [line for title, told in _why(delivery) for line in (title, *(f"  {one}" for one in told))]
    about = [one_line(line) for line in said[2:]]
    return "\n\n".join([said[0], said[1], "\n".join(about), *(["\n".join(why)] if why else [])])


def _why(delivery: Delivery) -> list[tuple[str, list[str]]]:
    """The alert's own explanation, both languages in each title; words of strangers on one line each."""
    why = _explained(delivery)
    pairs = zip(sections(why, "zh"), sections(why, "en"), strict=True)
    return [(f"{zh} {en}", [cut(one_line(line), _LINE_BYTES) for line in told]) for (zh, _), (en, told) in pairs]


def _explained(delivery: Delivery) -> dict[str, Any]:
    try:
        found = json.loads(delivery.alert.data["explain"] or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _local(delivery: Delivery) -> str:
    """When it was decided, on the clock of the company it concerns."""
    zone = _explained(delivery).get("timezone", "UTC")
    return local_time(rfc3339(delivery.alert.recorded), zone)


def _distinct(links: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(link for link in links if link))


def one_line(text: str) -> str:
    """Without line breaks and other control characters: safe as a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def plain(text: str) -> str:
    """Control characters out, line breaks kept."""
    return "\n".join("".join(c for c in line if c.isprintable() or c == "\t") for line in text.splitlines())


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, cut between characters, with an ellipsis where something is missing."""
    raw = text.encode(errors="replace")
    return text if len(raw) <= limit else raw[: limit - 3].decode(errors="ignore") + "…"
