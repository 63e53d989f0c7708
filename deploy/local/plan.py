"""What shall run in a home, as data: HOME/run/plan.json, and the processes that follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from sharedchain.connect import read

PROGRAMS = ("ingest", "engine", "sink", "notify", "gateway")
TELEMETRY = ("telemetry", "minutes")  # what reads readings by the hundred thousand: for who asks for it
ALL = ("kafka", "registry", "clickhouse", "prepare", "postbox", *PROGRAMS)


class Plan(BaseModel):
    """`connect` is a file that names parts which somebody else runs: these are not in `parts`. `env` adds variables
    to single processes, by their names (`ingest-0`, `engine-1`, `sink`, …)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: tuple[str, ...] = ALL
    engines: int = 1
    ingests: int = 1
    connect: Path | None = None
    env: dict[str, dict[str, str]] = {}

    @classmethod
    def of(cls, connect: Path | None, **rest: Any) -> Plan:
        """Everything but what the endpoints file names. Raises ConfigError: a wrong file, a missing secret."""
        if connect is None:
            return cls(**rest)
        named = read(connect, secrets=True)
        theirs = {*named.named, *(("postbox",) if named.notify else ())}
        parts = tuple(part for part in rest.pop("parts", ALL) if part not in theirs)
        return cls(parts=parts, connect=connect.resolve(), **rest)

    def save(self, home: Path) -> None:
        (home / "run" / "plan.json").write_text(self.model_dump_json(indent=1))

    @classmethod
    def load(cls, home: Path) -> Plan:
        return cls.model_validate_json((home / "run" / "plan.json").read_text())
