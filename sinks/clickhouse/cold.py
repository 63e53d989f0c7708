"""Minutes of telemetry move to a cold volume of their server when they are old, where the connection names one. The
server moves a part when its youngest minute is that old, and an insert of older ones at once. Nothing is deleted."""

from __future__ import annotations

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.exceptions import ClickHouseError

from sharedchain.endpoints import ClickHouse, Cold
from sharedchain.errors import ConfigError, ConnectionFailed
from sinks.clickhouse.store import connect, first_line

TABLE = "telemetry_partial"
_NOW = "SELECT engine_full FROM system.tables WHERE database = {database:String} AND name = {table:String}"


def statements(table: str, now: str, wanted: Cold) -> list[str]:
    """What is still to be said to a table whose engine is told as `now` (`system.tables.engine_full`)."""
    policy = f"storage_policy = '{wanted.policy}'"
    moved = f"TTL toDateTime(minute) + toIntervalDay({wanted.days}) TO VOLUME '{wanted.volume}'"
    needed = {policy: f"SETTING {policy}", moved: moved}
    return [f"ALTER TABLE {table} MODIFY {said}" for told, said in needed.items() if told not in now]


def age(where: ClickHouse) -> list[str]:
    """Let old minutes move as `where.cold` says; the statements that were needed. Run it when all is migrated.

    Raises ConfigError for a policy or volume that the server does not have, ConnectionFailed.
    """
    if where.cold is None:
        return []
    try:
        with connect(where) as client:
            asked = {"database": where.database, "table": TABLE}
            ((now,),) = client.query(_NOW, asked).result_rows
            needed = statements(f"{quote_identifier(where.database)}.{TABLE}", now, where.cold)
            for sql in needed:
                client.command(sql)
            return needed
    except ClickHouseError as error:
        raise ConfigError([f"clickhouse.cold: {where.url} refuses it: {first_line(error)}"]) from error
    except OSError as error:
        raise ConnectionFailed(f"ClickHouse at {where.url} does not answer: {first_line(error)}") from error
