"""What shall run in a home, as data: HOME/run/plan.json, and the processes that follow from it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

PROGRAMS = ("ingest", "engine", "sink", "notify", "gateway")
ALL = ("kafka", "registry", "clickhouse", "prepare", "postbox", *PROGRAMS)


class Plan(BaseModel):
    """`env` adds variables to single processes, by their names (`ingest-0`, `engine-1`, `sink`, …)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: tuple[str, ...] = ALL
    engines: int = 1
    ingests: int = 1
    env: dict[str, dict[str, str]] = {}

    def save(self, home: Path) -> None:
        (home / "run" / "plan.json").write_text(self.model_dump_json(indent=1))

    @classmethod
    def load(cls, home: Path) -> Plan:
        return cls.model_validate_json((home / "run" / "plan.json").read_text())
