"""The SQL: never without its tenant, never with a value inside its text."""

from __future__ import annotations

import pytest

from gateway import queries
from gateway.queries import Query

HOSTILE = "x' OR tenant != '"
ALL = {
    "alerts": queries.alerts(HOSTILE, state="open", severity=HOSTILE, rule=HOSTILE, subject=HOSTILE, at=1),
    "alert_transitions": queries.alert_transitions(HOSTILE, HOSTILE),
    "deliveries": queries.deliveries(HOSTILE, HOSTILE),
    "inbox": queries.inbox(HOSTILE, HOSTILE),
    "metric": queries.metric(HOSTILE, HOSTILE, at=1, as_known=1, dims={HOSTILE: HOSTILE}),
    "totals": queries.totals(HOSTILE, [HOSTILE], at=1, as_known=1, dims={HOSTILE: HOSTILE}),
    "live_facts": queries.live_facts(HOSTILE, at=1),
    "forecast_history": queries.forecast_history(HOSTILE, HOSTILE, at=1),
    "tenant_config": queries.tenant_config(HOSTILE),
    "facts_of": queries.facts_of(HOSTILE, HOSTILE, at=1),
    "facts_at": queries.facts_at(HOSTILE, [HOSTILE], at=1),
    "facts_around": queries.facts_around(HOSTILE, [HOSTILE], [HOSTILE], at=1),
    "forecasts_citing": queries.forecasts_citing(HOSTILE, [HOSTILE], at=1),
    "alerts_around": queries.alerts_around(HOSTILE, [HOSTILE], [HOSTILE], at=1),
    "told_of": queries.told_of(HOSTILE, [HOSTILE], at=1),
    "answered": queries.answered(HOSTILE, [HOSTILE], at=1),
    "near_ids": queries.near_ids(HOSTILE, HOSTILE),
}


def test_every_query_of_the_module_is_judged_here() -> None:
    made = {
        name for name, maker in vars(queries).items() if getattr(maker, "__annotations__", {}).get("return") == "Query"
    }
    assert made - {"_facts"} == ALL.keys() | {"measures", "config_body"}


@pytest.mark.parametrize("name", ALL)
def test_the_tenant_is_bound_and_no_value_stands_in_the_text(name: str) -> None:
    query: Query = ALL[name]
    assert query.parameters["tenant"] == HOSTILE
    assert HOSTILE not in query.sql
    for bound in query.parameters:
        assert f"{{{bound}:" in query.sql, f"{bound} is bound but not used"


@pytest.mark.parametrize("name", ALL)
def test_every_read_of_a_table_is_held_to_the_tenant(name: str) -> None:
    """As many tenant predicates as tables read; declarations of the system are the one exception."""
    sql = ALL[name].sql
    tables = sum(sql.count(f"FROM {table} ") for table in ("alerts", "notifications", "metric_minute", "facts"))
    system = sql.count("type = 'config.defined'")
    assert tables - system == sql.count("tenant = {tenant:String}")
    assert tables > 0


@pytest.mark.parametrize("query", [queries.measures(), queries.config_body("flow", HOSTILE)])
def test_declarations_come_from_the_system_scope(query: Query) -> None:
    assert query.parameters["tenant"] == "_system"
    assert query.sql.count("FROM facts ") == query.sql.count("tenant = {tenant:String}")
    assert HOSTILE not in query.sql


def test_rows_are_bounded_however_many_are_asked() -> None:
    assert queries.alerts("t", limit=10**9).parameters["limit"] == queries.MAX_ROWS
    assert all("LIMIT" in query.sql for query in ALL.values())
