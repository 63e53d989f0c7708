"""A newcomer walks the pages: every block is run on one embedded chain, in the order of the navigation.

The walk goes through a copy of the checkout, so that pages may add rules and data. A block of a translation that
does what the first page did is not done twice. What a page says cannot be run is listed with its reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import jars
from sharedchain.errors import ConnectionFailed
from tests.census import used
from tests.docs.blocks import Block, blocks
from tests.docs.site import walked
from tests.docs.walker import Walker
from tests.house.tree import ROOT, files

pytestmark = [pytest.mark.stack, pytest.mark.slow]
_SPOKEN = {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}
_KEPT = ("HOME", "XDG_CACHE_HOME", "TMPDIR", "SHAREDCHAIN_MAVEN")


@pytest.fixture(scope="module")
def walker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walker]:
    """In a copy of the checkout, with its environment, before anything was started."""
    folder = tmp_path_factory.mktemp("walk")
    clone = folder / "sharedchain"
    for file in files():
        (clone / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, clone / file)
    (clone / ".venv").symlink_to(sys.prefix)
    said = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        yield Walker(clone, folder / "terminal", {**said, "PATH": os.environ["PATH"], "PYTHONPATH": str(clone)})
    finally:
        _down(clone)


@pytest.fixture(scope="module")
def done() -> set[tuple[str, str, str, str | None]]:
    """What blocks of earlier pages did."""
    return set()


@pytest.mark.parametrize("page", walked())
def test_every_block_does_what_its_page_says(
    page: str, walker: Walker, done: set[object], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    used(request, ("kafka", "registry", "clickhouse"))
    walker.speak(_SPOKEN["zh" if page.endswith(".zh.md") else "en"])
    for block in blocks(page, (ROOT / page).read_text("utf-8")):
        if why := unable(block):
            with capsys.disabled():
                print(f"\nnot run: {block.place}: {why}", end="")
        elif block.deed() not in done:
            walker.walk(block)
            done.add(block.deed())


def unable(block: Block) -> str:
    """Why it cannot be run here; empty if it can."""
    if block.needs:
        try:
            jars.fetch(block.needs)
        except ConnectionFailed as problem:
            return str(problem)
    return block.reason


def _down(clone: Path) -> None:
    if (clone / ".sharedchain").exists():
        down = [sys.executable, "-m", "sharedchain.cli", "down", "--home", str(clone / ".sharedchain")]
        subprocess.run(down, cwd=clone, check=True, stdout=subprocess.DEVNULL, timeout=120)
