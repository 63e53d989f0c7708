"""TLS before a server that speaks none: `python -m deploy.theirs.terminator --port N --to N --pem FILE`.

Each connection gets one of its own behind; bytes pass unchanged, and both end together. On one loop: two threads on
one TLS connection, one reading and one writing, hang now and then (seen: a query that never got its answer).
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from functools import partial
from pathlib import Path

_PIECE = 1 << 16


async def terminator(port: int, to: int, pem: Path) -> asyncio.Server:
    """Listens on 127.0.0.1:`port` (0: any free one) with the key and certificate in `pem`, speaks plainly to `to`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return await asyncio.start_server(partial(_joined, to), "127.0.0.1", port, ssl=context)


async def _joined(to: int, reader: StreamReader, writer: StreamWriter) -> None:
    writers = [writer]
    try:
        inner, towards = await asyncio.open_connection("127.0.0.1", to)
        writers.append(towards)
        ways = [asyncio.ensure_future(_pass(reader, towards)), asyncio.ensure_future(_pass(inner, writer))]
        _, open_ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in open_:
            way.cancel()
    except OSError:
        pass  # nobody is behind (yet): the connection ends
    finally:
        for one in writers:
            one.close()


async def _pass(source: StreamReader, target: StreamWriter) -> None:
    """Until the source ends, or the target listens no more."""
    with suppress(OSError):
        while piece := await source.read(_PIECE):
            target.write(piece)
            await target.drain()


async def _run(port: int, to: int, pem: Path) -> None:
    async with await terminator(port, to, pem) as server:
        await server.serve_forever()


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m deploy.theirs.terminator", description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--to", type=int, required=True)
    options.add_argument("--pem", type=Path, required=True)
    asked = options.parse_args()
    asyncio.run(_run(asked.port, asked.to, asked.pem))


if __name__ == "__main__":
    main()
