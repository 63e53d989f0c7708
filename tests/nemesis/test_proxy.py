"""The network of the rig: bytes pass, wait, trickle, or the connection is gone."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.nemesis.proxy import Proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says everything again."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                one, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_again, args=(one,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def link(echo: int) -> Iterator[tuple[Proxy, int]]:
    proxy = Proxy()
    yield proxy, proxy.before({"there": echo})["there"]
    proxy.close()


def _again(one: socket.socket) -> None:
    with one, suppress(ConnectionResetError):
        while piece := one.recv(1 << 16):
            one.sendall(piece)


def _joined(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def _asked(one: socket.socket, word: bytes) -> bytes:
    one.sendall(word)
    return one.recv(100)


def test_what_a_blackhole_holds_back_comes_when_it_is_over(link: tuple[Proxy, int]) -> None:
    proxy, port = link
    with _joined(port) as one:
        assert _asked(one, b"a") == b"a"
        proxy.turn("there", "blackhole")
        one.settimeout(0.2)
        with pytest.raises(TimeoutError):
            _asked(one, b"b")
        proxy.turn("there", "pass")
        one.settimeout(5)
        assert one.recv(100) == b"b"


def test_a_reset_ends_what_is_open_and_whoever_comes(link: tuple[Proxy, int]) -> None:
    proxy, port = link
    with _joined(port) as one:
        assert _asked(one, b"a") == b"a"
        proxy.turn("there", "reset")
        with pytest.raises(ConnectionResetError):
            one.recv(100)
    with suppress(ConnectionResetError), _joined(port) as two:
        assert _asked(two, b"b") == b"", "it passes"
    proxy.turn("there", "pass")
    with _joined(port) as three:
        assert _asked(three, b"c") == b"c"


def test_a_slow_link_passes_everything_later(link: tuple[Proxy, int]) -> None:
    proxy, port = link
    with _joined(port) as one:
        assert _asked(one, b"a") == b"a"
        proxy.turn("there", "slow")
        _asked(one, b"b")  # the piece that was waited for when it was turned
        began = time.monotonic()
        assert _asked(one, b"c") == b"c"
        assert time.monotonic() - began > 0.15
