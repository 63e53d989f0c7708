"""A combination of dimensions and its canonical text, which names rows and buckets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sharedchain.canonical import dumps


@lru_cache(maxsize=65_536)
def text_of(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Canonical JSON of {name: value}; remembered, for the same few combinations come with every fact."""
    return dumps(dict(zip(names, values, strict=True)))


def text(dims: Mapping[str, str]) -> str:
    """The same of a mapping."""
    return text_of(tuple(dims), tuple(dims.values()))
