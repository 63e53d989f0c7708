"""A backup is whole or none; what is not one, or broken, is refused with its reason."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import lz4.frame
import pytest

from deploy.local.backup import archive
from deploy.local.backup.archive import FORMAT, Manifest, Mark, Partition, unpack, writing
from deploy.local.backup.cut import Piece
from sharedchain.errors import ConfigError
from tests.deploy.backup.test_segments import batch

SAID: dict[str, Any] = {"release": "1", "made": "2026-01-01T00:00:00Z", "lanes": 1, "frozen_ms": 0.0}
LOG = "kafka/data/chain.facts.v1-0/00000000000000000000.log"


def deaf(_: int, __: int) -> None:
    """Nobody looks at the bar."""


def pieces(folder: Path) -> tuple[Piece, ...]:
    (folder / "log").write_bytes(batch(0, 3) + batch(3, 2) + b"what came later")
    (folder / "secret").write_text("{}")
    size = len(batch(0, 3) + batch(3, 2))
    return Piece(LOG, folder / "log", size), Piece("endpoints.json", folder / "secret", 2)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    with writing(tmp_path / "b.tar.lz4", deaf) as made:
        made.add(pieces(tmp_path))
        made.finish(**SAID)
    return tmp_path / "b.tar.lz4"


def into(tmp_path: Path) -> Path:
    (tmp_path / "into").mkdir()
    return tmp_path / "into"


def test_what_was_there_at_the_cut_comes_back(saved: Path, tmp_path: Path) -> None:
    manifest = unpack(saved, into(tmp_path), deaf)
    assert manifest.partitions == {"chain.facts.v1-0": Partition(end=5, records=5)}
    assert (tmp_path / "into" / LOG).read_bytes() == batch(0, 3) + batch(3, 2)
    assert (tmp_path / "into" / "endpoints.json").read_text() == "{}"
    assert saved.stat().st_mode & 0o077 == 0


def test_an_interrupted_backup_leaves_nothing(tmp_path: Path) -> None:
    gone = Piece("endpoints.json", tmp_path / "gone", 2)
    with pytest.raises(FileNotFoundError), writing(tmp_path / "b.tar.lz4", deaf) as made:
        made.add((*pieces(tmp_path), gone))
    assert [f.name for f in tmp_path.iterdir() if f.name.startswith("b.")] == []


def test_without_its_manifest_it_is_none(tmp_path: Path) -> None:
    with writing(tmp_path / "b.tar.lz4", deaf) as made:
        made.add(pieces(tmp_path))
    with pytest.raises(ConfigError, match="interrupted"):
        unpack(tmp_path / "b.tar.lz4", into(tmp_path), deaf)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.9])
def test_a_part_of_the_file_is_refused(saved: Path, tmp_path: Path, keep: float) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else int(keep)])
    with pytest.raises(ConfigError, match=r"broken|interrupted|no backup"):
        unpack(saved, into(tmp_path), deaf)


def test_a_flipped_byte_is_found_or_changes_nothing(saved: Path, tmp_path: Path) -> None:
    """LZ4 can say one thing in two ways."""
    whole, folder = saved.read_bytes(), into(tmp_path)
    right, refused = unpack(saved, folder, deaf), 0
    for at in range(0, len(whole), 3):
        saved.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            assert unpack(saved, folder, deaf) == right
            assert (folder / LOG).read_bytes() == batch(0, 3) + batch(3, 2)
        except ConfigError:
            refused += 1
    assert refused > len(whole) / 6


def packed(file: Path, **members: bytes) -> Path:
    with lz4.frame.open(file, "wb") as raw, tarfile.open(fileobj=raw, mode="w|") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file


MARK = {archive._MARK: Mark(format=FORMAT).model_dump_json().encode()}
NEWER = {archive._MARK: Mark(format=FORMAT + 1).model_dump_json().encode()}
FOREIGN = Manifest(**SAID, files={LOG: (1, "0")}, partitions={}).model_dump_json().encode()


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"photo.jpg": b"x"}, "no backup of sharedchain"),
        (NEWER, "with the release that made it"),
        (MARK | {"../../etc/passwd": b"x"}, "elsewhere"),
        (MARK | {"/etc/passwd": b"x"}, "elsewhere"),
        (MARK | {"run/state.json": b"{}"}, "elsewhere"),  # whom a start would kill as left behind
        (MARK | {"kafka/server.properties": b"x"}, "elsewhere"),
        (MARK | {"kafka/data": b"x"}, "elsewhere"),
        ({archive._MARK: b"{}"}, "what it says it is"),
        (MARK | {LOG: b"x", "manifest.json": FOREIGN}, "is not what was saved"),
        (MARK | {"manifest.json": b"{}"}, "manifest cannot be read"),
    ],
)
def test_what_is_not_ours_is_refused_with_its_reason(tmp_path: Path, members: dict[str, bytes], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        unpack(packed(tmp_path / "x.tar.lz4", **members), into(tmp_path), deaf)


@pytest.mark.parametrize("name", [archive._MARK, archive._MANIFEST, LOG])
def test_a_link_is_refused_wherever_it_stands(tmp_path: Path, name: str) -> None:
    file, link = tmp_path / "x.tar.lz4", tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with lz4.frame.open(file, "wb") as raw, tarfile.open(fileobj=raw, mode="w|") as tar:
        if name != archive._MARK:
            info = tarfile.TarInfo(archive._MARK)
            info.size = len(MARK[archive._MARK])
            tar.addfile(info, io.BytesIO(MARK[archive._MARK]))
        tar.addfile(link)
    with pytest.raises(ConfigError):
        unpack(file, into(tmp_path), deaf)


def test_no_archive_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    with pytest.raises(ConfigError, match="no backup, or a broken one"):
        unpack(tmp_path / "x", into(tmp_path), deaf)
