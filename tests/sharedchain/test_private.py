"""A private file is its owner's alone, and whole."""

from __future__ import annotations

from pathlib import Path

from sharedchain import private


def test_a_file_is_written_for_its_owner_only_and_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    private.write(file, "one")
    before = file.stat().st_ino
    private.write(file, "two")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("two", 0o600)
    assert file.stat().st_ino != before, "a reader of the old one would see it change"
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]
