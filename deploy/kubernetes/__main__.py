"""`python -m deploy.kubernetes` writes the generated manifests beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from deploy.kubernetes import strimzi, workloads
from sharedchain.schemas import Catalog

FOLDER = Path(__file__).parent


def files(catalog: Catalog) -> dict[Path, str]:
    """Each generated file and its text."""
    rules = yaml.safe_load((FOLDER.parent / "prometheus" / "alerts.yaml").read_text("utf-8"))
    made = {
        "topics": strimzi.topics(catalog),
        "users": strimzi.users(catalog),
        "programs": workloads.workloads(),
        "alerts": workloads.alerts(rules),
    }
    return {FOLDER / f"{name}.yaml": text for name, text in made.items()}


def main() -> int:
    for file, text in files(Catalog.load()).items():
        file.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
