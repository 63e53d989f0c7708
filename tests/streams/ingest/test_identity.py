"""Who an event is: headers first, then what it tells."""

from __future__ import annotations

import pytest

from sharedchain.envelope import Envelope
from sharedchain.errors import Refused
from streams.ingest.identity import content_of, digest, identify


def who(source: str = "", id: str = "", **data: object):  # type: ignore[no-untyped-def]  # noqa: A002
    return identify(Envelope(type="", source=source, id=id), "t", "x.y.v1", "a.b", data, ("k", "v"))


def test_headers_name_it_when_they_name_it_whole() -> None:
    found = who("crm", "1", k="K", v=2)
    assert (found.source, found.id) == ("crm", "1")
    assert found.named
    assert found.told


def test_else_the_payload_names_it() -> None:
    found = who("", "1", k="K", v=2)
    assert (found.source, found.id, found.named) == ("kafka:x.y.v1", "a.b/K/2", None)
    assert found.told == who("crm", "9", k="K", v=2).told


def test_else_the_id_alone() -> None:
    assert (who("", "1", k="").source, who("", "1", k="").id) == ("kafka:x.y.v1", "1")


def test_else_it_is_nobody() -> None:
    with pytest.raises(Refused) as error:
        who(k="K")
    assert (error.value.reason, error.value.field) == ("no_identity", "v")


def test_borders_count() -> None:
    assert digest("a", "bc") != digest("ab", "c")
    assert len(digest("a")) == 16


def test_the_frame_is_no_content() -> None:
    assert content_of(b"\0\0\0\0\1abc") == content_of(b"\0\0\0\0\2abc") != content_of(b"\0\0\0\0\1abd")
