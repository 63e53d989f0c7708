"""A container's health check: 0 for 2xx, 1 with the words of the program otherwise."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy.probe import main


class _Program(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()
        self.wfile.write(b"kafka does not answer")

    def log_request(self, *_: object) -> None: ...


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Program)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_program_that_is_well(port: int) -> None:
    assert main([], {"SHAREDCHAIN_METRICS_PORT": str(port)}) == 0


def test_a_program_that_is_not_is_quoted(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"http://127.0.0.1:{port}/readyz"], {}) == 1
    assert "503 kafka does not answer" in capsys.readouterr().err


def test_a_program_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://127.0.0.1:1/healthz"], {}) == 1
    assert "127.0.0.1:1" in capsys.readouterr().err
