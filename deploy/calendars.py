"""`python -m deploy.calendars CN DE --years 2026 2028`: the public holidays of regions as files under rules/calendars/.

Needs PyPI `holidays`, which nothing else here does: the files are the data, and the log carries them. A company's own
days go into a file of its own that extends a region's; this command never touches those.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from sharedchain import config

_HEAD = """# Made by `python -m deploy.calendars` of holidays {version}. Your own days: another file, `extends: {id}`.
id: {id}
title: {{zh: {id} 工作日, en: Working days in {id}}}
"""
_LANGUAGE = {"CN": "zh_CN"}


def text(region: str, off: Mapping[date, str], work: list[date], version: str) -> str:
    """The file of one region."""
    lines = [f"  {day.isoformat()}: {_quoted(name)}" for day, name in sorted(off.items())]
    made_up = [f"  {day.isoformat()}: 调休 / made up for" for day in work]
    return _HEAD.format(id=region, version=version) + "\n".join(
        ["off:", *lines, *(["work:", *made_up] if made_up else []), ""]
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', "'") + '"'


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m deploy.calendars", description=__doc__)
    options.add_argument("regions", nargs="+", metavar="REGION", help="ISO 3166 code, as CN")
    options.add_argument("--years", nargs=2, type=int, required=True, metavar=("FIRST", "LAST"))
    asked = options.parse_args()
    try:
        import holidays
    except ImportError:
        print("this command alone needs the package holidays: pip install holidays, then again", file=sys.stderr)
        return 2
    first, last = asked.years
    place = config.default_root() / "rules" / "calendars"
    place.mkdir(exist_ok=True)
    for region in asked.regions:
        found = holidays.country_holidays(region, years=range(first, last + 1), language=_LANGUAGE.get(region, "en_US"))
        work = sorted(d for d in getattr(found, "weekend_workdays", ()) if first <= d.year <= last)
        file = Path(place / f"{region}.yaml")
        file.write_text(text(region, dict(found), work, holidays.__version__), "utf-8")
        print(f"{file}: {len(found)} days off, {len(work)} made up for")
    return 0


if __name__ == "__main__":
    sys.exit(main())
