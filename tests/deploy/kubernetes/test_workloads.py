"""The cluster's manifests: by the schemas of Kubernetes and Strimzi, and by what one machine runs."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import kubernetes_validate.utils
import pytest
import yaml
from jsonschema import Draft7Validator

from deploy.kubernetes.workloads import GATEWAY, LANES, PREPARE, PROGRAMS
from deploy.passwords import PLAIN
from deploy.rights import rights, user
from sharedchain import connect
from sharedchain.schemas import Catalog
from tests.deploy.shipped import COMPOSE, DEPLOY, METRICS_PORT, OURS, commands
from tests.house.tree import ROOT

KUSTOMIZATION = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text("utf-8"))
RELEASE = "1.34"  # of Kubernetes, to whose schemas we hold
STRIMZI = json.loads((ROOT / "tests" / "data" / "strimzi-1.2.0-v1.json").read_text("utf-8"))
CUSTOM = {kind: Draft7Validator(schema) for kind, schema in STRIMZI.items() if kind != "from"}
MADE_BY_OPERATORS = {"monitoring.coreos.com/v1"}  # no schema of them is at hand: promtool judges the rules

Manifest = dict[str, Any]


def documents() -> Iterator[tuple[str, Manifest]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in KUSTOMIZATION["resources"]:
        for one in yaml.load_all((DEPLOY / path).read_text("utf-8"), loader):
            yield f"{path}:{one['kind']}/{one['metadata']['name']}", one


kubernetes_validate.utils.schema_contents = cache(kubernetes_validate.utils.schema_contents)  # else read anew each time
ALL = dict(documents())
RUNNING = [one for one in ALL.values() if one["kind"] in ("Job", "StatefulSet", "Deployment")]
ENDS = connect.read(DEPLOY / "kubernetes" / "endpoints.yaml")


def named(kind: str, name: str) -> Manifest:
    (found,) = [one for one in ALL.values() if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def findings(one: Manifest) -> list[str]:
    if one["apiVersion"].startswith("kafka.strimzi.io/"):
        found = CUSTOM[one["kind"]].iter_errors(one)
        return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in found]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kubernetes_validate.validate(one, RELEASE, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{error.path}: {error.message}"]
    return []


def test_each_manifest_satisfies_its_schema() -> None:
    judged = {name: one for name, one in ALL.items() if one["apiVersion"] not in MADE_BY_OPERATORS}
    assert {name: found for name, one in judged.items() if (found := findings(one))} == {}
    assert len(judged) > 80


@pytest.mark.parametrize("kind", ["StatefulSet", "Kafka"])
def test_a_misspelling_would_be_found(kind: str) -> None:
    one = next(one for one in ALL.values() if one["kind"] == kind)
    assert findings({**one, "spec": {**one["spec"], "replcas": 3}}) != []


def pod(one: Manifest) -> Manifest:
    found: Manifest = one["spec"]["template"]["spec"]
    return found


def ours(name: str) -> Manifest:
    """The container of one of our programs."""
    (found,) = [c for one in RUNNING for c in pod(one)["containers"] if c["name"] == name and c["image"] == OURS]
    return found  # type: ignore[no-any-return]


def test_what_a_kustomization_takes_is_there() -> None:
    taken = [*KUSTOMIZATION["resources"]]
    taken += [file.rpartition("=")[2] for made in KUSTOMIZATION["configMapGenerator"] for file in made["files"]]
    assert [path for path in taken if not (DEPLOY / path).is_file()] == []
    written = {f"kubernetes/{file.name}" for file in (DEPLOY / "kubernetes").glob("*.yaml")} - {
        "kubernetes/endpoints.yaml"
    }
    assert written - set(taken) == set()


def test_each_program_runs_as_on_one_machine() -> None:
    """The same module and options; a pod's ordinal in the place of a number, its name as its seat."""
    local = commands(engines=2, ingests=LANES)
    for one in PROGRAMS:
        for ordinal in range(one.replicas):
            args = [word.replace(f"$({one.index})", str(ordinal)) for word in ours(one.name)["args"]]
            seat = ["--member", "$(SHAREDCHAIN_PROGRAM)"] if one.name in ("sink", "notify", "minutes") else []
            assert args == local.get(f"{one.name}-{ordinal}", local.get(one.name, [])) + seat
    assert ours("prepare")["args"] == local["prepare"]
    assert ours("gateway")["args"] == local["gateway"]


def test_a_pod_is_told_its_ordinal_and_its_name() -> None:
    for one in PROGRAMS:
        told = {env["name"]: env["valueFrom"]["fieldRef"]["fieldPath"] for env in ours(one.name)["env"]}
        assert told.pop("SHAREDCHAIN_PROGRAM") == "metadata.name"
        assert told == ({one.index: "metadata.labels['apps.kubernetes.io/pod-index']"} if one.index else {})
        used = set(re.findall(r"\$\((\w+)\)", " ".join(one.args)))
        assert used <= {one.index, "SHAREDCHAIN_PROGRAM"}


def test_there_are_as_many_lanes_as_pods_and_as_the_endpoints_say() -> None:
    assert named("StatefulSet", "ingest")["spec"]["replicas"] == LANES == ENDS.lanes


def test_each_program_is_its_own_kafka_user_and_is_given_what_it_reads() -> None:
    ends = ENDS.alone(Path("H"))
    for one in (*PROGRAMS, PREPARE, GATEWAY):
        program: Any = one.acts_as or one.name
        mine = ends.of(program)
        assert mine.kafka_login().user == user(program)
        assert user(program) in {each["metadata"]["name"] for each in ALL.values() if each["kind"] == "KafkaUser"}
        (spec,) = [pod(each) for each in RUNNING if each["metadata"]["name"] == one.name]
        (projected,) = [v["projected"]["sources"] for v in spec["volumes"] if v["name"] == "secrets"]
        sources = {source["secret"]["name"]: source["secret"]["items"] for source in projected}
        assert sources.keys() == {user(program), "sharedchain-cluster-ca-cert", "sharedchain"}
        given = {f"/etc/sharedchain/secrets/{item['path']}" for items in sources.values() for item in items}
        read = (mine.kafka_login().password, mine.clickhouse.password, mine.link_secret)
        assert {str(secret.file) for secret in read} <= given  # type: ignore[union-attr]
        assert str(mine.kafka_access.ca) in given
    assert {one.acts_as or one.name for one in (*PROGRAMS, PREPARE, GATEWAY)} | {"registry", "operator"} == rights(
        Catalog.load()
    ).keys()


def test_every_secret_that_is_asked_for_is_made() -> None:
    text = json.dumps(RUNNING)
    asked = set(re.findall(r'"name": "sharedchain", "key": "(\w+)"', text))
    volumes = [v for one in RUNNING for v in pod(one)["volumes"]]
    items = [s["secret"] for v in volumes for s in v.get("projected", {}).get("sources", [])]
    items += [v["secret"] | {"name": v["secret"]["secretName"]} for v in volumes if "secret" in v]
    asked |= {item["key"] for one in items if one["name"] == "sharedchain" for item in one["items"]}
    assert asked - {*PLAIN, "webhook_secret", "door_users"} == set()
    assert "clickhouse_interserver" in asked


def test_probes_ask_the_doors_that_there_are() -> None:
    for one in PROGRAMS:
        container = ours(one.name)
        assert container["ports"] == [{"name": "metrics", "containerPort": METRICS_PORT}]
        assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": METRICS_PORT}
        assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": METRICS_PORT}
    (door,) = [c for c in pod(named("Deployment", "gateway"))["containers"] if c["name"] == "door"]
    said = (DEPLOY / "door" / "nginx.conf").read_text("utf-8")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert f"location = {door[probe]['httpGet']['path']} {{ auth_basic off;" in said
        assert f"listen {door[probe]['httpGet']['port']};" in said


def test_nothing_runs_as_root_or_without_a_wall() -> None:
    for one in RUNNING:
        assert pod(one)["securityContext"]["runAsNonRoot"] is True, one["metadata"]
        assert pod(one)["automountServiceAccountToken"] is False
        for container in pod(one)["containers"]:
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}


def test_people_reach_the_door_and_prometheus_the_metrics_and_nobody_else_ours() -> None:
    policies = [one["spec"] for one in ALL.values() if one["kind"] == "NetworkPolicy"]
    (nobody,) = [spec for spec in policies if "ingress" not in spec]
    assert nobody["podSelector"] == {"matchLabels": {"app.kubernetes.io/part-of": "sharedchain"}}
    labels = {one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"] for one in RUNNING}
    assert {said["app.kubernetes.io/part-of"] for said in labels.values()} == {"sharedchain"}
    open_: dict[str, set[int]] = {}
    for spec in policies:
        reached = [n for n, said in labels.items() if spec["podSelector"]["matchLabels"].items() <= said.items()]
        ports = {port["port"] for rule in spec.get("ingress", []) for port in rule["ports"]}
        for name in reached:
            open_[name] = open_.get(name, set()) | ports
    metrics = {METRICS_PORT, 8080, 9363}
    assert all(open_[one.name] == metrics for one in PROGRAMS)
    assert open_["gateway"] == metrics
    assert 8123 in open_["clickhouse"]


def test_every_program_that_may_be_moved_has_a_budget() -> None:
    budgets = {one["metadata"]["name"] for one in ALL.values() if one["kind"] == "PodDisruptionBudget"}
    assert {one["metadata"]["name"] for one in RUNNING if one["spec"].get("replicas", 1) > 1} <= budgets


def test_the_cluster_and_its_replicas_are_the_ones_of_the_profile() -> None:
    said = (DEPLOY / "clickhouse" / "config.d" / "sharedchain.xml").read_text("utf-8")
    hosts = re.findall(r"<host>([\w.-]+)</host>", said)
    wanted = [f"{name}-{n}.{name}" for name in ("clickhouse", "keeper") for n in range(3)]
    assert hosts == wanted
    for name in ("clickhouse", "keeper"):
        found = named("StatefulSet", name)["spec"]
        assert (found["replicas"], found["serviceName"]) == (3, name)
    assert f"<{ENDS.clickhouse.cluster}>" in said  # type: ignore[union-attr]
    keepers = (DEPLOY / "clickhouse" / "keeper.xml").read_text("utf-8")
    assert re.findall(r"<hostname>([\w.-]+)</hostname>", keepers) == wanted[3:]
    given = {env["name"] for env in pod(named("StatefulSet", "clickhouse"))["containers"][0]["env"]}
    users = (DEPLOY / "clickhouse" / "users.d" / "sharedchain.xml").read_text("utf-8")
    assert set(re.findall(r'from_env="(\w+)"', said + users)) <= given


def test_images_are_pinned_and_those_of_compose() -> None:
    images = {c["image"] for one in RUNNING for c in pod(one)["containers"]}
    assert [image for image in images if not re.fullmatch(r"[a-z0-9/-]+:v?\d+\.\d+[\w.-]*", image)] == []
    composed = {service["image"] for service in COMPOSE["services"].values()}
    assert images - composed == {"clickhouse/clickhouse-keeper:26.9"}


def test_the_broker_keeps_what_the_embedded_one_keeps() -> None:
    kept = named("Kafka", "sharedchain")["spec"]["kafka"]["config"]
    composed = COMPOSE["services"]["kafka"]["environment"]
    for name in ("auto.create.topics.enable", "num.partitions", "log.retention.ms", "offsets.retention.minutes"):
        assert str(kept[name]).lower() == str(composed["KAFKA_" + name.upper().replace(".", "_")])
    assert (kept["min.insync.replicas"], kept["unclean.leader.election.enable"]) == (2, False)
    assert ENDS.kafka is not None
    assert ENDS.kafka.replication == kept["default.replication.factor"] == 3
