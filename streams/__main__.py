"""`python -m streams --home DIR [--slot N]`: the same worker as `faust -A streams.app worker`."""

from __future__ import annotations

import argparse
import os
import sys


def main() -> None:
    """Hand over to Faust's own command line; it never returns."""
    options = argparse.ArgumentParser(prog="python -m streams", description=__doc__)
    options.add_argument("--home", help="directory with endpoints.json (else SHAREDCHAIN_HOME, else ./.sharedchain)")
    options.add_argument("--slot", help="name of this worker among several (else SHAREDCHAIN_SLOT, else 0)")
    said = options.parse_args()
    if said.home:
        os.environ["SHAREDCHAIN_HOME"] = said.home
        os.environ.pop("SHAREDCHAIN_CONNECT", None)  # as everywhere, --home comes first
    if said.slot:
        os.environ["SHAREDCHAIN_SLOT"] = said.slot
    # Nothing but our lines in the log: quiet = no banner, info = no spinner; what is logged is the app's to say.
    sys.argv = ["faust", "--quiet", "-A", "streams.app", "worker", "--without-web", "-l", "info"]
    from faust.cli.faust import cli

    cli()


if __name__ == "__main__":
    main()
