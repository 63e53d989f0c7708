"""Scopes: what has one order. A scope is a tenant; `_system` holds what decides for all."""

from __future__ import annotations

import zlib
from functools import lru_cache

SPINE = "chain.facts.v1"
COMMANDS = "chain.command.v1"  # commands of rules: the engine alone writes here, and they are taken nowhere else
PARTITIONS = 8  # of the spine, for ever: changing it would change every order
SYSTEM = "_system"
EVERY_WALL_SCOPE = ""  # scope of a wall tick: it is time for all wall scopes of its partition


@lru_cache(1 << 14)
def partition_of(scope: str) -> int:
    """Spine partition (0 … 7) of a scope: CRC-32 of its UTF-8 name modulo 8."""
    return zlib.crc32(scope.encode()) % PARTITIONS
