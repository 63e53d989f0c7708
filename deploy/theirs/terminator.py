"""TLS before a server that speaks none: `python -m deploy.theirs.terminator --port N --to N --pem FILE`.

Each connection gets a thread and a connection of its own behind; bytes pass unchanged, ends are passed on.
"""

from __future__ import annotations

import argparse
import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from pathlib import Path

_PIECE = 1 << 16
_SILENCE = 300.0  # seconds


class Terminator(socketserver.ThreadingTCPServer):
    """Listens on 127.0.0.1:`port` (0: any free one) with the key and certificate in `pem`, speaks plainly to `to`."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, to: int, pem: Path) -> None:
        self.to = to
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(pem)
        super().__init__(("127.0.0.1", port), _Pair)


class _Pair(socketserver.BaseRequestHandler):
    server: Terminator

    def handle(self) -> None:
        self.request.settimeout(_SILENCE)
        with (
            suppress(OSError),
            self.server.context.wrap_socket(self.request, server_side=True) as outer,  # here, not in the one listener
            socket.create_connection(("127.0.0.1", self.server.to), timeout=_SILENCE) as inner,
        ):
            back = threading.Thread(target=_pass, args=(inner, outer), daemon=True)
            back.start()
            _pass(outer, inner)
            back.join(_SILENCE)


def _pass(source: socket.socket, target: socket.socket) -> None:
    """Until the source ends; then the target is told, as far as it still listens."""
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR if not isinstance(target, ssl.SSLSocket) else socket.SHUT_RDWR)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m deploy.theirs.terminator", description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--to", type=int, required=True)
    options.add_argument("--pem", type=Path, required=True)
    asked = options.parse_args()
    with Terminator(asked.port, asked.to, asked.pem) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
