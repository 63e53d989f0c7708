"""The flows that the log defines: how a tenant's opportunities run, and the templates of cases."""

from __future__ import annotations

from sharedchain.errors import Refused
from sharedchain.flow import Profile, Template
from streams.ingest import config
from streams.ingest.book import Pages


def find(book: Pages, partition: int, scope: str) -> Profile | None:
    """The profile that the tenant's setting `flow` names; None when the log has no such one."""
    flow = config.flow(book, partition, config.tenant(book, partition, scope).flow)
    return flow if isinstance(flow, Profile) else None


def of(book: Pages, partition: int, scope: str) -> Profile:
    """As `find`; raises Refused(domain) when the log has no such profile."""
    found = find(book, partition, scope)
    if found is None:
        name = config.tenant(book, partition, scope).flow
        raise Refused("domain", f"no opportunity flow {name} in {config.TOPIC}: publish it, then this again", "", name)
    return found


def template(book: Pages, partition: int, name: str) -> Template | None:
    """A case template by its id; None when the log has no such one."""
    flow = config.flow(book, partition, name)
    return flow if isinstance(flow, Template) else None


def lacking(book: Pages, partition: int) -> set[str]:
    """Flows without which nothing can be decided: the default profile, and the template it asks for."""
    name = config.Tenant().flow
    flow = config.flow(book, partition, name)
    if not isinstance(flow, Profile):
        return {name}
    return {flow.approval} if flow.approval and template(book, partition, flow.approval) is None else set()


def zone(book: Pages, partition: int, scope: str) -> str:
    """The tenant's time zone."""
    return config.tenant(book, partition, scope).timezone
