"""The home of a chain: one folder, its owner's alone."""

from __future__ import annotations

import stat
from pathlib import Path

from deploy.local import release
from sharedchain.errors import ConfigError


def open_home(home: Path) -> Path:
    """Make the folder and its rooms (0700) and return its absolute path.

    Raises ConfigError when others may read it: passwords and the mails of the chain stand there; and when
    a newer release has run in it.
    """
    home = home.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        raise ConfigError([f"{home}: others may look into it (mode {mode:o}); run: chmod 700 {home}"])
    release.check(home)
    for room in ("run", "run/hold", "log", "mail"):
        (home / room).mkdir(mode=0o700, exist_ok=True)
    return home
