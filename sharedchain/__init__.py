"""sharedchain: one event log from lead to cash, from sensor to work order.

from sharedchain import Chain, LeadCaptured
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharedchain.chain import Chain as Chain
    from sharedchain.chain import ChainSync as ChainSync
    from sharedchain.chain import Position as Position
    from sharedchain.chain import Update as Update
    from sharedchain.events import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """Names are loaded when asked for: `import sharedchain` alone stays free."""
    if name in ("Chain", "ChainSync", "Position", "Update"):
        from sharedchain import chain

        return getattr(chain, name)
    from importlib import import_module

    events = import_module("sharedchain.events")
    if name in events.__all__:
        return getattr(events, name)
    raise AttributeError(f"module 'sharedchain' has no attribute {name!r}")
