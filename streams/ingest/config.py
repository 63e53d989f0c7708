"""Configuration in the log: what `config.defined` facts said last, per spine partition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from sharedchain import flow as flows
from sharedchain.dictionary import Dictionary
from sharedchain.errors import Refused
from streams.ingest.book import Book, Pages, place

TYPE = "config.defined"
TOPIC = "chain.config.v1"
Mode = Literal["wall", "driven"]
_DECIDING = ("tenant", "dictionary", "flow")  # kinds that ingest itself decides by


class Tenant(BaseModel):
    """Body of a `tenant` item. A tenant without one has these defaults."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    mode: Mode = "wall"
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    language: str = "zh"
    packs: list[str] = ["default"]
    flow: str = "standard"  # the profile of its opportunities
    calendar: str = ""  # of worked days (rules/calendars); "" = Monday to Friday

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in zones():
            raise ValueError(f"no time zone {value}: use an IANA name such as Asia/Shanghai")
        return value


def check(data: Mapping[str, Any]) -> None:
    """Raises Refused(domain) for an item that ingest could not live by."""
    match data["kind"]:
        case "tenant":
            read_tenant(data["body"])
        case "dictionary":
            read_dictionary(data["body"])
        case "flow":
            read_flow(data["body"])
        case _:
            try:
                json.loads(data["body"])
            except (ValueError, RecursionError) as error:
                raise Refused("domain", f"the body is not JSON: {error}", "body") from None


def define(book: Book, partition: int, data: Mapping[str, Any]) -> None:
    """Fold one accepted item. Only what ingest itself decides by keeps its body."""
    kind, name = data["kind"], data["name"]
    body = data["body"] if kind in _DECIDING else ""
    book.put(place("config", partition, kind, name), [data["hash"], body])


def hash_of(book: Book, partition: int, kind: str, name: str) -> str:
    """Hash in force; empty when the item was never defined."""
    return str((book.get(place("config", partition, kind, name)) or [""])[0])


def tenant(book: Pages, partition: int, scope: str) -> Tenant:
    """What the log said last about a tenant, or the defaults."""
    item = book.get(place("config", partition, "tenant", scope))
    return read_tenant(item[1]) if item else Tenant()


def dictionaries(book: Pages, partition: int, domains: set[str]) -> dict[str, Dictionary]:
    """Those of `domains` that the log defines for this partition."""
    found = {}
    for domain in domains:
        if item := book.get(place("config", partition, "dictionary", domain)):
            found[domain] = read_dictionary(item[1])
    return found


def flow(book: Pages, partition: int, name: str) -> flows.Profile | flows.Template | None:
    """What the log said last about a flow."""
    item = book.get(place("config", partition, "flow", name))
    return read_flow(item[1]) if item else None


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Names of all time zones; the library walks the disk for them."""
    return frozenset(available_timezones())


@lru_cache(maxsize=4096)
def read_tenant(body: str) -> Tenant:
    """Raises Refused(domain) for a body that is no tenant."""
    try:
        return Tenant.model_validate_json(body)
    except ValidationError as error:
        raise _refused("tenant", error) from None


@lru_cache(maxsize=1024)
def read_dictionary(body: str) -> Dictionary:
    """Raises Refused(domain) for a body that is no dictionary."""
    try:
        return Dictionary.model_validate_json(body)
    except ValidationError as error:
        raise _refused("dictionary", error) from None


@lru_cache(maxsize=1024)
def read_flow(body: str) -> flows.Profile | flows.Template:
    """Raises Refused(domain) for a body that is no flow anybody could follow."""
    try:
        return flows.read(body)
    except ValidationError as error:
        raise _refused("flow", error) from None
    except ValueError as error:
        raise Refused("domain", f"flow config: {error}", "body") from None


def _refused(what: str, error: ValidationError) -> Refused:
    first = error.errors()[0]
    return Refused("domain", f"{what} config: {first['msg']}", ".".join(map(str, first["loc"])) or "body")
