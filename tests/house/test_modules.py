"""Small and level: what a reader can hold in the head, under names that say what is inside."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

from tests.house.tree import ending, text, tree

MODULES = ending(".py")
LINES = 400
FUNCTION = 60
LONG_FUNCTIONS: dict[str, str] = {}  # "path:name" → why it may be longer
VAGUE = {"utils", "util", "common", "helpers", "helper", "manager", "managers", "misc", "base_utils"}


def test_the_median_module_is_short_and_none_is_long() -> None:
    lines = {file: len(text(file).splitlines()) for file in MODULES}
    middle = median(lines.values())
    print(f"{len(lines)} modules, median {middle} lines, longest {max(lines.values())}")
    assert middle <= 100
    assert {str(file): n for file, n in lines.items() if n > LINES} == {}


def functions(file: Path) -> dict[str, int]:
    """Name → lines, decorators not counted."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {n.name: (n.end_lineno or n.lineno) - n.lineno + 1 for n in ast.walk(tree(file)) if isinstance(n, kinds)}


def test_functions_are_short() -> None:
    long = {f"{f}:{name}": n for f in MODULES for name, n in functions(f).items() if n > FUNCTION}
    assert long.keys() - LONG_FUNCTIONS.keys() == set(), long
    assert LONG_FUNCTIONS.keys() - long.keys() == set(), "these are short by now: take them off the list"


def test_no_name_is_vague() -> None:
    assert [str(f) for f in ending(".py") if VAGUE & {f.stem, *f.parts[:-1]}] == []


def test_every_module_says_what_it_promises() -> None:
    silent = [str(f) for f in MODULES if f.name != "__init__.py" and text(f).strip() and not ast.get_docstring(tree(f))]
    assert [f for f in silent if not f.startswith("tests/")] == []
