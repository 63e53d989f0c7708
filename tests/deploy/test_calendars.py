"""Files of public holidays, as the command writes them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from deploy.calendars import text
from sharedchain.core.calendar import Calendar, resolved
from sharedchain.yamlfile import read
from tests.rules.book import BOOK


def test_what_is_written_is_a_calendar(tmp_path: Path) -> None:
    file = tmp_path / "XX.yaml"
    file.write_text(text("XX", {date(2026, 5, 1): 'the "first"'}, [date(2026, 5, 9)], "1.0"), "utf-8")
    found = Calendar.model_validate(read(file).value)
    assert found.off == {date(2026, 5, 1): "the 'first'"}
    assert [*found.work] == [date(2026, 5, 9)]


@pytest.mark.parametrize(
    ("region", "off", "worked"),
    [("CN", date(2026, 5, 5), date(2026, 5, 9)), ("DE", date(2026, 4, 6), date(2026, 4, 7)),
     ("BR", date(2026, 4, 21), date(2026, 4, 22))],
)  # fmt: skip
def test_the_regions_of_the_story_know_their_days(region: str, off: date, worked: date) -> None:
    ours = {id_: calendar for id_, (calendar, _) in BOOK.models["calendar"].items()}
    days = resolved(ours, region)
    assert (days.worked(off), days.worked(worked)) == (False, True)
