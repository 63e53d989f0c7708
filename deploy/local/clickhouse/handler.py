"""One connection: parse HTTP, authenticate, run, and say every error in ClickHouse's words."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qsl, urlsplit

from deploy.local.clickhouse import body, codec
from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.execute import Runner
from deploy.local.clickhouse.reply import Identity, Reply
from deploy.local.clickhouse.request import Request, Table, refuse_unsupported, split_form
from deploy.local.clickhouse.slots import Slots
from deploy.local.clickhouse.users import User, authenticate


@dataclass(frozen=True)
class Service:
    """All that the connections of one server share."""

    runner: Runner
    users: Mapping[str, User]
    slots: Slots
    identity: Identity


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # unbuffered writes of head and body would meet Nagle: 40 ms each
    disable_nagle_algorithm = True
    service: Service

    def __init__(self, request: Any, client_address: Any, server: BaseServer, service: Service) -> None:
        self.service = service
        super().__init__(request, client_address, server)

    def setup(self) -> None:
        self.request.settimeout(self.service.runner.limits.client)
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet: the supervisor keeps our stderr, and a line a request would fill the disk."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        reply = Reply(self.wfile.write, self.service.identity, head_only=self.command == "HEAD")
        if url.path == "/ping":
            reply.whole(200, b"Ok.\n")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        raw = body.chunks(cast(BinaryIO, self.rfile), headers)
        try:
            self._answer(url.path, _params(url.query), headers, raw, reply)
            self._finish(raw)
        except TimeoutError:
            self.close_connection = reply.close = True
            if not reply.started:
                reply.error(ClickHouseError(209, "The client was silent for too long"))
        except ConnectionError:
            self.close_connection = True
        except ClickHouseError as raised:
            self._refuse(raised, raw, reply)
        except Exception as raised:  # a bug of ours: this one request ends, the server goes on
            traceback.print_exc()
            self._refuse(ClickHouseError(1002, f"{type(raised).__name__}: {raised}"), raw, reply)
        if reply.close:
            self.close_connection = True

    do_POST = do_HEAD = do_GET

    def _answer(
        self, path: str, params: dict[str, str], headers: Mapping[str, str], raw: Iterator[bytes], reply: Reply
    ) -> None:
        reply.query_id = params.get("query_id") or str(uuid.uuid4())
        if path != "/":
            reply.whole(404, f"There is no handle {path}\n".encode())
            return
        user = authenticate(self.service.users, headers, params)
        if self.command != "POST" and not params.get("query"):
            reply.whole(200, b"Ok.\n")
            return
        refuse_unsupported(params)
        limits = self.service.runner.limits
        plain = body.capped(codec.unpack(headers.get("content-encoding", "").lower(), raw), limits.body)
        tables: tuple[Table, ...] = ()
        if headers.get("content-type", "").startswith("multipart/form-data"):
            parts = body.form(headers["content-type"], body.capped(plain, limits.statement))
            params, tables = split_form(parts, params)
            plain = iter(())
        request = Request(self.command, params, headers, user, reply.query_id, plain, tables)
        self._shape(request, reply)
        with self.service.slots.taken(urgent=_is_kill(request)):
            self.service.runner.run(request, reply, self.connection.fileno())
            self.wfile.flush()  # a stop waits for the slot, not for this thread

    def _shape(self, request: Request, reply: Reply) -> None:
        reply.timezone = request.settings.get("session_timezone", "")
        # HTTP/1.0 knows no chunks, so its answer needs a length.
        reply.wait = request.flag("wait_end_of_query") or self.request_version == "HTTP/1.0"
        if request.flag("enable_http_compression"):
            chosen = codec.choose(request.headers.get("accept-encoding", ""))
            reply.encoding, reply.packer = chosen or (None, None)

    def handle_expect_100(self) -> bool:
        goes_on = super().handle_expect_100()
        self.wfile.flush()  # the client waits for it before it sends the body
        return goes_on

    def _finish(self, raw: Iterator[bytes]) -> None:
        """Read what is left of the body: the next request begins behind it."""
        for _ in body.capped(raw, self.service.runner.limits.body):
            pass

    def _refuse(self, raised: ClickHouseError, raw: Iterator[bytes], reply: Reply) -> None:
        if reply.started:
            self.close_connection = True
            return
        try:  # closing on an unread body would reset the connection and lose the text
            self._finish(raw)
        except (OSError, ClickHouseError):
            reply.close = True
        reply.close = reply.close or raised.code == 236
        with suppress(ConnectionError):
            reply.error(raised)


def _params(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))


def _is_kill(request: Request) -> bool:
    return request.params.get("query", "").lstrip()[:4].upper() == "KILL"
