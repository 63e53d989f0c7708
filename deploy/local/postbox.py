"""Where mails and IM messages of an embedded chain arrive: HOME/mail/*.eml by SMTP, HOME/im.jsonl by signed webhook.

`python -m deploy.local.postbox --home DIR`. It accepts everything that is well formed and delivers nothing further.
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from sharedchain.endpoints import Endpoints

_LARGEST = 1_000_000  # bytes of a webhook body


class Mailbox:
    """aiosmtpd's handler: one file a message, named so that the order of arrival is the order of names."""

    def __init__(self, folder: Path, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._folder = folder
        self._now = now_ns
        self._count = itertools.count()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answer 250 only when the whole message is on disk under its final name."""
        content = envelope.original_content or b""
        name = f"{self._now()}-{next(self._count):04d}"
        fresh = self._folder / f"{name}.part"
        fresh.write_bytes(content)
        fresh.rename(self._folder / f"{name}.eml")
        return "250 OK"


def accept(webhook: Webhook, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The line to store for a webhook call. Raises WebhookVerificationError when signature or time are wrong."""
    webhook.verify(body, headers)
    return {"id": headers["webhook-id"], "timestamp": int(headers["webhook-timestamp"]), "body": json.loads(body)}


def door(port: int, path: str, webhook: Webhook, file: Path) -> ThreadingHTTPServer:
    """The HTTP receiver on loopback: 204 stored, 401 not signed by us, 404 elsewhere, 413 too large."""
    writing = threading.Lock()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            if self.path != path or size > _LARGEST:
                self.close_connection = True  # the body was not read
                return self._answer(404 if self.path != path else 413)
            body = self.rfile.read(size)
            try:
                line = accept(webhook, {k.lower(): v for k, v in self.headers.items()}, body)
            except (WebhookVerificationError, ValueError):
                return self._answer(401)
            with writing, file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
            return self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass  # im.jsonl is the log

    return ThreadingHTTPServer(("127.0.0.1", port), Door)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m deploy.local.postbox", description=__doc__)
    options.add_argument("--home", type=Path)
    endpoints = Endpoints.load(options.parse_args().home)
    folder = endpoints.home / "mail"
    folder.mkdir(mode=0o700, exist_ok=True)
    host, _, port = endpoints.notify.smtp.partition(":")
    smtp = Controller(Mailbox(folder), hostname=host, port=int(port))
    smtp.start()
    address = urlsplit(endpoints.notify.webhook)
    webhook = Webhook(endpoints.notify.webhook_secret.get_secret_value())
    # Last, because the supervisor takes its open port for readiness.
    http = door(address.port or 80, address.path, webhook, endpoints.home / "im.jsonl")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=http.shutdown).start())
    http.serve_forever(poll_interval=0.1)
    smtp.stop()


if __name__ == "__main__":
    main()
