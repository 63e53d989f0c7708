"""`python -m deploy.passwords [DIR]`: the secrets that containers are given, made once; those there stay.

The folder is closed to others (0700); the files in it are readable (0644), because in a container they are read by
another user than the one who made them.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent / "compose" / "secrets"
PLAIN = (
    "clickhouse_gateway",
    "clickhouse_grafana",
    "clickhouse_interserver",
    "clickhouse_prepare",
    "clickhouse_sink",
    "door_password",
    "grafana_admin",
    "link_secret",
)


def door_users(password: str, salt: bytes) -> str:
    """The password file of the door: one user, salted SHA-1 as nginx knows it (the password is long and random)."""
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return f"chain:{{SSHA}}{b64encode(digest + salt).decode()}\n"


def make(folder: Path, random: Callable[[int], bytes]) -> list[str]:
    """Write what is missing in `folder`; the names of what is new."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = [name for name in PLAIN if _write(folder / name, random(32).hex() + "\n")]
    if _write(folder / "webhook_secret", f"whsec_{b64encode(random(32)).decode()}\n"):  # Standard Webhooks
        fresh.append("webhook_secret")
    if _write(folder / "door_users", door_users((folder / "door_password").read_text().strip(), random(8))):
        fresh.append("door_users")
    return fresh


def _write(file: Path, text: str) -> bool:
    if file.exists():
        return False
    file.write_text(text)
    return True


def main(said: list[str]) -> int:
    folder = Path(said[0]) if said else FOLDER
    for name in make(folder, secrets.token_bytes):
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
