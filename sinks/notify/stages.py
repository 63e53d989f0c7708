"""The tiny stages before a message is sent. Pure: they sort deliveries, they send nothing.

mute → group → deduplicate → rate, each from deliveries to deliveries.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from sinks.notify.delivery import Delivery
from sinks.notify.policy import Mute

Address = tuple[str, str, str]  # channel, recipient, address
Bundle = tuple[Delivery, ...]  # told by one message


def deduplicate(deliveries: Iterable[Delivery], recorded: Container[str]) -> list[Delivery]:
    """Those whose outcome is not recorded yet, each once."""
    return list({d.id: d for d in deliveries if d.id not in recorded}.values())


def muted_by(delivery: Delivery, mutes: Iterable[Mute]) -> Mute | None:
    """The first mute that covers it."""
    return next((mute for mute in mutes if mute.covers(delivery)), None)


def group(deliveries: Iterable[Delivery]) -> dict[Address, list[Delivery]]:
    """By where they go, in order."""
    found: dict[Address, list[Delivery]] = {}
    for delivery in deliveries:
        found.setdefault((delivery.channel, delivery.recipient, delivery.address), []).append(delivery)
    return found


def bundle(deliveries: Sequence[Delivery], allowed: int) -> list[Bundle]:
    """At most `allowed` messages: one a delivery, and the last one tells all that is left over."""
    if len(deliveries) <= allowed:
        return [(delivery,) for delivery in deliveries]
    if allowed == 0:
        return []
    head, rest = deliveries[: allowed - 1], deliveries[allowed - 1 :]
    return [*((delivery,) for delivery in head), tuple(rest)]


@dataclass(slots=True)
class Rate:
    """A token bucket for each address of a channel with a limit; `now` in seconds, monotonic."""

    each_minute: dict[str, int]
    _full: dict[Address, tuple[float, float]] = field(default_factory=dict)  # tokens, as of

    def allowed(self, to: Address, now: float) -> int:
        """How many messages may go to `to` now."""
        return 1_000_000 if to[0] not in self.each_minute else int(self._tokens(to, now))

    def spend(self, to: Address, now: float) -> None:
        """One message went."""
        if to[0] in self.each_minute:
            self._full[to] = (self._tokens(to, now) - 1, now)

    def _tokens(self, to: Address, now: float) -> float:
        limit = self.each_minute[to[0]]
        tokens, as_of = self._full.get(to, (float(limit), now))
        return min(float(limit), tokens + (now - as_of) * limit / 60)
