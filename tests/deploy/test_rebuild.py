"""Nothing is deleted of a home that another process starts, or that speaks to tables of others."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.local.supervisor import claim
from deploy.rebuild import emptied
from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from sharedchain.errors import ConfigError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("run", "kafka/data", "clickhouse"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "clickhouse" / "rows").write_text("x")
    return tmp_path


def refused(home: Path, why: str) -> None:
    with pytest.raises(ConfigError, match=why), emptied(home):
        pass
    assert (home / "clickhouse" / "rows").exists()


def test_a_home_that_is_being_started_keeps_its_tables(home: Path) -> None:
    with claim(home) or pytest.fail("the home is free"):
        refused(home, "is being started")


def test_a_home_whose_tables_are_with_others_is_not_given_tables_of_its_own(home: Path) -> None:
    """Its positions would be those of the new tables, and theirs be filled a second time at the next start."""
    nowhere = ClickHouse(url="https://theirs:8443", user="x", password=SecretStr("x"))
    Endpoints(
        home=home, kafka="127.0.0.1:1", registry="http://127.0.0.1:1", clickhouse=nowhere, notify=Notify(),
        gateway="http://127.0.0.1:1", link_secret=SecretStr("x"), connected=("clickhouse", "notify"),
    ).save()  # fmt: skip
    refused(home, "connected to clickhouse of others")
