"""How much one client may ask of this server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """Bytes and seconds. `client` is how long a peer may stay silent while we read from or write to it."""

    body: int = 1 << 30  # of one request, unpacked
    statement: int = 16 << 20  # held in memory: SQL text, forms with external tables
    head: int = 1 << 20  # an INSERT's text up to its FORMAT
    result_held: int = 256 << 20  # results that must be held whole (revisioned Native)
    client: float = 30.0
    grace: float = 10.0  # for running statements after SIGTERM; then they are killed
    statements: int = 16  # at the same time; more wait `queue` seconds
    queue: float = 30.0


def limits(words: Iterable[str]) -> Limits:
    """The defaults changed by words `name=number`. Raises ValueError."""
    defaults: dict[str, int | float] = asdict(Limits())
    changed = dict(defaults)
    for word in words:
        name, _, number = word.partition("=")
        if name not in defaults:
            raise ValueError(f"--limit {word}: {name!r} is none of {', '.join(defaults)}")
        try:
            changed[name] = type(defaults[name])(number)
        except ValueError:
            raise ValueError(f"--limit {word}: {number!r} is not a number") from None
    return Limits(**changed)  # type: ignore[arg-type]
