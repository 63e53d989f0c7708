"""One moment of a home: what comes later is not in it, and what Kafka throws away stays readable."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.backup.cut import cut
from sharedchain.errors import ConfigError

PLACE = Path("kafka/data/chain.facts.v1-0")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / PLACE).mkdir(parents=True)
    (tmp_path / "run").mkdir()
    (tmp_path / "clickhouse").mkdir()
    (tmp_path / "kafka" / "data" / "meta.properties").write_text("id")
    (tmp_path / "endpoints.json").write_text("{}")
    for name in ("00.log", "00.index", "00.snapshot", "leader-epoch-checkpoint"):
        (tmp_path / PLACE / name).write_text("was")
    (tmp_path / "clickhouse" / "part").write_text("derived")
    return tmp_path


def test_the_log_and_the_secrets_as_they_were(home: Path) -> None:
    with cut(home) as now:
        with (home / PLACE / "00.log").open("a") as log:
            log.write(" and later")
        (home / PLACE / "00.snapshot").unlink()
        found = {p.name: p.file.read_bytes()[: p.size] for p in now.pieces}
    assert found == {
        f"{PLACE}/00.log": b"was",
        f"{PLACE}/00.snapshot": b"was",
        f"{PLACE}/leader-epoch-checkpoint": b"was",
        "kafka/data/meta.properties": b"id",
        "endpoints.json": b"{}",
    }
    assert now.frozen == 0.0
    assert [f.name for f in (home / "run" / "backup").iterdir()] == ["lock"]


def test_two_at_once_are_refused(home: Path) -> None:
    with cut(home), pytest.raises(ConfigError, match="another backup"), cut(home):
        pass


def test_what_a_killed_one_left_is_cleared(home: Path) -> None:
    (home / "run" / "backup").mkdir()
    (home / "run" / "backup" / "17").write_text("left")
    with cut(home) as now:
        assert all(p.file.read_text() != "left" for p in now.pieces)


def test_a_home_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no log of an embedded Kafka"), cut(tmp_path):
        pass
