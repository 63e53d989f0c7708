"""`python -m gateway [--home DIR]`: serve on the loopback address that endpoints.json names."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import uvicorn

from gateway.app import build
from gateway.open import opened
from sharedchain import log
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError

_log = logging.getLogger("gateway")


def main() -> int:
    """0 after a clean stop, 2 when it cannot start (the reason on stderr)."""
    options = _options()
    log.start()
    try:
        endpoints = Endpoints.load(options.home, program="gateway")
        address = where(endpoints)
        with opened(endpoints) as door:
            uvicorn.run(
                build(door, hosts=frozenset({urlsplit(endpoints.gateway).hostname or ""} - {""})),
                host=address.hostname or "127.0.0.1",
                port=address.port or 80,
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=256,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=5,
            )
    except SharedChainError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 2
    return 0


def where(endpoints: Endpoints) -> SplitResult:
    """What to bind: loopback, unless the endpoints file says `gateway.listen`. Raises SharedChainError."""
    if endpoints.gateway_listen:
        _log.warning(
            "listens at %s; there is no sign-in yet: let only those in who may read everything",
            endpoints.gateway_listen,
        )
        return urlsplit(f"//{endpoints.gateway_listen}")
    address = urlsplit(endpoints.gateway)
    if address.hostname not in ("127.0.0.1", "localhost"):
        raise SharedChainError(
            f"gateway {endpoints.gateway} is not loopback: until there is sign-in, only gateway.listen "
            "of an endpoints file lets it listen elsewhere"
        )
    return address


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    parser.add_argument("--home", type=Path, help="where endpoints.json lies (default: SHAREDCHAIN_HOME)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
