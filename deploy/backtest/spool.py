"""Facts in a file, one a line, and sorted on disk: a log of any length in bounded memory."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from sharedchain.fact import Fact

_RUN = 50_000  # facts sorted at once
_OPEN = 64  # files merged at once: their number is bounded too
_FIELDS = tuple(f.name for f in fields(Fact))
_DECIMAL, _DATE = "\0n", "\0d"  # what JSON has no word for; no key of a payload is called so

Key = Callable[[Fact], tuple[int, ...]]


def line_of(fact: Fact) -> str:
    """One fact as one line; `fact_of` gives an equal one back, offset, src and traceparent included."""
    return _ENCODER.encode([getattr(fact, name) for name in _FIELDS])


def fact_of(line: str) -> Fact:
    """Raises ValueError for a line that `line_of` did not write."""
    told = _DECODER.decode(line)
    if not isinstance(told, list) or len(told) != len(_FIELDS):
        raise ValueError(f"no fact: {line[:80]}")
    return Fact(**dict(zip(_FIELDS, told, strict=True)))


def write(facts: Iterable[Fact], path: Path) -> int:
    """Write them as lines; how many they were."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for count, fact in enumerate(facts, 1):  # noqa: B007  (the last count is the result)
            file.write(line_of(fact) + "\n")
    return count


def read(path: Path) -> Iterator[Fact]:
    """The facts of a file, one by one."""
    with path.open(encoding="utf-8") as file:
        yield from map(fact_of, file)


def ordered(facts: Iterable[Fact], key: Key, folder: Path, *, run: int = _RUN) -> Iterator[Fact]:
    """All of them by `key`, equal ones in the order in which they came; held on disk, in `folder`, not in memory."""
    runs: list[Path] = []
    source = iter(facts)
    while chunk := sorted(islice(source, run), key=key):
        runs.append(folder / f"run-{len(runs)}")
        write(chunk, runs[-1])
    number = len(runs)
    while len(runs) > _OPEN:
        merged = folder / f"run-{number}"
        write(_merged(runs[:_OPEN], key), merged)
        runs, number = [merged, *runs[_OPEN:]], number + 1
    yield from _merged(runs, key)


def _merged(runs: list[Path], key: Key) -> Iterator[Fact]:
    with ExitStack() as stack:
        files = [stack.enter_context(path.open(encoding="utf-8")) for path in runs]
        yield from heapq.merge(*(map(fact_of, file) for file in files), key=key)
    for path in runs:
        path.unlink()


def _said(value: Any) -> Any:
    match value:
        case Decimal():
            return {_DECIMAL: format(value, "f")}
        case date():
            return {_DATE: value.isoformat()}
    raise TypeError(f"no fact holds a {type(value).__name__}")


def _meant(told: dict[str, Any]) -> Any:
    if len(told) == 1:
        if _DECIMAL in told:
            return Decimal(told[_DECIMAL])
        if _DATE in told:
            return date.fromisoformat(told[_DATE])
    return told


_ENCODER, _DECODER = json.JSONEncoder(ensure_ascii=False, default=_said), json.JSONDecoder(object_hook=_meant)
