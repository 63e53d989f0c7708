"""docs/data-dictionary.md: every topic, event, field and word, as `schemas/` declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.pages.table import both, code, table
from sharedchain.dictionary import ANY, Dictionary, Term, load_dictionaries
from sharedchain.schemas import Catalog, EventType, Topic

_HEAD = """\
# 数据字典 · Data dictionary
<!-- Generated from schemas/ by `make pages`. Do not edit. -->
由 `schemas/` 生成，请勿手改；修改 `schemas/` 后运行 `make pages`。
Generated from `schemas/`: change those files, then run `make pages`.

**必填 required**
- `avro` 该字段在 Avro 中不可为空 / never null in Avro
- `yes` 契约要求，缺失则按字段名拒收 / asked for by the contract: an event without it is refused by name
- `one of …` 至少一个 / at least one of them · `if …` 条件必填 / when a sibling has that value

**字典 dictionary**: 取值见页末 / its words stand at the end of this page.
Every event travels with `ce_id, ce_source, ce_type, ce_time, ce_subject, ce_tenant` (`sharedchain/envelope.py`)."""


def page(root: Path) -> str:
    """The whole page. Raises ConfigError when the files under `root`/schemas are unsound."""
    catalog, dictionaries = Catalog.load(root), load_dictionaries(root)
    lines = [_HEAD, "", "## 主题 · Topics", "", *table(_TOPIC_HEAD, map(_topic_row, catalog.topics.values()))]
    for topic in catalog.topics.values():
        kinds = [kind for kind in catalog.types.values() if kind.topic == topic.name]
        for kind in kinds:
            lines += _event(topic, kind)
    lines += ["## 字典 · Dictionaries", ""]
    for domain, dictionary in sorted(dictionaries.items()):
        lines += [f"### {domain}", f"Owner `{dictionary.owner_role}`.", "", *_words(dictionary)]
    return "\n".join(lines).rstrip() + "\n"


_TOPIC_HEAD = ("topic", "中文", "English", "owner", "sensitivity", "readers", "partitions", "kept", "enters by")


_MAKERS = {"ingest": "the lifecycle", "engine": "the engine", None: "the chain"}


def _topic_row(topic: Topic) -> tuple[str, ...]:
    kept = "for ever" if topic.retention_days is None else f"{topic.retention_days} d"
    kept += ", compacted" if topic.cleanup == "compact" else ""
    door = "ingest" if topic.ingest else _MAKERS[topic.derived]
    readers = ", ".join(topic.readers)
    return (
        code(topic.name), *both(topic.doc), topic.owner, topic.sensitivity, readers, str(topic.partitions), kept, door,
    )  # fmt: skip


def _event(topic: Topic, kind: EventType) -> list[str]:
    zh, en = both(kind.schema["doc"])
    facts = [f"topic {code(topic.name)}", f"owner {topic.owner}", topic.sensitivity, f"key {code(kind.key)}"]
    facts += [f"subject {code(kind.subject)}"] if kind.subject else []
    facts += [f"identity {code(', '.join(kind.identity))}"] if kind.identity else []
    facts += [f"time {code(kind.time)}"] if kind.time else []
    facts += [f"creates {kind.creates}"] if kind.creates else []
    facts += [f"child of {kind.parent.entity} by {code(kind.parent.field)}"] if kind.parent else []
    facts += [f"mended by the employee in {code(kind.owner_field)}"] if kind.owner_field else []
    head = ("field", "type", "required", "dictionary", "中文", "English")
    return [
        f"### {kind.name}", f"{zh} / {en}. `{kind.fullname}`", "", " · ".join(facts), "",
        *table(head, _fields(kind, kind.schema, "")),
    ]  # fmt: skip


def _fields(kind: EventType, record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, ...]]:
    for field in record["fields"]:
        path = prefix + field["name"]
        yield (
            code(path), avro_type(field["type"]), required(kind, path, field["type"]),
            kind.terms.get(path, ""), *both(field.get("doc", "")),
        )  # fmt: skip
        inner, mark = _inner(field["type"])
        if inner:
            yield from _fields(kind, inner, f"{path}{mark}.")


def _branches(avro: Any) -> list[Any]:
    return [one for one in (avro if isinstance(avro, list) else [avro]) if one != "null"]


def _inner(avro: Any) -> tuple[Mapping[str, Any] | None, str]:
    """The record inside a field, and how a path into it is written."""
    for one in _branches(avro):
        if isinstance(one, dict) and one["type"] == "record":
            return one, ""
        if isinstance(one, dict) and one["type"] in ("array", "map"):
            inner, mark = _inner(one["items" if one["type"] == "array" else "values"])
            return inner, "[]" + mark
    return None, ""


def avro_type(avro: Any) -> str:
    """The type as people say it: `decimal(18,2)`, `list of string`, `string?` where null is allowed."""
    said = " or ".join(_plain(one) for one in _branches(avro))
    return f"{said}?" if isinstance(avro, list) and "null" in avro else said


def _plain(one: Any) -> str:
    if isinstance(one, str):
        return one
    match one.get("logicalType"), one["type"]:
        case "decimal", _:
            return f"decimal({one['precision']},{one.get('scale', 0)})"
        case "timestamp-millis", _:
            return "timestamp (ms)"
        case str(logical), _:
            return logical
        case _, "array":
            return f"list of {avro_type(one['items'])}"
        case _, "map":
            return f"map of {avro_type(one['values'])}"
        case _, "record":
            return "record"
        case _, "enum":
            return " | ".join(one["symbols"])
        case _, plain:
            return str(plain)


def required(kind: EventType, path: str, avro: Any) -> str:
    """Who asks for this field: Avro, the contract, a group of which one must be there, or a condition."""
    if path in kind.required:
        return "yes"
    said = [f"one of {', '.join(group)}" for group in kind.any_of if path in group]
    said += [f"if {rule.when} is {rule.value}" for rule in kind.required_if if rule.field == path]
    if not said and not isinstance(avro, list):
        return "avro"
    return "; ".join(said)


def _words(dictionary: Dictionary) -> list[str]:
    head = ("code", "中文", "English", "also said")
    return table(head, ((code(t.code), t.label_zh, t.label_en, _also_said(t)) for t in dictionary.terms))


def _also_said(term: Term) -> str:
    said = {"" if system == ANY else f"{system}: ": ", ".join(words) for system, words in term.synonyms.items()}
    return "; ".join(who + words for who, words in said.items())
