"""What the lifecycle is asked about, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol


class Said(Protocol):
    """An event that is to follow what is there; a Fact is one."""

    @property
    def type(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def scope(self) -> str: ...
    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def time(self) -> int: ...


class Asked(NamedTuple):
    """An event before it is a fact. `time` is when it happened, milliseconds."""

    type: str
    partition: int
    scope: str
    data: Mapping[str, Any]
    time: int


class Told(NamedTuple):
    """A derived event. `part` tells apart what the key of its type does not."""

    type: str
    data: Mapping[str, Any]
    part: str = ""
