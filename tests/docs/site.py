"""The pages of the site, in the order in which a reader meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.house.tree import ROOT

DOCS = ROOT / "docs"
_FENCE = "```"


def settings() -> dict[str, Any]:
    """mkdocs.yml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    return found


def navigation() -> list[str]:
    """The pages that mkdocs.yml lists, by their names in docs/."""
    return list(_leaves(settings()["nav"]))


def walked() -> list[str]:
    """README and docs pages that have blocks: each with its translation behind it, then what only developers read."""
    listed = [twin for name in navigation() for twin in (name, name.removesuffix(".md") + ".zh.md")]
    there = [f"docs/{name}" for name in listed if (DOCS / name).exists()]
    return [name for name in there if _FENCE in (ROOT / name).read_text("utf-8")]


def pages() -> list[Path]:
    """Every page under docs/."""
    return sorted(DOCS.rglob("*.md"))


def _leaves(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for value in nav.values():
            yield from _leaves(value)
    else:
        for entry in nav:
            yield from _leaves(entry)
