"""The catalog: topics and event types as the files under `schemas/` declare them.

schemas/<domain>/<entity>/topic.yaml            one topic and the contract rules of its events
schemas/<domain>/<entity>/<ce_type>.avsc        one Avro record per event type
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ValidationError

from sharedchain import canonical
from sharedchain.errors import ConfigError
from sharedchain.topicfile import TopicFile, TypeRules
from sharedchain.yamlfile import plain

# Fields that are money (None) or hold it: records, or lists of records, with what is money in them.
Money = tuple[tuple[str, "Money | None"], ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """One Kafka topic. `retention_days` None = for ever; the ages bound `ce_time` against the
    scope's clock; `tenant` is that of records which name none."""

    name: str
    owner: str
    ingest: bool
    partitions: int
    cleanup: Literal["delete", "compact"]
    retention_days: int | None
    sensitivity: str
    tenant: str | None
    past_days: int = 400
    future_minutes: int = 5
    silent_hours: int | None = None
    derived: Literal["ingest", "engine"] | None = None
    telemetry: bool = False
    commanded: bool = False
    readers: tuple[str, ...] = ()
    doc: str = ""

    @property
    def dlq(self) -> str:
        """Where refused records of this topic go."""
        return f"{self.name}.dlq.v1"


@dataclass(frozen=True, slots=True)
class Parent:
    """A child names its parent of kind `entity` in `field`; where that is empty, it has none."""

    entity: str
    field: str


@dataclass(frozen=True, slots=True)
class RequiredIf:
    """`field` must be said when its sibling `when` has the value `value`."""

    field: str
    when: str
    value: str


@dataclass(frozen=True)
class EventType:
    """One event type: its Avro record, and the contract rules that ingest and SDK hold.

    Field paths: `name`, or `lines[].name` for each element of a list. `key` is a template over
    payload fields and `tenant`.
    """

    name: str
    fullname: str
    topic: str
    schema: Mapping[str, Any]
    subject: str
    identity: tuple[str, ...]
    time: str | None
    required: tuple[str, ...]
    required_if: tuple[RequiredIf, ...]
    any_of: tuple[tuple[str, ...], ...]
    negative: tuple[str, ...]
    terms: Mapping[str, str]
    creates: str | None
    parent: Parent | None
    owner_field: str | None
    key: str
    model: type[BaseModel]

    @cached_property
    def registry_subject(self) -> str:
        """The registry's subject for our schema: TopicRecordName."""
        return f"{self.topic}-{self.fullname}"

    @cached_property
    def schema_text(self) -> str:
        """The schema as it is registered: the file's JSON without its spacing."""
        return json.dumps(self.schema, ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def required_places(self) -> tuple[tuple[str, str], ...]:
        """`required` taken apart once: (list or "", field)."""
        return tuple(_apart(path) for path in self.required)

    @cached_property
    def term_places(self) -> tuple[tuple[str, str, str], ...]:
        """`terms` taken apart once: (list or "", field, dictionary)."""
        return tuple((*_apart(path), domain) for path, domain in self.terms.items())

    @cached_property
    def money(self) -> Money:
        """Where decimals of scale 2 stand that are not below zero."""
        return tuple(place for place in _money(self.schema) if place[0] not in self.negative)

    def key_of(self, tenant: str, data: Mapping[str, Any]) -> bytes:
        """The Kafka key of a record of this type; maps in it appear as canonical JSON.

        Behind a tenant every `/` inside a part is escaped: no tenant's key is another one's.
        """
        said = {name: canonical.dumps(v) if isinstance(v, dict) else v for name, v in data.items()}
        said["tenant"] = tenant
        if self.key.startswith("{tenant}/"):
            said = {name: _part(v) if isinstance(v, str) else v for name, v in said.items()}
        return self.key.format_map(said).encode()


def _part(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F") if "/" in text or "%" in text else text


@dataclass(frozen=True)
class Catalog:
    """Every topic and event type of one `schemas/` folder."""

    topics: Mapping[str, Topic]
    types: Mapping[str, EventType]
    by_fullname: Mapping[str, EventType]

    @classmethod
    def load(cls, root: Path | None = None) -> Catalog:
        """Read `root`/schemas (default: beside pyproject.toml, else inside the wheel).

        Raises ConfigError with every finding of every file.
        """
        topics: dict[str, Topic] = {}
        types: dict[str, EventType] = {}
        findings: list[str] = []
        for file in sorted((data_root(root) / "schemas").glob("*/*/topic.yaml")):
            try:
                topic, found = _read_topic(file)
            except ConfigError as error:
                findings += error.findings
                continue
            topics[topic.name] = topic
            types.update((t.name, t) for t in found)
        if not topics and not findings:
            findings.append(f"{data_root(root) / 'schemas'}: no topic.yaml below; is the checkout complete?")
        if findings:
            raise ConfigError(findings)
        full = {t.fullname: t for t in types.values()}
        return cls(MappingProxyType(topics), MappingProxyType(types), MappingProxyType(full))


def data_root(root: Path | None = None) -> Path:
    """The folder that holds `schemas/` and `rules/`: the checkout's, else the wheel's copy."""
    if root is not None:
        return root
    package = Path(__file__).resolve().parent
    return package.parent if (package.parent / "pyproject.toml").exists() else package / "_data"


def fullname_of(domain: str, name: str) -> str:
    """THE naming rule: `lead.contact.logged` in domain sales ⇄ `sharedchain.sales.LeadContactLogged`."""
    return f"sharedchain.{domain}.{class_name(name)}"


def class_name(name: str) -> str:
    """`lead.contact.logged` → `LeadContactLogged`: each word capitalised, dots dropped."""
    return "".join(word.capitalize() for word in name.split("."))


def _money(record: Mapping[str, Any]) -> Money:
    found: list[tuple[str, Money | None]] = []
    for each in record["fields"]:
        for branch in each["type"] if isinstance(each["type"], list) else [each["type"]]:
            match branch:
                case {"logicalType": "decimal", "scale": 2}:
                    found.append((each["name"], None))
                case {"type": "record"} | {"type": "array", "items": {"type": "record"}}:
                    if within := _money(branch.get("items", branch)):
                        found.append((each["name"], within))
    return tuple(found)


def _apart(path: str) -> tuple[str, str]:
    head, mark, rest = path.partition("[].")
    return (head, rest) if mark else ("", path)


def _read_topic(file: Path) -> tuple[Topic, list[EventType]]:
    try:
        said = TopicFile.model_validate(plain(file.read_text("utf-8")))
    except yaml.YAMLError as error:
        raise ConfigError([f"{file}: not YAML: {error}"]) from None
    except ValidationError as error:
        raise ConfigError([f"{file}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from None
    fields = said.model_dump(exclude={"events", "topic"})
    topic = Topic(name=said.topic, **{**fields, "readers": tuple(said.readers)})
    findings = _strays(file, said)
    types = [] if findings else [_event_type(file, topic, name, rules) for name, rules in said.events.items()]
    if findings:
        raise ConfigError(findings)
    return topic, types


def _strays(file: Path, said: TopicFile) -> list[str]:
    declared, found = set(said.events), {f.stem for f in file.parent.glob("*.avsc")}
    return [f"{file}: event {name} has no file {name}.avsc beside it" for name in sorted(declared - found)] + [
        f"{file.parent / name}.avsc: not declared under `events` of topic.yaml" for name in sorted(found - declared)
    ]


def _event_type(file: Path, topic: Topic, name: str, rules: TypeRules) -> EventType:
    source = file.parent / f"{name}.avsc"
    try:
        schema = json.loads(source.read_text("utf-8"))
    except ValueError as error:
        raise ConfigError([f"{source}: not JSON: {error}"]) from None
    fullname = f"{schema.get('namespace')}.{schema.get('name')}"
    wanted = fullname_of(file.parent.parent.name, name)
    if fullname != wanted:
        raise ConfigError([f"{source}: its full name is {fullname}; the naming rule wants {wanted}"])
    return EventType(
        name=name,
        fullname=fullname,
        topic=topic.name,
        schema=schema,
        subject=rules.subject,
        identity=tuple(rules.identity),
        time=rules.time,
        required=tuple(rules.required),
        required_if=tuple(RequiredIf(r.field, r.when, r.value) for r in rules.required_if),
        any_of=tuple(tuple(group) for group in rules.any_of),
        negative=tuple(rules.negative),
        terms=MappingProxyType(dict(rules.terms)),
        creates=rules.creates,
        parent=Parent(rules.parent.entity, rules.parent.field) if rules.parent else None,
        owner_field=rules.owner_field,
        key=rules.key,
        model=_model(source, name),
    )


def _model(source: Path, name: str) -> type[BaseModel]:
    from sharedchain import events

    try:
        model: type[BaseModel] = getattr(events, class_name(name))
    except AttributeError:
        raise ConfigError([f"{source}: sharedchain.events has no model {class_name(name)}"]) from None
    return model
