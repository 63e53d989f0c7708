"""Our programs as Kubernetes runs them, as YAML text: one table, everything else follows from it.

Each asks as its own user: a pod is given the password of its KafkaUser and the secrets that it reads, and no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.kubernetes.manifest import text
from deploy.rights import user

_IMAGE = "sharedchain:0.1.0"
_METRICS, _DOOR = 9400, 8080
LANES = 2  # of ingest: its replicas, and `lanes` in endpoints.yaml

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workload:
    """`index`: the environment variable that is told the ordinal of the pod, for `args`; `acts_as`: the program whose
    Kafka user it is, where its own name is none."""

    name: str
    args: tuple[str, ...]
    replicas: int
    cpu: str
    memory: str
    secrets: tuple[str, ...] = ("clickhouse_gateway", "link_secret")
    index: str = ""
    acts_as: str = ""
    cache: str = ""  # size of a volume that outlives the pod; without one, what it keeps is read again


PROGRAMS = (
    Workload("ingest", ("streams.ingest", "--lane", "$(LANE)", "--lanes", str(LANES)), LANES, "500m", "1Gi",
             index="LANE", cache="10Gi"),
    Workload("engine", ("streams", "--slot", "$(SLOT)"), 2, "500m", "2Gi", index="SLOT"),
    # Its seat in the group is its pod: a restarted pod takes its own seat at once.
    Workload("sink", ("sinks.clickhouse", "--member", "$(SHAREDCHAIN_PROGRAM)"), 2, "250m", "512Mi",
             secrets=("clickhouse_sink", "link_secret")),
    Workload("notify", ("sinks.notify", "--member", "$(SHAREDCHAIN_PROGRAM)"), 1, "100m", "512Mi",
             secrets=("clickhouse_gateway", "link_secret", "webhook_secret")),
    Workload("telemetry", ("streams.telemetry", "--slot", "$(SLOT)"), 1, "250m", "512Mi", index="SLOT"),
    Workload("minutes", ("sinks.telemetry", "--member", "$(SHAREDCHAIN_PROGRAM)"), 1, "250m", "512Mi",
             secrets=("clickhouse_sink", "link_secret"), acts_as="sink"),
)  # fmt: skip
PREPARE = Workload(
    "prepare", ("deploy.local.prepare",), 1, "250m", "512Mi", secrets=("clickhouse_prepare", "link_secret")
)
GATEWAY = Workload("gateway", ("gateway",), 2, "250m", "512Mi")


def workloads() -> str:
    """Jobs, StatefulSets, the gateway's Deployment, their services and disruption budgets."""
    found: list[Json] = [_job(PREPARE)]
    for one in PROGRAMS:
        found += [_service(one.name, _METRICS, headless=True), _stateful(one), _budget(one)]
    found += [_service(GATEWAY.name, _DOOR), _deployment(GATEWAY), _budget(GATEWAY)]
    return text("deploy/kubernetes/workloads.py", found)


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/part-of": "sharedchain", "app.kubernetes.io/component": name}


def _meta(name: str) -> Json:
    return {"name": name, "labels": _labels(name)}


def _job(one: Workload) -> Json:
    """Again at every upgrade: delete it and apply, or let it go after a day and apply."""
    template = _template(one, [_container(one)])
    template["spec"]["restartPolicy"] = "OnFailure"
    spec = {"backoffLimit": 20, "ttlSecondsAfterFinished": 86_400, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": _meta(one.name), "spec": spec}


def _stateful(one: Workload) -> Json:
    container = _container(one) | _probes(_METRICS)
    spec: Json = {
        "serviceName": one.name,
        "replicas": one.replicas,
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": _labels(one.name)},
        "template": _template(one, [container]),
    }
    if one.cache:
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": one.cache}}}
        spec["volumeClaimTemplates"] = [{"metadata": {"name": "home"}, "spec": claim}]
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": _meta(one.name), "spec": spec}


def _deployment(one: Workload) -> Json:
    template = _template(one, [_container(one), _door()])
    template["spec"]["volumes"] += [
        {"name": "door-config", "configMap": {"name": "door"}},
        {
            "name": "door-users",
            "secret": {"secretName": "sharedchain", "items": [{"key": "door_users", "path": "users"}]},
        },
    ]
    spec = {"replicas": one.replicas, "selector": {"matchLabels": _labels(one.name)}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _meta(one.name), "spec": spec}


def _door() -> Json:
    """Asks who comes; the gateway beside it listens on loopback only. Probed in its place."""
    return {
        "name": "door",
        "image": "nginxinc/nginx-unprivileged:1.29.3-alpine",
        "ports": [{"name": "http", "containerPort": _DOOR}],
        "volumeMounts": [
            {"name": "door-config", "mountPath": "/etc/nginx/nginx.conf", "subPath": "nginx.conf", "readOnly": True},
            {"name": "door-users", "mountPath": "/etc/door", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
        **_limits("50m", "64Mi"),
        **_probes(_DOOR),
    }


def _container(one: Workload) -> Json:
    own = {"name": "SHAREDCHAIN_PROGRAM", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    ordinal = {"fieldRef": {"fieldPath": "metadata.labels['apps.kubernetes.io/pod-index']"}}
    return {
        "name": one.name,
        "image": _IMAGE,
        "args": list(one.args),
        "env": [own, *([{"name": one.index, "valueFrom": ordinal}] if one.index else [])],
        **({"ports": [{"name": "metrics", "containerPort": _METRICS}]} if one in PROGRAMS else {}),
        "volumeMounts": [
            {"name": "endpoints", "mountPath": "/etc/sharedchain/endpoints.yaml", "subPath": "endpoints.yaml"},
            {"name": "secrets", "mountPath": "/etc/sharedchain/secrets", "readOnly": True},
            {"name": "home", "mountPath": "/var/lib/sharedchain"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
        **_limits(one.cpu, one.memory),
    }


def _limits(cpu: str, memory: str) -> Json:
    """Memory is a wall; of processor time the request is enough (a limit would stretch every batch)."""
    return {
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _probes(port: int) -> Json:
    """Alive: its loop came round. Ready: it follows what it is there to follow, and its peers answer."""
    alive, ready = ({"path": path, "port": port} for path in ("/healthz", "/readyz"))
    return {
        "startupProbe": {"httpGet": alive, "periodSeconds": 5, "failureThreshold": 120},
        "livenessProbe": {"httpGet": alive, "periodSeconds": 15, "timeoutSeconds": 5, "failureThreshold": 4},
        "readinessProbe": {"httpGet": ready, "periodSeconds": 10, "timeoutSeconds": 5},
    }


def _template(one: Workload, containers: list[Json]) -> Json:
    kafka = {"name": user(one.acts_as or one.name), "items": [{"key": "password", "path": "kafka"}]}
    authority = {"name": "sharedchain-cluster-ca-cert", "items": [{"key": "ca.crt", "path": "kafka-ca.crt"}]}
    own = {"name": "sharedchain", "items": [{"key": name, "path": name} for name in one.secrets]}
    volumes: list[Json] = [
        {"name": "endpoints", "configMap": {"name": "endpoints"}},
        {"name": "secrets", "projected": {"sources": [{"secret": source} for source in (kafka, authority, own)]}},
        {"name": "tmp", "emptyDir": {}},
    ]
    if not one.cache:
        volumes.append({"name": "home", "emptyDir": {}})
    identity = {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001}
    return {
        "metadata": {"labels": _labels(one.name)},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": identity | {"seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": 60,
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": _labels(one.name)},
                }
            ],
            "containers": containers,
            "volumes": volumes,
        },
    }


def _service(name: str, port: int, *, headless: bool = False) -> Json:
    spec: Json = {"selector": _labels(name), "ports": [{"name": "http", "port": port}]}
    if headless:
        spec = {"clusterIP": "None", "publishNotReadyAddresses": True} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": _meta(name), "spec": spec}


def _budget(one: Workload) -> Json:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": _labels(one.name)}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": _meta(one.name), "spec": spec}


def alerts(prometheus: Mapping[str, Any]) -> str:
    """The alert rules of deploy/prometheus for the Prometheus operator."""
    meta = {"name": "sharedchain", "labels": _labels("alerts")}
    rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": meta, "spec": prometheus}
    return text("deploy/prometheus/alerts.yaml", [rule])
