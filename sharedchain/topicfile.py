"""The shape of a `topic.yaml`. A key that is not here is an error, not a wish."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ParentRule(_Strict):
    """A child names its parent in `field`; where the field is empty, the event has no parent."""

    entity: str
    field: str


class RequiredIfRule(_Strict):
    field: str
    when: str
    value: str = Field(alias="is")


class TypeRules(_Strict):
    """Contract rules of one event type. `negative` names the money that may be below zero."""

    key: str
    subject: str = ""
    identity: list[str] = []
    time: str | None = None
    required: list[str] = []
    required_if: list[RequiredIfRule] = []
    any_of: list[list[str]] = []
    negative: list[str] = []
    terms: dict[str, str] = {}
    creates: str | None = None
    parent: ParentRule | None = None
    owner_field: str | None = None


class TopicFile(_Strict):
    """One topic. `retention_days` left out = for ever. `derived` = nobody publishes here but the chain: what
    `ingest` derives stands on the spine too, what the `engine` derives is a function of the spine."""

    topic: str = Field(pattern=r"^[a-z]+(\.[a-z]+)+\.v[0-9]+$")
    doc: str
    owner: str
    readers: list[str]
    ingest: bool = False
    partitions: int = 4
    cleanup: Literal["delete", "compact"] = "delete"
    retention_days: int | None = None
    sensitivity: Literal["PUBLIC", "INTERNAL", "PERSONAL", "SECRET"]
    tenant: str | None = None
    past_days: int = 400
    future_minutes: int = 5
    silent_hours: int | None = None  # a source that has nothing for longer is silent; left out = it promises no pace
    derived: Literal["ingest", "engine"] | None = None
    telemetry: bool = False  # published by anybody, read in slices by the telemetry lane instead of ingest
    commanded: bool = False  # rules may command its types: they come by chain.command.v1
    events: dict[str, TypeRules]
