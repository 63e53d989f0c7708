"""What moves, as the log itself shows it: followers, dead letters, sources that promised a pace, the broker's clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from deploy.local.doctor.finding import Finding
from deploy.local.doctor.peers import WAIT, clock
from sharedchain.barrier import stages_of
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import quiet_admin
from sharedchain.lag import Follower, Position, ends_of
from sharedchain.schemas import Catalog, Topic
from sharedchain.scope import SPINE

_LOOK = 3.0  # seconds in which a follower that is behind must move
_BEAT = 0.5  # seconds between two looks
_RECENT = 15  # minutes: dead letters younger than this are rising
_AHEAD = 5.0  # seconds that the newest record may lie in our future

Place = tuple[str, int]


def followers(ends: Endpoints, catalog: Catalog, look: float = _LOOK) -> list[Finding]:
    """Every consumer group of the chain: at the end, or moving within `look` seconds."""
    wanted: dict[str, set[str]] = {}
    for stage in stages_of(ends, catalog):
        wanted.setdefault(stage.group, set()).update(stage.topics)
    asked = {group: Follower(ends, group, WAIT) for group in wanted}
    try:
        return _watched(ends, asked, wanted, look)
    except (ConnectionFailed, KafkaException, TimeoutError):
        return [Finding("kafka.silent", {"place": ends.kafka, "wait": WAIT, "home": ends.home})]
    finally:
        for one in asked.values():
            one.close()


def _watched(ends: Endpoints, asked: dict[str, Follower], wanted: dict[str, set[str]], look: float) -> list[Finding]:
    first = {group: one.positions() for group, one in asked.items()}
    behind = {group: [p for p in seen if p.lag and p.topic in wanted[group]] for group, seen in first.items()}
    until = time.monotonic() + look
    while any(behind.values()) and time.monotonic() < until:
        time.sleep(_BEAT)
        behind = {group: still(held, asked[group].positions()) if held else [] for group, held in behind.items()}
    if stuck := [(group, held[0]) for group, held in behind.items() if held]:
        return [_stuck(group, at, look) for group, at in stuck]
    return unread(first, wanted, _filled(ends, wanted)) or [Finding("followers.ok", {"count": len(wanted)})]


def still(before: Iterable[Position], after: Iterable[Position]) -> list[Position]:
    """Those of `before` that are where they were and have records before them."""
    now = {(p.topic, p.partition): p for p in after}
    seen = ((p, now.get((p.topic, p.partition))) for p in before)
    return [p for p, later in seen if later is not None and later.committed == p.committed and later.lag]


def unread(seen: dict[str, list[Position]], wanted: dict[str, set[str]], filled: dict[str, int]) -> list[Finding]:
    """Topics with records that a group has no position in at all."""
    known = {group: {p.topic for p in held} for group, held in seen.items()}
    return [
        Finding("followers.unread", {"group": group, "topic": topic, "lag": filled[topic]})
        for group, topics in wanted.items()
        for topic in sorted(topics - known[group])
        if filled.get(topic)
    ]


def _filled(ends: Endpoints, wanted: dict[str, set[str]]) -> dict[str, int]:
    client = quiet_admin(ends, WAIT)
    there = client.list_topics(timeout=WAIT).topics
    topics = set().union(*wanted.values())
    found: dict[str, int] = {}
    for (topic, _), end in ends_of(client, _places(there, topics), WAIT).items():
        found[topic] = found.get(topic, 0) + end
    return found


def _stuck(group: str, at: Position, look: float) -> Finding:
    said: dict[str, Any] = {
        "group": group,
        "topic": at.topic,
        "partition": at.partition,
        "at": at.committed,
        "lag": at.lag,
    }
    return Finding("followers.stuck", said | {"wait": look})


def records(ends: Endpoints, catalog: Catalog, now: Callable[[], float]) -> list[Finding]:
    """Dead letters, silent sources, and whether the newest record of the spine lies in our future."""
    client = quiet_admin(ends, WAIT)
    doors = {topic.dlq: topic.name for topic in catalog.topics.values() if topic.ingest}
    paced = [topic for topic in catalog.topics.values() if topic.silent_hours]
    try:
        there = client.list_topics(timeout=WAIT).topics
        since = round((now() - _RECENT * 60) * 1000)
        dead = _since(client, list(_places(there, doors)), since)
        newest = _newest(client, _places(there, [SPINE, *(topic.name for topic in paced)]))
    except (KafkaException, TimeoutError):
        return [Finding("kafka.silent", {"place": ends.kafka, "wait": WAIT, "home": ends.home})]
    found = [letters({doors[topic]: count for topic, count in dead.items()}), *sources(paced, newest, now())]
    ahead = newest.get(SPINE, 0) / 1000 - now()
    return [*found, clock("Kafka", -ahead)] if ahead > _AHEAD else found


def letters(fresh: dict[str, int]) -> Finding:
    """`fresh`: topic → dead letters of the last minutes."""
    count = sum(fresh.values())
    said = ", ".join(f"{topic} {n}" for topic, n in sorted(fresh.items()) if n)
    return Finding("letters.rising" if count else "letters.ok", {"count": count, "said": said, "minutes": _RECENT})


def sources(paced: list[Topic], newest: dict[str, int], now: float) -> list[Finding]:
    """Topics that promise a pace (`silent_hours`) and had records once, but none for longer than that."""
    silent = [
        Finding("sources.silent", {"topic": t.name, "hours": age, "most": t.silent_hours, "owner": t.owner})
        for t in paced
        if t.silent_hours and t.name in newest and (age := (now - newest[t.name] / 1000) / 3600) > t.silent_hours
    ]
    return silent or [Finding("sources.ok", {"count": len(paced)})]


def _since(client: AdminClient, places: list[Place], since: int) -> dict[str, int]:
    """Topic → records appended at or after `since` (milliseconds); none is told as -1."""
    first = _offsets(client, places, OffsetSpec.for_timestamp(since))
    ends = ends_of(client, places, WAIT)
    found: dict[str, int] = {}
    for place, answer in first.items():
        found[place[0]] = found.get(place[0], 0) + (ends[place] - answer.offset if answer.offset >= 0 else 0)
    return found


def _newest(client: AdminClient, places: Iterable[Place]) -> dict[str, int]:
    """Topic → append time of its newest record, milliseconds; no entry for one without records."""
    latest = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]
    found: dict[str, int] = {}
    for (topic, _), answer in _offsets(client, list(places), latest).items():
        if answer.offset >= 0:
            found[topic] = max(found.get(topic, 0), answer.timestamp)
    return found


def _offsets(client: AdminClient, places: list[Place], spec: Any) -> dict[Place, Any]:
    wanted = {TopicPartition(*place): spec for place in places}
    asked: Any = client.list_offsets(wanted, request_timeout=WAIT) if wanted else {}
    return {(place.topic, place.partition): answer.result(WAIT) for place, answer in asked.items()}


def _places(there: dict[str, Any], topics: Iterable[str]) -> Iterable[Place]:
    return [(topic, number) for topic in topics if topic in there for number in there[topic].partitions]
