"""A network that can be broken: TCP links on one loop in a thread, each passing, stalled, reset or slow."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal

Mode = Literal["pass", "blackhole", "reset", "slow"]
_PIECE = 1 << 16
_CRUMB = 1 << 13  # bytes that a slow link passes at a time
_DELAY = 0.1  # seconds before each of them
_RST = struct.pack("ii", 1, 0)  # SO_LINGER: a close is a reset


class Link:
    """One address in front of another. Bytes that a blackhole holds back pass when it is over, as after a partition."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.mode: Mode = "pass"
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[StreamWriter] = set()

    def turn(self, mode: Mode) -> None:
        self.mode = mode
        if mode == "blackhole":
            self._open.clear()
        else:
            self._open.set()
        if mode == "reset":
            for writer in self._writers:
                _reset(writer)

    async def joined(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._writers.add(writer)
        mine = [writer]
        try:
            await self._open.wait()
            if self.mode == "reset":
                _reset(writer)
                return
            inner, towards = await asyncio.open_connection("127.0.0.1", self.port)
            mine.append(towards)
            self._writers.add(towards)
            ways = [asyncio.ensure_future(self._pass(*way)) for way in ((reader, towards), (inner, writer))]
            _, late = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in late:
                way.cancel()
        except OSError:
            pass  # nobody is behind just now
        finally:
            for one in mine:
                self._writers.discard(one)
                one.close()

    async def _pass(self, source: StreamReader, target: StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(_CRUMB if self.mode == "slow" else _PIECE):
                if self.mode == "slow":
                    await asyncio.sleep(_DELAY)
                await self._open.wait()
                target.write(piece)
                await target.drain()


class Proxy:
    """All links of a rig. Its thread ends with `close`, or with the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._links: dict[str, Link] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()

    def before(self, at: Mapping[str, int]) -> dict[str, int]:
        """A link before each of these ports; the ports of the links, by the same names."""
        return {name: self._linked(name, port) for name, port in at.items()}

    def turn(self, name: str, mode: Mode) -> None:
        """What becomes of the bytes of this link from now on."""
        self._loop.call_soon_threadsafe(self._links[name].turn, mode)

    def heal(self) -> None:
        for name in self._links:
            self.turn(name, "pass")

    def close(self) -> None:
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_ended(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _linked(self, name: str, port: int) -> int:
        self._links[name] = link = Link(port)
        listening = asyncio.start_server(link.joined, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        return int(server.sockets[0].getsockname()[1])


async def _ended() -> None:
    """Everything that runs on this loop, but for this."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _reset(writer: StreamWriter) -> None:
    own: socket.socket | None = writer.get_extra_info("socket")
    if own is not None:
        with suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    writer.transport.abort()
