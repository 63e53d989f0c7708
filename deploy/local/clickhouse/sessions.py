"""Sessions: a `session_id` keeps one handle between requests, for one request at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deploy.local.clickhouse.engine import Handle, literal, run, text
from deploy.local.clickhouse.errors import ClickHouseError

_LONGEST = 3600.0  # seconds, ClickHouse's default max_session_timeout
_PATIENCE = 0.25  # seconds: a client may have its answer a moment before the session is tidied up


@dataclass
class Session:
    """A kept handle. `base` are the session's own values of settings that requests override."""

    handle: Handle
    until: float
    database: str = "default"
    base: dict[str, str | None] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def remember(self, names: Mapping[str, str]) -> None:
        """Read the values that a request is about to override, once per session and name."""
        missing = ",".join(literal(name) for name in names if name not in self.base)
        if missing:
            rows = text(
                self.handle,
                "SELECT toJSONString(map('name', name, 'value', if(changed, value, NULL)))"
                f" FROM system.settings WHERE name IN ({missing}) FORMAT TSVRaw",
            )
            self.base.update({row["name"]: row["value"] for row in map(json.loads, rows.splitlines())})

    def restore(self, names: Mapping[str, str]) -> None:
        """Put the settings and the database back to what the session itself said."""
        back = {name: self.base.get(name) for name in names}
        if back:
            values = ", ".join(f"{k} = {'DEFAULT' if v is None else literal(v)}" for k, v in back.items())
            run(self.handle, f"SET {values}")


class Sessions:
    """All sessions by (user, id). Expired ones are closed when the next request comes by."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Session] = {}
        self._guard = threading.Lock()

    def acquire(self, user: str, params: Mapping[str, str], open_handle: Callable[[], Handle], now: float) -> Session:
        """Lock the session for this request; the caller releases `.lock`. Raises 372, 373, 374."""
        key, life = (user, params["session_id"]), _timeout(params.get("session_timeout", "60"))
        with self._guard:
            self._expire(now)
            found = self._all.get(key)
            if found is None and params.get("session_check") == "1":
                raise ClickHouseError(372, "Session not found.")
            session = found or Session(open_handle(), now + life)
            self._all[key] = session
            session.until = now + life
        if not session.lock.acquire(timeout=_PATIENCE):
            raise ClickHouseError(373, f"Session {key[1]} is locked by a concurrent client.")
        return session

    def _expire(self, now: float) -> None:
        for key, session in list(self._all.items()):
            if session.until < now and session.lock.acquire(blocking=False):
                self._all.pop(key).handle.close()

    def close(self) -> None:
        with self._guard:
            for session in self._all.values():
                session.handle.close()
            self._all.clear()


def _timeout(given: str) -> float:
    try:
        life = float(given)
    except ValueError:
        life = -1.0
    if not 0 <= life <= _LONGEST:
        raise ClickHouseError(374, f"Session timeout {given!r} is not between 0 and {_LONGEST:.0f} seconds")
    return max(life, 1.0)  # never expired before its own request has it
