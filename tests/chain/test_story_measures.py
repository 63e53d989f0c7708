"""Each measure from lead to cash at several moments of two stories: what is told is what SQL finds in `facts`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from clickhouse_connect.driver.client import Client

from deploy.demo.found import client
from deploy.demo.story import Story
from sharedchain.canonical import dumps
from sharedchain.core.measures import Measure
from sharedchain.endpoints import Endpoints
from sharedchain.reader import read
from sharedchain.rulecheck import load as rules
from sharedchain.scope import PARTITIONS
from sinks.clickhouse.recount import declared, recount
from tests.chain.measures_sql import SQL

pytestmark = [pytest.mark.stack, pytest.mark.slow]

MINUTE = timedelta(minutes=1)
TENANTS = {"once": "Asia/Shanghai", "acme": "America/New_York", "nova": "Europe/Berlin"}
MOMENTS = 3  # of each company, spread over the minutes in which something was recorded; two more at the end
MEASURES = rules().measures()

Values = dict[str, Decimal]  # dims → value; what has no value is not here


@dataclass(frozen=True, slots=True)
class Told:
    """What a chain says, and the store it says it from."""

    endpoints: Endpoints
    store: Client
    moments: dict[str, list[datetime]]  # of each company

    def told(self, tenant: str, id_: str, at: datetime, as_known: datetime | None = None) -> Values:
        """Values at a minute, of flows the running totals."""
        params = {"tenant": tenant, "at": rfc(at), "as_known": rfc(as_known) if as_known else None}
        items = read(self.endpoints, f"/v1/metrics/{id_}", params)["items"]
        column = "total" if MEASURES[id_].kind == "flow" else "value"
        return {dumps(i["dims"]): rounded(MEASURES[id_], i[column]) for i in items if i[column] is not None}

    def found(self, tenant: str, id_: str, at: datetime, known: datetime | None = None, without: str = "") -> Values:
        """The same, from `facts`; `without` one of them."""
        parameters = {"tenant": tenant, "zone": TENANTS[tenant], "minute": sql(at), "end": sql(at + MINUTE)}
        parameters |= {"known": sql(known or datetime(2100, 1, 1, tzinfo=UTC)), "without": without}
        rows = self.store.query(SQL[id_], parameters=parameters).result_rows
        return {dumps(json.loads(dims)): rounded(MEASURES[id_], value) for dims, value in rows if value is not None}


def moments(store: Client, tenant: str) -> list[datetime]:
    """Minutes that are over, oldest first."""
    answer = store.query(
        "SELECT DISTINCT toStartOfMinute(recorded) AS m FROM facts WHERE tenant = {tenant:String} AND n = 0 ORDER BY m",
        parameters={"tenant": tenant},
    )
    minutes = [row[0].replace(tzinfo=UTC) for row in answer.result_rows]
    chosen = [minutes[len(minutes) * part // (MOMENTS + 1)] for part in range(1, MOMENTS + 1)]
    return [*chosen, minutes[-1] - timedelta(days=1), minutes[-1]]


def rfc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def sql(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.000")


def rounded(measure: Measure, value: str) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-measure.scale), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def chain(stage: Endpoints, first: Story, second: Story) -> Told:
    store = client(stage)
    return Told(stage, store, {tenant: moments(store, tenant) for tenant in TENANTS})


@pytest.mark.parametrize("id_", SQL)
def test_what_is_told_is_what_the_facts_say(chain: Told, id_: str) -> None:
    compared = 0
    for tenant in TENANTS:
        for at in chain.moments[tenant]:
            found = chain.found(tenant, id_, at)
            assert chain.told(tenant, id_, at) == found, f"{id_} of {tenant} at {at}"
            compared += len(found)
    assert compared > 2, "nearly nothing was compared"


@pytest.mark.parametrize("id_", [id_ for id_ in SQL if MEASURES[id_].kind != "gauge"])
def test_totals_as_they_were_known_then(chain: Told, id_: str) -> None:
    """At the end, what was known then is what is known now: that was compared above."""
    for tenant in TENANTS:
        for at in chain.moments[tenant][:MOMENTS]:
            then = at + MINUTE
            assert chain.told(tenant, id_, at, then) == chain.found(tenant, id_, at, then), f"{id_} of {tenant} at {at}"


@pytest.mark.parametrize(
    ("type_", "shown"),
    [
        ("lead.captured", {"M-01", "M-01.open", "M-02", "M-53.received"}),
        ("lead.converted", {"M-01.converted", "M-01.open", "M-02"}),
        ("lead.disqualified", {"M-01.disqualified", "M-01.open"}),
        ("opportunity.stage.changed", {"M-05", "M-53.received"}),
        ("opportunity.signed", {"M-04", "M-05", "M-06", "M-07", "M-20"}),
        ("opportunity.lost", {"M-04", "M-06"}),
        ("contract.created", {"M-23"}),
        ("receivable.created", {"M-24", "M-25", "M-26"}),
        ("payment.allocated", {"M-24", "M-25"}),
        ("forecast.published", {"M-09", "M-10", "M-12", "M-13", "M-14", "M-15", "M-17", "M-19"}),
        ("target.set", {"M-13", "M-14", "M-20"}),
        ("record.rejected", {"M-53", "M-53.refused", "M-53.received"}),
    ],
)
def test_a_fact_that_is_missing_is_noticed(chain: Told, type_: str, shown: set[str]) -> None:
    answer = chain.store.query(
        "SELECT id FROM facts WHERE tenant = 'once' AND type = {type:String} AND n = 0 ORDER BY seq DESC LIMIT 1",
        parameters={"type": type_},
    )
    ((one,),) = answer.result_rows
    at = chain.moments["once"][-1]
    wrong = {id_ for id_ in shown if chain.told("once", id_, at) == chain.found("once", id_, at, without=one)}
    assert wrong == set(), "a missing fact changed nothing"


def test_the_audit_works_out_the_same_minutes_as_the_engine(chain: Told) -> None:
    found = [recount(chain.store, one, settled=True) for one in declared(chain.store, PARTITIONS)]
    assert [one for one in found if one.wrong] == []
    assert sum(one.compared for one in found) > 500
