"""Options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option("--home", help="home of the chain (default: SHAREDCHAIN_HOME, ./.sharedchain)", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, for machines")]
