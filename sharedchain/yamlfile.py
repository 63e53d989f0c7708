"""YAML as our rule files mean it: `on` and `yes` are words, numbers are exact, every value knows its line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _Fast
except ImportError:  # PyYAML without libyaml: the same, slower
    from yaml import SafeLoader as _Fast  # type: ignore[assignment]

_DEEPEST, _LARGEST, _DIGITS = 32, 100_000, 30
Where = tuple[int, int]  # line and column, from 1
Step = str | int


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its value (numbers with a point as exact text), and where each part stands."""

    path: Path
    value: Any
    marks: dict[tuple[Step, ...], Where]

    def where(self, steps: tuple[Step, ...]) -> Where:
        """The place of a part, or of the nearest part around it."""
        while steps and steps not in self.marks:
            steps = steps[:-1]
        return self.marks.get(steps, (1, 1))


def read(path: Path) -> Document:
    """Parse one file. Raises yaml.YAMLError with its `problem_mark`, for what is no tree of plain values, too."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise yaml.YAMLError(f"is no UTF-8: {error.reason} at byte {error.start}") from None
    _scan(text)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        marks: dict[tuple[Step, ...], Where] = {}
        if node is not None:
            _mark(node, (), marks)
        value = loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()
    return Document(path, value, marks)


def plain(text: str) -> Any:
    """What stands in the text, as YAML 1.1 says it: eight times as fast as `yaml.safe_load`, and the same."""
    loader = _Fast(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


class _Loader(_Fast):
    """YAML 1.2 core words; floats and dates stay text, so that 0.95 is 0.95 and not its double."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.rsplit(":", 1)[-1] in ("null", "int", "merge")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$") if tag.endswith(":int") else pattern) for tag, pattern in found
    ]
    for first, found in _Loader.yaml_implicit_resolvers.items()
}


def _scan(text: str) -> None:
    """Refuse what would not end or not fit once it is unfolded: depth, aliases of aliases, tags of other languages."""
    sizes: dict[str, int] = {}  # anchor → parts that it stands for
    open_: list[tuple[str | None, int]] = []  # anchor, and the parts counted before it
    count = 0
    for event in yaml.parse(text, Loader=_Fast):
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            raise _refused(event, f"a tag ({tag}); write plain values")
        match event:
            case yaml.AliasEvent():
                if event.anchor not in sizes:
                    raise _refused(event, f"*{event.anchor} stands inside &{event.anchor} or before it")
                count += sizes[event.anchor]
            case yaml.ScalarEvent():
                count += 1
                if event.implicit[0] and len(event.value) > _DIGITS and event.value.lstrip("+-").isdecimal():
                    raise _refused(event, f"a number of {len(event.value)} digits; put texts between quotes")
                if event.anchor:
                    sizes[event.anchor] = 1
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                open_.append((event.anchor, count))
                count += 1
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                anchor, before = open_.pop()
                if anchor:
                    sizes[anchor] = count - before
        if len(open_) > _DEEPEST:
            raise _refused(event, f"nested deeper than {_DEEPEST} levels; write it flatter")
        if count > _LARGEST:
            raise _refused(event, f"more than {_LARGEST} parts once aliases are unfolded; write less")


def _refused(event: yaml.Event, what: str) -> yaml.constructor.ConstructorError:
    mark: Any = event.start_mark
    return yaml.constructor.ConstructorError(None, None, what, mark)


def _mark(node: yaml.Node, steps: tuple[Step, ...], marks: dict[tuple[Step, ...], Where]) -> None:
    marks[steps] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is one word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
            _mark(value, (*steps, str(key.value)), marks)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _mark(value, (*steps, index), marks)
