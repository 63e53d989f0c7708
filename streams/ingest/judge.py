"""The contract of one decoded event, and the reading of its context. First failure is the reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sharedchain import contract
from sharedchain.dictionary import Dictionary
from sharedchain.envelope import Envelope
from sharedchain.errors import Refused
from sharedchain.fact import ACTOR, OURS
from sharedchain.schemas import Catalog, EventType, Money, Topic
from sharedchain.scope import COMMANDS, SYSTEM
from streams.ingest import config
from streams.ingest.identity import MOST

DEFAULT_TENANT = "default"
_DAY, _MINUTE = 86_400_000, 60_000
_END_OF_TIME = 253_402_300_800_000  # year 10000: no RFC 3339 behind it
_NAMES = ("subject", "by", "opened_by")  # ids too, under other names
_MONEY = Decimal(10) ** 16  # decimal(18,2)


def tenant_of(said: Envelope, topic: Topic) -> str:
    """The tenant of a record: header, else the topic file's, else `default`. Never the key.

    Raises Refused(bad_header) for a name nobody can have, (permission) for one kept for ourselves.
    """
    name = said.tenant or topic.tenant or DEFAULT_TENANT
    if len(name) > 128 or not name.isprintable():
        raise Refused("bad_header", "a tenant's name has 1 to 128 printable characters", "ce_tenant")
    if name.startswith("_") and name != topic.tenant:
        raise Refused("permission", f"tenant names with a leading _ are the system's: {name}", "ce_tenant")
    if topic.tenant == SYSTEM and name != SYSTEM:
        raise Refused("permission", f"{topic.name} belongs to {SYSTEM}: leave ce_tenant out", "ce_tenant")
    return name


def speaker(said: Envelope, topic: str) -> None:
    """Who speaks on a topic: rules on that of commands, which the engine alone may write, and publishers elsewhere.

    Raises Refused(permission) for one who would pass for the other."""
    if topic == COMMANDS and said.source != ACTOR:
        raise Refused("permission", f"{topic} is for the commands of rules: publish on the type's own", "ce_source")
    if topic != COMMANDS and said.source.startswith(OURS):
        raise Refused("permission", f"{OURS}… is ourselves: give ce_source the name of your system", "ce_source")


def check_type(said: Envelope, kind: EventType, catalog: Catalog) -> None:
    """The schema says what a value is. Raises Refused(bad_header) when `ce_type` names another of our types."""
    other = catalog.types.get(said.type) or catalog.by_fullname.get(said.type)
    if other and other.name != kind.name:
        raise Refused("bad_header", f"ce_type says {said.type}, the value is {kind.name}", "ce_type")


def names(data: Mapping[str, Any], at: str = "") -> None:
    """Raises Refused(too_large) for an id, or somebody's name, that nobody can carry about: it becomes
    part of keys, of alerts and of what is remembered."""
    for name, value in data.items():
        if isinstance(value, str):
            if len(value) > MOST and (name.endswith("_id") or name in _NAMES):
                raise Refused(
                    "too_large", f"{at}{name} has {len(value)} characters, at most {MOST} are taken", at + name
                )
        elif isinstance(value, list):
            for index, element in enumerate(value):
                if isinstance(element, dict):
                    names(element, f"{at}{name}[{index}].")


def words(
    kind: EventType,
    data: Mapping[str, Any],
    known: Mapping[str, Dictionary],
    source: str,
    excused: Callable[[], Collection[str]] = tuple,
) -> dict[str, Any]:
    """`data` with the dictionary's codes. Raises Refused(missing_field | unknown_term); what may be
    missing all the same is asked only where something is."""
    try:
        contract.check_required(kind, data)
    except Refused:
        contract.check_required(kind, data, excused())
    coded = contract.map_terms(kind, data, known, source)
    contract.check_required_if(kind, coded)  # what a rule asks after may have been a synonym
    return coded


def values(kind: EventType, data: Mapping[str, Any]) -> None:
    """Raises Refused(domain) for a value that cannot be: negative or too much money, no such zone."""
    _check_money(kind.money, data, "")
    if (zone := data.get("timezone")) and zone not in config.zones():
        raise Refused("domain", f"no time zone {zone!r}: use an IANA name such as Asia/Shanghai", "timezone")


def time_of(said: Envelope, kind: EventType, data: Mapping[str, Any], zone: str, otherwise: int) -> int:
    """When it happened: `ce_time`, else the topic file's time field, else `otherwise`."""
    if said.time is not None:
        return said.time
    match data.get(kind.time) if kind.time else None:
        case int() as moment:
            return moment
        case datetime() as moment:
            return round(moment.timestamp() * 1000)
        case date() as day:
            return round(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    return otherwise


def plausible(time: int, now: int, topic: Topic, backfill: bool) -> None:
    """Raises Refused(bad_time). `now` is the scope's clock, 0 = it has none yet; backfill is exempt."""
    if not 0 <= time < _END_OF_TIME:
        raise Refused("bad_time", f"{time} ms is no time of this calendar", "ce_time")
    if backfill or not now:
        return
    if time < now - topic.past_days * _DAY:
        raise Refused("bad_time", f"{_iso(time)} is more than {topic.past_days} days before {_iso(now)}", "ce_time")
    if time > now + topic.future_minutes * _MINUTE:
        raise Refused(
            "bad_time", f"{_iso(time)} is more than {topic.future_minutes} minutes after {_iso(now)}", "ce_time"
        )


def _check_money(places: Money, data: Mapping[str, Any], at: str) -> None:
    for name, within in places:
        value = data.get(name)
        if value is None:
            continue
        if within is None:
            if value < 0:
                raise Refused("domain", f"{at}{name} is {value}: money is not negative here", at + name, str(value))
            if value >= _MONEY:
                raise Refused("domain", f"{at}{name} does not fit decimal(18,2)", at + name)
        elif isinstance(value, dict):
            _check_money(within, value, f"{at}{name}.")
        else:
            for index, element in enumerate(value):
                _check_money(within, element, f"{at}{name}[{index}].")


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
