"""How every program logs to stderr: lines for people, or with SHAREDCHAIN_LOG=json one JSON object a line.

Ids travel as `extra=ids(…)`: correlation, trace id, event id. They are in both forms.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

_IDS = ("correlation", "trace", "event")
_QUIET = ("httpx2",)  # it tells every address it asks, and those of robots hold a key


def start(stream: TextIO | None = None) -> None:
    """Log from INFO on to `stream` (default: stderr)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(form())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def form() -> logging.Formatter:
    """How a line looks, as SHAREDCHAIN_LOG asks."""
    return Json() if os.environ.get("SHAREDCHAIN_LOG") == "json" else Plain()


def settings(ours: str) -> dict[str, Any]:
    """The same for a library that wants `logging.config`: its own words from WARNING on, those of `ours` from INFO."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"form": {"()": form}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "form"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {ours: {"level": "INFO"}},
    }


def last_words(name: str, text: str, error: BaseException | None = None, *, traced: bool = False) -> None:
    """Write a critical line past every handler: for who ends the process, while any thread may hold a lock.

    `error` may know what it is about (`about`, as of `ids`); `traced`: with its traceback.
    """
    trace = (type(error), error, error.__traceback__) if error is not None and traced else None
    record = logging.LogRecord(name, logging.CRITICAL, "", 0, text, None, trace)
    record.__dict__.update(getattr(error, "about", {}))
    with contextlib.suppress(OSError):
        os.write(2, (form().format(record) + "\n").encode(errors="replace"))


def ids(*, correlation: str = "", traceparent: str = "", event: str = "") -> dict[str, str]:
    """What a log line is about, for `extra=`; what is empty is left out."""
    said = {"correlation": correlation, "trace": trace_id(traceparent), "event": event}
    return {name: value for name, value in said.items() if value}


def trace_id(traceparent: str) -> str:
    """The trace id of a W3C traceparent; empty when it is none."""
    parts = traceparent.split("-")
    known = len(parts) >= 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef")
    return parts[1] if known and set(parts[1]) != {"0"} else ""


class Plain(logging.Formatter):
    """`2026-05-01 08:00:00,000 WARNING name: text [trace=… correlation=…]`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s%(about)s")

    def format(self, record: logging.LogRecord) -> str:
        said = " ".join(f"{name}={value}" for name, value in _about(record).items())
        record.about = f" [{said}]" if said else ""
        return super().format(record)


class Json(logging.Formatter):
    """One object a line: time (RFC 3339, UTC), level, logger, program, text, ids, a traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "program": os.environ.get("SHAREDCHAIN_PROGRAM", ""),
            "text": record.getMessage(),
            **_about(record),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def _about(record: logging.LogRecord) -> dict[str, str]:
    return {name: str(value) for name in _IDS if (value := getattr(record, name, ""))}
