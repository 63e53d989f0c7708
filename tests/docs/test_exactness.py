"""The page that promises exactly once names tests, twins and programs that are there, the same in both languages."""

from __future__ import annotations

import re

from sinks.clickhouse.metrics import MISMATCH
from tests.house.tree import ROOT
from tests.nemesis.unarmed import TWINS

PAGES = [(ROOT / "docs" / f"exactness{lang}.md").read_text("utf-8") for lang in ("", ".zh")]
NAMED = re.compile(r"`((?:tests|streams|sinks)/[\w/.]+|TWIN=\w+|python -m [\w.]+|sharedchain \w+|\w+_total)`")


def test_both_languages_name_the_same() -> None:
    named = [[sorted(NAMED.findall(line)) for line in page.splitlines()] for page in PAGES]
    assert named[0] == named[1]


def test_what_is_named_is_there() -> None:
    named = set(NAMED.findall(PAGES[0]))
    paths = {one for one in named if "/" in one}
    assert len(paths) > 15
    assert [one for one in paths if not (ROOT / one).exists()] == []
    twins = {one.removeprefix("TWIN=") for one in named if one.startswith("TWIN=")}
    assert twins <= set(TWINS), twins
    assert f"{MISMATCH._name}_total" in named


def test_each_guarantee_has_its_line_and_what_shows_it() -> None:
    for page in PAGES:
        lines = [line.split("|") for line in page.splitlines() if re.match(r"\| G\d", line)]
        assert [line[1].strip() for line in lines] == [f"G{n}" for n in range(1, 17)]
        assert all(line[3].strip() and line[4].strip() for line in lines)
