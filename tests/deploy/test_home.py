from pathlib import Path

import pytest

from deploy.local.home import open_home
from sharedchain.errors import ConfigError


def test_the_home_and_its_rooms_are_its_owners_alone(tmp_path: Path) -> None:
    home = open_home(tmp_path / "a" / "home")
    assert {oct(folder.stat().st_mode & 0o777) for folder in (home, *home.rglob("*"))} == {"0o700"}


def test_a_home_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o755)
    with pytest.raises(ConfigError, match="chmod 700"):
        open_home(tmp_path / "home")
