from __future__ import annotations

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest

from deploy.theirs import certificates
from deploy.theirs.terminator import terminator
from sharedchain.tls import trust

SIZE = 3_000_000  # bytes: more than every buffer on the way


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    while piece := await reader.read(1 << 16):
        writer.write(piece)
        await writer.drain()
    writer.close()


async def test_bytes_pass_both_ways_at_once_and_strangers_are_refused(tmp_path: Path) -> None:
    certificates.write(tmp_path)
    behind = await asyncio.start_server(echo, "127.0.0.1", 0)
    before = await terminator(0, behind.sockets[0].getsockname()[1], tmp_path / "server.both.pem")
    port = before.sockets[0].getsockname()[1]
    async with behind, before:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust(tmp_path / "ca.pem"))
        told = bytes(range(256)) * (SIZE // 256)
        sending = asyncio.ensure_future(send(writer, told))
        assert await asyncio.wait_for(reader.readexactly(len(told)), 20) == told
        await sending
        writer.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", port, ssl=trust(None))


async def send(writer: StreamWriter, told: bytes) -> None:
    writer.write(told)
    await writer.drain()
