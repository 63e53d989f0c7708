"""No machine of ours, and no registry, is named in what we publish; no host but our own loopback is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import texts

# A path counts where no word can stand before it: `a/home/b` is none.
_PATH = re.compile(r"(?<![\w./~$}-])/(?:" + "|".join(("work", "root", "home", "Users", "mnt")) + r")/[\w.]")
_HOST = re.compile(r"\b[a-z][a-z+]*://(?:[^\s/@]*@)?([A-Za-z0-9][\w.-]*\.[A-Za-z]{2,})(?=[\s/:\"'`)>\]]|$)")
_INDEX = re.compile(r"--?-(?:extra-)?index-url|--find-links|--trusted-host")
KNOWN = {
    "www.apache.org": "the licence",
    "www.w3.org": "the name of SVG",
    "keepachangelog.com": "the form of the changelog",
}
HARMLESS = (".example", "example.com")  # reserved: nobody answers there


def found(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for file, text in texts():
        for number, line in enumerate(text.splitlines(), 1):
            yield from ((f"{file}:{number}: {line.strip()[:100]}", match) for match in pattern.finditer(line))


def test_no_absolute_path_of_a_machine() -> None:
    assert [line for line, _ in found(_PATH)] == []


def test_no_host_is_named_but_the_known() -> None:
    assert [line for line, m in found(_HOST) if m[1] not in KNOWN and not m[1].endswith(HARMLESS)] == []


def test_no_index_is_chosen_for_the_reader() -> None:
    assert [line for line, _ in found(_INDEX) if not line.startswith("tests/house/test_text.py")] == []


@pytest.mark.parametrize("said", ["cd /{}/main", '"/{}/.cache"', "(/{}/ann/x)", "=/{}/x", "FROM a:/{}/x"])
@pytest.mark.parametrize("folder", ["work", "root", "home"])
def test_a_path_would_be_found(said: str, folder: str) -> None:
    assert _PATH.search(said.format(folder))


@pytest.mark.parametrize("said", ["docs/work/flow.md", "{home}/work/x", "$HOME/root/x", "the home/root/branch"])
def test_a_relative_path_is_none(said: str) -> None:
    assert not _PATH.search(said)


@pytest.mark.parametrize("said", ["https://{}/simple", "'http://u:p@{}:80/x'", "see https://{}", "jar https://{} x"])
def test_a_host_would_be_found(said: str) -> None:
    match = _HOST.search(said.format("packages.somewhere.net"))
    assert match
    assert match[1] == "packages.somewhere.net"


def test_locks_are_hashes_without_hosts() -> None:
    locks = [(file, text) for file, text in texts() if file.suffix == ".lock"]
    assert {Path("requirements/dev.lock"), Path("deploy/local/locks/kafka.lock")} <= {file for file, _ in locks}
    assert [str(file) for file, text in locks if "://" in text] == []
    assert [str(file) for file, text in locks if not re.search(r"\b[0-9a-f]{64}\b", text)] == []
