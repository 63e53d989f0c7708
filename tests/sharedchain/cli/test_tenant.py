"""Settings of a tenant, changed; the command itself is walked by tests/docs on a real chain."""

from __future__ import annotations

import pytest

from sharedchain.cli.tenant import DEFAULTS, changed
from sharedchain.errors import ConfigError
from streams.ingest.config import Tenant

KNOWN = {("flow", "standard"), ("flow", "plain"), ("pack", "default"), ("pack", "mine"), ("calendar", "CN")}


def test_the_defaults_are_those_of_ingest() -> None:
    assert Tenant().model_dump() == DEFAULTS


def test_what_is_not_asked_for_stays() -> None:
    asked = {"flow": "plain", "packs": None, "timezone": None}
    assert changed({**DEFAULTS, "timezone": "UTC"}, asked, KNOWN) == {**DEFAULTS, "timezone": "UTC", "flow": "plain"}
    assert changed(DEFAULTS, {"packs": ["mine", "default"]}, KNOWN)["packs"] == ["mine", "default"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"calendar": "CX"}, "no calendar CX: there is CN"),
        ({"flow": "plian"}, "no flow plian: there is plain, standard"),
        ({"packs": ["x"]}, "no pack x: there is default"),
    ],
)
def test_a_flow_a_pack_or_a_calendar_that_no_file_defines_is_refused(asked: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        changed(DEFAULTS, asked, KNOWN)
