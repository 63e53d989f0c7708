"""Three brokers, their own controllers: clients by SCRAM over TLS, each other by certificates, deny by default."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local.kafka import java
from deploy.local.part import Part, listens

NUMBERS = (1, 2, 3)
_HEAP = 256  # MiB

# Nobody but the brokers (CN=broker) and whoever has the administrator's key (CN=admin) is above the ACLs.
_PROPERTIES = """\
process.roles=broker,controller
node.id={number}
listeners={clients},INTERNAL://127.0.0.1:{internal},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={advertised}
listener.security.protocol.map=CLIENTS:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL
inter.broker.listener.name=INTERNAL
controller.listener.names=CONTROLLER
controller.quorum.voters={voters}
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={certificates}/broker.both.pem
ssl.truststore.type=PEM
ssl.truststore.location={certificates}/ca.pem
listener.name.internal.ssl.client.auth=required
listener.name.controller.ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:CN=broker;User:CN=admin
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
unclean.leader.election.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=3
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
group.initial.rebalance.delay.ms=0
# Patient with machines that stand still for seconds; a lost broker is noticed after the session time.
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1500
controller.quorum.election.timeout.ms=2000
controller.quorum.fetch.timeout.ms=5000
log.retention.ms=-1
num.network.threads=2
num.io.threads=4
num.replica.fetchers=1
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=2097152
"""


def name(number: int) -> str:
    return f"kafka-{number}"


def bootstrap(ports: Mapping[str, int], listener: str = "clients") -> str:
    return ",".join(f"127.0.0.1:{ports[f'{name(number)}.{listener}']}" for number in NUMBERS)


def brokers(folder: Path, ports: Mapping[str, int], cluster: str, outside: Mapping[str, int]) -> list[Part]:
    """The three, their disks formatted side by side if they are new. `cluster` is 22 characters of URL-safe base64;
    `outside` are the ports at which clients, and the brokers each other, find what listens at `ports`."""
    voters = ",".join(f"{number}@127.0.0.1:{outside[f'{name(number)}.controller']}" for number in NUMBERS)
    program = java(_HEAP)
    files = {number: _written(folder, number, ports, voters, outside) for number in NUMBERS}
    tool = [*program, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--ignore-formatted", "-c"]
    new = [file for file in files.values() if not (file.parent / "data" / "meta.properties").exists()]
    formatting = [subprocess.Popen([*tool, str(file)], stdout=subprocess.DEVNULL) for file in new]
    for one in formatting:
        if one.wait() != 0:
            raise subprocess.CalledProcessError(one.returncode, tool)
    return [_part(number, [*program, "kafka.Kafka", str(file)], ports) for number, file in files.items()]


def _part(number: int, command: list[str], ports: Mapping[str, int]) -> Part:
    port = ports[f"{name(number)}.clients"]
    return Part(name(number), command, lambda: listens(port), port)


def _written(folder: Path, number: int, ports: Mapping[str, int], voters: str, outside: Mapping[str, int]) -> Path:
    home = folder / name(number)
    home.mkdir(mode=0o700, exist_ok=True)
    file = home / "server.properties"
    file.write_text(
        _PROPERTIES.format(
            number=number,
            clients=f"CLIENTS://127.0.0.1:{ports[f'{name(number)}.clients']}",
            advertised=",".join(
                f"{listener}://127.0.0.1:{outside[f'{name(number)}.{listener.lower()}']}"
                for listener in ("CLIENTS", "INTERNAL")
            ),
            internal=ports[f"{name(number)}.internal"],
            controller=ports[f"{name(number)}.controller"],
            voters=voters,
            certificates=folder / "certificates",
            data=home / "data",
        )
    )
    return file
