"""Topics and users for Strimzi: fresh, complete, of the version it accepts, with least rights."""

from __future__ import annotations

import re
from typing import Any

import yaml

from deploy.kubernetes.__main__ import files
from deploy.kubernetes.strimzi import rights, topics, users
from sharedchain.barrier import stages
from sharedchain.kafka import new_topics
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE

CATALOG = Catalog.load()
RIGHTS = rights(CATALOG)
DOORS = {topic.name for topic in CATALOG.topics.values() if topic.ingest}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")  # RFC 1123, as Kubernetes asks


def may(program: str, operation: str) -> set[str]:
    """The topics on which a program may do this."""
    acls = [acl for acl in RIGHTS[program] if acl["resource"]["type"] == "topic" and operation in acl["operations"]]
    return {acl["resource"]["name"] for acl in acls}


def test_the_files_are_what_the_topic_files_say_now() -> None:
    stale = [file.name for file, text in files(CATALOG).items() if file.read_text("utf-8") != text]
    assert stale == [], "run `python -m deploy.kubernetes` and commit it"


def test_every_topic_is_there_once_as_the_chain_would_make_it() -> None:
    found: list[dict[str, Any]] = list(yaml.safe_load_all(topics(CATALOG)))
    wanted = {new.topic: new for topic in CATALOG.topics.values() for new in new_topics(topic, 3)}
    assert [one["metadata"]["name"] for one in found if not _NAME.fullmatch(one["metadata"]["name"])] == []
    assert len(found) == len(wanted)
    for one in found:
        new, spec = wanted[one["metadata"]["name"]], one["spec"]
        assert (one["apiVersion"], one["kind"]) == ("kafka.strimzi.io/v1", "KafkaTopic")
        assert (spec["partitions"], spec["replicas"]) == (new.num_partitions, 3)
        assert spec["config"] == new.config
        assert spec["config"]["min.insync.replicas"] == "2"


def test_every_program_has_a_user_with_a_password_of_its_own() -> None:
    found = list(yaml.safe_load_all(users(CATALOG)))
    assert {one["metadata"]["name"] for one in found} == {f"sharedchain-{name}" for name in RIGHTS}
    assert {one["spec"]["authentication"]["type"] for one in found} == {"scram-sha-512"}
    assert {one["spec"]["authorization"]["type"] for one in found} == {"simple"}


def test_rights_are_the_least() -> None:
    assert may("gateway", "Write") == DOORS
    assert SPINE not in may("gateway", "Read") | may("gateway", "Write")
    assert may("engine", "Read") == {SPINE, "chain.snapshot.v1"}
    assert [name for name in RIGHTS if SPINE in may(name, "Write")] == ["ingest"]
    assert may("sink", "Write") == set()
    assert may("notify", "Write") == {"ops.notification.v1"}
    operations = {one for acls in RIGHTS.values() for acl in acls for one in acl["operations"]}
    assert operations == {"Describe", "Read", "Write"}


def test_every_follower_may_read_what_it_follows() -> None:
    programs = {"chain.ingest.lane0": "ingest", "chain.engine": "engine"}
    programs |= {"chain.sink.clickhouse": "sink", "chain.sink.notify": "notify"}
    for stage in stages(CATALOG):
        program = programs[stage.group]
        assert set(stage.topics) <= may(program, "Read"), program
        groups = [a["resource"]["name"] for a in RIGHTS[program] if a["resource"]["type"] == "group"]
        assert any(stage.group.startswith(prefix) for prefix in groups)
