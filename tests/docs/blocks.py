"""The fenced blocks of a page, and what each of them is to a reader.

bash, python        to be run, in the order of the page
any, title="FILE"   to be saved as FILE
text                what the block before it prints; … stands for anything, a line of … for any lines
--8<-- "FILE"       a file of the repository, shown
On the line before a block, `<!-- not run: WHY -->` says that it cannot be run by a test, and
`<!-- needs: LOCK -->` that it takes the jars of that lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.house.tree import ROOT

RUN = ("bash", "python")
_FENCE = re.compile(r"^( *)```(\w*)(.*)$")
_TITLE = re.compile(r'title="([^"]+)"')
_SAID = re.compile(r"^ *<!-- (not run|needs): (.+\S) *-->$")
_SHOWN = re.compile(r'--8<-- "(\S+)"\n')


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `line` is that of its first line of code; `prints` is None where the page shows no output."""

    page: str
    line: int
    language: str
    code: str
    file: str = ""
    reason: str = ""
    needs: str = ""
    prints: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    def deed(self) -> tuple[str, str, str, str | None]:
        """What walking it does, comments aside: the same in a page and its translation."""
        lines = (re.sub(r"(^|\s)#(?!!).*$", "", line).rstrip() for line in self.code.splitlines())
        code = self.code if self.file else "\n".join(filter(None, lines))
        return (self.language, self.file, code, self.prints)


class Unclear(Exception):
    """A block of which the page does not say what it is."""


def blocks(page: str, text: str) -> list[Block]:
    """The blocks of a page in its order, outputs joined to what prints them. Raises Unclear."""
    found: list[Block] = []
    for block in _fences(page, text):
        if block.language == "text" and not block.reason:
            if not found or found[-1].reason or found[-1].language not in RUN or found[-1].prints is not None:
                raise Unclear(f"{block.place}: `text` is what the block before prints, and there is none that is run")
            found[-1] = replace(found[-1], prints=block.code)
        elif block.reason or block.file or block.language in RUN:
            found.append(block)
        elif shown := _SHOWN.fullmatch(block.code):
            if not (ROOT / shown[1]).is_file():
                raise Unclear(f"{block.place}: there is no file {shown[1]}")
        else:
            raise Unclear(
                f'{block.place}: `{block.language}` is not run: write ```bash or ```python, title="FILE", '
                "or <!-- not run: WHY --> above it"
            )
    return found


def _fences(page: str, text: str) -> Iterator[Block]:
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        opened = _FENCE.match(lines[number])
        if opened is None:
            number += 1
            continue
        indent, language, rest = opened.groups()
        end = next((n for n in range(number + 1, len(lines)) if lines[n].strip() == "```"), None)
        if end is None:
            raise Unclear(f"{page}:{number + 1}: the block does not end")
        code = "".join(line.removeprefix(indent) + "\n" for line in lines[number + 1 : end])
        said = _SAID.match(lines[number - 1]) if number else None
        reason, needs = (said[2] if said and said[1] == what else "" for what in ("not run", "needs"))
        title = _TITLE.search(rest)
        yield Block(page, number + 2, language, code, title[1] if title else "", reason, needs)
        number = end + 1
