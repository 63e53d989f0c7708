from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sharedchain.cli import run
from sharedchain.endpoints import Endpoints
from sharedchain.schemas import Catalog, data_root

LEAD = Path("schemas/sales/lead/lead.captured.avsc")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of the schemas alone, with their present state on main."""
    shutil.copytree(data_root() / "schemas", tmp_path / "root" / "schemas")
    git(tmp_path / "root", "init", "-q", "-b", "main")
    commit(tmp_path / "root")
    return tmp_path / "root"


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "schemas")
    git(root, "commit", "-q", "-m", "x")


def change(root: Path, edit: Callable[[list[dict[str, Any]]], object]) -> None:
    schema = json.loads((root / LEAD).read_text())
    edit(schema["fields"])
    (root / LEAD).write_text(json.dumps(schema))


def check(root: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["schema", "check", "--root", str(root), "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_ours_are_sound_and_follow_main(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "check"]) == 0
    assert "0 findings" in capsys.readouterr().out


def test_an_unchanged_checkout_is_compared_with_every_version(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(root, capsys) == (0, {"ok": True, "findings": [], "compared": len(Catalog.load().types)})


def test_a_break_is_told_by_type_path_reason_and_remedy(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(root, lambda fields: fields.append({"name": "mood", "type": "string", "doc": "x"}))
    code, said = check(root, capsys)
    assert code == 1
    (finding,) = said["findings"]
    assert finding.startswith('lead.captured: mood: it is new and has no default; make it ["null", …]')


def test_a_break_with_a_version_before_the_last_is_found(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Transitive: a field that came, went, and comes back as another type."""
    change(root, lambda fields: fields.append({"name": "mood", "type": ["null", "string"], "default": None}))
    commit(root)
    change(root, lambda fields: fields.pop())
    commit(root)
    change(root, lambda fields: fields.append({"name": "mood", "type": ["null", "int"], "default": None}))
    code, said = check(root, capsys)
    assert code == 1
    assert "mood: its type was null or string and is null or int" in said["findings"][0]


def test_an_event_type_that_goes_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(root / "schemas" / "sales" / "target")
    code, said = check(root, capsys)
    assert code == 1
    assert [line.split(":")[0] for line in said["findings"]] == ["target.set"]


def test_an_event_type_that_went_in_an_earlier_commit_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(root / "schemas" / "sales" / "target")
    git(root, "rm", "-rq", "--cached", "schemas/sales/target")
    commit(root)
    code, said = check(root, capsys)
    assert code == 1
    assert [line.split(":")[0] for line in said["findings"]] == ["target.set"]


def test_against_a_folder(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(root, lambda fields: fields.pop(0))
    code, said = check(root, capsys, "--against", str(data_root()))
    assert code == 1
    assert any("lead_id: it was removed" in line for line in said["findings"])


def test_contract_rules_that_name_no_field_are_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "schemas" / "sales" / "lead" / "topic.yaml"
    file.write_text(file.read_text().replace("region: region", "regon: region").replace("time: at", "time: when"))
    code, said = check(root, capsys)
    assert code == 1
    assert said["findings"] == [
        "lead.captured: terms names regon, which is no field of its schema",
        "lead.contact.logged: time names when, which is no field of its schema",
    ]


def test_a_reference_that_is_neither_folder_nor_ref_is_bad_input(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["schema", "check", "--root", str(root), "--against", "no-such-ref"]) == 2
    assert "no-such-ref" in capsys.readouterr().err


@pytest.mark.stack
def test_apply_registers_all_and_refuses_a_break(
    broker: Endpoints, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(broker.home), "--json"]
    assert run(["schema", "apply", *home]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["subjects"].keys() == {kind.registry_subject for kind in Catalog.load().types.values()}
    change(root, lambda fields: fields.pop(0))
    assert run(["schema", "apply", *home, "--root", str(root)]) == 1
    assert "lead_id: it was removed" in json.loads(capsys.readouterr().out)["findings"][0]
