"""A test that kills at a place that does not exist kills nothing: every name is a place in the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.tree import PACKAGES, ending, text, texts, tree

_NAMED = re.compile(
    r"\b(?:ingest|engine|telemetry|sink|notify|gateway|outbox|import|backup)\.(?:before|after|during)_[a-z_]+\b"
)
_ASKED = re.compile(r"""SHAREDCHAIN_FAILPOINT["']?\s*[:=]\s*["']?([a-z]+\.[a-z_]+)""")


def places(file: Path) -> set[str]:
    """The names that this module gives to `failpoint`; a prefix of an f-string is completed by its `_point` calls."""
    said: set[str] = set()
    prefixes: set[str] = set()
    completions: set[str] = set()
    for node in ast.walk(tree(file)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called, first = getattr(node.func, "id", ""), node.args[0]
        if called == "failpoint" and isinstance(first, ast.Constant):
            said.add(str(first.value))
        if called == "failpoint" and isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
            prefixes.add(str(first.values[0].value))
        if called == "_point" and isinstance(first, ast.Constant):
            completions.add(str(first.value))
    return said | {f"{prefix}{name}" for prefix in prefixes for name in completions}


PLACES = set().union(*(places(f) for f in ending(".py", under=PACKAGES)))


def test_there_are_places_in_every_program() -> None:
    assert {name.split(".")[0] for name in PLACES} == {
        "ingest", "engine", "telemetry", "sink", "notify", "import", "backup",
    }  # fmt: skip


def test_every_name_is_a_place() -> None:
    named = {(str(f), n) for f, said in texts() for p in (_NAMED, _ASKED) for n in p.findall(said)}
    assert {(f, n) for f, n in named if n not in PLACES} == set()


def test_every_place_is_killed_at() -> None:
    killed = {n for f in ending(".py", under=("tests",)) for n in _NAMED.findall(text(f))}
    asked = {n for f in ending(".py", under=("tests",)) for n in PLACES if f'"{n.split(".")[1]}"' in text(f)}
    assert PLACES - killed - asked == set()
