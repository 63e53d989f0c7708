"""CloudEvents 1.0, HTTP binding: structured, batch and binary mode → envelopes with JSON data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from gateway.problem import Finding, Problem
from gateway.strict_json import parse
from sharedchain.envelope import Envelope, parse_time
from sharedchain.errors import Refused
from sharedchain.fact import OURS

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MAX_BATCH = 500
MAX_ATTRIBUTE = 512  # characters

_REQUIRED = ("specversion", "id", "source", "type")
_ATTRIBUTES = {  # CloudEvents attribute → field of Envelope
    "id": "id",
    "source": "source",
    "type": "type",
    "subject": "subject",
    "tenant": "tenant",
    "correlationid": "correlation",
    "causationid": "causation",
    "actor": "actor",
    "traceparent": "traceparent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One event as it came in. `place` is its path in the body: "" or "[3]."."""

    envelope: Envelope
    data: Mapping[str, Any]
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one POST carries; `batch` decides the shape of the answer."""

    events: tuple[Incoming, ...]
    batch: bool


def read(headers: Mapping[str, str], body: bytes) -> Request:
    """The events of one request; `headers` has lower-case names.

    Raises Problem: 400 for a body that is not JSON, 415 for another content type, 422 with every
    finding for attributes that are absent or unreadable.
    """
    media, _, _ = headers.get("content-type", "").partition(";")
    media = media.strip().lower()
    if media == STRUCTURED:
        return Request(events=(_one(_expect_object(parse(body), ""), ""),), batch=False)
    if media == BATCH:
        return Request(events=_batch(parse(body)), batch=True)
    if "ce-specversion" in headers or "ce-type" in headers:
        return Request(events=(_binary(headers, media, body),), batch=False)
    raise Problem(
        415,
        "bad_content_type",
        f"content type {media or '(none)'} is not a CloudEvent: send {STRUCTURED}, {BATCH}, "
        "or application/json with ce-id, ce-source, ce-type and ce-specversion headers",
    )


def _batch(value: Any) -> tuple[Incoming, ...]:
    if not isinstance(value, list):
        raise Problem(422, "bad_batch", f"a body of {BATCH} is a JSON array of events")
    if not 1 <= len(value) <= MAX_BATCH:
        raise Problem(422, "bad_batch", f"a batch holds 1 to {MAX_BATCH} events, this one {len(value)}; cut it")
    events: list[Incoming] = []
    findings: list[Finding] = []
    for index, item in enumerate(value):
        place = f"[{index}]."
        try:
            events.append(_one(_expect_object(item, place), place))
        except Problem as problem:
            findings += problem.findings
    if findings:
        raise Problem(422, "bad_cloudevent", f"{len(findings)} findings in the batch", findings=findings)
    return tuple(events)


def _binary(headers: Mapping[str, str], media: str, body: bytes) -> Incoming:
    if media != "application/json" and not media.endswith("+json"):
        raise Problem(415, "bad_content_type", f"data of a binary CloudEvent must be application/json, not {media}")
    said: dict[str, Any] = {"data": parse(body)}
    for name, value in headers.items():
        if name.startswith("ce-"):
            said[name[3:]] = _percent_decoded(name, value)
    if "traceparent" in headers:
        said.setdefault("traceparent", headers["traceparent"])
    return _one(said, "")


def _percent_decoded(name: str, value: str) -> str:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise Problem(400, "bad_utf8", f"header {name} is not percent-encoded UTF-8") from None


def _expect_object(value: Any, place: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    finding = Finding(field=place.rstrip("."), code="bad_cloudevent", text="an event is a JSON object")
    raise Problem(422, "bad_cloudevent", finding.text, findings=[finding])


def _one(said: Mapping[str, Any], place: str) -> Incoming:
    findings = [*_attribute_findings(said, place), *_data_findings(said, place)]
    time: int | None = None
    try:
        time = _time(said.get("time"))
    except Refused as refused:
        mend = "send RFC 3339 with a zone, as 2026-05-01T08:00:00+08:00"
        findings.append(Finding(field=f"{place}time", code="bad_header", text=refused.text, mend=mend))
    if findings:
        raise Problem(422, "bad_cloudevent", findings[0].text, findings=findings)
    fields = {field: said[name] for name, field in _ATTRIBUTES.items() if said.get(name) is not None}
    envelope = Envelope(**fields, time=time, backfill=said.get("backfill") in (True, "true"))
    return Incoming(envelope=envelope, data=said["data"], place=place)


def _time(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused("bad_header", "time must be text", "time")
    try:
        return parse_time(value)
    except (OverflowError, ValueError):
        raise Refused("bad_header", f"time {value[:40]!r} is outside the calendar", "time") from None


def _attribute_findings(said: Mapping[str, Any], place: str) -> list[Finding]:
    found = [
        Finding(field=place + name, code="missing_field", text=f"{name} is required", mend=f"send {name}")
        for name in _REQUIRED
        if said.get(name) in (None, "")
    ]
    if said.get("specversion") not in (None, "", "1.0"):
        found.append(Finding(field=f"{place}specversion", code="bad_header", text="specversion must be 1.0"))
    if said.get("backfill") not in (None, True, False, "true", "false"):
        found.append(Finding(field=f"{place}backfill", code="bad_header", text="backfill is true or false"))
    if isinstance(source := said.get("source"), str) and source.startswith(OURS):
        text, mend = f"sources that begin with {OURS} are the chain's own programs", "send the name of your system"
        found.append(Finding(field=f"{place}source", code="permission", text=text, mend=mend))
    for name in _ATTRIBUTES:
        value = said.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or len(value) > MAX_ATTRIBUTE or not value.isprintable():
            text = f"{name} must be printable text of at most {MAX_ATTRIBUTE} characters"
            found.append(Finding(field=place + name, code="bad_header", text=text))
    return found


def _data_findings(said: Mapping[str, Any], place: str) -> list[Finding]:
    if "data_base64" in said:
        text = "data_base64 is not taken over HTTP: binary values belong on Kafka"
        return [Finding(field=f"{place}data_base64", code="bad_data", text=text, mend="send data as a JSON object")]
    if not isinstance(said.get("data"), dict):
        return [Finding(field=f"{place}data", code="bad_data", text="data must be a JSON object with the fields")]
    return []
