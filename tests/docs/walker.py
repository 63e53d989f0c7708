"""Walks a page as its reader would: one terminal, one folder, block after block."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.docs.blocks import Block

_PATIENCE = 400.0  # seconds for one block; the first start of the chain is one
_BASH = """set -a
trap 'echo "@line $LINENO" >&2' ERR
. "$_walk/environment"; cd "$PWD"
set -eE
. "$_walk/block"
set +e
export -p > "$_walk/environment"
"""
_FAILED_LINE = re.compile(r"@line (\d+)\n")


class Stumbled(AssertionError):
    """A block does not do what its page says; the text begins with page and line."""


class Walker:
    """What `cd`, `export` and files did in one block holds in the next, as in one terminal."""

    def __init__(self, folder: Path, scratch: Path, environment: Mapping[str, str]) -> None:
        self.folder, self._scratch = folder, scratch
        scratch.mkdir()
        start = "".join(f"export {name}={_quoted(value)}\n" for name, value in environment.items())
        (scratch / "environment").write_text(start + f"PWD={_quoted(str(folder))}\n")

    def speak(self, language: str) -> None:
        """From now on the reader's LANG."""
        with (self._scratch / "environment").open("a") as file:
            file.write(f"export LANG={language}\n")

    def walk(self, block: Block) -> None:
        """Save or run it. Raises Stumbled."""
        if block.file:
            file = self.folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.code, "utf-8")
            return
        code = block.code if block.language == "bash" else "python snippet.py\n"
        if block.language == "python":
            (self.folder / "snippet.py").write_text(block.code, "utf-8")
        told = self._run(code, block)
        if block.prints is not None and not matches(block.prints, told):
            raise Stumbled(f"{block.place}: the page says\n{block.prints}\nbut it printed\n{told}")

    def _run(self, code: str, block: Block) -> str:
        (self._scratch / "block").write_text(code)
        out, err = self._scratch / "out", self._scratch / "err"
        with out.open("wb") as stdout, err.open("wb") as stderr:  # files: what stays behind would hold a pipe open
            shell = subprocess.Popen(
                ["bash", "-c", _BASH],
                cwd=self.folder,
                env={"_walk": str(self._scratch), "PATH": os.environ["PATH"]},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            try:
                code_ = shell.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                shell.wait()
                raise Stumbled(f"{block.place}: not done after {_PATIENCE:.0f} s\n{err.read_text()}") from None
        told, complaint = out.read_text("utf-8"), err.read_text("utf-8")
        if code_:
            line = _FAILED_LINE.search(complaint)
            place = block.line + int(line[1]) - 1 if line and block.language == "bash" else block.line
            failed = code.splitlines()[place - block.line] if block.language == "bash" else "the program"
            said = _FAILED_LINE.sub("", complaint)
            raise Stumbled(f"{block.page}:{place}: exit {code_} of: {failed}\n{told}{said}")
        return told


def matches(expected: str, told: str) -> bool:
    """Line by line, trailing blanks aside; … stands for anything, a line of … alone for any lines."""
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, line.rstrip().split("…"))) + r"\n"
    shown = "".join(line.rstrip() + "\n" for line in told.splitlines())
    return re.fullmatch(pattern, shown) is not None


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
