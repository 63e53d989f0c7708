"""`make help` names every target, and every target that is named anywhere exists."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.house.tree import ROOT, ending, text

_MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z][\w-]*):", _MAKEFILE, re.MULTILINE))


@pytest.mark.skipif(shutil.which("make") is None, reason="no docker, no make")
def test_help_lists_every_target_with_a_sentence() -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = dict(re.findall(r"^\s*make (\S+)\s+(.*)$", told, re.MULTILINE))
    assert listed.keys() == TARGETS
    assert [name for name, sentence in listed.items() if len(sentence) < 10] == []


def test_no_target_is_shadowed_by_a_file() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", _MAKEFILE, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == TARGETS


def test_every_target_that_a_page_or_ci_names_exists() -> None:
    pages = [*ending(".md"), *(f for f in ending("") if f.parts[0] == ".ci")]
    named = {(str(f), t) for f in pages for t in re.findall(r"(?:^|[`\s])make ([a-z]+)(?=[`\s]|$)", _code(text(f)))}
    assert {what for what in named if what[1] not in TARGETS} == set()


def _code(page: str) -> str:
    """What stands in code: fenced blocks, `spans`, and whole scripts."""
    if page.startswith("#!"):
        return page
    blocks = re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *(f"`{span}`" for span in re.findall(r"`([^`\n]+)`", page))])
