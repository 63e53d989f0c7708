"""The `sharedchain` command itself: overview, languages, exit codes, lazy loading."""

from __future__ import annotations

import resource
import subprocess
import sys
import unicodedata
from importlib import metadata

import pytest

from sharedchain.cli import COMMANDS, help_text, run
from sharedchain.errors import ConfigError, SharedChainError


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("LC_ALL", "")


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_overview_names_every_command_within_80_columns(lang: str) -> None:
    lines = help_text(lang).splitlines()
    assert max(width(line) for line in lines) <= 80
    for name in COMMANDS:
        assert any(line.split()[:1] == [name] for line in lines)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    assert "usage" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-c", "import sys; sys.argv = ['sharedchain']; from sharedchain.cli import main; main()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("arguments", [["--lang", "zh"], ["--lang=zh", "--help"], ["help", "--lang", "zh"]])
def test_language_is_an_option_anywhere(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    assert "用法" in capsys.readouterr().out


def test_language_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    run([])
    assert "用法" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["publsh"], "did you mean publish?"),
        (["xyz"], "sharedchain --help"),
        (["--lang", "fr"], "zh or en"),
        (["publish", "lead.capturd"], "did you mean lead.captured?"),
        (["publish", "alert.raised"], "derived"),
        (["publish", "lead.captured", "--file", "/nowhere.json"], "/nowhere.json: No such file"),
        (["settle", "--home", "/nowhere"], "sharedchain up"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("sharedchain: ")
    assert told in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["publish"], ["publish", "lead.captured", "--nonsense"], ["schema", "chekc"]])
def test_wrong_usage_is_exit_2(arguments: list[str]) -> None:
    assert run(arguments) == 2


def test_every_command_of_the_wheel_is_there_and_helps(capsys: pytest.CaptureFixture[str]) -> None:
    for name, command in COMMANDS.items():
        if not command.checkout:
            assert run([name, "--help"]) == 0, name
            assert name in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.checkout])
def test_a_bare_wheel_says_what_it_needs(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = metadata.EntryPoint(name, "deploy.absent.commands:absent", "sharedchain.commands")
    for found in ([], [absent]):
        monkeypatch.setattr(metadata, "entry_points", lambda *, found=found, **_: found)
        assert run([name]) == 2
        assert "needs a checkout or the image" in capsys.readouterr().err


@pytest.mark.parametrize("error", [SharedChainError("no"), ConfigError(["a: b", "c: d"])])
def test_an_error_of_a_command_is_told_without_traceback(
    error: SharedChainError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise error

    monkeypatch.setattr("sharedchain.cli._target", lambda name: broken)
    assert run(["settle"]) == 2
    assert capsys.readouterr().err == f"sharedchain: {error}\n"


def test_help_loads_nothing_heavy() -> None:
    """What costs time is imports."""
    program = "import sys; from sharedchain.cli import run; run(['--help']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for heavy in ("pydantic", "typer", "confluent_kafka", "fastavro", "httpx2", "yaml"):
        assert f"'{heavy}'" not in done.stdout


def test_help_is_there_at_once() -> None:
    """0.4 s of work, measured as the processor's time: the machine may be busy with others."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "sharedchain.cli", "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= 0.4
