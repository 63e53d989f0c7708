"""The site: every page is found, both languages do the same, and nothing comes from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from sharedchain.errors import Reason
from tests.docs.blocks import RUN, blocks
from tests.docs.site import DOCS, navigation, pages, settings, walked
from tests.house.tree import ROOT

_ELSEWHERE = re.compile(r"""(?:src|href)="(?:https?:)?//[^"]*"|@import|url\((?:https?:)?//""")
TWINS = [page for page in pages() if page.name.endswith(".zh.md")]
# Said once, in both languages or for developers alone.
ONE_PAGE = {
    "bench",
    "connect",
    "deploy",
    "data-dictionary",
    "flows",
    "measures-and-rules",
    "metrics",
    "operate",
    "runbooks",
    "upgrade",
}


def test_every_page_is_in_the_navigation() -> None:
    there = {str(page.relative_to(DOCS)) for page in pages() if page not in TWINS}
    assert there == set(navigation()), "mend `nav:` in mkdocs.yml"


def test_every_page_is_there_in_both_languages() -> None:
    single = {name for name in navigation() if not (DOCS / name.replace(".md", ".zh.md")).exists()}
    assert {Path(name).stem for name in single if "/" not in name} <= ONE_PAGE
    assert [str(page) for page in TWINS if not page.with_name(page.name.replace(".zh.md", ".md")).exists()] == []


def test_every_entry_of_the_navigation_has_a_chinese_name() -> None:
    (zh,) = [lang for lang in settings()["plugins"][1]["i18n"]["languages"] if lang["locale"] == "zh"]
    assert set(_titles(settings()["nav"])) == set(zh["nav_translations"])


@pytest.mark.parametrize("page", TWINS, ids=lambda page: str(page.name))
def test_a_translation_does_what_the_page_does(page: Path) -> None:
    one, other = (
        blocks(p.name, p.read_text("utf-8")) for p in (page.with_name(page.name[: -len("zh.md")] + "md"), page)
    )
    assert [block.deed()[:3] for block in other] == [block.deed()[:3] for block in one]
    assert [block.prints is None for block in other] == [block.prints is None for block in one]


@pytest.mark.parametrize("page", walked())
def test_every_block_says_what_it_is(page: str) -> None:
    found = blocks(page, (ROOT / page).read_text("utf-8"))
    assert [b.place for b in found if not (b.reason or b.file or b.language in RUN)] == []


@pytest.mark.parametrize("page", ["errors.md", "errors.zh.md"])
def test_every_reason_of_a_refusal_is_explained(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert [reason for reason in get_args(Reason) if f"`{reason}`" not in text] == []


@pytest.mark.slow
def test_the_site_builds_strictly_and_fetches_nothing(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "--quiet", "build", "--strict", "--site-dir", str(tmp_path)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    said = subprocess.run(build, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert said.returncode == 0, said.stdout + said.stderr
    built = [*tmp_path.rglob("*.html"), *tmp_path.rglob("*.css")]
    assert {page.relative_to(tmp_path).parts[0] for page in built} >= {"index.html", "zh"}
    assert [f"{p.name}: {m[0]}" for p in built for m in _ELSEWHERE.finditer(p.read_text("utf-8"))] == []


def _titles(nav: list[object]) -> list[str]:
    found: list[str] = []
    for entry in nav:
        if isinstance(entry, dict):
            for title, inside in entry.items():
                found += [title, *(_titles(inside) if isinstance(inside, list) else [])]
    return found
