"""A link allows exactly what it says, to whom it was sent."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from sharedchain.links import alert_path, confirm_path, link_for, sign, verify

SAID = ("default", "FC-BR", 3, "E002")


def test_what_was_signed_verifies() -> None:
    assert verify("s", *SAID, sign("s", *SAID))


@pytest.mark.parametrize(
    "other",
    [
        ("acme", "FC-BR", 3, "E002"),
        ("default", "FC-DE", 3, "E002"),
        ("default", "FC-BR", 4, "E002"),
        ("default", "FC-BR", 3, "E001"),
    ],
)
def test_anything_else_is_refused(other: tuple[str, str, int, str]) -> None:
    assert not verify("s", *other, sign("s", *SAID))


@pytest.mark.parametrize("sig", ["", "00", "签名", sign("other", *SAID)])
def test_a_foreign_signature_is_refused(sig: str) -> None:
    assert not verify("s", *SAID, sig)


def test_words_cannot_slide_into_one_another() -> None:
    assert sign("s", "a", "bc", 1, "d") != sign("s", "ab", "c", 1, "d")


def test_the_link_is_addressed_to_its_reader_and_verifies() -> None:
    path = confirm_path("东辰 & co", "FC/BR 1", 3, "E002")
    link = urlsplit(link_for("s", "http://127.0.0.1:8080/", path, "E010"))
    asked = {name: values[0] for name, values in parse_qs(link.query).items()}
    assert (link.scheme, link.netloc) == ("http", "127.0.0.1:8080")
    assert unquote(link.path) == "/v1/forecasts/FC/BR 1/confirm"
    assert asked["recipient"] == "E010"
    assert verify("s", asked["tenant"], "FC/BR 1", int(asked["version"]), asked["recipient"], asked["sig"])


def test_an_alerts_link_names_its_tenant_and_is_not_signed() -> None:
    link = urlsplit(link_for("s", "http://gw", alert_path("东辰 & co", "a1"), "E1"))
    assert (link.path, parse_qs(link.query)) == ("/v1/alerts/a1", {"tenant": ["东辰 & co"]})


def test_other_paths_are_not_signed() -> None:
    assert link_for("s", "http://gw", "/v1/alerts?id=1", "E1") == "http://gw/v1/alerts?id=1"


@pytest.mark.parametrize(
    "path", ["", "//evil.example/x", "http://evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_a_foreign_place_is_never_linked(path: str) -> None:
    assert link_for("s", "http://gw", path, "E1") == ""
