"""The walk itself: what stumbles, and where."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.docs.blocks import Unclear, blocks
from tests.docs.walker import Stumbled, Walker, matches

PAGE = """
```json title="lead.json"
{"lead_id": "L"}
```
```bash
cd .
WORD=lead   # a comment
```
then
```bash
cat $WORD.json
echo done at 12:01
```
```text
{"lead_id": …}
done at …
```
<!-- not run: needs a cluster -->
```bash
kubectl apply
```
"""


@pytest.fixture
def walker(tmp_path: Path) -> Walker:
    (tmp_path / "page").mkdir()
    return Walker(tmp_path / "page", tmp_path / "walk", {"PATH": os.environ["PATH"]})


def walk(walker: Walker, text: str) -> None:
    for block in blocks("p.md", text):
        if not block.reason:
            walker.walk(block)


def test_a_page_is_walked(walker: Walker) -> None:
    walk(walker, PAGE)
    assert [b.reason for b in blocks("p.md", PAGE)] == ["", "", "", "needs a cluster"]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("cat $WORD.json", "cat $WORD.jsn", r"p\.md:11: exit 1 of: cat \$WORD\.jsn\n.*No such file"),
        ("cd .", "nosuchcommand", r"p\.md:6: exit 127 of: nosuchcommand"),
        ("done at …", "gone at …", r"(?s)p\.md:11: the page says.*gone at.*but it printed.*done at 12:01"),
        ('{"lead_id": …}\n', "", r"p\.md:11: the page says"),
        ("WORD=lead ", "WORD=load", r"p\.md:11"),
        ("```bash\ncd .", "```python\nimport none_such", r"(?s)p\.md:6: exit 1 of: the program.*none_such"),
    ],
)
def test_what_is_wrong_is_told_with_page_and_line(walker: Walker, right: str, wrong: str, said: str) -> None:
    assert right in PAGE
    with pytest.raises(Stumbled, match=said):
        walk(walker, PAGE.replace(right, wrong))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```\nls\n```\n", "p.md:2: `` is not run"),
        ("```json\n{}\n```\n", "p.md:2: `json` is not run"),
        ("```text\nout\n```\n", "p.md:2: `text` is what the block before prints"),
        ("<!-- not run: -->\n```\nls\n```\n", "p.md:3"),
        ("```bash\nls\n", "p.md:1: the block does not end"),
        ('```java\n--8<-- "docs/None.java"\n```\n', "p.md:2: there is no file docs/None.java"),
    ],
)
def test_what_is_unclear_is_told(text: str, said: str) -> None:
    with pytest.raises(Unclear, match=said):
        blocks("p.md", text)


@pytest.mark.parametrize(
    ("expected", "told", "so"),
    [
        ("a\n…\nz\n", "a\nb\nc\nz\n", True),
        ("a\n…\nz\n", "a\nz\n", True),
        ("a …\n", "a b\n", True),
        ("a …\n", "a b\nc\n", False),
        ("…\nz\n", "z\nend\n", False),
        ("(1 + 1)\n", "(1 + 1)  \n", True),
    ],
)
def test_what_a_page_shows_is_compared(expected: str, told: str, so: bool) -> None:
    assert matches(expected, told) is so


def test_a_translated_comment_is_no_other_deed() -> None:
    one, other = blocks("p.md", "```bash\nls  # list\n```\n```bash\nls '#a'  # 列表\n```\n")
    assert one.deed() == ("bash", "", "ls", None)
    assert other.deed()[2] == "ls '#a'"
