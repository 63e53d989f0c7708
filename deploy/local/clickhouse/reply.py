"""Writing one answer: whole, or streamed with ClickHouse's trailer for an error in the middle."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import IO

from deploy.local.clickhouse.codec import Packer
from deploy.local.clickhouse.engine import Result
from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.insert import Written

_STEP = 1 << 20
_HELD = 1 << 20  # bytes, and
_PATIENCE = 0.5  # seconds: until then an error is still a clean 4xx or 5xx
_SPOOL = 8 << 20  # bytes in memory, the rest on disk (wait_end_of_query=1)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TYPES = {
    "CSV": "text/csv; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "": "text/plain; charset=UTF-8",
}


@dataclass(frozen=True)
class Identity:
    """What the server tells about itself."""

    version: str
    timezone: str
    host: str


@dataclass
class Reply:
    """One answer. `started` says that a status line went out; `close` that the connection must end."""

    write: Callable[[bytes], object]
    identity: Identity
    head_only: bool = False
    query_id: str = ""
    timezone: str = ""
    encoding: str | None = None
    packer: Packer | None = None
    wait: bool = False  # hold the whole result before the first byte
    started: bool = False
    close: bool = False
    born: float = field(default_factory=time.perf_counter)

    def whole(
        self,
        status: int,
        body: bytes,
        format_name: str = "",
        result: Result | None = None,
        written: Written | None = None,
    ) -> None:
        """A short answer in one piece, not compressed."""
        head = [*self._common(format_name, result, written), ("Content-Length", str(len(body)))]
        self._start(status, head)
        self._body(body)

    def error(self, raised: ClickHouseError) -> None:
        """The error's text as the whole body; its number in the header that clients read."""
        body = f"{raised.render(self.identity.version)}\n".encode()
        head = [
            *self._common("", None, None),
            ("X-ClickHouse-Exception-Code", str(raised.code)),
            ("Content-Length", str(len(body))),
        ]
        self._start(raised.status, head)
        self._body(body)

    def stream(self, chunks: Iterator[bytes], format_name: str, result: Callable[[], Result | None]) -> None:
        """Send a result. Raises ClickHouseError only while nothing has been sent yet."""
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as held:
            finished = self._hold(chunks, held)
            tag = os.urandom(8).hex()
            head = [*self._common(format_name, result(), None), ("X-ClickHouse-Exception-Tag", tag)]
            if self.encoding:
                head.append(("Content-Encoding", self.encoding))
            if finished:
                self._start(200, [*head, ("Content-Length", str(held.tell()))])
                self._copy(held, self._body)
                return
            self._start(200, [*head, ("Transfer-Encoding", "chunked")])
            self._copy(held, self._chunk)
        self._rest(chunks, tag)

    def _hold(self, chunks: Iterator[bytes], held: IO[bytes]) -> bool:
        began = time.perf_counter()
        for chunk in chunks:
            held.write(self.packer.compress(chunk) if self.packer else chunk)
            if not self.wait and (held.tell() > _HELD or time.perf_counter() - began > _PATIENCE):
                return False
        if self.packer:
            held.write(self.packer.flush())
        return True

    def _rest(self, chunks: Iterator[bytes], tag: str) -> None:
        try:
            for chunk in chunks:
                self._chunk(self.packer.compress(chunk) if self.packer else chunk)
        except ClickHouseError as raised:
            self.close = True
            trailer = _trailer(raised.render(self.identity.version), tag)
            self._chunk(self.packer.compress(trailer) if self.packer else trailer)
        if self.packer:
            self._chunk(self.packer.flush())
        self.write(b"0\r\n\r\n")

    def _copy(self, held: IO[bytes], send: Callable[[bytes], None]) -> None:
        held.seek(0)
        while data := held.read(_STEP):
            send(data)

    def _body(self, data: bytes) -> None:
        if not self.head_only:
            self.write(data)

    def _chunk(self, data: bytes) -> None:
        if data:
            self.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _start(self, status: int, head: list[tuple[str, str]]) -> None:
        self.started = True
        safe = ((name, _CONTROL.sub(" ", value)) for name, value in head)  # a client's words must not end a line
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in safe)]
        if self.close:
            lines.append("Connection: close")
        self.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))

    def _common(self, format_name: str, result: Result | None, written: Written | None) -> list[tuple[str, str]]:
        kind = "application/json; charset=UTF-8" if format_name.startswith("JSON") else "application/octet-stream"
        head = [
            ("Date", formatdate(usegmt=True)),
            ("Server", "ClickHouse"),
            ("X-ClickHouse-Server-Display-Name", self.identity.host),
            ("X-ClickHouse-Query-Id", self.query_id),
            ("X-ClickHouse-Timezone", self.timezone or self.identity.timezone),
            ("Content-Type", _TYPES.get(format_name, kind)),
            ("X-ClickHouse-Summary", json.dumps(self._summary(result, written))),
        ]
        return [*head, ("X-ClickHouse-Format", format_name)] if format_name else head

    def _summary(self, result: Result | None, written: Written | None) -> dict[str, str]:
        read = (result.rows_read(), result.bytes_read()) if result is not None else (0, 0)
        wrote = (written.rows, written.bytes) if written else (0, 0)
        counts = {
            "read_rows": read[0],
            "read_bytes": read[1],
            "written_rows": wrote[0],
            "written_bytes": wrote[1],
            "total_rows_to_read": read[0],
            "result_rows": 0,
            "result_bytes": 0,
            "elapsed_ns": int((time.perf_counter() - self.born) * 1e9),
        }
        return {name: str(count) for name, count in counts.items()}


def _trailer(text: str, tag: str) -> bytes:
    message = text.encode() + b"\n"
    return b"\r\n__exception__\r\n%b\r\n%b%d %b\r\n__exception__\r\n" % (
        tag.encode(),
        message,
        len(message),
        tag.encode(),
    )
