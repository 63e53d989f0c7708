"""Secrets are made once, each another one, and stay."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode
from pathlib import Path

from deploy.passwords import PLAIN, door_users, main, make


def test_each_is_made_once_and_is_another_one(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert {*make(folder, secrets.token_bytes)} == {*PLAIN, "webhook_secret", "door_users"}
    said = {file.name: file.read_text() for file in folder.iterdir()}
    assert len(set(said.values())) == len(PLAIN) + 2
    assert min(len(text) for text in said.values()) > 32
    assert folder.stat().st_mode & 0o777 == 0o700
    assert make(folder, secrets.token_bytes) == []
    assert {file.name: file.read_text() for file in folder.iterdir()} == said


def test_the_door_knows_the_password_by_its_salted_digest() -> None:
    user, _, said = door_users("open", b"salt").strip().partition(":")
    assert (user, said[:6]) == ("chain", "{SSHA}")
    raw = b64decode(said[6:])
    assert raw == hashlib.sha1(b"open" + raw[20:]).digest() + b"salt"


def test_the_command_says_what_it_made(tmp_path: Path) -> None:
    assert main([str(tmp_path / "s")]) == 0
    assert (tmp_path / "s" / "door_password").exists()
