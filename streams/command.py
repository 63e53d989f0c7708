"""The command line of a worker: our words, then Faust's own."""

from __future__ import annotations

import argparse
import os
import sys


def hand_over(app: str, prog: str, about: str | None) -> None:
    """Start the Faust app `app` (a module) as `prog` was asked to; it never returns."""
    options = argparse.ArgumentParser(prog=prog, description=about)
    options.add_argument("--home", help="directory with endpoints.json (else SHAREDCHAIN_HOME, else ./.sharedchain)")
    options.add_argument("--slot", help="name of this worker among several (else SHAREDCHAIN_SLOT, else 0)")
    said = options.parse_args()
    if said.home:
        os.environ["SHAREDCHAIN_HOME"] = said.home
        os.environ.pop("SHAREDCHAIN_CONNECT", None)  # as everywhere, --home comes first
    if said.slot:
        os.environ["SHAREDCHAIN_SLOT"] = said.slot
    # Nothing but our lines in the log: quiet = no banner, info = no spinner; what is logged is the app's to say.
    sys.argv = ["faust", "--quiet", "-A", app, "worker", "--without-web", "-l", "info"]
    from faust.cli.faust import cli

    cli()
