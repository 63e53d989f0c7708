"""The command line: help in both languages, entry points that resolve, nothing half registered."""

from __future__ import annotations

import importlib
import re
import tomllib

import pytest

from sharedchain.cli import COMMANDS, help_text, run
from tests.house.tree import ROOT

_CHINESE = re.compile(r"[一-鿿]")
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ENTRY_POINTS: dict[str, str] = _PROJECT["entry-points"]["sharedchain.commands"]
SCRIPTS: dict[str, str] = _PROJECT["scripts"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_explained_in_both_languages(name: str) -> None:
    zh, en, _ = COMMANDS[name]
    assert _CHINESE.search(zh)
    assert re.fullmatch(r"[ -~]+", en)
    assert f"  {name} " in help_text("zh")
    assert f"  {name} " in help_text("en")


def test_the_checkout_registers_exactly_what_is_marked_so() -> None:
    assert ENTRY_POINTS.keys() == {name for name, command in COMMANDS.items() if command.checkout}


@pytest.mark.parametrize("target", [*ENTRY_POINTS.values(), *SCRIPTS.values()])
def test_entry_points_resolve_in_a_checkout(target: str) -> None:
    module, _, name = target.partition(":")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    told = capsys.readouterr().out
    assert "Usage" in told
    assert "--help" in told
