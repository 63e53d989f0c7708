"""Dotted paths into what a rule, a table or a measure sees: `message.lead_id`, `item.price`, `meta.time`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sharedchain.core import wire


def walk(variables: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    value: Any = variables
    for step in path.split("."):
        value = value.get(step) if type(value) is dict or isinstance(value, Mapping) else None
    return value


def text_at(variables: Mapping[str, Any], path: str) -> str:
    """The value at a dotted path as people read it; "" for no path and for no value."""
    return wire.text(walk(variables, path)) if path else ""


def joined(variables: Mapping[str, Any], paths: Iterable[str]) -> str:
    """The texts at several paths, joined by "/"; "" if one of them is missing."""
    texts = [text_at(variables, path) for path in paths]
    return wire.name("/".join(texts)) if all(texts) else ""
