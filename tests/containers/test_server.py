"""ClickHouse's own server in the place of chDB: tables, rights, exactly-once; alone and as a cluster of three."""

from __future__ import annotations

import pytest

from tests.containers.conftest import at
from tests.containers.promises import exactly_once, migrations_once
from tests.deploy.clickhouse.test_client_contract import (  # noqa: F401  (the same bodies on a real server)
    test_a_token_writes_once_through_a_view_too,
    test_handshake,
    test_insert_rows_arrow_and_frame,
)

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def test_on_one_server(server: int) -> None:
    migrations_once(at(server, "prepare"), at(server, "sink"))
    exactly_once(at(server, "sink"), at(server, "sink"), at(server, "gateway"))


def test_on_a_cluster_by_two_replicas_into_all_three(cluster: list[int]) -> None:
    one, two, three = cluster
    migrations_once(at(one, "prepare", "sharedchain"), at(three, "sink", "sharedchain"))
    exactly_once(at(one, "sink"), at(two, "sink"), at(two, "gateway"))
