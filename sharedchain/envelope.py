"""What stands around every event: CloudEvents 1.0, Kafka binary mode (`ce_*` headers)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from sharedchain.errors import Refused

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One event's context. `time` is milliseconds since the epoch, UTC; None = not said."""

    type: str
    id: str = ""
    source: str = ""
    time: int | None = None
    subject: str = ""
    tenant: str = ""
    correlation: str = ""
    causation: str = ""
    actor: str = ""
    backfill: bool = False
    traceparent: str = ""

    def headers(self) -> Headers:
        """The Kafka headers of this envelope; empty attributes are left out."""
        return [*headers_of(self), *([("traceparent", self.traceparent.encode())] if self.traceparent else ())]


class Context(Protocol):
    """What has a CloudEvents context: an Envelope, a Fact."""

    @property
    def time(self) -> int | None: ...
    @property
    def backfill(self) -> bool: ...


def headers_of(said: Context) -> Headers:
    """The `ce_*` headers of a context; empty attributes are left out."""
    found: Headers = [("ce_specversion", b"1.0"), ("content-type", b"application/avro")]
    found += [(header, value.encode()) for header, field in _ATTRIBUTES if (value := getattr(said, field))]
    if said.time is not None:
        found.append(("ce_time", rfc3339(said.time).encode()))
    if said.backfill:
        found.append(("ce_backfill", b"true"))
    return found


_TEXT = {
    "ce_id": "id",
    "ce_source": "source",
    "ce_type": "type",
    "ce_subject": "subject",
    "ce_tenant": "tenant",
    "ce_correlationid": "correlation",
    "ce_causationid": "causation",
    "ce_actor": "actor",
    "traceparent": "traceparent",
}


_ATTRIBUTES = tuple((header, field) for header, field in _TEXT.items() if field != "traceparent")


def read_headers(headers: Iterable[tuple[str, bytes | str | None]] | None) -> Envelope:
    """The envelope that a record's headers say; what they do not say stays empty (`type` too).

    Raises Refused(bad_header) for a header that is not UTF-8, or a `ce_time` without a zone.
    The last of repeated headers wins. Unknown headers are ignored.
    """
    said: dict[str, str] = {}
    time: int | None = None
    backfill = False
    for name, raw in headers or ():
        field = _TEXT.get(name)
        if field is None and name not in ("ce_time", "ce_backfill") and not name.startswith("ce_"):
            continue
        try:
            value = raw.decode() if isinstance(raw, bytes) else raw or ""
        except UnicodeDecodeError:
            raise Refused("bad_header", f"header {name} is not UTF-8", name) from None
        if field is not None:
            said[field] = value
        elif name == "ce_time":
            time = parse_time(value)
        elif name == "ce_backfill":
            backfill = value.lower() == "true"
    said.setdefault("type", "")
    return Envelope(**said, time=time, backfill=backfill)


def parse_time(text: str) -> int:
    """RFC 3339 with a zone → milliseconds since the epoch. Raises Refused(bad_header)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("bad_header", f"ce_time {text!r} is not RFC 3339", "ce_time") from None
    if moment.tzinfo is None:
        raise Refused("bad_header", f"ce_time {text!r} has no time zone", "ce_time")
    return round(moment.timestamp() * 1000)


def rfc3339(ms: int) -> str:
    """Milliseconds since the epoch → `2026-05-01T00:00:00.000Z`."""
    seconds, rest = divmod(ms, 1000)
    return f"{_to_seconds(seconds)}.{rest:03d}Z"


@lru_cache(1 << 14)
def _to_seconds(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
