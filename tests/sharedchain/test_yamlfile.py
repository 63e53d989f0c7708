"""A file that would not end, would not fit, or means something else than it shows: refused at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sharedchain.yamlfile import read

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{this}: &{this} [{', '.join([f'*{before}'] * 10)}]\n" for before, this in zip("abcdefg", "bcdefgh", strict=True)
)
HOSTILE = {
    LAUGHS: (5, "more than 100000 parts once aliases are unfolded"),
    "a: &a [*a]\n": (1, "stands inside &a"),
    "a: " + "[" * 200_000: (1, "nested deeper than 32"),
    "\n".join("  " * n + "a:" for n in range(40)): (34, "nested deeper than 32"),
    "a: 1\nb: 2\na: 3\n": (3, "key 'a' stands twice"),
    "? [a]\n: 1\n": (1, "a key is one word"),
    "a: !!python/object/apply:os.system [x]\n": (1, "a tag (tag:yaml.org,2002:python/object/apply:os.system)"),
    "a: !!binary AA==\n": (1, "a tag"),
    "a: !mine 1\n": (1, "a tag"),
    "a: " + "9" * 5_000 + "\n": (1, "a number of 5000 digits"),
    "a: 1\n---\nb: 2\n": (2, "but found another document"),
    "a: [1\n": (2, "did not find expected"),
}


def file(folder: Path, text: str) -> Path:
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_file_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(yaml.YAMLError) as refusal:
        read(file(tmp_path, text))
    mark = refusal.value.problem_mark  # type: ignore[attr-defined]
    problem = refusal.value.problem  # type: ignore[attr-defined]
    assert HOSTILE[text][1] in problem
    assert abs(mark.line + 1 - HOSTILE[text][0]) <= 1


@pytest.mark.parametrize("raw", [b"a: \xff\n", b"a: \x00\n"])
def test_what_is_no_text_is_no_yaml(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(raw)
    with pytest.raises(yaml.YAMLError):
        read(path)


def test_an_alias_may_stand_for_what_was_said_once(tmp_path: Path) -> None:
    value = read(file(tmp_path, "a: &a {x: 1, on: yes, d: 2026-01-01}\nb: {<<: *a, x: 0.95}\n")).value
    assert value == {"a": {"x": 1, "on": "yes", "d": "2026-01-01"}, "b": {"x": "0.95", "on": "yes", "d": "2026-01-01"}}
