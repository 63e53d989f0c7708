"""What the pages say exists: files, tests, links, commands; and every room has its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sharedchain.cli import COMMANDS
from tests.house.tree import ROOMS, ROOT, ending, files, text

PAGES = ending(".md")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_PATH = re.compile(r"`((?:\.?[\w-]+/)+[\w.-]*|[\w-]+\.(?:md|toml|py))`")
_COMMAND = re.compile(r"(?:^|[`\s])sharedchain ([a-z]+)(?=[`\s]|$)")
LINES = 60  # of a room's README


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_page_that_fits_a_screen(room: str) -> None:
    page = ROOT / room / "README.md"
    assert page.exists(), (
        f"write {room}/README.md: what lives here, how one thing flows, how to add one, what never to do"
    )
    said = page.read_text("utf-8")
    assert len(said.splitlines()) <= LINES
    assert re.search(r"\bnever\b", said, re.IGNORECASE), "say what never to do"


def test_the_rooms_are_all_of_the_rooms() -> None:
    folders = {f.parts[0] for f in files() if len(f.parts) > 1 and not f.parts[0].startswith(".")}
    assert folders == {*ROOMS, "docs", "requirements"}


def test_links_lead_somewhere() -> None:
    links = [(page, link) for page in PAGES for link in _LINK.findall(text(page)) if "://" not in link]
    assert [f"{page}: {link}" for page, link in links if not (ROOT / page.parent / link).exists()] == []


def named_paths(page: Path) -> set[str]:
    """The paths in `code` whose first folder is one of ours."""
    return {p for p in _PATH.findall(text(page)) if p.split("/")[0] in (*ROOMS, "docs", "requirements", ".ci")}


def test_files_that_are_named_exist() -> None:
    pages = [page for page in PAGES if page.name != "CHANGELOG.md"]
    named = [(page, p) for page in pages for p in named_paths(page) if "<" not in p and "NNNN" not in p]
    missing = [(page, p) for page, p in named if not ((ROOT / p).exists() or (ROOT / page.parent / p).exists())]
    assert [f"{page}: {p}" for page, p in missing] == []


def test_commands_that_are_named_exist() -> None:
    lines = [(page, line) for page in PAGES for line in text(page).splitlines() if "sharedchain " in line]
    said = {(str(page), name) for page, line in lines for name in _COMMAND.findall(line)}
    ours = {"import", *COMMANDS}  # `from sharedchain import …`
    assert {(page, name) for page, name in said if name not in ours} == set()


def test_the_promises_of_the_readme_name_their_tests() -> None:
    rows = re.findall(r"^\| (.+) \| (`tests/.+) \|$", text(Path("README.md")), re.MULTILINE)
    assert len(rows) >= 5
    assert [promise for promise, tests in rows if not re.findall(r"`(tests/\S+\.py)`", tests)] == []


def test_the_index_of_decisions_is_whole() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = {page.name for page in folder.glob("[0-9]*.md")}
    listed = re.findall(r"\]\(([0-9][^)]+)\)", (folder / "README.md").read_text("utf-8"))
    assert sorted(listed) == sorted(pages)
    numbers = [int(name[:4]) for name in sorted(pages)]
    assert numbers == list(range(1, len(numbers) + 1))
