"""Java programs from a Maven repository, exactly the files that the committed locks name.

A lock has one line a file: `group:artifact:packaging:classifier:version sha256`. Files live in a
cache of the user and are verified against the lock at every start; what is missing or wrong is
fetched once more. With everything in the cache, no network is used.

`python -m deploy.local.jars NAME` prints them as a class path; with `group:artifact:version …` behind it, it
writes locks/NAME.lock anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sharedchain.errors import ConnectionFailed

_LOCKS = Path(__file__).parent / "locks"


def cache_dir() -> Path:
    """Where the files live: XDG_CACHE_HOME, else ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sharedchain" / "jars"


def fetch(name: str) -> list[Path]:
    """The files of locks/`name`.lock, in its order, each with the sha256 that stands there.

    Raises ConnectionFailed when one is neither in the cache nor to be had from the repository.
    """
    with _alone():
        return [_file(*line.split()) for line in (_LOCKS / f"{name}.lock").read_text().splitlines()]


def unpack(name: str) -> Path:
    """The folder with the content of the one archive that locks/`name`.lock names."""
    coordinate, want = (_LOCKS / f"{name}.lock").read_text().split()
    folder = cache_dir() / "unpacked" / want
    with _alone():
        seal = folder.with_suffix(".sha256")
        if not (seal.exists() and seal.read_text() == _tree_digest(folder)):
            archive = _file(coordinate, want)
            shutil.rmtree(folder, ignore_errors=True)
            with tarfile.open(archive) as tar:
                if hasattr(tarfile, "data_filter"):  # Python 3.11.0 … 3.11.3 have none; the digest was checked
                    tar.extraction_filter = tarfile.data_filter
                tar.extractall(folder)
            seal.write_text(_tree_digest(folder))
            archive.unlink()  # the folder is the cache now; the archive would only take its room twice
    return folder


def _file(coordinate: str, want: str) -> Path:
    path = _resolve(coordinate)
    if _digest(path) != want:
        path.unlink()  # a broken download, or another's file: once more from the source
        path = _resolve(coordinate)
    if (have := _digest(path)) != want:
        path.unlink()
        raise ConnectionFailed(
            f"{coordinate}: the Maven repository serves sha256 {have}, the lock says {want}: "
            "do not run it; check the repository, or SHAREDCHAIN_MAVEN if you set it"
        )
    return path


def _resolve(coordinate: str) -> Path:
    group, artifact, packaging, classifier, version = coordinate.split(":")
    file = f"{artifact}-{version}{'-' if classifier else ''}{classifier}.{packaging}"
    path = cache_dir().joinpath(*group.split("."), artifact, version, file)
    if path.exists():
        return path
    try:
        component = _context().project(group, artifact).at_version(version)
        return Path(component.artifact(classifier=classifier, packaging=packaging).resolve())
    except Exception as problem:  # jgo raises RuntimeError, requests its own
        raise ConnectionFailed(
            f"{coordinate} is not in {cache_dir()} and cannot be fetched ({problem}): "
            "connect to a Maven repository once, or name one in SHAREDCHAIN_MAVEN"
        ) from problem


def _context() -> Any:
    from jgo.maven import MavenContext  # late: a warm start needs no repository

    mirror = os.environ.get("SHAREDCHAIN_MAVEN")
    return MavenContext(repo_cache=cache_dir(), remote_repos={"mirror": mirror} if mirror else None, timeout=60)


@contextmanager
def _alone() -> Iterator[None]:
    """Two homes starting at once on an empty cache must not write the same files."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tree_digest(folder: Path) -> str:
    lines = (f"{_digest(path)} {path.relative_to(folder)}" for path in sorted(folder.rglob("*")) if path.is_file())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _lock(name: str, coordinates: list[str]) -> None:
    context = _context()
    _, nodes = context.resolver.get_dependency_list([context.create_dependency(c) for c in coordinates])
    found = {":".join((d.groupId, d.artifactId, "jar", "", d.version)) for d in (node.dep for node in nodes)}
    for coordinate in coordinates:
        group, artifact, version = coordinate.split(":")
        found.add(f"{group}:{artifact}:jar::{version}")
    lines = [f"{coordinate} {_digest(_resolve(coordinate))}" for coordinate in sorted(found)]
    (_LOCKS / f"{name}.lock").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if sys.argv[2:]:
        _lock(sys.argv[1], sys.argv[2:])
    else:
        print(os.pathsep.join(map(str, fetch(sys.argv[1]))))
