"""Where old minutes go is told once; a server without such a volume is named, and keeps everything where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from sharedchain.endpoints import ClickHouse, Cold
from sharedchain.errors import ConfigError
from sinks.clickhouse.cold import TABLE, age, statements
from sinks.clickhouse.migrate import migrate
from tests.census import used
from tests.deploy.clickhouse.launch import launch

TOLD = (
    "AggregatingMergeTree PARTITION BY toYear(minute) TTL toDateTime(minute) + toIntervalDay(90) TO VOLUME 'cold' "
    "SETTINGS storage_policy = 'tiered', index_granularity = 8192"
)


def test_what_is_told_already_is_not_told_again() -> None:
    assert statements(TABLE, TOLD, Cold()) == []
    policy, when = statements(TABLE, "AggregatingMergeTree PARTITION BY toYear(minute)", Cold(days=30))
    assert policy == "ALTER TABLE telemetry_partial MODIFY SETTING storage_policy = 'tiered'"
    assert when.endswith("MODIFY TTL toDateTime(minute) + toIntervalDay(30) TO VOLUME 'cold'")
    assert statements(TABLE, TOLD, Cold(days=30)) == [when]


@pytest.mark.parametrize("said", [{"days": 0}, {"policy": "x' --"}, {"volume": ""}])
def test_what_cannot_be_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Cold.model_validate(said)


@pytest.mark.slow
def test_a_server_without_the_volume_is_named(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    used(request, {"clickhouse"})
    server = launch(tmp_path / "data")
    try:
        by = server.owner
        where = ClickHouse(url=f"http://{by.host}:{by.port}", user=by.user, password=SecretStr(by.password))
        migrate(where)
        assert age(where) == []
        with pytest.raises(ConfigError, match=r"clickhouse\.cold: .* refuses it: .*tiered"):
            age(where.model_copy(update={"cold": Cold()}))
    finally:
        server.kill()
