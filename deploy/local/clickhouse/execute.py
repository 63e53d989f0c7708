"""Running one request: read its statement, see that it may run, run it the way its verb needs."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from deploy.local.clickhouse import native
from deploy.local.clickhouse.engine import Engine, Handle, literal, run
from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.gate import SHORT, STREAMED, refuse_access_control, refuse_writing
from deploy.local.clickhouse.insert import Written, insert
from deploy.local.clickhouse.lex import Statement, parse, tokens
from deploy.local.clickhouse.limits import Limits
from deploy.local.clickhouse.prepare import handle_for, note_changes
from deploy.local.clickhouse.reach import Closed
from deploy.local.clickhouse.reply import Reply
from deploy.local.clickhouse.request import Request
from deploy.local.clickhouse.result import Query
from deploy.local.clickhouse.sessions import Sessions

_INSERT = re.compile(rb"(\s|--[^\n]*\n|/\*.*?\*/)*INSERT\b", re.I | re.S)


@dataclass
class Runner:
    """Runs requests on one engine; safe to call from many threads."""

    engine: Engine
    limits: Limits
    sessions: Sessions = field(default_factory=Sessions)

    def __post_init__(self) -> None:
        self._pipes = self.engine.path / "pipes"
        shutil.rmtree(self._pipes, ignore_errors=True)  # of a process that was killed
        self._pipes.mkdir()
        asking = self.engine.open()
        self._closed = Closed.of(asking)
        asking.close()

    def run(self, request: Request, reply: Reply, client: int) -> None:
        """Answer the request on `reply`; `client` is the socket to watch. Raises ClickHouseError before any byte."""
        sql, rest = self._statement(request)
        statement = parse(sql)
        refuse_access_control(statement)
        if request.readonly:
            refuse_writing(statement)
        if request.user.readonly:
            self._closed.refuse(statement.tokens, request.settings)
            for table in request.tables:  # a column's DEFAULT may call too
                self._closed.refuse(tokens(table.columns.encode()))
        with (
            self.engine.running(request.query_id),
            handle_for(self.engine, self.sessions, request) as (handle, session),
        ):
            if statement.data is not None:
                self._insert(handle, statement, request, reply, rest)
            elif statement.verb in STREAMED:
                self._select(handle, statement, request, reply, client)
            elif statement.verb in SHORT:
                _short(handle, statement, request, reply)
            else:
                result = run(handle, sql + b"".join(rest), request.query_params)
                insert_select = statement.verb == "INSERT"
                written = Written(result.rows_read(), result.bytes_read()) if insert_select else None
                reply.whole(200, result.bytes(), result=result, written=written)
            if session is not None:
                note_changes(session, statement)

    def close(self) -> None:
        self.sessions.close()
        shutil.rmtree(self._pipes, ignore_errors=True)

    def _statement(self, request: Request) -> tuple[bytes, Iterator[bytes]]:
        """The statement's text and what is left of the body: of an INSERT the head is enough."""
        query = request.params.get("query", "")
        sql = bytearray((query + "\n").encode("utf-8", "surrogateescape") if query else b"")
        for chunk in request.body:
            sql += chunk
            if len(sql) >= self.limits.head and _INSERT.match(sql):
                break
            if len(sql) > self.limits.statement:
                raise ClickHouseError(307, f"The statement is longer than {self.limits.statement} bytes")
        return bytes(sql), request.body

    def _insert(
        self, handle: Handle, statement: Statement, request: Request, reply: Reply, rest: Iterator[bytes]
    ) -> None:
        if request.query_params:  # send_insert takes none
            values = ", ".join(f"param_{name} = {literal(value)}" for name, value in request.query_params.items())
            run(handle, f"SET {values}")
        written = insert(
            handle,
            statement.head.decode("utf-8", "surrogateescape"),
            statement.format or request.format,
            itertools.chain([statement.data or b""], rest),
        )
        reply.whole(200, b"", written=written)

    def _select(self, handle: Handle, statement: Statement, request: Request, reply: Reply, client: int) -> None:
        name = statement.format or request.format
        query = Query(self.engine, handle, request.query_id, client, self._pipes)
        revision = request.params.get("client_protocol_version", "0")
        if name == "Native" and revision.isdigit() and int(revision) >= native.REVISION:
            chunks = self._revisioned(query, statement, request)
        else:
            chunks = query.chunks(statement, name, request.query_params)
        with closing(chunks):
            reply.stream(chunks, name, lambda: query.done)

    def _revisioned(self, query: Query, statement: Statement, request: Request) -> Generator[bytes, None, None]:
        with closing(query.chunks(statement, "RowBinaryWithNamesAndTypes", request.query_params)) as chunks:
            rows = native.collect(chunks, self.limits.result_held)
        scratch = self.engine.open()
        try:
            yield from native.blocks(rows, scratch)
        finally:
            scratch.close()


def _short(handle: Handle, statement: Statement, request: Request, reply: Reply) -> None:
    name = statement.format or request.format
    head = _by_client_id(statement) if statement.verb == "KILL" else statement.head
    result = run(handle, head + b"\nFORMAT " + name.encode() + statement.tail, request.query_params)
    reply.whole(200, result.bytes(), name, result=result)


def _by_client_id(statement: Statement) -> bytes:
    """The engine names queries itself; the client's own query_id stands in log_comment."""
    seen = statement.tokens
    where = next((i for i, token in enumerate(seen) if token.upper == b"WHERE" and not token.depth), None)
    if where is None:
        return statement.head
    inside = [token for token in seen[where + 1 :] if token.end <= len(statement.head)]
    while inside and inside[-1].upper in (b"SYNC", b"ASYNC", b"TEST"):
        inside.pop()
    if not inside:
        return statement.head
    start, end = inside[0].start, inside[-1].end
    ours, at = bytearray(), start
    for token in inside:
        if token.upper == b"QUERY_ID":
            ours += statement.head[at : token.start] + b"Settings['log_comment']"
            at = token.end
    ours += statement.head[at:end]
    head = statement.head
    return head[:start] + b"(" + head[start:end] + b") OR (" + bytes(ours) + b")" + head[end:]
