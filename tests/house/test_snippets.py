"""What a page tells a developer to write is right: names exist, types fit."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, ending, text

SNIPPETS = [
    pytest.param(code, id=f"{page}-{number}")
    for page in ending(".md")
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL))
]


def test_the_readme_has_one() -> None:
    assert any(str(one.id).startswith("README.md") for one in SNIPPETS)


@pytest.mark.slow
@pytest.mark.parametrize("code", SNIPPETS)
def test_python_on_a_page_is_typed(code: str, tmp_path: Path) -> None:
    file = tmp_path / "snippet.py"
    file.write_text(code, "utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(file)]
    said = subprocess.run(mypy, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert said.returncode == 0, said.stdout
