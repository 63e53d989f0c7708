"""Dotted paths into what a rule, a table or a measure sees: `message.lead_id`, `item.price`, `meta.time`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from sharedchain.core import wire

Read = Callable[[Mapping[str, Any]], Any]


def walk(variables: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    return reader(path)(variables)


@lru_cache(maxsize=8192)
def reader(path: str) -> Read:
    """`walk` for one path, which is taken apart once."""
    root, *steps = path.split(".")

    def read(variables: Mapping[str, Any]) -> Any:
        value = variables.get(root)
        for step in steps:
            value = value.get(step) if type(value) is dict or isinstance(value, Mapping) else None
        return value

    return read


def text_at(variables: Mapping[str, Any], path: str) -> str:
    """The value at a dotted path as people read it; "" for no path and for no value."""
    return wire.text(walk(variables, path)) if path else ""


def elements(variables: Mapping[str, Any], path: str) -> tuple[Any, ...]:
    """The elements of the list at a dotted path; none where there is no list."""
    found = walk(variables, path)
    return tuple(found) if isinstance(found, list | tuple) else ()


def joined(variables: Mapping[str, Any], paths: Iterable[str]) -> str:
    """The texts at several paths, joined by "/"; "" if one of them is missing."""
    texts = [text_at(variables, path) for path in paths]
    return wire.name("/".join(texts)) if all(texts) else ""
