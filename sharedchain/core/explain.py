"""Why an alert is: one object, made where it is decided, and shown as it is by command, door, mail and page.

Rule and version; each condition with its values and truth, each band with its own; the way of the episode with
times; the facts behind it by their place on the spine; and what would end it. Nothing in it depends on who reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sharedchain.canonical import dumps
from sharedchain.core.rule import Band, Clear, OnClock, OnMeasure, Rule
from sharedchain.core.state import Episode, Step

if TYPE_CHECKING:  # who announces builds on this module
    from sharedchain.core.alerts import Case
    from sharedchain.core.episode import Transition

_STEPS = 20  # of an episode's way that are kept: an alert may rise and ease for ever
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def follow(episode: Episode, transition: Transition, now: int) -> None:
    """One step more on the way of an episode; the way before it is not touched."""
    severity = episode.severity or ""
    if transition == "raised":
        waited = [Step("pending", episode.since)] if episode.since != now else []
        episode.way = [*waited, Step("firing", now, severity)]
    elif transition != "resolved":
        episode.way = [*episode.way, Step(transition, now, severity)][-_STEPS:]


def explained(case: Case, transition: Transition, episode: Episode, now: int, timezone: str) -> str:
    """The explanation as JSON, as the alert carries it. `sources`: topic and offset stand beside them in `facts`."""
    rule, band = case.ready.rule, case.band
    steps = [*episode.way, *([Step(case.how or "resolved", now)] if transition == "resolved" else [])]
    return dumps(
        {
            "rule": rule.id,
            "version": rule.version,
            "title": {"zh": rule.title.zh, "en": rule.title.en},
            "on": rule.on.measure if isinstance(rule.on, OnMeasure) else list(rule.events),
            "dims": case.dims,
            "subject": case.subject,
            "part": case.part,
            "conditions": [_banded(one, case) for one in case.conditions],
            "band": {"severity": band.severity, "sign": band.sign, "threshold": band.threshold} if band else None,
            "path": [episode.status, case.how or transition],
            "way": [{"state": step.state, "at": step.at, "severity": step.severity} for step in steps],
            "since": episode.since,
            "timezone": timezone,
            "sources": [{"partition": partition, "seq": seq} for partition, seq in case.sources],
            "clears": clears(rule),
        }
    )


def _banded(condition: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
    if condition.get("op") not in ("band", "clock"):
        return condition
    return {**condition, "bands": [{**_band(one), "truth": one.severity in case.held} for one in case.ready.rule.bands]}


def _band(band: Band) -> dict[str, Any]:
    return {"severity": band.severity, "sign": band.sign, "threshold": band.threshold}


def clears(rule: Rule) -> dict[str, Any]:
    """What would end an alert of this rule: an answer, an event, or a value outside of every band."""
    late = {"quiet_for": rule.keep_firing_for} if rule.keep_firing_for else {}
    if rule.clear:
        return {"by": "event", "any": [_ending(clear) for clear in rule.clear]}
    if isinstance(rule.on, OnClock):
        return {"by": "event", "any": [stop.model_dump(mode="json") for stop in rule.on.clock.stop]}
    if rule.one_shot:
        return {"by": "acknowledgement"}
    outside = {"magnitude": rule.magnitude, "must_be": [_outside(band) for band in rule.bands if band.sign]}
    if isinstance(rule.on, OnMeasure):
        return {"by": "value", "measure": rule.on.measure, **outside, **late}
    named = {"path": rule.value[0], **outside} if rule.value and outside["must_be"] else {}
    return {"by": "a later event that does not meet the conditions", "event": list(rule.on.event), **named, **late}


def _outside(band: Band) -> dict[str, Any]:
    if band.release is None:
        return {"sign": _OPPOSITE[band.sign], "threshold": band.threshold}
    return {"sign": "<=" if band.up else ">=", "threshold": band.release}


def _ending(clear: Clear) -> dict[str, Any]:
    return {"event": list(clear.event), "when": clear.when.model_dump(mode="json"), "subject": list(clear.subject)}
