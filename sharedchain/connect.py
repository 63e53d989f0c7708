"""The endpoints file: parts that somebody else runs, and as whom our programs enter them (`docs/connect.md`).

`sharedchain up --connect FILE` starts everything but the parts named there. With SHAREDCHAIN_CONNECT=FILE a single
program runs by it alone. Secrets stand in it by reference only: {env: NAME} or {file: PATH}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sharedchain import connectwords, yamlfile
from sharedchain.endpoints import (
    PROGRAMS,
    ClickHouse,
    Cold,
    Endpoints,
    KafkaAccess,
    Login,
    Mechanism,
    Notify,
    Reference,
    RegistryAccess,
    Secret,
    Security,
)
from sharedchain.errors import ConfigError
from sharedchain.yamlfile import Document

_LINK_SECRET = Reference(env="SHAREDCHAIN_LINK_SECRET")
_NEEDED = ("kafka", "registry", "clickhouse")  # by every program that runs alone


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class User(_Part):
    user: str
    password: Reference


class Kafka(_Part):
    """`users`: by program, or `default` for those not named."""

    bootstrap: str
    security: Security = "PLAINTEXT"
    ca: Path | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    replication: int = Field(default=3, ge=1, le=9)
    users: dict[str, User] = {}


class Registry(_Part):
    """`url`: the base of the Confluent-compatible API."""

    url: str
    ca: Path | None = None
    user: str | None = None
    password: Reference | None = None


class Store(_Part):
    """ClickHouse over HTTP. `users`: programs that do not enter as `user`. `cluster`: of replicated tables.
    `cold`: where old minutes of telemetry go."""

    url: str
    user: str
    password: Reference
    ca: Path | None = None
    database: str = "sharedchain"
    cluster: str | None = None
    cold: Cold | None = None
    users: dict[str, User] = {}


class Gateway(_Part):
    """`url`: as people reach it; `listen`: host:port that it binds."""

    url: str
    listen: str = ""
    link_secret: Reference | None = None


class People(_Part):
    """How people are told; what is absent tells nobody."""

    smtp: str = ""
    sender: str = "sharedchain@localhost"
    webhook: str = ""
    webhook_secret: Reference | None = None


class Connect(_Part):
    """The file. Its paths are absolute once it is read."""

    kafka: Kafka | None = None
    registry: Registry | None = None
    clickhouse: Store | None = None
    gateway: Gateway | None = None
    notify: People | None = None
    lanes: int = Field(default=1, ge=1, le=8)

    @property
    def named(self) -> tuple[str, ...]:
        """The parts that somebody else runs."""
        return tuple(name for name in _NEEDED if getattr(self, name) is not None)

    def over(self, embedded: Endpoints) -> Endpoints:
        """What is named here in the place of what a home would start itself."""
        changes: dict[str, Any] = {"connected": (*self.named, *(("notify",) if self.notify else ()))}
        if self.kafka:
            changes |= _kafka(self.kafka)
        if self.registry:
            changes |= {"registry": self.registry.url, "registry_access": _registry(self.registry)}
        if self.clickhouse:
            changes |= {"clickhouse": _clickhouse(self.clickhouse)}
        if self.notify:
            changes |= {"notify": _notify(self.notify)}
        if self.gateway:
            changes |= {"gateway": self.gateway.url, "gateway_listen": self.gateway.listen}
        if self.gateway and self.gateway.link_secret:
            changes |= {"link_secret": self.gateway.link_secret}
        return embedded.model_copy(update=changes)

    def alone(self, home: Path) -> Endpoints:
        """For one program without a supervisor; `home` is where its caches lie. Raises ConfigError."""
        if missing := [name for name in _NEEDED if name not in self.named]:
            raise ConfigError([connectwords.say("unnamed", parts=", ".join(missing))])
        nowhere = ClickHouse(url="", user="", password=_LINK_SECRET)
        bare = Endpoints(
            home=home, kafka="", registry="", clickhouse=nowhere, gateway="http://127.0.0.1:8000",
            notify=Notify(), link_secret=_LINK_SECRET, lanes=self.lanes,
        )  # fmt: skip
        return self.over(bare)


def read(path: Path, *, secrets: bool = False) -> Connect:
    """The file, checked; with `secrets` each secret must be where the file says, as where all programs shall start.

    Raises ConfigError with every finding: file:line, what, and how to mend it.
    """
    try:
        document = yamlfile.read(path)
    except OSError as error:
        raise ConfigError([connectwords.say("absent", file=path, why=error.strerror)]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError([_line(path, 1, connectwords.say("yaml", why=str(error).replace("\n", " ")))]) from None
    try:
        found = Connect.model_validate(document.value or {})
    except ValidationError as error:
        raise ConfigError([_told(document, one) for one in error.errors(include_input=False)]) from None
    if findings := [_at(document, steps, text) for steps, text in _wrong(found)]:
        raise ConfigError(findings)
    whole = Connect.model_validate(_rooted(found.model_dump(exclude_none=True), path.resolve().parent))
    if secrets and (findings := [_at(document, steps, text) for steps, text in _untold(whole)]):
        raise ConfigError(findings)
    return whole


def _untold(part: object, steps: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """References to a secret that is not there: steps into the document, text."""
    match part:
        case Reference():
            try:
                part.get_secret_value()
            except ConfigError as error:
                yield steps, "; ".join(error.findings)
        case BaseModel():
            for name, inner in part:
                yield from _untold(inner, (*steps, name))
        case dict():
            for name, inner in part.items():
                yield from _untold(inner, (*steps, name))


def _wrong(found: Connect) -> Iterator[tuple[tuple[str, ...], str]]:
    """What the types alone do not see: steps into the document, text."""
    say = connectwords.say
    if not (found.named or found.gateway or found.notify):
        yield (), say("empty")
    if kafka := found.kafka:
        for broker in kafka.bootstrap.split(","):
            if not _broker(broker.strip()):
                yield ("kafka", "bootstrap"), say("bootstrap", broker=broker.strip())
        sasl = kafka.security.startswith("SASL")
        if sasl and not kafka.users:
            yield ("kafka", "security"), say("users.none", security=kafka.security)
        if kafka.users and not sasl:
            yield ("kafka", "users"), say("users.unused", security=kafka.security)
        if kafka.ca and "SSL" not in kafka.security:
            yield ("kafka", "ca"), say("ca.unused", security=kafka.security)
    if found.registry and (found.registry.user is None) != (found.registry.password is None):
        yield ("registry",), say("half")
    for name, part in (("kafka", found.kafka), ("clickhouse", found.clickhouse)):
        for program in part.users if part else ():
            if program not in (*PROGRAMS, "default"):
                yield (name, "users", program), say("program", program=program, known=", ".join(PROGRAMS))
    for steps, url in _urls(found):
        if told := _address(url):
            yield steps, say(told, url=url)
    if found.notify and found.notify.webhook and found.notify.webhook_secret is None:
        yield ("notify", "webhook"), say("unsigned")


def _broker(place: str) -> bool:
    """Whether a client may ask there: a host, and a port if it names one (librdkafka knows the usual one)."""
    host, named, port = place.rpartition(":")
    return bool(place) and (not named or (bool(host) and port.isdecimal() and 0 < int(port) < 65536))


def _address(url: str) -> str:
    """What is wrong with an address, in the words of `connectwords`; empty: nothing."""
    if "@" in url.partition("://")[2].partition("/")[0]:
        return "url.login"
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half an IPv6 address, a port beyond all ports
        plain = False
    return "" if plain else "url"


def _urls(found: Connect) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, part in (("registry", found.registry), ("clickhouse", found.clickhouse), ("gateway", found.gateway)):
        if part:
            yield (name, "url"), part.url
    if found.notify and found.notify.webhook:
        yield ("notify", "webhook"), found.notify.webhook


def _told(document: Document, one: Any) -> str:
    steps: tuple[Any, ...] = one["loc"]
    field = str(steps[-1]) if steps else ""
    match one["type"]:
        case "missing":
            text = connectwords.say("missing", field=field)
        case "extra_forbidden":
            text = connectwords.say("extra", field=field)
        case "model_type" | "model_attributes_type" if field.endswith(("password", "secret")):
            text = connectwords.say("literal", field=field)
        case "value_error" if field.endswith(("password", "secret")):
            text = connectwords.say("reference", field=field)
        case "literal_error":
            text = connectwords.say("choice", field=field, known=one["ctx"]["expected"])
        case _:
            text = f"{field}: {one['msg']}"
    return _at(document, steps, text)


def _at(document: Document, steps: tuple[Any, ...], text: str) -> str:
    return _line(document.path, document.where(steps)[0], f"{'.'.join(map(str, steps)) or '.'}: {text}")


def _line(path: Path, line: int, text: str) -> str:
    return f"{path}:{line}: {text}"


def _rooted(value: Any, folder: Path) -> Any:
    """Relative paths are meant from where the file lies."""
    match value:
        case Path():
            return folder / value
        case dict():
            return {name: _rooted(one, folder) for name, one in value.items()}
    return value


def _logins(users: Mapping[str, User]) -> dict[str, Login]:
    return {name: Login(user=one.user, password=one.password) for name, one in users.items()}


def _kafka(said: Kafka) -> dict[str, Any]:
    users = _logins(said.users)
    access = KafkaAccess(security=said.security, ca=said.ca, mechanism=said.mechanism, users=users)
    return {"kafka": said.bootstrap, "kafka_access": access, "replication": said.replication}


def _registry(said: Registry) -> RegistryAccess:
    login = Login(user=said.user, password=said.password) if said.user is not None and said.password else None
    return RegistryAccess(ca=said.ca, login=login)


def _clickhouse(said: Store) -> ClickHouse:
    return ClickHouse(
        url=said.url, user=said.user, password=said.password, database=said.database, ca=said.ca,
        cluster=said.cluster, cold=said.cold, users=_logins(said.users),
    )  # fmt: skip


def _notify(said: People) -> Notify:
    secret: dict[str, Secret] = {"webhook_secret": said.webhook_secret} if said.webhook_secret else {}
    return Notify(smtp=said.smtp, sender=said.sender, webhook=said.webhook, **secret)
