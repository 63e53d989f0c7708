"""What time it is for a tenant: the wall's, or of a driven one the last its scope saw."""

from __future__ import annotations

import json

from gateway.tenants import tenant_of

SEEN = "2026-05-01T00:00:00.000Z"


def test_a_tenant_without_config_lives_by_the_wall() -> None:
    assert tenant_of("t", [{"body": None, "last_recorded": SEEN}], 7).now == 7
    assert tenant_of("t", [], 7).timezone == "Asia/Shanghai"


def test_a_driven_tenant_lives_by_its_log() -> None:
    body = json.dumps({"mode": "driven", "timezone": "Europe/Berlin", "packs": ["default"]})
    found = tenant_of("t", [{"body": body, "last_recorded": SEEN}], 7)
    assert (found.now, found.timezone, found.currency) == (1_777_593_600_000, "Europe/Berlin", "CNY")


def test_words_of_another_kind_are_not_taken_over() -> None:
    assert tenant_of("t", [{"body": '{"timezone": 8}', "last_recorded": SEEN}], 7).timezone == "Asia/Shanghai"
