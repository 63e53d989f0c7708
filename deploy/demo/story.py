"""A story file: what is published when, and what must come of it, as literal rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sharedchain.errors import ConfigError
from sharedchain.yamlfile import plain

Row = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Part):
    zh: str
    en: str


class Publish(_Part):
    """One record, as a source system would send it; without `id` it gets one from its place."""

    type: str
    data: dict[str, Any]
    id: str = ""
    source: str = "crm"
    time: datetime | None = None  # local time at which it happened, if not that of its step
    count: int = Field(default=1, ge=1)  # so many of them; texts of `data` hold {n}, counted on from `start`
    start: int = 1

    def each(self) -> Iterator[Publish]:
        """The single records that this stands for."""
        if self.count == 1:
            yield self
        else:
            for n in range(self.start, self.start + self.count):
                yield self.model_copy(update={"data": _numbered(self.data, n), "count": 1})


class Confirm(_Part):
    """A person follows the link in the newest mail to `mailbox` and sends these lines' amounts."""

    mailbox: str
    forecast: str
    amounts: dict[str, str] = Field(default_factory=dict)  # line_id → amount; empty = unchanged


class Subscribe(_Part):
    """A person's program joins a topic and reads it from its beginning, until the story ends."""

    topic: str
    as_: str = Field(alias="as")  # the employee for whom it reads


class Step(_Part):
    at: datetime  # local time of the tenant
    say: Text | None = None  # None: what comes of it tells enough
    ref: str = ""  # the step of the source that the story follows
    tenant: str = ""  # "" = each tenant of the story
    publish: tuple[Publish, ...] = ()
    confirm: Confirm | None = None
    subscribe: Subscribe | None = None

    @property
    def records(self) -> int:
        """How many records reach the chain by this step; a confirmation is one."""
        return sum(record.count for record in self.publish) + (self.confirm is not None)

    def published(self) -> Iterator[tuple[Publish, str]]:
        """Each record with its id: its own, or one made of its place in the step."""
        every = (one for record in self.publish for one in record.each())
        for n, record in enumerate(every, 1):
            yield record, record.id or f"{self.at:%Y%m%dT%H%M}/{self.ref}/{n}"


class Story(_Part):
    """`tenants` holds each tenant's settings as published to the log; `expect` holds one list of
    rows a section, the sections being those of `deploy.demo.found`."""

    story: str
    title: Text
    start: datetime
    end: datetime
    tenants: dict[str, dict[str, Any]]
    steps: tuple[Step, ...]
    due: tuple[datetime, ...] = ()  # further instants at which something is due, and a sparse clock must tick
    expect: dict[str, list[Row]] = Field(default_factory=dict)

    def zone(self, tenant: str) -> ZoneInfo:
        return ZoneInfo(str(self.tenants[tenant]["timezone"]))

    def steps_of(self, tenant: str) -> list[Step]:
        return [step for step in self.steps if step.tenant in ("", tenant)]

    def ticks(self, tenant: str) -> list[datetime]:
        """Instants (UTC) at which the tenant's clock must tick: start, end, each local midnight, what is `due`,
        each step, and the minute after it (which closes the step's minute)."""
        moments = {self.start, self.end, *self.due}
        midnight = self.start.replace(hour=0, minute=0) + timedelta(days=1)
        while midnight < self.end:
            moments.add(midnight)
            midnight += timedelta(days=1)
        for step in self.steps_of(tenant):
            moments |= {step.at, step.at.replace(second=0) + timedelta(minutes=1)}
        return sorted({self.instant(tenant, moment) for moment in moments})

    def minutes(self, tenant: str) -> list[datetime]:
        """Every minute (UTC) of the tenant's story, its first and its last included."""
        first, last = self.instant(tenant, self.start), self.instant(tenant, self.end)
        return [first + timedelta(minutes=n) for n in range(int((last - first).total_seconds()) // 60 + 1)]

    def instant(self, tenant: str, local: datetime) -> datetime:
        return local.replace(tzinfo=self.zone(tenant)).astimezone(UTC)

    def as_tenants(self, names: list[str]) -> Story:
        """The same story of one tenant, lived by several tenants at once under other names."""
        (settings,) = self.tenants.values()
        return self.model_copy(update={"tenants": dict.fromkeys(names, settings)})


def _numbered(value: Any, n: int) -> Any:
    match value:
        case str():
            return value.format(n=n) if "{n" in value else value
        case dict():
            return {key: _numbered(part, n) for key, part in value.items()}
        case list():
            return [_numbered(part, n) for part in value]
    return value


def load(path: Path) -> Story:
    """Read a story. Raises ConfigError naming the file and each wrong place."""
    try:
        return Story.model_validate(plain(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such story file"]) from None
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: not YAML: {error}"]) from None
    except ValidationError as error:
        raise ConfigError([f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from None
