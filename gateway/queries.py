"""The SQL of the read endpoints. Every statement carries a tenant predicate, bound parameters and a LIMIT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sharedchain.envelope import rfc3339
from sharedchain.scope import SYSTEM

MAX_ROWS = 1000
UPDATED, REFRESH = "forecast.live.updated", "forecast.refresh.requested"
UNSUPPORTED, CLEARED = "forecast.line.unsupported", "forecast.line.cleared"

_ALERT = (
    "alert_id, transition, rule_id, rule_version, subject, severity, value, value_text, threshold, unit, owner, "
    "recipients, title_zh, title_en, text_zh, text_en, link, explain, at, opened_at"
)
_FORECAST = "JSONExtractString(data, 'forecast_id') = {forecast_id:String}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A statement for ClickHouse with `{name:Type}` parameters; it always binds `tenant`."""

    sql: str
    parameters: Mapping[str, Any]


@dataclass(slots=True)
class _Where:
    """Collects bound conditions; begins with the tenant, so none can be built without."""

    tenant: str
    conditions: list[str] = field(default_factory=lambda: ["tenant = {tenant:String}"])
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parameters["tenant"] = self.tenant

    def equal(self, column: str, value: str | None) -> None:
        if value is not None:
            self.conditions.append(f"{column} = {{{column}:String}}")
            self.parameters[column] = value

    def until(self, column: str, ms: int | None) -> None:
        if ms is not None:
            self.conditions.append(f"{column} <= {{{column}_until:DateTime64(3,'UTC')}}")
            self.parameters[f"{column}_until"] = moment(ms)

    def __str__(self) -> str:
        return " AND ".join(self.conditions)


def moment(ms: int) -> str:
    """Milliseconds since the epoch → the text ClickHouse reads as DateTime64(3, 'UTC')."""
    return rfc3339(ms).replace("T", " ").removesuffix("Z")


def alerts(
    tenant: str,
    *,
    state: str = "all",
    severity: str | None = None,
    rule: str | None = None,
    subject: str | None = None,
    at: int | None = None,
    limit: int = 100,
) -> Query:
    """The last transition of each alert known at `at` (default: now), newest first."""
    inner = _Where(tenant)
    inner.until("at", at)
    inner.equal("rule_id", rule)
    inner.equal("subject", subject)
    outer = ["1"]
    if state == "open":
        outer.append("transition != 'resolved'")
    if severity is not None:
        outer.append("severity = {severity:String}")
        inner.parameters["severity"] = severity
    sql = (
        f"SELECT {_ALERT} FROM (SELECT * FROM alerts WHERE {inner} "
        "ORDER BY partition DESC, seq DESC, n DESC LIMIT 1 BY alert_id) "
        f"WHERE {' AND '.join(outer)} ORDER BY opened_at DESC, alert_id LIMIT {{limit:UInt32}}"
    )
    return Query(sql=sql, parameters=inner.parameters | {"limit": min(limit, MAX_ROWS)})


def alert_transitions(tenant: str, alert_id: str) -> Query:
    """Everything that happened to one alert, oldest first."""
    where = _Where(tenant)
    where.equal("alert_id", alert_id)
    return Query(
        sql=f"SELECT {_ALERT}, partition, seq FROM alerts WHERE {where} ORDER BY partition, seq, n LIMIT {MAX_ROWS}",
        parameters=where.parameters,
    )


def deliveries(tenant: str, alert_id: str) -> Query:
    """Who was told of one alert, and how that ended, oldest first."""
    where = _Where(tenant)
    where.equal("alert_id", alert_id)
    columns = "transition, channel, recipient, outcome, attempt, message_id, subject, at"
    return Query(
        sql=f"SELECT {columns} FROM notifications WHERE {where} "
        f"ORDER BY at, transition, channel, recipient LIMIT {MAX_ROWS}",
        parameters=where.parameters,
    )


def inbox(tenant: str, recipient: str, limit: int = 100) -> Query:
    """The messages in one person's inbox, newest first."""
    where = _Where(tenant)
    where.equal("recipient", recipient)
    where.conditions.append("channel = 'INBOX'")
    sql = (
        f"SELECT alert_id, transition, subject, text, outcome, at FROM notifications WHERE {where} "
        "ORDER BY at DESC, alert_id, transition LIMIT {limit:UInt32}"
    )
    return Query(sql=sql, parameters=where.parameters | {"limit": min(limit, MAX_ROWS)})


def _metric_rows(tenant: str, at: int | None, as_known: int | None, dims: Mapping[str, str] | None) -> _Where:
    where = _Where(tenant)
    where.until("minute", at)
    where.until("recorded", as_known)
    for index, (name, value) in enumerate(sorted((dims or {}).items())):
        where.conditions.append(f"JSONExtractString(dims, {{dim{index}:String}}) = {{value{index}:String}}")
        where.parameters |= {f"dim{index}": name, f"value{index}": value}
    return where


def metric(
    tenant: str,
    metric_id: str,
    *,
    at: int | None = None,
    as_known: int | None = None,
    dims: Mapping[str, str] | None = None,
    limit: int = 1000,
) -> Query:
    """Per combination of dimensions, the last row at or before minute `at`, as it was known at `as_known`."""
    where = _metric_rows(tenant, at, as_known, dims)
    where.equal("metric_id", metric_id)
    sql = (
        f"SELECT dims, minute, value, n, unit, corrected, recorded FROM metric_minute WHERE {where} "
        "ORDER BY dims, minute DESC, recorded DESC, partition DESC, seq DESC, nth DESC "
        "LIMIT 1 BY dims LIMIT {limit:UInt32}"
    )
    return Query(sql=sql, parameters=where.parameters | {"limit": min(limit, MAX_ROWS)})


def measures() -> Query:
    """The declarations of all measures, as the log says them last."""
    sql = (
        "SELECT JSONExtractString(data, 'name') AS name, JSONExtractString(data, 'body') AS body FROM facts "
        "WHERE tenant = {tenant:String} AND type = 'config.defined' AND JSONExtractString(data, 'kind') = 'measure' "
        f"ORDER BY recorded DESC, seq DESC LIMIT 1 BY name LIMIT {MAX_ROWS}"
    )
    return Query(sql=sql, parameters={"tenant": SYSTEM})


def totals(
    tenant: str,
    flows: Sequence[str],
    *,
    at: int | None = None,
    as_known: int | None = None,
    dims: Mapping[str, str] | None = None,
) -> Query:
    """Per flow and dims: the last minute's contribution and the running total, as known at `as_known`."""
    where = _metric_rows(tenant, at, as_known, dims)
    where.conditions.append("metric_id IN {flows:Array(String)}")
    known = (
        f"SELECT metric_id, dims, minute, value, n, unit, corrected, recorded FROM metric_minute WHERE {where} "
        "ORDER BY recorded DESC, seq DESC, nth DESC LIMIT 1 BY metric_id, dims, minute"
    )
    last = "argMax(tuple(value, n, unit, corrected, recorded), minute) AS last"
    sql = (
        "SELECT metric_id, dims, newest AS minute, last.1 AS value, last.2 AS n, last.3 AS unit, last.4 AS corrected, "
        f"last.5 AS recorded, total FROM (SELECT metric_id, dims, max(minute) AS newest, {last}, sum(value) AS total "
        f"FROM ({known}) GROUP BY metric_id, dims) ORDER BY metric_id, dims LIMIT {MAX_ROWS}"
    )
    return Query(sql=sql, parameters=where.parameters | {"flows": list(flows)})


def live_facts(tenant: str, *, at: int | None = None) -> Query:
    """Per forecast the last live update, the last reminder, and the last words on the support of each line."""
    where = _Where(tenant)
    where.until("recorded", at)
    sql = (
        "SELECT partition, seq, n, type, recorded, data, JSONExtractString(data, 'forecast_id') AS forecast, "
        f"JSONExtractString(data, 'line_id') AS line FROM facts WHERE {where} AND n >= 1 "
        f"AND type IN ('{UPDATED}', '{REFRESH}', '{UNSUPPORTED}', '{CLEARED}') "
        f"ORDER BY seq DESC, n DESC LIMIT 1 BY forecast, type, line LIMIT {MAX_ROWS}"
    )
    return Query(sql=sql, parameters=where.parameters)


def forecast_history(tenant: str, forecast_id: str, *, at: int | None = None) -> Query:
    """The accepted versions of one forecast, newest first: who published each, and when."""
    where = _Where(tenant)
    where.until("recorded", at)
    where.conditions.append(_FORECAST)
    where.parameters["forecast_id"] = forecast_id
    sql = (
        "SELECT live.data AS live, published.data AS data, published.id AS id, published.actor AS actor, "
        "published.source AS source, published.correlation AS correlation, live.recorded AS recorded "
        f"FROM (SELECT * FROM facts WHERE {where} AND type = '{UPDATED}' AND n >= 1) AS live "
        f"INNER JOIN (SELECT * FROM facts WHERE {where} AND type = 'forecast.published' AND n = 0 "
        "AND kind = 'fact') AS published USING (partition, seq) "
        "ORDER BY seq DESC LIMIT 100"
    )
    return Query(sql=sql, parameters=where.parameters)


def tenant_config(tenant: str) -> Query:
    """What the log says about a tenant (mode, timezone, currency, language), and the last time seen in its scope."""
    sql = (
        "SELECT (SELECT JSONExtractString(data, 'body') FROM facts WHERE type = 'config.defined' "
        "AND JSONExtractString(data, 'kind') = 'tenant' AND JSONExtractString(data, 'name') = {tenant:String} "
        "ORDER BY recorded DESC, seq DESC LIMIT 1) AS body, "
        "(SELECT max(recorded) FROM facts WHERE tenant = {tenant:String}) AS last_recorded"
    )
    return Query(sql=sql, parameters={"tenant": tenant})


def config_body(kind: str, name: str) -> Query:
    """What the log said last about one configuration item."""
    sql = (
        "SELECT JSONExtractString(data, 'body') AS body FROM facts "
        "WHERE tenant = {tenant:String} AND type = 'config.defined' "
        "AND JSONExtractString(data, 'kind') = {kind:String} AND JSONExtractString(data, 'name') = {name:String} "
        "ORDER BY recorded DESC, seq DESC LIMIT 1"
    )
    return Query(sql=sql, parameters={"tenant": SYSTEM, "kind": kind, "name": name})


_FACT = "partition, seq, n, kind, type, id, source, subject, time, recorded, actor, correlation, causation, data, src"
# what hangs on something of a chain, and may have been given a correlation of its own by its publisher
_LINKED = ("case.opened", "contract.created", "payment.received", "project.created", "receivable.created")
_LINKS = ("lead_id", "opportunity_id", "contract_id", "receivable_id", "subject")


def _facts(where: _Where, arms: Sequence[str]) -> Query:
    """Facts that meet one of `arms`; each arm has a LIMIT of its own: none crowds out another."""
    where.conditions.append("kind != 'config'")
    said = [f"(SELECT {_FACT} FROM facts WHERE {where} AND {arm} ORDER BY seq LIMIT {MAX_ROWS})" for arm in arms]
    sql = f"SELECT * FROM ({' UNION ALL '.join(said)}) ORDER BY partition, seq, n LIMIT 1 BY partition, seq, n"
    return Query(sql=f"{sql} LIMIT {MAX_ROWS * len(arms)}", parameters=where.parameters)


def facts_of(tenant: str, ident: str, *, at: int | None = None) -> Query:
    """Facts whose id, subject or correlation is `ident`."""
    where = _Where(tenant)
    where.until("recorded", at)
    where.parameters["ident"] = ident
    return _facts(where, [f"{column} = {{ident:String}}" for column in ("subject", "id", "correlation")])


def facts_at(tenant: str, places: Sequence[str], *, at: int | None = None) -> Query:
    """Facts at places of the spine, `partition/seq`."""
    where = _Where(tenant)
    where.until("recorded", at)
    where.parameters["places"] = list(places)
    return _facts(where, ["concat(toString(partition), '/', toString(seq)) IN {places:Array(String)}"])


def facts_around(tenant: str, ids: Sequence[str], correlations: Sequence[str], *, at: int | None = None) -> Query:
    """Facts about `ids`, of these correlations, or linked to one of `ids` by what they say."""
    where = _Where(tenant)
    where.until("recorded", at)
    where.parameters |= {"ids": list(ids), "correlations": list(correlations)}
    linked = ", ".join(f"JSONExtractString(data, '{name}')" for name in _LINKS)
    types = ", ".join(f"'{name}'" for name in _LINKED)
    arms = [
        "subject IN {ids:Array(String)}",
        "correlation IN {correlations:Array(String)}",
        f"type IN ({types}) AND hasAny([{linked}], {{ids:Array(String)}})",
    ]
    return _facts(where, arms)


def forecasts_citing(tenant: str, opportunities: Sequence[str], *, at: int | None = None) -> Query:
    """Of every forecast that ever cited one of `opportunities`: all versions, and what was said of its lines."""
    where = _Where(tenant)
    where.until("recorded", at)
    where.parameters["opportunities"] = list(opportunities)
    lines = "JSONExtractArrayRaw(data, 'lines')"
    cites = f"arrayExists(l -> has({{opportunities:Array(String)}}, JSONExtractString(l, 'opportunity_id')), {lines})"
    forecast = "JSONExtractString(data, 'forecast_id')"
    sql = (
        f"SELECT {_FACT} FROM facts WHERE {where} AND kind = 'fact' "
        f"AND type IN ('forecast.published', '{UNSUPPORTED}', '{CLEARED}') AND {forecast} IN "
        f"(SELECT {forecast} FROM facts WHERE {where} AND kind = 'fact' AND type = 'forecast.published' AND {cites}) "
        f"ORDER BY partition, seq, n LIMIT {MAX_ROWS}"
    )
    return Query(sql=sql, parameters=where.parameters)


def alerts_around(tenant: str, subjects: Sequence[str], places: Sequence[str], *, at: int | None = None) -> Query:
    """Every transition of the alerts on `subjects` or parts of them (`AR-0001/1`), or caused at `places`."""
    where = _Where(tenant)
    where.until("at", at)
    where.parameters |= {"subjects": list(subjects), "places": list(places)}
    on = "arrayExists(s -> subject = s OR startsWith(subject, concat(s, '/')), {subjects:Array(String)})"
    caused = "concat(toString(partition), '/', toString(seq)) IN {places:Array(String)}"
    chosen = f"SELECT alert_id FROM alerts WHERE {where} AND ({on} OR (transition = 'raised' AND {caused}))"
    sql = (
        f"SELECT {_ALERT}, partition, seq, n FROM alerts WHERE {where} AND alert_id IN ({chosen}) "
        f"ORDER BY partition, seq, n LIMIT {MAX_ROWS}"
    )
    return Query(sql=sql, parameters=where.parameters)


def told_of(tenant: str, alert_ids: Sequence[str], *, at: int | None = None) -> Query:
    """Who was told of these alerts, by which channel, oldest first."""
    where = _Where(tenant)
    where.until("at", at)
    where.parameters["alerts"] = list(alert_ids)
    sql = (
        f"SELECT alert_id, transition, channel, recipient, outcome, at FROM notifications WHERE {where} "
        "AND alert_id IN {alerts:Array(String)} AND channel != 'LIGHT' "
        f"ORDER BY at, transition, recipient, channel LIMIT {MAX_ROWS}"
    )
    return Query(sql=sql, parameters=where.parameters)


def answered(tenant: str, alert_ids: Sequence[str], *, at: int | None = None) -> Query:
    """Who has acknowledged which of these alerts, and when."""
    where = _Where(tenant)
    where.until("recorded", at)
    where.parameters["alerts"] = list(alert_ids)
    sql = (
        f"SELECT subject AS alert_id, JSONExtractString(data, 'by') AS by, recorded AS at FROM facts WHERE {where} "
        "AND type = 'alert.acknowledged' AND kind = 'fact' AND subject IN {alerts:Array(String)} "
        f"ORDER BY recorded, seq LIMIT {MAX_ROWS}"
    )
    return Query(sql=sql, parameters=where.parameters)


def near_ids(tenant: str, ident: str) -> Query:
    """Ids that differ from `ident` in a few signs (one in four, three at most), the nearest first; case is equal."""
    far = "editDistanceUTF8(upperUTF8(substringUTF8(subject, 1, 100)), upperUTF8({ident:String}))"
    sql = (
        f"SELECT subject, min({far}) AS far FROM facts WHERE tenant = {{tenant:String}} AND kind != 'config' "
        f"AND subject != '' GROUP BY subject HAVING far <= {{most:UInt8}} ORDER BY far, subject LIMIT 5"
    )
    most = min(3, max(1, len(ident) // 4))
    return Query(sql=sql, parameters={"tenant": tenant, "ident": ident[:100], "most": most})
