"""The files of the repository, as its own tests see them: what git tracks, and what it would track."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("sharedchain", "schemas", "rules", "streams", "sinks", "gateway", "deploy", "tests", "bench")
PACKAGES = ("sharedchain", "streams", "sinks", "gateway", "deploy")


@cache
def files() -> tuple[Path, ...]:
    """Relative paths. Without git (an unpacked archive) everything that is no dot folder."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        said = [str(p) for p in found if not any(part.startswith(".") or part == "__pycache__" for part in p.parts)]
    return tuple(sorted(Path(name) for name in said if (ROOT / name).is_file()))


def ending(*suffixes: str, under: tuple[str, ...] = ()) -> list[Path]:
    """The files with one of these suffixes, in these top folders (default: anywhere)."""
    return [f for f in files() if f.suffix in suffixes and (not under or f.parts[0] in under)]


def text(file: Path) -> str:
    return (ROOT / file).read_text("utf-8")


@cache
def tree(file: Path) -> ast.Module:
    """The parsed module; shared, so look and do not touch."""
    return ast.parse(text(file), str(file))


def texts() -> Iterator[tuple[Path, str]]:
    """Every file that is UTF-8 text."""
    for file in files():
        try:
            yield file, text(file)
        except UnicodeDecodeError:
            continue
