"""What may run at all: access control does not exist here (48), a reader only reads (164, 497)."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.lex import Statement, Token

STREAMED = frozenset({"SELECT", "WITH", "FROM", "VALUES", "EXPLAIN"})  # results through the FIFO
SHORT = frozenset({"SHOW", "DESCRIBE", "DESC", "EXISTS", "CHECK", "KILL", "BACKUP", "RESTORE"})  # in one piece
_READING = STREAMED | {"SHOW", "DESCRIBE", "DESC", "EXISTS", "SET", "USE"}
_ACCESS_OBJECTS = frozenset({b"USER", b"ROLE", b"QUOTA", b"POLICY", b"PROFILE", b"ROW", b"SETTINGS"})
# Table functions that reach nothing outside the statement and its tables; every other one is closed to readers.
_HARMLESS = """
    format generaterandom generateseries generate_series loop merge mergetreeanalyzeindexes mergetreeindex
    mergetreeprojection null numbers numbers_mt primes sqlstandardvalues values view viewexplain viewifpermitted
    zeros zeros_mt
"""
HARMLESS = frozenset(_HARMLESS.split())


def refuse_access_control(statement: Statement) -> None:
    """Raises 48 for users, roles, quotas, policies, grants and input()."""
    words = [token.upper for token in statement.tokens[:6]]
    if statement.verb in ("GRANT", "REVOKE") or (
        (statement.verb in ("CREATE", "ALTER", "DROP") and len(words) > 1 and words[1] in _ACCESS_OBJECTS)
        or words[:2] in ([b"SET", b"ROLE"], [b"SET", b"DEFAULT"])
    ):
        raise ClickHouseError(
            48, "Users, roles and policies are not supported: the embedded engine has no access control"
        )
    if statement.verb == "INSERT" and statement.data is None and _calls(statement.tokens, {"input"}):
        raise ClickHouseError(48, "INSERT … SELECT … FROM input() is not supported: insert into a table, then select")


def refuse_writing(statement: Statement) -> None:
    """Raises 164 unless the statement only reads."""
    if statement.verb not in _READING:
        raise ClickHouseError(164, f"{statement.verb}: Cannot execute query in readonly mode.")


def refuse_reaching_out(tokens: tuple[Token, ...], closed: Collection[str]) -> None:
    """Raises 497 when a reader calls one of the functions that reach files, programs or the network."""
    if name := _calls(tokens, closed):
        raise ClickHouseError(497, f"Not enough privileges: {name}() reaches outside of the database")


def _calls(tokens: tuple[Token, ...], names: Collection[str]) -> str | None:
    for token, behind in pairwise(tokens):
        if behind.text == b"(" and token.kind in ("word", "name"):
            name = token.text.strip(b'`"').decode("utf-8", "replace").lower()
            if name in names:
                return name
    return None
