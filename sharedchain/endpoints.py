"""Where every part listens: `HOME/endpoints.json`, written by whoever started the parts."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr, field_serializer

from sharedchain.errors import ConnectionFailed


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClickHouse(_Part):
    url: str  # http://127.0.0.1:8123
    user: str
    password: SecretStr
    database: str = "sharedchain"

    @field_serializer("password", when_used="json")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()


class Notify(_Part):
    """How the notifier reaches people: SMTP host:port, and one signed webhook for IM."""

    smtp: str
    sender: str = "sharedchain@localhost"
    webhook: str
    webhook_secret: SecretStr  # Standard Webhooks, whsec_…

    @field_serializer("webhook_secret", when_used="json")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()


class Endpoints(_Part):
    """Everything a program of the chain needs to find its peers."""

    home: Path
    kafka: str  # host:port[,host:port]
    registry: str  # base URL of the Confluent-compatible API
    clickhouse: ClickHouse
    gateway: str  # http://127.0.0.1:port
    notify: Notify
    link_secret: SecretStr  # signs the links in mails
    replication: int = 1
    lanes: int = 1  # of ingest
    metrics: dict[str, str] = {}  # program → URL of its /metrics and /healthz

    @field_serializer("link_secret", when_used="json")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()

    @classmethod
    def load(cls, home: Path | None = None) -> Endpoints:
        """Read `home`/endpoints.json (default: SHAREDCHAIN_HOME, else ./.sharedchain).

        Raises ConnectionFailed when there is none: nothing was started there.
        """
        file = (home or default_home()) / "endpoints.json"
        try:
            return cls.model_validate_json(file.read_text())
        except FileNotFoundError:
            raise ConnectionFailed(
                f"{file} does not exist: start the chain with `sharedchain up`, "
                "or name its home with --home / SHAREDCHAIN_HOME"
            ) from None

    def save(self) -> None:
        """Write endpoints.json into the home, atomically, readable by its owner only."""
        file = self.home / "endpoints.json"
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(self.model_dump_json(indent=2) + "\n")
        fresh.replace(file)


def default_home() -> Path:
    return Path(os.environ.get("SHAREDCHAIN_HOME", ".sharedchain")).resolve()
