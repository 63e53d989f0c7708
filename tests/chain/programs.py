"""The chain's own programs as workers of a crew: `python -m streams.ingest`, `python -m streams`."""

from __future__ import annotations

import re
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from sharedchain.barrier import Stage, stages
from sharedchain.endpoints import Endpoints
from sharedchain.schemas import Catalog
from streams.watchdog import STUCK

ENGINE_FACTS = "sharedchain_engine_facts_total"
LANE_TURNS = "sharedchain_ingest_transactions_total"


@dataclass
class Counters:
    """Where the worker of each slot that was started last tells what it did."""

    ports: dict[str, int] = field(default_factory=dict)

    def new(self, slot: str) -> dict[str, str]:
        """A port that nobody has, a frozen predecessor neither."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.ports[slot] = probe.getsockname()[1]
        return {"SHAREDCHAIN_METRICS_PORT": str(self.ports[slot])}

    def total(self, slot: str, name: str) -> float:
        """The sum over all labels; 0 while nobody answers."""
        try:
            said = httpx2.get(f"http://127.0.0.1:{self.ports[slot]}/metrics", timeout=2.0).text
        except httpx2.HTTPError:
            return 0.0
        return sum(map(float, re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", said, re.MULTILINE)))


@dataclass
class LaneTrade:
    """Ingest lanes: slot k runs lane k. `script` stands in for the program."""

    endpoints: Endpoints
    script: Path | None = None
    counters: Counters = field(default_factory=Counters)
    excused: tuple[int, ...] = ()

    @property
    def stages(self) -> tuple[Stage, ...]:
        lanes = self.endpoints.lanes
        return tuple(stages(Catalog.load(), lanes)[:lanes])

    def command(self, slot: str) -> list[str]:
        program = [str(self.script)] if self.script else ["-m", "streams.ingest"]
        cut = ["--lane", slot, "--lanes", str(self.endpoints.lanes)]
        return [sys.executable, *program, "--home", str(self.endpoints.home), *cut]

    def starting(self, slot: str) -> dict[str, str]:
        return self.counters.new(slot)

    def joined(self, slot: str) -> bool:
        return self.counters.total(slot, LANE_TURNS) > 0


@dataclass
class EngineTrade:
    """Engine workers. One has joined when it decided something itself."""

    endpoints: Endpoints
    counters: Counters = field(default_factory=Counters)
    excused: tuple[int, ...] = (STUCK,)

    @property
    def stages(self) -> tuple[Stage, ...]:
        return (stages(Catalog.load(), self.endpoints.lanes)[self.endpoints.lanes],)

    def command(self, slot: str) -> list[str]:
        return [sys.executable, "-m", "streams", "--home", str(self.endpoints.home), "--slot", slot]

    def starting(self, slot: str) -> dict[str, str]:
        return self.counters.new(slot)

    def joined(self, slot: str) -> bool:
        return self.counters.total(slot, ENGINE_FACTS) > 0
