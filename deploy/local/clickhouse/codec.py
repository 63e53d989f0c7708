"""Content encodings of request and response bodies: gzip, deflate, zstd, lz4 (the frame format)."""

from __future__ import annotations

import contextlib
import importlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import lz4.frame

from deploy.local.clickhouse.errors import ClickHouseError


def _zstd() -> Any:
    """The standard library's module from Python 3.14 on, its backport before, else None."""
    for name in ("compression.zstd", "backports.zstd"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return None


zstd = _zstd()


_PIECE = 1 << 20  # bytes unpacked at a time


class Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class Unpacker(Protocol):
    """What lz4.frame and zstd offer: output in bounded pieces, so that a small body cannot fill the memory."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Zlib:
    """zlib's object, which keeps its unread input outside, in the shape of the others."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class _Lz4:
    """lz4.frame wants its head written before the first chunk."""

    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._head: bytes = self._frame.begin()

    def compress(self, data: bytes, /) -> bytes:
        head, self._head = self._head, b""
        packed: bytes = self._frame.compress(data)
        return head + packed

    def flush(self) -> bytes:
        tail: bytes = self._frame.flush()
        return self._head + tail


_PACKERS: dict[str, Callable[[], Packer]] = {
    "lz4": _Lz4,
    "gzip": lambda: zlib.compressobj(3, zlib.DEFLATED, 31),
    "deflate": lambda: zlib.compressobj(3),
}
_UNPACKERS: dict[str, Callable[[], Unpacker]] = {
    "gzip": lambda: _Zlib(31),
    "deflate": lambda: _Zlib(15),
    "lz4": lz4.frame.LZ4FrameDecompressor,
}
if zstd is not None:
    _PACKERS = {"lz4": _Lz4, "zstd": lambda: zstd.ZstdCompressor(level=1), **_PACKERS}
    _UNPACKERS["zstd"] = zstd.ZstdDecompressor


def choose(accepted: str) -> tuple[str, Packer] | None:
    """The cheapest encoding that an Accept-Encoding header names, or None."""
    offered = {part.split(";")[0].strip().lower() for part in accepted.split(",") if "q=0" not in part.split(";")[1:]}
    return next(((name, make()) for name, make in _PACKERS.items() if name in offered), None)


def unpack(encoding: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Undo a Content-Encoding; several frames may follow one another. Raises 48 (unknown), 117 (damaged)."""
    if encoding in ("", "identity"):
        yield from chunks
        return
    make = _UNPACKERS.get(encoding)
    if make is None:
        raise ClickHouseError(48, f"Content-Encoding {encoding!r} is not supported: {', '.join(_UNPACKERS)} are")
    frame, fresh = make(), True
    for chunk in chunks:
        rest = chunk
        while rest:
            if frame.eof:
                frame = make()
            fresh = False
            yield from _inflate(encoding, frame, rest)
            rest = (frame.unused_data or b"") if frame.eof else b""
    if not fresh and not frame.eof:
        raise ClickHouseError(117, f"The {encoding} body ends in the middle of a frame")


def _inflate(encoding: str, frame: Unpacker, data: bytes) -> Iterator[bytes]:
    """All that `data` unpacks to within this frame, in pieces."""
    try:
        yield frame.decompress(data, _PIECE)
        while not frame.eof and not frame.needs_input:
            yield frame.decompress(b"", _PIECE)
    except Exception as raised:  # every codec has error classes of its own
        raise ClickHouseError(117, f"The {encoding} body cannot be unpacked: {raised}") from None
