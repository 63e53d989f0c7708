"""What the log says about a tenant: its zone, currency, language, and what time it is there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.forecasts import milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """`now` in milliseconds: of a driven tenant the last time its scope saw, else the wall's."""

    name: str
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    language: str = "zh"
    mode: str = "wall"
    flow: str = "standard"
    now: int

    def as_json(self) -> dict[str, str]:
        return {"name": self.name, "timezone": self.timezone, "currency": self.currency, "language": self.language}


def tenant_of(name: str, rows: Sequence[Mapping[str, Any]], wall: int) -> Tenant:
    """The tenant that rows of `queries.tenant_config` tell of; without config a wall tenant with defaults."""
    row = rows[0] if rows else {}
    body = json.loads(row.get("body") or "{}")
    said = {
        key: body[key] for key in ("timezone", "currency", "language", "mode", "flow") if isinstance(body.get(key), str)
    }
    last = row.get("last_recorded")
    now = milliseconds(last) if said.get("mode") == "driven" and last else wall
    return Tenant(name=name, now=now, **said)
