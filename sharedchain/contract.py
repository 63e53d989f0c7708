"""The contract rules of an event type, held alike by SDK, command line, gateway and ingest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sharedchain.dictionary import Dictionary
from sharedchain.errors import Refused
from sharedchain.schemas import EventType

Place = tuple[str, dict[str, Any], str]  # where (told to people), the holder, its key


def check_required(kind: EventType, data: Mapping[str, Any]) -> None:
    """Raise Refused(missing_field) naming the first contract field that is absent or empty."""
    for path in kind.required:
        for where, holder, name in places(data, path):
            if is_empty(holder.get(name)):
                raise Refused("missing_field", f"{kind.name} needs {where}: fill it in and publish again", where)
    for group in kind.any_of:
        if all(is_empty(data.get(name)) for name in group):
            raise Refused("missing_field", f"{kind.name} needs one of {', '.join(group)}", group[0])
    for rule in kind.required_if:
        for where, holder, name in places(data, rule.field):
            if holder.get(rule.when) == rule.value and is_empty(holder.get(name)):
                raise Refused("missing_field", f"{kind.name} needs {where} where {rule.when} is {rule.value}", where)


def map_terms(
    kind: EventType, data: Mapping[str, Any], dictionaries: Mapping[str, Dictionary], system: str = ""
) -> dict[str, Any]:
    """A copy of `data` in which the dictionary's synonyms are codes; `data` stays as it is.

    `system` is who speaks (`ce_source`). Raises Refused(unknown_term) for a word no dictionary has.
    """
    coded = _copy(data) if kind.terms else dict(data)
    for path, domain in kind.terms.items():
        for where, holder, name in places(coded, path):
            word = holder.get(name)
            if is_empty(word):
                continue
            code = dictionaries[domain].code(word, system) if domain in dictionaries else None
            if code is None:
                raise Refused(
                    "unknown_term",
                    f"{where} says {word!r}, which the dictionary {domain} does not know: "
                    "use one of its codes, or add the word as a synonym",
                    where,
                )
            holder[name] = code
    return coded


def places(data: Mapping[str, Any], path: str) -> Iterator[Place]:
    """Each place that a field path names: `amount` one, `lines[].amount` one for each line."""
    head, mark, rest = path.partition("[].")
    if not mark:
        yield path, data, path  # type: ignore[misc]
        return
    for index, element in enumerate(data.get(head) or ()):
        yield f"{head}[{index}].{rest}", element, rest


def is_empty(value: Any) -> bool:
    """Absent, blank text, or a list or map without elements. Zero and False are values."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {}, ())


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(element) for name, element in value.items()}
    if isinstance(value, list):
        return [_copy(element) for element in value]
    return value
