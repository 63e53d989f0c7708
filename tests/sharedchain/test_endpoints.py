from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from sharedchain.endpoints import ClickHouse, Endpoints, Notify, default_home
from sharedchain.errors import ConnectionFailed

SECRET = "a-secret-canary"


def endpoints(home: Path) -> Endpoints:
    return Endpoints(
        home=home,
        kafka="127.0.0.1:1",
        registry="http://127.0.0.1:2/apis/ccompat/v7",
        clickhouse=ClickHouse(url="http://127.0.0.1:3", user="u", password=SecretStr(SECRET)),
        gateway="http://127.0.0.1:4",
        notify=Notify(smtp="127.0.0.1:5", webhook="http://127.0.0.1:6", webhook_secret=SecretStr(SECRET)),
        link_secret=SecretStr(SECRET),
    )


def test_what_is_saved_is_loaded_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    said = endpoints(tmp_path)
    said.save()
    assert Endpoints.load(tmp_path) == said
    assert (tmp_path / "endpoints.json").stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "endpoints.json"]


def test_secrets_are_not_told_by_repr(tmp_path: Path) -> None:
    assert SECRET not in repr(endpoints(tmp_path))


def test_a_home_where_nothing_was_started_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailed, match="sharedchain up"):
        Endpoints.load(tmp_path)


def test_an_unknown_key_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "endpoints.json").write_text('{"kafkaa": "x"}')
    with pytest.raises(ValidationError):
        Endpoints.load(tmp_path)


def test_the_home_is_that_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAREDCHAIN_HOME", str(tmp_path))
    assert default_home() == tmp_path
    monkeypatch.delenv("SHAREDCHAIN_HOME")
    monkeypatch.chdir(tmp_path)
    assert default_home() == tmp_path / ".sharedchain"
