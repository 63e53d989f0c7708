"""The order in which names that read each other can be found."""

from __future__ import annotations

from collections.abc import Mapping, Set


def in_order(reads: Mapping[str, Set[str]], what: str) -> tuple[str, ...]:
    """The names, each behind those that it reads; equals by name. Raises ValueError for a ring."""
    done: dict[str, None] = {}
    while len(done) < len(reads):
        free = [name for name in sorted(reads) if name not in done and reads[name] & set(reads) <= set(done)]
        if not free:
            ring = ", ".join(name for name in sorted(reads) if name not in done)
            raise ValueError(f"`{what}` runs in a ring: {ring}; one of them must be found by the event alone")
        done.update(dict.fromkeys(free))
    return tuple(done)
