"""`python -m deploy.pages [--check]` (`make pages`): write the generated pages of docs/.

With --check nothing is written; exit 1 and a line for each page that is stale.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.pages import dictionary, flowbook, metrics, rulebook, runbooks

ROOT = Path(__file__).parents[2]


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Each generated page and its text, from the data files under `root` and the metrics of our code.

    Raises ConfigError when the files are unsound.
    """
    return {
        root / "docs" / "data-dictionary.md": dictionary.page(root),
        root / "docs" / "flows.md": flowbook.page(root),
        root / "docs" / "measures-and-rules.md": rulebook.page(root),
        root / "docs" / "metrics.md": metrics.page(),
        root / "docs" / "runbooks.md": runbooks.page(root),
    }


def stale(said: dict[Path, str]) -> list[Path]:
    """The pages that are not what the data files said."""
    return [page for page, text in said.items() if not page.exists() or page.read_text("utf-8") != text]


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m deploy.pages", description=__doc__)
    options.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale")
    said = pages()
    old = stale(said)
    if options.parse_args().check:
        for page in old:
            print(f"{page.relative_to(ROOT)} is stale: run `make pages` and commit it")
        return 1 if old else 0
    for page, text in said.items():
        page.write_text(text, "utf-8")
        print(f"{page.relative_to(ROOT)}: {'written' if page in old else 'as it was'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
