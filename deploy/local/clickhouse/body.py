"""Reading a request's body from the socket: by length or in chunks, never more than allowed."""

from __future__ import annotations

import email
import email.message
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from deploy.local.clickhouse.errors import ClickHouseError

_STEP = 1 << 20


class Truncated(ConnectionError):
    """The client went away in the middle of its body."""


@dataclass(frozen=True)
class Part:
    """One field of a multipart form: `filename` None for a plain field."""

    name: str
    filename: str | None
    data: bytes


def chunks(source: BinaryIO, headers: Mapping[str, str]) -> Iterator[bytes]:
    """The body as it comes, still encoded. Raises Truncated."""
    if "chunked" not in headers.get("transfer-encoding", "").lower():
        yield from _exactly(source, _length(headers.get("content-length") or "0", 10))
        return
    while size := _length(source.readline(_STEP).split(b";")[0].decode("latin-1"), 16):
        yield from _exactly(source, size)
        if source.readline(8) != b"\r\n":
            raise Truncated("a chunk does not end")
    while source.readline(_STEP) not in (b"\r\n", b""):
        pass  # trailers say nothing to us


def _length(given: str, base: int) -> int:
    try:
        size = int(given.strip(), base)
    except ValueError:
        raise Truncated(f"bad length {given!r}") from None
    if size < 0:
        raise Truncated(f"bad length {given!r}")
    return size


def _exactly(source: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        data = source.read1(min(size, _STEP)) if hasattr(source, "read1") else source.read(min(size, _STEP))
        if not data:
            raise Truncated("truncated body")
        size -= len(data)
        yield data


def capped(source: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Pass chunks on up to `most` bytes. Raises 307."""
    total = 0
    for chunk in source:
        total += len(chunk)
        if total > most:
            raise ClickHouseError(307, f"The request body is larger than {most} bytes: send it in several inserts")
        yield chunk


def form(content_type: str, source: Iterator[bytes]) -> list[Part]:
    """The parts of a multipart/form-data body, held in memory."""
    whole = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + b"".join(source)
    message = email.message_from_bytes(whole)
    if not message.is_multipart():
        raise ClickHouseError(36, "The multipart body cannot be read")
    return [_part(part) for part in message.get_payload() if isinstance(part, email.message.Message)]


def _part(part: email.message.Message) -> Part:
    data = part.get_payload(decode=True)
    name = part.get_param("name", header="content-disposition")
    return Part(str(name), part.get_filename(), data if isinstance(data, bytes) else b"")
