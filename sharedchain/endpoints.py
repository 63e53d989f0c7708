"""Where every part listens, and as whom we speak to it: `HOME/endpoints.json`, or the file in SHAREDCHAIN_CONNECT."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer, model_validator

from sharedchain import private
from sharedchain.errors import ConfigError, ConnectionFailed

Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"]
# Who speaks to Kafka and ClickHouse: our programs, and `operator`: a person's command, the SDK, the supervisor.
Program = Literal["prepare", "ingest", "engine", "telemetry", "sink", "notify", "gateway", "registry", "operator"]
_LOOPBACK = ("127.0.0.1", "localhost")
PROGRAMS: tuple[str, ...] = get_args(Program)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(_Part):
    """A secret that stays where its owner keeps it: looked up when it is needed, by whom it is for."""

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one(self) -> Reference:
        if (self.env is None) == (self.file is None):
            raise ValueError("either env or file")
        return self

    def get_secret_value(self) -> str:
        """Raises ConfigError when it is not there."""
        if self.env is not None:
            if not (value := os.environ.get(self.env, "")):
                raise ConfigError([f"the environment variable {self.env} is empty or not set: it shall hold a secret"])
            return value
        file = self.file or Path()
        try:
            value = file.read_text().rstrip("\r\n")
        except OSError as error:
            raise ConfigError([f"{file}: the secret in it cannot be read: {error.strerror}"]) from None
        if not value:
            raise ConfigError([f"{file}: is empty; it shall hold a secret"])
        return value


Secret = SecretStr | Reference


def _kept(secret: Secret) -> str | dict[str, str]:
    """A secret as endpoints.json keeps it: our own in clear (0600), others' by reference only."""
    if isinstance(secret, SecretStr):
        return secret.get_secret_value()
    return {"env": secret.env} if secret.env is not None else {"file": str(secret.file)}


class Login(_Part):
    """A name and its password."""

    user: str
    password: Secret

    @field_serializer("password", when_used="json")
    def _reveal(self, value: Secret) -> str | dict[str, str]:
        return _kept(value)


class KafkaAccess(_Part):
    """How brokers want to be spoken to. Without `ca` the system's authorities are trusted."""

    security: Security = "PLAINTEXT"
    ca: Path | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    users: Mapping[str, Login] = {}  # by program, or `default`


class RegistryAccess(_Part):
    ca: Path | None = None
    login: Login | None = None


class Cold(_Part):
    """Where minutes of telemetry go at the age of `days`: a volume of one of the server's storage policies."""

    policy: str = Field(default="tiered", pattern=r"^\w+$")
    volume: str = Field(default="cold", pattern=r"^\w+$")
    days: int = Field(default=90, ge=1)


class ClickHouse(_Part):
    """`users`: programs that have a login of their own instead of `user`. `cluster`: the name of a replicated one.
    `cold`: absent, every minute stays where it is."""

    url: str  # http://127.0.0.1:8123
    user: str
    password: Secret
    database: str = "sharedchain"
    ca: Path | None = None
    cluster: str | None = None
    cold: Cold | None = None
    users: Mapping[str, Login] = {}

    @field_serializer("password", when_used="json")
    def _reveal(self, value: Secret) -> str | dict[str, str]:
        return _kept(value)

    def address(self) -> dict[str, Any]:
        """What `clickhouse_connect.get_client` asks for. Raises ConfigError when the secret is not there."""
        parts = urlsplit(self.url)
        found: dict[str, Any] = {"interface": parts.scheme, "host": parts.hostname or "", "username": self.user}
        found["port"] = parts.port or (8443 if parts.scheme == "https" else 8123)
        if self.ca is not None:
            found["ca_cert"] = str(self.ca)
        return found | {"password": self.password.get_secret_value(), "database": self.database}

    def of(self, program: str) -> ClickHouse:
        """The same place, entered as this program."""
        own = self.users.get(program)
        return self.model_copy(update={"user": own.user, "password": own.password}) if own else self


class Notify(_Part):
    """How the notifier reaches people: SMTP host:port, and one signed webhook for IM; "" = by that way nobody."""

    smtp: str = ""
    sender: str = "sharedchain@localhost"
    webhook: str = ""
    webhook_secret: Secret = Reference(env="SHAREDCHAIN_WEBHOOK_SECRET")  # Standard Webhooks, whsec_…

    @field_serializer("webhook_secret", when_used="json")
    def _reveal(self, value: Secret) -> str | dict[str, str]:
        return _kept(value)


class Endpoints(_Part):
    """Everything a program of the chain needs to find its peers, and to be known by them."""

    home: Path
    kafka: str  # host:port[,host:port]
    registry: str  # base URL of the Confluent-compatible API
    clickhouse: ClickHouse
    gateway: str  # its URL, as others reach it
    notify: Notify
    link_secret: Secret  # signs the links in mails
    kafka_access: KafkaAccess = KafkaAccess()
    registry_access: RegistryAccess = RegistryAccess()
    gateway_listen: str = ""  # host:port that the gateway binds; "" = where its URL says, loopback only
    replication: int = 1
    lanes: int = 1  # of ingest
    connected: tuple[str, ...] = ()  # parts that somebody else runs
    metrics: dict[str, str] = {}  # program → URL of its /metrics and /healthz
    program: str = "operator"  # who we are, for this process; not kept

    @field_serializer("link_secret", when_used="json")
    def _reveal(self, value: Secret) -> str | dict[str, str]:
        return _kept(value)

    @classmethod
    def load(cls, home: Path | None = None, *, program: Program = "operator") -> Endpoints:
        """What `program` needs: from `home`/endpoints.json; without `home` from the file that SHAREDCHAIN_CONNECT
        names, else from SHAREDCHAIN_HOME or ./.sharedchain.

        Raises ConnectionFailed when there is none: nothing was started there. ConfigError for a wrong file.
        """
        told = os.environ.get("SHAREDCHAIN_CONNECT")
        if home is None and told:
            from sharedchain.connect import read  # late: it needs YAML, this module is everybody's

            return read(Path(told)).alone(default_home()).of(program)
        file = (home or default_home()) / "endpoints.json"
        try:
            return cls.model_validate_json(file.read_text()).of(program)
        except FileNotFoundError:
            raise ConnectionFailed(
                f"{file} does not exist: start the chain with `sharedchain up`, "
                "or name its home with --home / SHAREDCHAIN_HOME"
            ) from None

    def of(self, program: str) -> Endpoints:
        """The same peers, spoken to as `program`."""
        return self.model_copy(update={"program": program, "clickhouse": self.clickhouse.of(program)})

    def kafka_login(self) -> Login:
        """Who we are to Kafka. Raises ConfigError when nobody says."""
        users = self.kafka_access.users
        if found := users.get(self.program) or users.get("default"):
            return found
        raise ConfigError([f"kafka.users has neither {self.program} nor default: add one, with user and password"])

    @property
    def telemetry(self) -> bool:
        """Whether the programs of the telemetry lane are part of this chain."""
        return "telemetry" in self.metrics

    def own_ports(self) -> dict[str, int]:
        """Name → port of everything that listens for this home itself."""
        urls = {"kafka": f"//{self.kafka.partition(',')[0]}", "registry": self.registry}
        urls |= {"clickhouse": self.clickhouse.url, "gateway": self.gateway, **self.metrics}
        if "notify" not in self.connected:
            urls |= {"smtp": f"//{self.notify.smtp}", "webhook": self.notify.webhook}
        split = {name: urlsplit(url) for name, url in urls.items() if name not in self.connected}
        return {name: url.port for name, url in split.items() if url.port and url.hostname in _LOOPBACK}

    def save(self) -> None:
        """Write endpoints.json into the home, atomically, readable by its owner only."""
        private.write(self.home / "endpoints.json", self.model_dump_json(indent=2, exclude={"program"}) + "\n")


def default_home() -> Path:
    return Path(os.environ.get("SHAREDCHAIN_HOME", ".sharedchain")).resolve()
