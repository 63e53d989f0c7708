"""What this door has just confirmed: until the store shows it, a second click must get the same answer.

Two confirmations of one version with different amounts have one identity; ingest takes the first and
refuses the other as `conflict`. Whoever clicks second must not be told yes. One gateway remembers its
own clicks; between several gateways the dead letter remains the word of the log.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sharedchain.canonical import dumps

_MOST = 10_000  # confirmations remembered; the store has the older ones


@dataclass(frozen=True, slots=True)
class Pledges:
    """Event id → what was promised under it."""

    _kept: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def keep(self, event_id: str, data: Mapping[str, Any]) -> bool:
        """Remember `data` under `event_id`; False if something else was promised there before."""
        said = dumps(data)
        if self._kept.setdefault(event_id, said) != said:
            return False
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return True

    def forget(self, event_id: str) -> None:
        """It was not sent after all."""
        self._kept.pop(event_id, None)
