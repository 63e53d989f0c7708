"""`python -m deploy.local.clickhouse --path DIR --port N --user U --password-file F`.

Prints one line when ready. Ends by SIGTERM or SIGINT: refuses new statements, finishes running ones.
Exit codes: 0 stopped, 1 the folder or the port is taken, 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from deploy.local.clickhouse.limits import limits
from deploy.local.clickhouse.loopback import loopback
from deploy.local.clickhouse.users import OWNER_DEFAULTS, READER_DEFAULTS, User

_SHORTEST = 12  # characters of a password


def main(argv: list[str] | None = None) -> int:
    began = time.perf_counter()
    given = _arguments().parse_args(argv)
    try:
        loopback(given.host)
        bounds = limits(given.limit)
        users = [User(given.user, _password(given.password_file), OWNER_DEFAULTS)]
        if given.reader_password_file:
            users.append(User(given.reader, _password(given.reader_password_file), READER_DEFAULTS, True))
    except ValueError as raised:
        return _fail(2, str(raised))
    os.environ["TZ"] = "UTC"  # the engine reads its server zone once, when it starts
    time.tzset()
    # Only now: the import alone takes 200 MB.
    from deploy.local.clickhouse.engine import FolderTaken
    from deploy.local.clickhouse.server import Server

    try:
        server = Server(given.path, given.port, users, given.host, bounds)
    except FolderTaken as raised:
        return _fail(1, str(raised))
    except OSError as raised:
        return _fail(1, f"cannot listen on {given.host}:{given.port}: {raised.strerror or raised}")
    # Only now: the engine installs handlers of its own when it starts.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop_accepting())
    took = time.perf_counter() - began
    print(f"ready {server.url} pid={os.getpid()} version={server.engine.version} {took:.2f}s", flush=True)
    server.serve()
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.clickhouse", description="chDB behind ClickHouse's HTTP protocol, on loopback"
    )
    parser.add_argument("--path", type=Path, required=True, help="data folder; one process at a time")
    parser.add_argument("--port", type=int, required=True, help="0: any free port, printed in the ready line")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--reader", default="reader", help="name of the user who only reads")
    parser.add_argument("--reader-password-file", type=Path)
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=NUMBER", help="see limits.py")
    return parser


def _password(path: Path) -> str:
    """The file's first line. Raises ValueError, which says how to make one."""
    try:
        lines = path.read_text().splitlines()
    except OSError as raised:
        raise ValueError(f"the password file {path} cannot be read: {raised.strerror}") from None
    if not lines or len(lines[0]) < _SHORTEST:
        raise ValueError(
            f"the password file {path} needs a first line of at least {_SHORTEST} characters: generate one with "
            'python -c "import secrets; print(secrets.token_urlsafe(24))"'
        )
    return lines[0]


def _fail(code: int, text: str) -> int:
    print(f"error: {text}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
