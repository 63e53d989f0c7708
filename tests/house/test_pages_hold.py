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


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(text(page)) if "://" not in link]
    assert [link for link in links if not (ROOT / page.parent / link).exists()] == []


def named_paths(page: Path) -> set[str]:
    """The paths in `code` whose first folder is one of ours."""
    return {p for p in _PATH.findall(text(page)) if p.split("/")[0] in (*ROOMS, "docs", "requirements", ".ci")}


@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "CHANGELOG.md"], ids=str)
def test_files_that_are_named_exist(page: Path) -> None:
    here = {p: (ROOT / p, ROOT / page.parent / p) for p in named_paths(page) if "<" not in p and "NNNN" not in p}
    assert [p for p, places in here.items() if not any(place.exists() for place in places)] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_that_are_named_exist(page: Path) -> None:
    said = {name for line in text(page).splitlines() if "sharedchain " in line for name in _COMMAND.findall(line)}
    assert said - {"import"} - COMMANDS.keys() == set()  # `from sharedchain import …`


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
