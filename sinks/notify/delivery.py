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
        return derived_id(f"{self.alert_id}/{self.transition}", f"notify/{self.channel}", self.recipient)

    @property
    def message_id(self) -> str:
        """`alert.transition.recipient`, the same on every attempt, so that a receiver can drop a repetition."""
        return ".".join(quote(part, safe="-_") for part in (self.alert_id, self.transition, self.recipient))


def plan(alerts: Iterable[Derived], lit: Iterable[str]) -> list[Delivery]:
    """The deliveries of alert transitions in their order; `lit`: alerts whose lamp is on before them.

    Backfilled alerts and resolutions tell no one; a resolution puts out the lamp that its alert lit.
    """
    burning = set(lit)
    found: list[Delivery] = []
    for alert in alerts:
        alert_id = alert.data["alert_id"]
        if alert.type == "alert.resolved":
            if alert_id in burning:
                burning.discard(alert_id)
                found.append(Delivery(alert, LIGHT, on=False))
        elif not alert.backfill:
            for wanted in alert.data["deliveries"]:
                if wanted["channel"] != LIGHT:
                    found.append(Delivery(alert, wanted["channel"], wanted["recipient"], wanted["address"]))
                elif alert_id not in burning:
                    burning.add(alert_id)
                    found.append(Delivery(alert, LIGHT))
    return found
