"""A journal shows its changes, hides nothing else, and leaves the book alone until it is poured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.book import Journal, MemoryBook, key

NAMES = st.text("ab/", min_size=1, max_size=3)
CHANGES = st.lists(st.tuples(NAMES, st.one_of(st.none(), st.integers())), max_size=12)


@given(CHANGES, CHANGES, NAMES)
def test_a_journal_reads_as_the_book_it_would_make(before: list, after: list, prefix: str) -> None:  # type: ignore[type-arg]
    book, wanted = MemoryBook(), MemoryBook()
    for name, value in before:
        book.put(name, value)
        wanted.put(name, value)
    untouched = dict(book.values)
    journal = Journal(book)
    for name, value in after:
        journal.put(name, value)
        wanted.put(name, value)
    assert book.values == untouched
    assert journal.names(prefix) == wanted.names(prefix)
    assert all(journal.get(n) == wanted.get(n) for n, _ in before + after)
    journal.pour(book)
    assert book.values == wanted.values


def test_a_forgotten_identity_is_forgotten_below_too() -> None:
    book = MemoryBook()
    book.remember(b"1", b"x")
    journal = Journal(book)
    journal.remember(b"1", None)
    assert journal.content(b"1") is None
    assert book.content(b"1") == b"x"
    journal.pour(book)
    assert book.content(b"1") is None


@given(
    st.lists(st.text("a/%", max_size=3), min_size=1, max_size=3),
    st.lists(st.text("a/%", max_size=3), min_size=1, max_size=3),
)
def test_different_paths_have_different_keys(one: list[str], other: list[str]) -> None:
    assert (key(*one) == key(*other)) == (one == other)
