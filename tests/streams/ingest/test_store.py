"""The cache on disk: as a book, as a whole, and only for its present owner."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharedchain.errors import Fenced
from streams.ingest.book import Journal
from streams.ingest.disk import Mark
from streams.ingest.scopes import Head
from streams.ingest.store import Store, open_store

MARK = Mark(7, 42, "id")


def filled(file: Path) -> Store:
    store = Store(file)
    journal = Journal(store)
    journal.put("entity/t/lead/L", "OPEN")
    journal.put("head/3", Head(7, 1, 2))
    journal.remember(b"who", b"what")
    store.adopt(journal, {3: MARK})
    store.write()
    return store


def test_what_was_adopted_is_there_after_reopening(tmp_path: Path) -> None:
    filled(tmp_path / "lane0.sqlite").close()
    store = Store(tmp_path / "lane0.sqlite")
    assert store.get("entity/t/lead/L") == "OPEN"
    assert Head(*store.get("head/3")) == Head(7, 1, 2)
    assert store.content(b"who") == b"what"
    assert store.marks() == {3: MARK}
    assert store.names("entity/t/") == ["entity/t/lead/L"]


def test_removing_reaches_the_disk(tmp_path: Path) -> None:
    store = filled(tmp_path / "lane0.sqlite")
    journal = Journal(store)
    journal.put("entity/t/lead/L", None)
    journal.put("head/3", None)
    journal.remember(b"who", None)
    store.adopt(journal, {})
    store.write()
    store.close()
    store = Store(tmp_path / "lane0.sqlite")
    assert (store.get("entity/t/lead/L"), store.get("head/3"), store.content(b"who")) == (None, None, None)


def test_a_predecessor_that_wakes_up_writes_nothing(tmp_path: Path) -> None:
    old = filled(tmp_path / "lane0.sqlite")
    new = Store(tmp_path / "lane0.sqlite")
    journal = Journal(old)
    journal.put("head/3", Head(1))
    old.adopt(journal, {3: Mark(1, 1, "old")})
    with pytest.raises(Fenced):
        old.write()
    assert new.marks() == {3: MARK}


def test_a_broken_file_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "ingest" / "lane0.sqlite"
    open_store(file).close()
    file.write_bytes(b"no database" * 1000)
    assert open_store(file).marks() == {}


def test_a_file_of_another_format_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an older release left: the spine is folded again, nothing of the old fold is believed."""
    monkeypatch.setattr("streams.ingest.disk.FORMAT", "ingest-1")
    filled(tmp_path / "lane0.sqlite").close()
    monkeypatch.undo()
    store = open_store(tmp_path / "lane0.sqlite")
    assert (store.marks(), store.get("head/3"), store.content(b"who")) == ({}, None, None)
    store.close()
    filled(tmp_path / "lane0.sqlite").close()
    assert open_store(tmp_path / "lane0.sqlite").marks() == {3: MARK}


def test_clearing_forgets_all(tmp_path: Path) -> None:
    store = filled(tmp_path / "lane0.sqlite")
    store.clear()
    assert (store.marks(), store.get("head/3"), store.get("entity/t/lead/L"), store.content(b"who")) == (
        {},
        None,
        None,
        None,
    )
