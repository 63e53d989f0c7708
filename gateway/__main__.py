"""`python -m gateway [--home DIR]`: serve on the loopback address that endpoints.json names."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from gateway.app import build
from gateway.open import opened
from sharedchain import log
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError


def main() -> int:
    """0 after a clean stop, 2 when it cannot start (the reason on stderr)."""
    options = _options()
    log.start()
    try:
        endpoints = Endpoints.load(options.home)
        address = urlsplit(endpoints.gateway)
        if address.hostname not in ("127.0.0.1", "localhost"):
            raise SharedChainError(f"gateway {endpoints.gateway} is not loopback: until there is sign-in, it must be")
        with opened(endpoints) as door:
            uvicorn.run(
                build(door),
                host=address.hostname,
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


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    parser.add_argument("--home", type=Path, help="where endpoints.json lies (default: SHAREDCHAIN_HOME)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
