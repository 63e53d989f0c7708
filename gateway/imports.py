"""What a foreign system posted, in its own words → events ready to be sent, or why not: row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.problem import Finding, Problem
from gateway.publisher import Outgoing
from sharedchain.dialect import Dialect
from sharedchain.envelope import Envelope
from sharedchain.errors import Refused
from sharedchain.translate import Told, Translated, Translator

MAX_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One row: what goes of it, in order, and what is to be known about it; or everything wrong with it."""

    events: tuple[Outgoing, ...] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def expect_json(media: str) -> None:
    """Raises Problem(415). A web page may have a browser post other types here, in the name of who is signed in at the
    proxy before us, or sits on this machine; for this one the browser asks first, and is not answered."""
    media = media.partition(";")[0].strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        told = f"content type {media[:80] or '(none)'} is not JSON: send application/json"
        raise Problem(415, "bad_content_type", told)


def part_of(dialect: Dialect, asked: str | None) -> str:
    """The part that the rows are of. Raises Problem(422)."""
    known = ", ".join(dialect.parts)
    if asked is None and len(dialect.parts) > 1:
        raise Problem(422, "bad_parameter", f"{dialect.id} has several parts: say ?part=, one of {known}")
    if asked is not None and asked not in dialect.parts:
        raise Problem(422, "bad_parameter", f"{dialect.id} has no part {asked[:80]!r}: use one of {known}")
    return asked or next(iter(dialect.parts))


def rows_of(body: Any) -> list[Mapping[str, Any]]:
    """One object is one row, an array several. Raises Problem(422)."""
    rows = body if isinstance(body, list) else [body]
    if not 1 <= len(rows) <= MAX_ROWS:
        raise Problem(422, "bad_batch", f"a body holds 1 to {MAX_ROWS} rows, this one {len(rows)}; cut it")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Problem(422, "bad_batch", f"row {index + 1} is no JSON object; send one object, or an array of them")
    return rows


def hear(translator: Translator, part: str, row: Mapping[str, Any], said: Envelope, place: str) -> Heard:
    """One row of `part`; `said` holds tenant and trace for its events, `place` is its path in the body."""
    found = translator.translate(part, row)
    if not isinstance(found, Translated):
        return Heard(findings=tuple(_finding(place, fault) for fault in found.faults))
    source = translator.dialect.source
    return Heard(events=tuple(_outgoing(told, said, source, place) for told in found.told), notes=found.notes)


def _outgoing(told: Told, said: Envelope, source: str, place: str) -> Outgoing:
    envelope = Envelope(
        type=told.kind.name,
        id=told.id,
        source=source,
        time=told.time,
        subject=str(told.data.get(told.kind.subject) or ""),
        tenant=said.tenant,
        traceparent=said.traceparent,
    )
    return Outgoing(
        type=told.kind, key=told.kind.key_of(said.tenant, told.data), envelope=envelope, data=told.data, place=place
    )


def _finding(place: str, fault: Refused) -> Finding:
    text, _, mend = fault.text.partition(": ")
    return Finding(field=f"{place}{fault.field}".rstrip("."), code=fault.reason, text=text, mend=mend)
