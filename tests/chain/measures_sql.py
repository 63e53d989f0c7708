"""Every measure from lead to cash, worked out anew in SQL from `facts` alone; `metric_minute` is never read.

A statement binds tenant, zone, `minute` (the last minute that is over) and `end` (the instant at which it was over),
and gives rows (dims as JSON, value as text). Gauges count what was recorded by then, flows what happened by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

Sets = Sequence[Sequence[str]]

_FACTS = "(SELECT * FROM facts WHERE tenant = {tenant:String} AND n = 0 AND id != {without:String})"
_STAGES = ("FOLLOWING", "PROJECT_APPROVED", "IN_REVIEW", "BIDDING", "SIGNED")
# A fact counts in its own minute, but for one older than 40 days or later than tomorrow.
_MINUTE = (
    "if(toStartOfMinute(time) BETWEEN toStartOfMinute(recorded) - INTERVAL 40 DAY "
    "AND toStartOfMinute(recorded) + INTERVAL 1 DAY, toStartOfMinute(time), toStartOfMinute(recorded))"
)


def text(*fields: str) -> str:
    """`a b` reads field a as b."""
    return ", ".join(f"JSONExtractString(data, '{f.split()[0]}') AS {f.split()[-1]}" for f in fields)


def number(field: str, of: str = "data") -> str:
    return f"toDecimal128OrZero(JSONExtractString({of}, '{field}'), 4)"


def by_then(*types: str) -> str:
    """What was known when the minute was over."""
    return f"(SELECT * FROM {_FACTS} WHERE kind = 'fact' AND type IN {_list(types)} AND recorded < {{end:{_TIME}}})"


def ever(*types: str) -> str:
    return f"(SELECT * FROM {_FACTS} WHERE kind = 'fact' AND type IN {_list(types)})"


def happened(*types: str) -> str:
    """What belongs to that minute or an earlier one, whenever it became known until `known`."""
    return (
        f"(SELECT * FROM {_FACTS} WHERE kind = 'fact' AND type IN {_list(types)} "
        f"AND {_MINUTE} <= {{minute:{_TIME}}} AND recorded < {{known:{_TIME}}})"
    )


def grouped(base: str, value: str, sets: Sets) -> str:
    """One row a combination of each set of dims; no rows, no value."""
    return " UNION ALL ".join(
        f"SELECT {_dims(names)} AS dims, toString({value}) AS value FROM ({base}) "
        f"{'GROUP BY ' + ', '.join(names) if names else ''} HAVING count() > 0"
        for names in sets
    )


def ratio(above: str, below: str) -> str:
    """Twelve places, cut off: enough to round half up to four."""
    return f"divideDecimal(toDecimal256({above}, 4), toDecimal256(nullIf({below}, 0), 4), 12)"


def one_currency(value: str) -> str:
    return f"if(uniqExact(currency) > 1, NULL, {value})"


_TIME = "DateTime64(3, 'UTC')"
_MIDNIGHT = f"toStartOfDay({{minute:{_TIME}}}, {{zone:String}})"
_PERIODS = (
    "arrayJoin([toString(toYear(day)), concat(toString(toYear(day)), 'H', toString(intDiv(toMonth(day) + 5, 6))), "
    "concat(toString(toYear(day)), 'Q', toString(toQuarter(day))), formatDateTime(day, '%Y-%m')]) AS period"
)


def _list(types: Sequence[str]) -> str:
    return "(" + ", ".join(f"'{one}'" for one in types) + ")"


def _dims(names: Sequence[str]) -> str:
    return f"toJSONString(map({', '.join(f'{chr(39)}{n}{chr(39)}, {n}' for n in names)}))" if names else "'{}'"


def _day(moment: str) -> str:
    return f"toDate({moment}, {{zone:String}})"


# Leads. What closes one has the dims of its capture.
_WHO = text("region", "owner_id owner", "channel", "customer_industry industry")
_CAPTURED = f"SELECT {_WHO}, {text('lead_id lead')} FROM "
_LEADS: Sets = [[], ["region"], ["owner"], ["channel"], ["industry"]]


def _closed(*types: str) -> str:
    return (
        f"SELECT c.region AS region, c.owner AS owner, c.channel AS channel, c.industry AS industry "
        f"FROM (SELECT {text('lead_id lead')} FROM {happened(*types)}) AS x "
        f"LEFT JOIN (SELECT * FROM ({_CAPTURED} {ever('lead.captured')})) AS c USING (lead)"
    )


def _leads(in_: int, out: int, *types: str) -> str:
    """Captured leads as in_, closed ones as out."""
    columns, captured = "region, owner, channel, industry", f"{_CAPTURED} {happened('lead.captured')}"
    return (
        f"SELECT {columns}, toInt64({in_}) AS above, toInt64(1) AS below FROM ({captured}) "
        f"UNION ALL SELECT {columns}, toInt64({out}) AS above, toInt64(0) AS below FROM ({_closed(*types)})"
    )


_OPEN_LEADS = f"""
    SELECT lead, any(owner) AS owner, date_diff('millisecond', max(at), {_MIDNIGHT}) / 3600000 AS hours FROM (
        SELECT {text("lead_id lead")}, time AS at, recorded FROM {_FACTS} WHERE type = 'lead.captured'
        UNION ALL
        SELECT {text("lead_id lead")}, if(JSONExtractInt(data, 'at') = 0, time,
               fromUnixTimestamp64Milli(JSONExtractInt(data, 'at'), 'UTC')) AS at, recorded
        FROM {_FACTS} WHERE type = 'lead.contact.logged'
    ) AS spoken JOIN (
        SELECT {text("lead_id lead", "owner_id owner")} FROM {_FACTS}
        WHERE type = 'lead.captured' AND recorded < {_MIDNIGHT}
    ) AS captured USING (lead)
    WHERE recorded < {_MIDNIGHT} AND lead NOT IN (
        SELECT JSONExtractString(data, 'lead_id') FROM {_FACTS}
        WHERE kind = 'fact' AND type IN ('lead.converted', 'lead.disqualified') AND recorded < {_MIDNIGHT})
    GROUP BY lead"""

# Opportunities.
_MOVES = ("opportunity.created", "opportunity.stage.changed", "opportunity.signed", "opportunity.lost")
_STAGE = (
    "multiIf(type = 'opportunity.signed', 'SIGNED', type = 'opportunity.lost', 'LOST', "
    "type = 'opportunity.created', JSONExtractString(data, 'stage'), JSONExtractString(data, 'to')) AS stage"
)
_BORN = f"(SELECT {text('opportunity_id id', 'region', 'product_id product')}, time FROM {ever(_MOVES[0])})"
_STOOD = f"""
    SELECT stage, region, toInt64(stage = now) AS here FROM (
        SELECT DISTINCT {text("opportunity_id id")}, {_STAGE} FROM {by_then(*_MOVES)}) AS passed
    JOIN (SELECT id, argMax(stage, seq) AS now FROM (
        SELECT {text("opportunity_id id")}, {_STAGE}, seq FROM {by_then(*_MOVES)}) GROUP BY id) AS present USING (id)
    JOIN {_BORN} AS born USING (id)"""
_PAIRS = ", ".join(f"('{below}', '{above}')" for below, above in pairwise(_STAGES))
_REACHED = f"""
    SELECT pair, sum(stage = pair.1) AS below, sum(stage = pair.2) AS above FROM (
        SELECT {_STAGE}, arrayJoin([{_PAIRS}]) AS pair FROM {happened(*_MOVES[:3])})
    GROUP BY pair HAVING below + above > 0"""
_DECIDED = f"""
    SELECT born.region AS region, born.product AS product, toInt64(type = 'opportunity.signed') AS won FROM (
        SELECT {text("opportunity_id id")}, type FROM {happened(*_MOVES[2:])}) AS decided
    JOIN {_BORN} AS born USING (id)"""
_SIGNED_AT = "fromUnixTimestamp64Milli(JSONExtractInt(data, 'signed_at'), 'UTC')"
_SIGNED = f"""
    SELECT born.region AS region, {number("amount")} AS amount, {text("currency")},
           {_day(_SIGNED_AT)} AS day,
           dateDiff('day', {_day("born.time")}, day) AS days
    FROM (SELECT {text("opportunity_id id")}, data FROM {by_then("opportunity.signed")}) AS signed
    JOIN {_BORN} AS born USING (id)"""

# Forecasts: the highest version counts, of equal ones the first.
_VERSION = "tuple(JSONExtractInt(data, 'version'), -toInt64(seq))"


def _current(facts: str) -> str:
    return (
        f"SELECT forecast, newest.1 AS data, newest.2 AS refreshed FROM (SELECT forecast, argMax(tuple(data, time), "
        f"{_VERSION}) AS newest FROM (SELECT {text('forecast_id forecast')}, data, time, seq FROM {facts}) "
        "GROUP BY forecast)"
    )


_PUBLISHED = "forecast.published"
_LINES = f"""
    SELECT period, region, currency, {number("amount", "line")} AS amount,
           JSONExtractString(line, 'basis') = 'PROJECT' AS backed
    FROM (SELECT {text("period", "region", "currency")}, JSONExtractArrayRaw(data, 'lines') AS lines
          FROM ({_current(by_then(_PUBLISHED))})) LEFT ARRAY JOIN lines AS line"""
_FORECASTS: Sets = [["period"], ["period", "region"]]
_TARGETS = f"""
    SELECT period, sum(amount) AS target, any(money) AS currency FROM (
        SELECT argMax(JSONExtractString(data, 'period'), seq) AS period,
               argMax(JSONExtractString(data, 'currency'), seq) AS money, argMax({number("amount")}, seq) AS amount,
               argMax(JSONExtractString(data, 'parent_target_id'), seq) AS parent,
               lower(argMax(JSONExtractString(data, 'metric'), seq)) AS metric
        FROM {by_then("target.set")} GROUP BY JSONExtractString(data, 'target_id'))
    WHERE parent = '' AND metric = 'sales' GROUP BY period HAVING uniqExact(money) = 1"""
_AGAINST = f"""
    SELECT period, total, target FROM (
        SELECT period, sum(amount) AS total, any(money) AS currency
        FROM (SELECT period, amount, currency AS money FROM ({_LINES}))
        GROUP BY period HAVING uniqExact(money) = 1) AS f
    JOIN ({_TARGETS}) AS t USING (period, currency)"""
_COMPLETED = f"""
    SELECT period, total, target FROM (
        SELECT period, sum(amount) AS total, any(money) AS currency
        FROM (SELECT amount, currency AS money, {_PERIODS} FROM ({_SIGNED}))
        GROUP BY period HAVING uniqExact(money) = 1) AS s
    JOIN ({_TARGETS}) AS t USING (period, currency)"""
_TOTALS = f"""
    SELECT period, arrayCompact(groupArray(total)) AS totals FROM (
        SELECT m, period, sum(amount) AS total FROM (
            SELECT m, JSONExtractString(data, 'period') AS period, JSONExtractString(data, 'currency') AS currency,
                   {number("amount", "line")} AS amount FROM (
                SELECT m, forecast, argMax(body, version) AS data FROM (
                    SELECT DISTINCT toStartOfMinute(recorded) AS m FROM {by_then(_PUBLISHED)}) AS minutes
                CROSS JOIN (SELECT {text("forecast_id forecast")}, data AS body, {_VERSION} AS version, recorded
                            FROM {by_then(_PUBLISHED)}) AS published
                WHERE recorded < m + INTERVAL 1 MINUTE GROUP BY m, forecast)
            LEFT ARRAY JOIN JSONExtractArrayRaw(data, 'lines') AS line)
        GROUP BY m, period HAVING uniqExact(currency) = 1 ORDER BY m)
    GROUP BY period HAVING length(totals) > 1"""

# Receivables.
_BILLED = f"""
    SELECT receivable, customer, currency, total, ifNull(paid, 0) AS paid FROM (
        SELECT {text("receivable_id receivable", "customer_id customer", "currency")}, {number("total")} AS total
        FROM {by_then("receivable.created")}) AS r
    LEFT JOIN (SELECT {text("receivable_id receivable")}, sum({number("amount", "part")}) AS paid FROM (
        SELECT data, arrayJoin(JSONExtractArrayRaw(data, 'parts')) AS part FROM {by_then("payment.allocated")})
        GROUP BY receivable) AS p USING (receivable)"""
_INSTALMENTS = f"""
    SELECT receivable, customer, currency, amount - ifNull(paid, 0) AS left,
           if(left > 0 AND due < {_day(f"{{minute:{_TIME}}}")}, due, NULL) AS late FROM (
        SELECT {text("receivable_id receivable", "customer_id customer", "currency")},
               JSONExtractInt(part, 'no') AS no, {number("amount", "part")} AS amount,
               toDate(JSONExtractString(part, 'due_date')) AS due
        FROM (SELECT data, arrayJoin(JSONExtractArrayRaw(data, 'instalments')) AS part
              FROM {by_then("receivable.created")})) AS i
    LEFT JOIN (SELECT {text("receivable_id receivable")}, JSONExtractInt(part, 'instalment_no') AS no,
                      sum({number("amount", "part")}) AS paid FROM (
        SELECT data, arrayJoin(JSONExtractArrayRaw(data, 'parts')) AS part FROM {by_then("payment.allocated")})
        GROUP BY receivable, no) AS p USING (receivable, no)"""
_DEBTORS: Sets = [[], ["customer"], ["receivable"]]

# Everything received: by the minute in which it was recorded.
_RECEIVED = f"""
    SELECT toInt64(kind = 'refusal') AS refused, {text("reason")},
           if(refused = 1, JSONExtractString(data, 'original_topic'), splitByChar('/', src)[1]) AS topic
    FROM {_FACTS} WHERE (kind = 'refusal' OR kind = 'fact' AND NOT startsWith(source, 'sharedchain:'))
    AND recorded < least({{end:{_TIME}}}, {{known:{_TIME}}})"""
_REFUSED = f"SELECT * FROM ({_RECEIVED}) WHERE refused = 1"

SQL: Mapping[str, str] = {
    "M-01": grouped(f"{_CAPTURED} {happened('lead.captured')}", "count()", _LEADS),
    "M-01.converted": grouped(_closed("lead.converted"), "count()", _LEADS),
    "M-01.disqualified": grouped(_closed("lead.disqualified"), "count()", _LEADS),
    "M-01.open": grouped(_leads(1, -1, "lead.converted", "lead.disqualified"), "sum(above)", _LEADS),
    "M-02": grouped(_leads(0, 1, "lead.converted"), ratio("sum(above)", "sum(below)"), [[], ["region"], ["industry"]]),
    "M-03.max": grouped(_OPEN_LEADS, "max(hours)", [[], ["owner"]]),
    "M-03.p50": grouped(_OPEN_LEADS, "quantileExactInclusive(0.5)(hours)", [[], ["owner"]]),
    "M-04": grouped(_STOOD, "sum(here)", [["stage"], ["stage", "region"]]),
    "M-05": "SELECT toJSONString(map('pair', concat(pair.1, '>', pair.2))) AS dims, "
    f"toString({ratio('above', 'below')}) AS value FROM ({_REACHED})",
    "M-06": grouped(_DECIDED, ratio("sum(won)", "count()"), [[], ["region"], ["product"]]),
    "M-07": grouped(_SIGNED, ratio("sum(days)", "count()"), [[], ["region"]]),
    "M-09": grouped(_LINES, one_currency("sum(amount)"), _FORECASTS),
    "M-10": grouped(_LINES, one_currency("sumIf(amount, backed)"), _FORECASTS),
    "M-11": grouped(_LINES, one_currency("sumIf(amount, NOT backed)"), _FORECASTS),
    "M-12": grouped(_LINES, one_currency(ratio("sumIf(amount, backed)", "sum(amount)")), _FORECASTS),
    "M-13": grouped(_AGAINST, "any(target) - any(total)", [["period"]]),
    "M-14": grouped(_AGAINST, ratio("any(total)", "any(target)"), [["period"]]),
    "M-15": grouped(
        f"SELECT forecast, dateDiff('day', {_day('refreshed')}, {_day(_MIDNIGHT)}) AS days FROM ("
        + _current(f"(SELECT * FROM {by_then(_PUBLISHED)} WHERE recorded < {_MIDNIGHT})")
        + f") WHERE refreshed <= {_MIDNIGHT}",
        "any(days)",
        [["forecast"]],
    ),
    "M-16": grouped(
        f"SELECT {text('period')}, dateDiff('day', {_day('refreshed')}, {_day(f'{{minute:{_TIME}}}')}) AS days "
        f"FROM ({_current(by_then(_PUBLISHED))})",
        ratio("countIf(days <= 14)", "count()"),
        [["period"]],
    ),
    "M-17": grouped(_TOTALS, ratio("any(totals[-1] - totals[-2])", "any(totals[-2])"), [["period"]]),
    "M-19": grouped(
        f"SELECT {text('forecast_id forecast')}, formatDateTime(time, '%Y-%m', {{zone:String}}) AS month "
        f"FROM {happened(_PUBLISHED)}",
        "count()",
        [["forecast", "month"]],
    ),
    "M-20": grouped(_COMPLETED, ratio("any(total)", "any(target)"), [["period"]]),
    "M-23": grouped(
        f"SELECT {text('region', 'currency')}, {number('amount')} AS amount, "
        f"{_day(_SIGNED_AT)} AS day, {_PERIODS} FROM {by_then('contract.created')}",
        one_currency("sum(amount)"),
        _FORECASTS,
    ),
    "M-24": grouped(_BILLED, one_currency("sum(total - paid)"), _DEBTORS),
    "M-25": grouped(_BILLED, one_currency(ratio("sum(paid)", "sum(total)")), _DEBTORS),
    "M-26": grouped(_INSTALMENTS, one_currency("sumIf(left, late IS NOT NULL)"), _DEBTORS),
    "M-26.days": grouped(
        _INSTALMENTS, f"max(ifNull(dateDiff('day', late, {_day(f'{{minute:{_TIME}}}')}), 0))", _DEBTORS
    ),
    "M-53": grouped(_RECEIVED, ratio("sum(refused)", "count()"), [[], ["topic"]]),
    "M-53.received": grouped(_RECEIVED, "count()", [[], ["topic"]]),
    "M-53.refused": grouped(_REFUSED, "count()", [[], ["topic"], ["reason"]]),
}
