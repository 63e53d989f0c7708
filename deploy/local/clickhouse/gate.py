"""What may run at all: access control does not exist here (48), readers only read (164)."""

from __future__ import annotations

from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.lex import Statement
from deploy.local.clickhouse.reach import calls

STREAMED = frozenset({"SELECT", "WITH", "FROM", "VALUES", "EXPLAIN"})  # results through the FIFO
SHORT = frozenset({"SHOW", "DESCRIBE", "DESC", "EXISTS", "CHECK", "KILL", "BACKUP", "RESTORE"})  # in one piece
_READING = STREAMED | {"SHOW", "DESCRIBE", "DESC", "EXISTS", "SET", "USE"}
_ACCESS_OBJECTS = frozenset({b"USER", b"ROLE", b"QUOTA", b"POLICY", b"PROFILE", b"ROW", b"SETTINGS"})


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
    if statement.verb == "INSERT" and statement.data is None and calls(statement.tokens, "input"):
        raise ClickHouseError(48, "INSERT … SELECT … FROM input() is not supported: insert into a table, then select")


def refuse_writing(statement: Statement) -> None:
    """Raises 164 unless the statement only reads."""
    if statement.verb not in _READING:
        raise ClickHouseError(164, f"{statement.verb}: Cannot execute query in readonly mode.")
