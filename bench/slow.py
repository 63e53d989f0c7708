"""A server made slower: a link before it that holds each answer back, `times` as long as it took."""

from __future__ import annotations

import asyncio
import threading
import time
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

_PIECE = 1 << 16


class Slow:
    """A port in front of `port` of this machine, from creation until `close`. For HTTP/1.1: one question at a time."""

    def __init__(self, port: int, times: float) -> None:
        self._inner, self._times = port, times
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="slow", daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._joined, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(_ended(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _joined(self, reader: StreamReader, writer: StreamWriter) -> None:
        inner, towards = await asyncio.open_connection("127.0.0.1", self._inner)
        asked = [time.monotonic()]  # when the last piece of a question passed

        async def question() -> None:
            while piece := await reader.read(_PIECE):
                towards.write(piece)
                await towards.drain()
                asked[0] = time.monotonic()
            towards.write_eof()

        async def answer() -> None:
            while piece := await inner.read(_PIECE):
                await asyncio.sleep((self._times - 1) * (time.monotonic() - asked[0]))
                asked[0] = time.monotonic()
                writer.write(piece)
                await writer.drain()
            writer.close()  # the server ends a connection that was idle: who asked must see it

        with suppress(OSError):
            await asyncio.gather(question(), answer())
        for one in (writer, towards):
            one.close()


async def _ended() -> None:
    """Everything that runs on this loop, but for this."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)
