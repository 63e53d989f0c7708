"""Plays a story on a driven clock: tick, settle, publish, settle. No sleeps, no other clock."""

from __future__ import annotations

import email
import email.policy
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from itertools import count, groupby
from typing import Any, Literal

import httpx2

from deploy.demo.found import client, count_of
from deploy.demo.publisher import Publisher
from deploy.demo.story import Confirm, Publish, Step, Story
from deploy.demo.subscriber import Subscriber
from sharedchain.barrier import Barrier, stages_of
from sharedchain.config import item
from sharedchain.endpoints import Endpoints
from sharedchain.envelope import Envelope
from sharedchain.errors import SharedChainError
from sharedchain.schemas import Catalog

Style = Literal[
    "once",
    "twice",  # each record twice, same headers
    "other-headers",  # the second copy with other headers, same identity
    "no-headers",  # twice, without any ce_ header but the tenant's: the payload is the identity
    "two-producers",  # the second copy by another producer
]
_LINK = re.compile(r"https?://\S+/v1/forecasts/\S+/confirm\?\S+")


class StoryStuck(SharedChainError):
    """The story cannot go on: a mail that should be there is not, or the door refuses."""


Seen = Callable[[datetime, list[tuple[str, Step]]], None]


class Player:
    """Plays `story`; `styles` says how each tenant's systems publish (default: once); `dense`: the
    clock ticks every minute, not only where something may happen."""

    def __init__(
        self, endpoints: Endpoints, story: Story, styles: dict[str, Style] | None = None, *, dense: bool = False
    ) -> None:
        self._endpoints = endpoints
        self._story = story
        self._styles = styles or {}
        self._dense = dense
        self._subscribers: list[Subscriber] = []
        self._catalog = Catalog.load()
        self._publisher = Publisher(endpoints, self._catalog)
        self._second = Publisher(endpoints, self._catalog)
        self._ticks = count(1)
        self._stages = stages_of(endpoints, self._catalog)
        self._deciding = self._stages[: endpoints.lanes + 1]

    def play(self, seen: Seen | None = None) -> None:
        """Live through the story; `seen(instant, steps)` is called when each instant is settled.

        Ticks keep their order on their own topic, so with nobody to see them they are settled only
        around the records that stand between them; and then it is enough that lanes and engine have
        decided. Who looks at what is stored, or opens a mail, waits for store and mail too.
        """
        with Barrier(self._endpoints) as barrier, closing(self._publisher), closing(self._second), ExitStack() as ends:
            for tenant, settings in self._story.tenants.items():
                self.configure("tenant", tenant, settings)
            self._settle(barrier)
            for instant, ticking, steps in self._instants():
                for tenant in ticking:
                    self._tick(tenant, instant)
                if steps:
                    self._settle(barrier, stored=any(step.confirm for _, step in steps))
                    for tenant, step in steps:
                        self._do(tenant, step, ends)
                if steps or seen:
                    self._settle(barrier, stored=seen is not None)
                if seen:
                    self._hear()
                    seen(instant, steps)
            self._settle(barrier)
            self._hear()

    def _instants(self) -> Iterator[tuple[datetime, list[str], list[tuple[str, Step]]]]:
        story = self._story
        ticks_of = story.minutes if self._dense else story.ticks
        ticks = [(instant, tenant) for tenant in story.tenants for instant in ticks_of(tenant)]
        steps: dict[datetime, list[tuple[str, Step]]] = {}
        for tenant in story.tenants:
            for step in story.steps_of(tenant):
                steps.setdefault(story.instant(tenant, step.at), []).append((tenant, step))
        for instant, group in groupby(sorted(ticks), key=lambda pair: pair[0]):
            yield instant, [tenant for _, tenant in group], steps.get(instant, [])

    def _hear(self) -> None:
        """Wait until every subscriber has what the store holds of its topic."""
        if not self._subscribers:
            return
        store = client(self._endpoints)
        for one in self._subscribers:
            types = [kind.name for kind in self._catalog.types.values() if kind.topic == one.topic]
            one.wait(count_of(store, one.tenant, types))
        store.close()

    def _settle(self, barrier: Barrier, *, stored: bool = True) -> None:
        self._publisher.flush()
        self._second.flush()
        barrier.settle(self._stages if stored else self._deciding, time.monotonic() + 120)

    def configure(self, kind: str, name: str, body: dict[str, Any]) -> None:
        """Publish one config item (a tenant, a rule, …) to the log."""
        config = item(kind, name, body)
        subject = f"{kind}/{name}"
        data = {**config.said, "changed_by": "demo"}
        envelope = Envelope(
            type="config.defined", id=f"{subject}/{config.hash}", source="demo", subject=subject, tenant="_system"
        )
        self._publisher.send("config.defined", data, envelope.headers(), subject)

    def _tick(self, tenant: str, instant: datetime) -> None:
        n = next(self._ticks)
        headers = Envelope(
            type="clock.ticked", id=f"{tenant}/{n}", source="demo", subject=tenant, tenant=tenant, time=_ms(instant)
        ).headers()
        self._publisher.send("clock.ticked", {"at": instant, "n": n}, headers, tenant)

    def _do(self, tenant: str, step: Step, ends: ExitStack) -> None:
        for record, ident in step.published():
            self._publish(tenant, step, record, ident)
        if step.confirm:
            self._confirm(tenant, step.confirm)
        if step.subscribe:
            subscriber = Subscriber(self._endpoints, tenant, step.subscribe)
            ends.callback(subscriber.close)
            self._subscribers.append(subscriber)

    def _publish(self, tenant: str, step: Step, record: Publish, ident: str) -> None:
        style = self._styles.get(tenant, "once")
        kind = self._catalog.types[record.type]
        at = _ms(self._story.instant(tenant, record.time or step.at))
        key = str(record.data.get(kind.subject, ""))
        envelope = Envelope(
            type=record.type, id=ident, source=record.source, subject=key, tenant=tenant, time=at, actor=record.source
        )
        bare = style == "no-headers" and kind.identity  # master data has no identity but its headers
        headers = [("ce_tenant", tenant.encode())] if bare else envelope.headers()
        self._publisher.send(record.type, record.data, headers, key)
        if style == "other-headers":
            headers = [*headers, ("traceparent", b"00-" + b"ab" * 16 + b"-" + b"cd" * 8 + b"-01"), ("x-retry", b"1")]
        if style != "once":
            (self._second if style == "two-producers" else self._publisher).send(record.type, record.data, headers, key)

    def _confirm(self, tenant: str, confirm: Confirm) -> None:
        """Do what a person does: open the mail, open the link, change the amounts, press the button."""
        link = self._link(tenant, confirm)
        with httpx2.Client(timeout=30) as browser:
            page = browser.get(link, headers={"accept-language": "zh-CN"})
            if page.status_code != 200:
                raise StoryStuck(f"{confirm.mailbox}'s link answers {page.status_code}: {page.text[:200]}")
            lines = [{"line_id": line, "amount": amount} for line, amount in confirm.amounts.items()]
            for _ in range(1 if self._styles.get(tenant, "once") == "once" else 2):
                sent = browser.post(link, content=json.dumps({"lines": lines}), headers=_JSON)
                if sent.status_code >= 300:
                    raise StoryStuck(f"{confirm.mailbox}'s confirmation answers {sent.status_code}: {sent.text[:300]}")

    def _link(self, tenant: str, confirm: Confirm) -> str:
        for file in sorted((self._endpoints.home / "mail").glob("*.eml"), key=lambda f: f.stat().st_mtime_ns)[::-1]:
            mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            body = mail.get_body(("plain",))
            text = body.get_content() if body else ""
            if confirm.mailbox not in str(mail["to"]) or confirm.forecast not in text:
                continue
            for found in _LINK.findall(text):
                if f"tenant={tenant}&" in found + "&":
                    return str(found)
        raise StoryStuck(f"no mail to {confirm.mailbox} holds a link for {confirm.forecast} of {tenant}")


_JSON: dict[str, Any] = {"content-type": "application/json"}


def _ms(instant: datetime) -> int:
    return round(instant.astimezone(UTC).timestamp() * 1000)
