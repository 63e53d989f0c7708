"""An older release learns that it is older, before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import release
from deploy.local.home import open_home
from deploy.local.release import Stamp, newer, ours
from sharedchain.errors import ConfigError


def written(home: Path, **changes: object) -> Path:
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "home.json").write_text(ours().model_copy(update={"release": "9.9", **changes}).model_dump_json())
    return home


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"layout": release.LAYOUT + 1}, "run that release or a newer one"),
        ({"types": (*ours().types, "moon.landed")}, r"not known here \(moon.landed\)"),
        ({"migration": ours().migration + 1}, "sharedchain rebuild --home"),
    ],
)
def test_a_home_of_a_newer_release_is_refused(tmp_path: Path, changes: dict[str, object], why: str) -> None:
    with pytest.raises(ConfigError, match=why) as told:
        open_home(written(tmp_path / "home", **changes))
    assert "run by release 9.9" in str(told.value)


def test_homes_of_this_and_of_older_releases_are_taken(tmp_path: Path) -> None:
    open_home(tmp_path / "never stamped")
    open_home(written(tmp_path / "same"))
    open_home(written(tmp_path / "older", types=ours().types[1:], migration=1))


def test_the_way_back_is_to_make_the_tables_anew(tmp_path: Path) -> None:
    home = written(tmp_path / "home", migration=ours().migration + 1)
    release.forget_tables(home)
    assert open_home(home) == home.resolve()


def test_a_stamp_forgets_no_type(tmp_path: Path) -> None:
    home = written(tmp_path / "home", types=("moon.landed",), migration=0)
    release.stamp(home)
    left = release.read(home)
    assert left is not None
    assert left.types == tuple(sorted((*ours().types, "moon.landed")))
    assert (left.release, left.migration) == (ours().release, ours().migration)


def test_what_a_later_release_adds_to_the_file_is_no_fault() -> None:
    word = ours().model_dump() | {"future": 1}
    assert newer(Stamp.model_validate(word), ours(), Path("home")) == []


def test_a_file_of_nobody_is_told(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text("{}")
    with pytest.raises(ConfigError, match="no word of a release"):
        release.read(tmp_path)
