"""The server: a thread a connection, loopback only, and a stop that lets running statements finish."""

from __future__ import annotations

import functools
import socketserver
import threading
from collections.abc import Iterable
from pathlib import Path

from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.execute import Runner
from deploy.local.clickhouse.handler import Handler, Service
from deploy.local.clickhouse.limits import Limits
from deploy.local.clickhouse.loopback import loopback
from deploy.local.clickhouse.reply import Identity
from deploy.local.clickhouse.slots import Slots
from deploy.local.clickhouse.users import User


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class Server:
    """Serves `path` on `host`:`port` (0: any free one) from construction to `stop()`.

    Raises ValueError for a host that is not loopback, FolderTaken, and OSError for a port in use.
    """

    def __init__(
        self, path: Path, port: int, users: Iterable[User], host: str = "127.0.0.1", limits: Limits | None = None
    ) -> None:
        loopback(host)
        self._limits = limits = limits or Limits()
        self.engine = Engine(path)
        identity = Identity(self.engine.version, self.engine.timezone, self.engine.host)
        self._slots = Slots(limits.statements, limits.queue)
        self._runner = Runner(self.engine, limits)
        service = Service(self._runner, {user.name: user for user in users}, self._slots, identity)
        try:
            self._listener = _Listener((host, port), functools.partial(Handler, service=service))
        except OSError:
            self._runner.close()
            self.engine.close()
            raise
        self.host, self.port = host, int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def serve(self) -> None:
        """Serve until `stop_accepting()`; then finish what runs, kill what does not end, close the engine."""
        self._listener.serve_forever(poll_interval=0.1)
        self._listener.server_close()
        if not self._slots.drain(self._limits.grace):
            self.engine.kill_all()
            if not self._slots.drain(self._limits.grace):
                return  # a statement that cannot be killed still uses the engine; the process ends all the same
        self._runner.close()
        self.engine.close()

    def stop_accepting(self) -> None:
        """Safe in a signal handler: `shutdown` waits for the loop, so it needs a thread of its own."""
        threading.Thread(target=self._listener.shutdown, daemon=True).start()
