"""Numbers: gapless for each tenant and year, after aborted turns and after a recovery too."""

from __future__ import annotations

import pytest

from sharedchain.scope import partition_of
from streams.ingest.book import MemoryBook
from streams.ingest.lifecycle import numbers
from tests.streams.ingest.rig import Rig
from tests.streams.ingest.steps import Deal


def test_each_series_counts_for_itself() -> None:
    book = MemoryBook()
    for scope, pattern, year in [("a", "C-{year}-{n}", 2026), ("a", "R{n:03d}", 2026), ("b", "C-{year}-{n}", 2026)]:
        assert numbers.coming(book, scope, pattern, year) == numbers.coming(book, scope, pattern, year)
        numbers.take(book, scope, pattern, year)
    assert numbers.coming(book, "a", "C-{year}-{n}", 2026) == "C-2026-2"
    assert numbers.coming(book, "a", "C-{year}-{n}", 2027) == "C-2027-1"
    assert numbers.coming(book, "a", "R{n:03d}", 2027) == "R002"
    assert numbers.coming(book, "b", "C-{year}-{n}", 2026) == "C-2026-2"


@pytest.mark.parametrize("aborts", [0, 1, 3])
def test_an_aborted_turn_takes_its_number_back(aborts: int) -> None:
    rig = Rig()
    rig.aborts = aborts
    deal = Deal(rig)
    for n in range(1, 4):
        deal.bidding(f"P-{n}", f"L-{n}")
        _, contract, receivable = deal.sign(f"P-{n}")
        assert (contract.subject, receivable.subject) == (f"CT-2026-{n:04d}", f"AR-{n:04d}")


def test_a_recovered_lane_goes_on_counting() -> None:
    deal = Deal()
    for n in (1, 2):
        deal.bidding(f"P-{n}", f"L-{n}")
    deal.sign("P-1")
    deal.rig.book = deal.rig.recovered()
    assert [f.subject for f in deal.sign("P-2")] == ["P-2", "CT-2026-0002", "AR-0002"]


def test_two_tenants_of_one_partition_have_their_own() -> None:
    assert partition_of("t0") == partition_of("t14")
    rig = Rig()
    for tenant, n in (("t0", 1), ("t14", 1), ("t0", 2)):
        deal = Deal(rig, tenant=tenant)
        deal.bidding(f"P-{n}", f"L-{n}")
        deal.sign(f"P-{n}")
    made = [(f.scope, f.subject) for f, _ in rig.spine if f.type == "contract.created"]
    assert made == [("t0", "CT-2026-0001"), ("t14", "CT-2026-0001"), ("t0", "CT-2026-0002")]
