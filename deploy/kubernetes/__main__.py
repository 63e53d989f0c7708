"""`python -m deploy.kubernetes` writes topics.yaml and users.yaml beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.kubernetes import strimzi
from sharedchain.schemas import Catalog

FOLDER = Path(__file__).parent


def files(catalog: Catalog) -> dict[Path, str]:
    """Each generated file and its text."""
    return {FOLDER / "topics.yaml": strimzi.topics(catalog), FOLDER / "users.yaml": strimzi.users(catalog)}


def main() -> int:
    for file, text in files(Catalog.load()).items():
        file.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
