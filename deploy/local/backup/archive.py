"""The file of a backup: a tar under LZ4 frames; first what it is, then the pieces, its manifest last.

Whoever finds no manifest at the end finds no backup. Nothing is unpacked outside the folder that is given.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

import lz4.frame
from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.local.backup.cut import BESIDE, LOG, Piece
from deploy.local.backup.segments import Batches
from sharedchain.errors import ConfigError
from sharedchain.failpoint import failpoint

FORMAT = 1  # raised when an older release could not restore what this one writes
_MARK, _MANIFEST = "sharedchain-backup.json", "manifest.json"
_CHUNK = 1 << 20

Tell = Callable[[int, int], None]  # bytes and records so far


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mark(_Record):
    """What the file says first."""

    kind: str = "sharedchain-backup"
    format: int


class Partition(_Record):
    """One partition at the cut: the offset after its last record, and how many records are kept of it."""

    end: int
    records: int


class Manifest(_Record):
    release: str
    made: str  # UTC, when the cut was made
    lanes: int
    frozen_ms: float
    files: dict[str, tuple[int, str]]  # name → (size, SHA-256)
    partitions: dict[str, Partition]  # `topic-number`

    @property
    def records(self) -> int:
        return sum(p.records for p in self.partitions.values())

    @property
    def bytes(self) -> int:
        return sum(size for size, _ in self.files.values())


class _Counted(io.RawIOBase):
    """A piece as it goes by: hashed, and its record batches counted."""

    def __init__(self, source: IO[bytes], said: Callable[[bytes], None]) -> None:
        self._source, self._said = source, said

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._said(data)
        return data


class Writer:
    """Fills an archive; it is one only after `finish`."""

    def __init__(self, tar: tarfile.TarFile, tell: Tell) -> None:
        self._tar, self._tell = tar, tell
        self._files: dict[str, tuple[int, str]] = {}
        self._logs: dict[str, Batches] = {}
        self._done = 0
        _add(tar, _MARK, Mark(format=FORMAT).model_dump_json().encode())

    def add(self, pieces: tuple[Piece, ...]) -> None:
        """All pieces; the segments of a partition in their order."""
        for piece in sorted(pieces, key=lambda piece: piece.name):
            self._one(piece)
            failpoint("backup.during_copy")

    @property
    def partitions(self) -> dict[str, Partition]:
        return {name: Partition(end=b.end, records=b.records) for name, b in self._logs.items()}

    def finish(self, **said: Any) -> Manifest:
        manifest = Manifest(files=self._files, partitions=self.partitions, **said)
        _add(self._tar, _MANIFEST, manifest.model_dump_json(indent=1).encode())
        return manifest

    def _one(self, piece: Piece) -> None:
        digest, log = hashlib.sha256(), self._log(piece.name)

        def said(data: bytes) -> None:
            digest.update(data)
            self._done += len(data)
            if log is not None:
                log.feed(data)
            self._tell(self._done, sum(b.records for b in self._logs.values()))

        with piece.file.open("rb") as source:
            self._tar.addfile(_info(piece.name, piece.size), _Counted(source, said))
        self._files[piece.name] = (piece.size, digest.hexdigest())

    def _log(self, name: str) -> Batches | None:
        path = PurePosixPath(name)
        if path.suffix != ".log" or not path.is_relative_to(LOG.as_posix()):
            return None
        log = self._logs.setdefault(path.parent.name, Batches())
        log.segment(int(path.stem))
        return log


@contextmanager
def writing(file: Path, tell: Tell) -> Iterator[Writer]:
    """An archive that stands at `file` when all went well, and not at all otherwise."""
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)  # ours alone: it holds the secrets of the home
    try:
        with part.open("wb") as raw:
            with (
                lz4.frame.open(raw, "wb", content_checksum=True) as packed,
                tarfile.open(fileobj=packed, mode="w|", bufsize=_CHUNK) as tar,
            ):
                yield Writer(tar, tell)
            raw.flush()
            os.fsync(raw.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


def unpack(file: Path, into: Path, tell: Tell, wanted: Callable[[str], bool] = bool) -> Manifest:
    """Unpack what is `wanted` into the empty folder `into`, all of the file seen to be what was packed.

    Raises ConfigError for what is no backup of ours, one of a newer release, or a broken one.
    """
    try:
        with lz4.frame.open(file, "rb") as packed, tarfile.open(fileobj=packed, mode="r|", bufsize=_CHUNK) as tar:
            manifest = _unpacked(file, tar, into, tell, wanted)
            while packed.read(_CHUNK):
                continue  # its checksum stands at the very end
            return manifest
    except (tarfile.TarError, RuntimeError, EOFError) as broken:
        raise ConfigError([f"{file}: no backup, or a broken one ({broken}); take another copy of it"]) from broken


def _unpacked(file: Path, tar: tarfile.TarFile, into: Path, tell: Tell, wanted: Callable[[str], bool]) -> Manifest:
    found: dict[str, tuple[int, str]] = {}
    members = iter(tar)
    _marked(file, tar, next(members, None))
    done = 0
    for member in members:
        if member.name == _MANIFEST:
            return _held_against(file, _text(tar, member), found)
        digest = hashlib.sha256()
        target = _inside(file, into, member)
        kept = wanted(member.name)
        if kept:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.touch(mode=0o600)
        source = tar.extractfile(member)
        assert source is not None
        with (target if kept else Path(os.devnull)).open("wb") as out:
            while data := source.read(_CHUNK):
                digest.update(data)
                out.write(data)
                done += len(data)
                tell(done, 0)
        found[member.name] = (member.size, digest.hexdigest())
    raise ConfigError([f"{file}: ends before its manifest: that backup was interrupted; take another one"])


def _marked(file: Path, tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> None:
    if member is None or member.name != _MARK:
        raise ConfigError([f"{file}: an archive, but no backup of sharedchain"])
    try:
        said = Mark.model_validate_json(_text(tar, member))
    except ValidationError as broken:
        raise ConfigError([f"{file}: what it says it is cannot be read: {broken}"]) from broken
    if said.format > FORMAT:
        told = f"{file}: backup format {said.format}, here is {FORMAT}: restore it with the release that made it"
        raise ConfigError([told])


def _held_against(file: Path, text: bytes, found: Mapping[str, tuple[int, str]]) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as broken:
        raise ConfigError([f"{file}: its manifest cannot be read: {broken}"]) from broken
    wrong = sorted(n for n in manifest.files.keys() | found.keys() if manifest.files.get(n) != found.get(n))
    if wrong:
        raise ConfigError([f"{file}: {name} is not what was saved; take another copy of the backup" for name in wrong])
    return manifest


def _inside(file: Path, into: Path, member: tarfile.TarInfo) -> Path:
    path = PurePosixPath(member.name)
    ours = member.name in BESIDE or (path.is_relative_to(LOG.as_posix()) and path != PurePosixPath(LOG.as_posix()))
    if not ours or not member.isreg() or path.is_absolute() or ".." in path.parts or "\0" in member.name:
        raise ConfigError([f"{file}: {member.name} would be written elsewhere: not one of our backups"])
    return into / path


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_info(name, len(data)), io.BytesIO(data))


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    source = tar.extractfile(member) if member.isreg() else None
    return source.read() if source is not None else b""
