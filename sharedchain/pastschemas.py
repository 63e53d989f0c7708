"""Schemas as they were: every version that a git ref can reach, or those of another folder."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharedchain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier version of an event type's schema; `where` says which."""

    event_type: str
    where: str
    schema: dict[str, Any]


def past_schemas(root: Path, against: str) -> Iterator[Past]:
    """Every earlier version under `against`: a folder (with `schemas/` in it, or that folder
    itself), else a git ref of the checkout `root`. Raises ConfigError if it is neither."""
    folder = Path(against)
    if folder.is_dir():
        yield from _of_folder(folder)
        return
    if _git(root, "rev-parse", "--verify", "--quiet", f"{against}^{{commit}}") is None:
        raise ConfigError([f"--against {against}: neither a folder nor a git ref of {root}"])
    yield from _of_ref(root, against)


def default_ref(root: Path) -> str | None:
    """`main` where git knows it, else HEAD; None outside a git checkout."""
    for ref in ("main", "HEAD"):
        if _git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") is not None:
            return ref
    return None


def _of_folder(folder: Path) -> Iterator[Past]:
    base = folder / "schemas" if (folder / "schemas").is_dir() else folder
    files = sorted(base.glob("*/*/*.avsc"))
    if not files:
        raise ConfigError([f"--against {folder}: no <domain>/<entity>/<type>.avsc below it"])
    for file in files:
        yield Past(file.stem, str(file), _parsed(str(file), file.read_text("utf-8")))


def _of_ref(root: Path, ref: str) -> Iterator[Past]:
    """Each version that a commit made, of files too that are gone by now; two git processes for any history."""
    seen = ("--raw", "-m", "--no-renames", "--no-abbrev", "--relative", "--format=%H")
    commit, where = "", {}
    for line in (_git(root, "log", *seen, ref, "--", "schemas") or "").splitlines():
        fields, _, path = line.partition("\t")
        if not path:
            commit = line or commit
        elif path.endswith(".avsc") and not fields.endswith(" D"):
            where[fields.split()[3], path] = f"{commit[:10]}:{path}"
    texts = _blobs(root, [blob for blob, _ in where])
    for (blob, path), place in sorted(where.items(), key=lambda found: found[0][1]):
        yield Past(Path(path).stem, place, _parsed(place, texts[blob]))


def _blobs(root: Path, names: list[str]) -> dict[str, str]:
    """The contents of git's objects."""
    asked = "\n".join(names).encode()
    said = subprocess.run(["git", "-C", str(root), "cat-file", "--batch"], input=asked, capture_output=True, check=True)
    found, rest = {}, said.stdout
    while rest:
        head, _, rest = rest.partition(b"\n")  # «name blob size», the bytes, a line's end
        name, _, size = head.decode().split(" ")
        found[name], rest = rest[: int(size)].decode(), rest[int(size) + 1 :]
    return found


def _parsed(where: str, text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise ConfigError([f"{where}: not JSON: {error}"]) from None
    return found


def _git(root: Path, *arguments: str) -> str | None:
    """Git's answer; None when it refuses or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.decode() if done.returncode == 0 else None
