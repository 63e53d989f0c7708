"""Roles: who holds one on a day, as the last word about each employee says."""

from __future__ import annotations

from datetime import date
from typing import Any

from sharedchain.fact import Fact
from streams.ingest.book import MemoryBook
from streams.ingest.lifecycle import staff

DAY = date(2026, 4, 24)


def told(book: MemoryBook, person: str, role: str | None, scope: str = "t", **days: date) -> None:
    data: dict[str, Any] = {"employee_id": person, "role": role, **days}
    fact = Fact(
        partition=0, seq=1, recorded=1, kind="fact", scope=scope, type="master.employee.upserted", id=person,
        source="hr", subject=person, time=1, tenant=scope, data=data,
    )  # fmt: skip
    staff.upserted(book, fact)


def test_the_first_holder_is_the_first_by_id_who_is_valid_that_day() -> None:
    book = MemoryBook()
    told(book, "E3", "buyer")
    told(book, "E2", "buyer", valid_from=DAY, valid_to=DAY)
    told(book, "E1", "buyer", valid_to=date(2026, 4, 23))
    told(book, "E0", "buyer", scope="other")
    assert staff.holders(book, "t", "buyer", DAY) == ["E2", "E3"]
    assert staff.first(book, "t", "buyer", date(2026, 4, 25)) == "E3"
    assert staff.first(book, "t", "pilot", DAY) == ""


def test_who_changes_the_role_holds_the_new_one_only() -> None:
    book = MemoryBook()
    told(book, "E1", "buyer")
    told(book, "E1", "sales")
    assert (staff.first(book, "t", "buyer", DAY), staff.first(book, "t", "sales", DAY)) == ("", "E1")
    told(book, "E1", None)
    assert staff.first(book, "t", "sales", DAY) == ""
    assert book.values == {}
