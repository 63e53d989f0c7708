"""What is to be told to whom: an alert's transition, taken apart into deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from sharedchain.fact import Derived, derived_id

LIGHT = "LIGHT"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert transition by one channel to one recipient. `on` matters to lamps only."""

    alert: Derived
    channel: str
    recipient: str = ""
    address: str = ""
    on: bool = True

    @property
    def transition(self) -> str:
        return self.alert.type.removeprefix("alert.")

    @property
    def alert_id(self) -> str:
        return str(self.alert.data["alert_id"])

    @property
    def id(self) -> str:
        """The `ce_id` of the record of its outcome: telling it again would give the same one."""
        return derived_id(f"{self.alert_id}/{self._step}", f"notify/{self.channel}", self.recipient)

    @property
    def message_id(self) -> str:
        """`alert.transition.recipient`, the same on every attempt, so that a receiver can drop a repetition."""
        return ".".join(quote(part, safe="-_") for part in (self.alert_id, self._step, self.recipient))

    @property
    def _step(self) -> str:
        """An alert is raised once, but may escalate twice (INFO, YELLOW, RED), or again after it eased."""
        return self.transition if self.transition == "raised" else f"{self.transition}-{self.alert.id[:8]}"


def plan(alerts: Iterable[Derived], lit: Iterable[str]) -> list[Delivery]:
    """The deliveries of alert transitions in their order; `lit`: alerts whose lamp is on before them.

    Backfilled alerts and resolutions tell no one; a resolution puts out the lamp that its alert lit, and so does an
    alert that eased, if it says so.
    """
    burning = set(lit)
    found: list[Delivery] = []
    for alert in alerts:
        alert_id = alert.data["alert_id"]
        lamp = any(one["channel"] == LIGHT for one in alert.data["deliveries"])
        if alert.type != "alert.resolved" and not alert.backfill:
            people = (one for one in alert.data["deliveries"] if one["channel"] != LIGHT)
            found += [Delivery(alert, one["channel"], one["recipient"], one["address"]) for one in people]
        if alert.type == "alert.resolved" or (alert.type == "alert.eased" and lamp):
            if alert_id in burning:
                burning.discard(alert_id)
                found.append(Delivery(alert, LIGHT, on=False))
        elif lamp and not alert.backfill and alert_id not in burning:
            burning.add(alert_id)
            found.append(Delivery(alert, LIGHT))
    return found
