"""A handle made ready for one request: its user's defaults, its settings, its tables, its database."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.clickhouse.engine import Engine, Handle, literal, quoted, run, text
from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.insert import insert
from deploy.local.clickhouse.lex import Statement
from deploy.local.clickhouse.request import Request
from deploy.local.clickhouse.sessions import Session, Sessions
from deploy.local.clickhouse.users import User

# chDB answers an unknown word W as `SELECT W`; a server answers a syntax error.
_AS_A_SERVER = {"implicit_select": "0"}


def open_for(engine: Engine, user: User) -> Handle:
    """A fresh handle with the user's defaults; a reader's can never be made to write."""
    handle = engine.open()
    try:
        _set(handle, {**_AS_A_SERVER, **user.defaults})
        if user.readonly:
            _set(handle, {"readonly": "2"})
    except ClickHouseError:
        handle.close()
        raise
    return handle


@contextmanager
def handle_for(engine: Engine, sessions: Sessions, request: Request) -> Iterator[tuple[Handle, Session | None]]:
    """The session's handle, locked, or a fresh one; nothing of this request stays on it afterwards."""
    if request.params.get("session_id"):
        with _kept(engine, sessions, request) as session:
            yield session.handle, session
        return
    handle = open_for(engine, request.user)
    try:
        _ready(handle, request)
        if request.readonly and not request.user.readonly:
            _set(handle, {"readonly": str(request.readonly)})
        yield handle, None
    finally:
        handle.close()


@contextmanager
def _kept(engine: Engine, sessions: Sessions, request: Request) -> Iterator[Session]:
    user = request.user
    session = sessions.acquire(user.name, request.params, lambda: open_for(engine, user), time.monotonic())
    settings = request.settings
    try:
        session.remember(settings)
        _ready(session.handle, request)
        yield session
    finally:
        with contextlib.suppress(ClickHouseError):
            session.restore(settings)
        if request.database:
            with contextlib.suppress(ClickHouseError):
                run(session.handle, f"USE {quoted(session.database)}")
        for table in request.tables:
            with contextlib.suppress(ClickHouseError):
                run(session.handle, f"DROP TEMPORARY TABLE IF EXISTS {quoted(table.name)}")
        session.lock.release()


def note_changes(session: Session, statement: Statement) -> None:
    """A SET or USE by the client itself is the session's own from now on."""
    if statement.verb == "SET":
        session.base.clear()
    if statement.verb == "USE":
        session.database = text(session.handle, "SELECT currentDatabase()")


def _ready(handle: Handle, request: Request) -> None:
    if request.database:
        run(handle, f"USE {quoted(request.database)}")
    _set(handle, {"log_comment": request.query_id, **request.settings})
    for table in request.tables:
        run(handle, f"CREATE TEMPORARY TABLE {quoted(table.name)} ({table.columns}) ENGINE = Memory")
        insert(handle, f"INSERT INTO {quoted(table.name)}", table.format, [table.data])


def _set(handle: Handle, settings: dict[str, str]) -> None:
    run(handle, "SET " + ", ".join(f"{name} = {literal(value)}" for name, value in settings.items()))
