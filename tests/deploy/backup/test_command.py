"""The commands on a home at rest: killed anywhere there is no backup, and no home; what is there stays as it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from deploy.local.backup.archive import Partition
from deploy.local.backup.command import bring_back, missing, restore, save
from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from sharedchain.errors import ConfigError
from tests.deploy.backup.test_segments import batch
from tests.house.tree import ROOT

LOG = Path("kafka/data/chain.facts.v1-0/00000000000000000000.log")
THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What a chain with two lanes of ingest left."""
    place = tmp_path / "home"
    (place / LOG).parent.mkdir(parents=True)
    (place / "run").mkdir()
    (place / LOG).write_bytes(batch(0, 3))
    (place / "kafka" / "data" / "meta.properties").write_text("id")
    secret = SecretStr("s")
    Endpoints(
        home=place, kafka="127.0.0.1:1", registry="http://127.0.0.1:2", gateway="http://127.0.0.1:3", lanes=2,
        clickhouse=ClickHouse(url="http://127.0.0.1:4", user="u", password=secret), link_secret=secret,
        notify=Notify(smtp="127.0.0.1:5", webhook="http://127.0.0.1:6", webhook_secret=secret),
    ).save()  # fmt: skip
    return place


def command(*said: object, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SHAREDCHAIN_FAILPOINT": failpoint, "SHAREDCHAIN_FAILPOINT_LOG": f"{tempfile.mkdtemp()}/hit"}
    env |= {"LANG": "en_US.UTF-8", "LC_ALL": ""}
    program = [sys.executable, "-m", "sharedchain", *map(str, said)]
    return subprocess.run(program, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
def test_a_backup_killed_anywhere_is_none_and_the_next_one_is(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.lz4"
    for where in ("backup.during_cut", "backup.during_copy:2", "backup.before_manifest"):
        killed = command("backup", file, "--home", home, failpoint=where)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert not file.exists()
        with pytest.raises(ConfigError):
            bring_back(file.with_name("b.tar.lz4.part"), tmp_path / "other")
    done = command("backup", file, "--home", home, "--json")
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert (said["records"], said["lanes"], said["frozen_ms"]) == (3, 2, 0.0)
    assert [f.name for f in tmp_path.glob("*.part")] == []
    assert [f.name for f in (home / "run" / "backup").iterdir()] == ["lock"]


@pytest.mark.slow
def test_a_restore_killed_at_its_end_leaves_no_home(home: Path, tmp_path: Path) -> None:
    save(home, tmp_path / "b", THEN)
    killed = command("restore", tmp_path / "b", "--home", tmp_path / "new", failpoint="backup.before_home")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "new").exists()
    done = command("restore", tmp_path / "b", "--home", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert f"sharedchain up --home {tmp_path / 'new'} --ingests 2" in done.stdout


def test_what_comes_back_is_the_log_with_the_addresses_of_its_new_place(home: Path, tmp_path: Path) -> None:
    save(home, tmp_path / "b", THEN)
    manifest = bring_back(tmp_path / "b", tmp_path / "new")
    assert manifest.partitions == {"chain.facts.v1-0": Partition(end=3, records=3)}
    assert (tmp_path / "new" / LOG).read_bytes() == batch(0, 3)
    assert Endpoints.load(tmp_path / "new") == Endpoints.load(home).model_copy(update={"home": tmp_path / "new"})
    assert oct((tmp_path / "new").stat().st_mode & 0o777) == "0o700"
    assert oct((tmp_path / "new" / "endpoints.json").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(("connected", "told"), [((), False), (("clickhouse",), True)])
def test_tables_of_others_that_are_ahead_of_the_backup_are_told(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], connected: tuple[str, ...], told: bool
) -> None:
    Endpoints.load(home).model_copy(update={"connected": connected}).save()
    save(home, tmp_path / "b", THEN)
    restore(tmp_path / "b", tmp_path / "new")
    assert ("http://127.0.0.1:4 sharedchain" in capsys.readouterr().out) == told


def test_a_home_that_is_not_empty_is_left_alone(home: Path, tmp_path: Path) -> None:
    save(home, tmp_path / "b", THEN)
    (home / LOG).write_bytes(batch(0, 3) + batch(3, 1))
    with pytest.raises(ConfigError, match="is not empty"):
        bring_back(tmp_path / "b", home)
    assert (home / LOG).read_bytes() == batch(0, 3) + batch(3, 1)


def test_a_broken_backup_leaves_nothing_behind(home: Path, tmp_path: Path) -> None:
    save(home, tmp_path / "b", THEN)
    (tmp_path / "b").write_bytes((tmp_path / "b").read_bytes()[:-9])
    with pytest.raises(ConfigError, match="another copy"):
        bring_back(tmp_path / "b", tmp_path / "new")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["b", "home"]


def test_records_that_were_promised_and_are_not_kept_are_named() -> None:
    kept = {"a-0": Partition(end=5, records=5), "b-0": Partition(end=1, records=1)}
    assert missing({"a-0": 5, "b-0": 2, "c-0": 1, "d-0": 0}, kept) == ["b-0", "c-0"]
