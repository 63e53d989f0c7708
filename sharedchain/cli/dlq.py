"""`sharedchain dlq`: what ingest refused, why, and the bytes that came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json

if TYPE_CHECKING:
    from sharedchain.deadletter import DeadLetter
    from sharedchain.schemas import Catalog, EventType, Topic

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

MASK = "***"
_HEAD = 256  # bytes of a hexdump
_ZONE = "Asia/Shanghai"
_WORDS = {
    "zh": {
        "title": "死信 · 共 {count} 条，显示最近 {shown} 条",
        "columns": ("位置", "时间", "原因", "对象"),
        "empty": "没有死信：没有记录被拒。",
        "more": "查看一条：sharedchain dlq show 位置",
        "fields": (
            "位置", "租户", "原因", "字段", "说明", "对象", "类型", "来源", "编号", "负责人", "时间", "主干", "键",
        ),
        "headers": "消息头",
        "value": "内容",
        "bytes": "{count} 字节",
        "none": "（空）",
        "hidden": "个人信息已隐藏；查看原始字节：--reveal",
    },
    "en": {
        "title": "Dead letters · {count} in all, the newest {shown}",
        "columns": ("position", "time", "reason", "subject"),
        "empty": "No dead letters: no record was refused.",
        "more": "One of them: sharedchain dlq show POSITION",
        "fields": (
            "position", "tenant", "reason", "field", "text", "subject", "type", "source", "id", "owner", "time",
            "spine", "key",
        ),
        "headers": "headers",
        "value": "value",
        "bytes": "{count} bytes",
        "none": "(none)",
        "hidden": "personal data is hidden; the bytes as they came: --reveal",
    },
}  # fmt: skip


@app.command("list")
def list_(
    topic: Annotated[str | None, typer.Option(help="of this topic only, e.g. sales.lead.v1")] = None,
    reason: Annotated[str | None, typer.Option(help="e.g. missing_field, unknown_term, bad_frame")] = None,
    tenant: Annotated[str | None, typer.Option(help="of this tenant only")] = None,
    limit: Annotated[int, typer.Option(min=1, help="the newest so many")] = 50,
    home: Home = None,
    json: Json = False,
) -> None:
    """List refused records, newest last."""
    from sharedchain.canonical import dumps
    from sharedchain.envelope import rfc3339

    found = [
        letter
        for letter in _letters(home, topic)
        if reason in (None, letter.reason) and tenant in (None, letter.tenant)
    ]
    if json:
        typer.echo(dumps([plain(letter) for letter in found[-limit:]]))
        return
    words: Any = _WORDS[language()]
    if not found:
        typer.echo(words["empty"])
        return
    from sharedchain.display import local_time
    from sharedchain.table import show as show_table

    rows = [
        (letter.position, local_time(rfc3339(letter.recorded), _ZONE)[:16], letter.reason, letter.subject or "-")
        for letter in found[-limit:]
    ]
    what = [letter.text for letter in found[-limit:]]
    show_table(words["title"].format(count=len(found), shown=len(rows)), words["columns"], rows, below=what)
    typer.echo(words["more"])


@app.command("show")
def show(
    position: Annotated[str, typer.Argument(metavar="POSITION", help="topic/partition/offset, as `dlq list` says it")],
    reveal: Annotated[bool, typer.Option("--reveal", help="show personal data too")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Show one refused record: why, its headers, its value where it can be read, else its bytes."""
    from sharedchain.canonical import dumps
    from sharedchain.errors import SharedChainError

    letter = next((one for one in _letters(home, position.rsplit("/", 2)[0]) if one.position == position), None)
    if letter is None:
        raise SharedChainError(f"no dead letter at {position}: see `sharedchain dlq list`")
    value = _value(letter, home, reveal)
    if json:
        typer.echo(dumps({**plain(letter), "value": value, "headers": _headers(letter)}))
        return
    words: Any = _WORDS[language()]
    for line in page(letter, value, words):
        typer.echo(line)


def page(letter: DeadLetter, value: Any, words: Mapping[str, Any]) -> list[str]:
    """The lines of one dead letter. `value`: decoded fields, or lines of a hexdump, or None."""
    from sharedchain.canonical import dumps
    from sharedchain.display import local_time

    told = plain(letter)
    told["recorded"] = local_time(told["recorded"], _ZONE)
    names = ("position", "tenant", "reason", "field", "text", "subject", "type", "source", "id", "owner", "recorded")
    values = [*(str(told[n]) for n in names), letter.refusal, _short(letter.key) if letter.key is not None else ""]
    lines = [f"{name}: {said}" for name, said in zip(words["fields"], values, strict=True) if said]
    lines += [f"{words['headers']}:", *(f"  {n} = {v}" for n, v in _headers(letter))]
    size = words["none"] if letter.value is None else words["bytes"].format(count=len(letter.value))
    lines.append(f"{words['value']}: {size}")
    match value:
        case dict():
            lines += [f"  {name} = {said if isinstance(said, str) else dumps(said)}" for name, said in value.items()]
        case list():
            lines += [f"  {line}" for line in value]
        case None if letter.value is not None:
            lines.append(f"  {words['hidden']}")
    return lines


def plain(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter as JSON, without its bytes."""
    from sharedchain.envelope import rfc3339

    names = ("position", "topic", "tenant", "reason", "field", "text", "subject", "type", "source", "id", "owner")
    said: dict[str, Any] = {name: getattr(letter, name) for name in names}
    return {**said, "recorded": rfc3339(letter.recorded), "bytes": len(letter.value or b"")}


def masked(kind: EventType, topic: Topic, data: Mapping[str, Any]) -> dict[str, Any]:
    """The payload without what is tagged `pii`, and on a personal topic without any free text."""
    personal = topic.sensitivity in ("PERSONAL", "SECRET")
    tagged = {f["name"] for f in kind.schema["fields"] if "pii" in f.get("tags", ())}

    def hide(name: str, value: Any) -> Any:
        if name in tagged:
            return MASK
        if isinstance(value, dict):
            return {n: hide(n, v) for n, v in value.items()}
        if isinstance(value, list):
            return [hide(name, v) for v in value]
        known = isinstance(value, int | Decimal | date | None) or name.endswith("_id") or name in kind.terms
        return value if known or not personal else MASK

    return {name: hide(name, value) for name, value in data.items()}


def hexdump(value: bytes) -> list[str]:
    """The first 256 bytes, sixteen a line, as `hexdump -C` shows them."""
    lines = []
    for start in range(0, min(len(value), _HEAD), 16):
        row = value[start : start + 16]
        text = "".join(chr(b) if 32 <= b < 127 else "." for b in row)
        lines.append(f"{start:04x}  {row.hex(' '):<47}  {text}")
    return lines + (["…"] if len(value) > _HEAD else [])


def _letters(home: Any, topic: str | None) -> list[DeadLetter]:
    from sharedchain.deadletter import read_all
    from sharedchain.endpoints import Endpoints
    from sharedchain.errors import SharedChainError
    from sharedchain.schemas import Catalog

    doors = [t for t in Catalog.load().topics.values() if t.ingest]
    wanted = [t for t in doors if topic in (None, t.name, t.dlq)]
    if not wanted:
        names = ", ".join(sorted(t.name for t in doors))
        raise SharedChainError(f"{topic} has no dead letters; these have: {names}")
    return read_all(Endpoints.load(home), wanted)


def _value(letter: DeadLetter, home: Any, reveal: bool) -> Any:
    """Decoded and masked fields; else a hexdump; None when the bytes may not be shown."""
    from sharedchain.codec import Codec
    from sharedchain.endpoints import Endpoints
    from sharedchain.errors import ConnectionFailed, Refused
    from sharedchain.registry import Registry
    from sharedchain.schemas import Catalog

    catalog: Catalog = Catalog.load()
    topic = catalog.topics[letter.topic]
    try:
        decoded = Codec(Registry.of(Endpoints.load(home)), catalog).decode(letter.topic, letter.value)
        return dict(decoded.data) if reveal else masked(decoded.type, topic, decoded.data)
    except (Refused, ConnectionFailed):
        hidden = topic.sensitivity in ("PERSONAL", "SECRET") and not reveal
        return None if letter.value is None or hidden else hexdump(letter.value)


def _headers(letter: DeadLetter) -> list[tuple[str, str]]:
    return [(name, _short(value)) for name, value in letter.headers]


def _short(value: bytes | None) -> str:
    """A header or key for people: text, or hex where it is none; cut at 60 signs."""
    if value is None:
        return "-"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "0x" + value[:32].hex()
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= 60 else f"{text[:59]}…"
