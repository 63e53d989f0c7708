"""What ends a lane because of its log: something is missing."""

from __future__ import annotations

from sharedchain.errors import SharedChainError
from sharedchain.fact import Fact
from sharedchain.log import ids


class Gap(SharedChainError):
    """The spine itself says that something is missing before this fact; `about`: the ids of that fact, for the log."""

    def __init__(self, text: str, fact: Fact | None = None) -> None:
        super().__init__(text)
        said = (fact.correlation, fact.traceparent, fact.id) if fact else ("", "", "")
        self.about = ids(correlation=said[0], traceparent=said[1], event=said[2])
