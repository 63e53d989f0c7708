"""The rule cookbook: every entry is a rule that checks, and whose cases pass; both languages show the same rules."""

from __future__ import annotations

import shutil
from functools import cache
from typing import Any

import pytest
import yaml

from sharedchain import derivationcheck, rulecheck
from sharedchain.schemas import Catalog
from tests.docs.blocks import blocks
from tests.house.tree import ROOT

PAGE = "docs/rules-cookbook.md"
CATALOG = Catalog.load()
NEEDED = ("schemas/dictionary", "rules/measures", "rules/tables", "rules/calendars", "rules/runbooks")


@cache
def entries(page: str = PAGE) -> tuple[str, ...]:
    """The frame, then each entry."""
    return tuple(block.code for block in blocks(page, (ROOT / page).read_text("utf-8")) if block.language == "yaml")


def names() -> list[str]:
    """The rules; what has no bands is a derivation, a whole file."""
    return [str(said["id"]) for said in map(yaml.safe_load, entries()[1:]) if "bands" in said]


def derivations() -> list[str]:
    return [str(said["id"]) for said in map(yaml.safe_load, entries()[1:]) if "bands" not in said]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> rulecheck.Book:
    """All entries in their frame, as files beside our measures, tables and dictionary; what an entry says wins."""
    root = tmp_path_factory.mktemp("cookbook")
    for folder in NEEDED:
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, root / folder)
    frame, *rest = entries()
    (root / "rules/cookbook").mkdir(parents=True)
    (root / "rules/derivations").mkdir()
    for entry in rest:
        said: dict[str, Any] = yaml.safe_load(entry)
        if "bands" not in said:
            (root / f"rules/derivations/{said['id']}.yaml").write_text(entry, "utf-8")
            continue
        kept = "".join(line for line in frame.splitlines(keepends=True) if line.split(":")[0] not in said)
        (root / f"rules/cookbook/{said['id']}.yaml").write_text(entry + kept, "utf-8")
    return rulecheck.check(root, CATALOG)


def test_every_entry_checks(book: rulecheck.Book) -> None:
    assert [finding for finding in book.findings if "cookbook" in finding or "derivations" in finding] == []
    assert set(book.models["rule"]) == set(names())
    assert set(book.models["derivation"]) == set(derivations())


@pytest.mark.parametrize("name", names())
def test_every_case_of_an_entry_ends_as_it_says(name: str, book: rulecheck.Book) -> None:
    rule, _ = book.models["rule"][name]
    found = rulecheck.outcomes(book, rule, CATALOG)
    assert [one for one in found if not one.ok] == []
    assert len(found) >= 2


@pytest.mark.parametrize("name", derivations())
def test_every_case_of_a_derivation_ends_as_it_says(name: str, book: rulecheck.Book) -> None:
    found = derivationcheck.outcomes(book, book.models["derivation"][name][0], CATALOG)
    assert [one for one in found if not one.ok] == []
    assert len(found) >= 2


def test_both_languages_show_the_same_rules() -> None:
    assert entries("docs/rules-cookbook.zh.md") == entries()


def test_the_page_names_every_dynamic_key() -> None:
    """A key of the language that no entry shows is a gap of the book."""
    shown = {key for entry in entries() for key in yaml.safe_load(entry)}
    dynamic = {"for", "keep_firing_for", "consecutive", "of", "falls", "cooldown", "each", "seen", "let", "with", "if"}
    assert dynamic | {"clear", "checkpoints", "scope", "mode", "action", "caps", "one_shot", "magnitude"} <= shown


def test_a_case_that_is_spoilt_fails(book: rulecheck.Book) -> None:
    rule, _ = book.models["rule"]["R-90"]
    (first, *_) = rule.tests
    spoilt = rule.model_copy(update={"tests": ({**first, "expect": ["quiet"] * 4},)})
    assert [one.ok for one in rulecheck.outcomes(book, spoilt, CATALOG)] == [False]
