"""The Python of a peer: a virtual environment of its own under build/, from its committed lock, made when first asked.

`bench/peers/<peer>.lock` comes of `<peer>.in` by `uv pip compile --universal --generate-hashes --no-emit-index-url`.
"""

from __future__ import annotations

import hashlib
import subprocess
import venv
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
_HOMES = Path(__file__).parents[1] / "build" / "bench"


def python(peer: str) -> str:
    """The interpreter that has what `peer`'s lock says, and nothing of ours. Raises CalledProcessError."""
    lock = PEERS / f"{peer}.lock"
    home = _HOMES / f"{peer}-{hashlib.blake2b(lock.read_bytes(), digest_size=4).hexdigest()}"
    found = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, clear=True, with_pip=True)
        install = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*install, "-r", str(lock)], check=True)
        (home / "ready").touch()
    return str(found)


def told(peer: str) -> str:
    """«quixstreams 3.28.1»: the version that the lock names."""
    package = {"faust": "faust-streaming"}.get(peer, peer)
    lines = (PEERS / f"{peer}.lock").read_text().splitlines()
    pin = next(line for line in lines if line.startswith(f"{package}=="))
    return pin.partition(" ")[0].replace("==", " ")
