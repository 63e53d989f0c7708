"""What decides, as it stands in the log."""

from __future__ import annotations

from sharedchain.events.base import Event, Text


class ConfigDefined(Event):
    """A piece of configuration."""

    kind: Text
    name: Text
    hash: Text
    body: Text
    changed_by: str = ""
