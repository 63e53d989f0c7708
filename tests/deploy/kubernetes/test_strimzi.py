"""Topics and users for Strimzi: fresh, complete, of the version it accepts, with least rights."""

from __future__ import annotations

import re
from typing import Any

import yaml

from deploy.kubernetes.__main__ import files
from deploy.kubernetes.strimzi import topics, users
from deploy.rights import rights
from sharedchain.kafka import new_topics
from sharedchain.schemas import Catalog

CATALOG = Catalog.load()
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")  # RFC 1123, as Kubernetes asks


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


def test_every_program_is_a_user_with_a_password_and_the_rights_of_the_table() -> None:
    found = list(yaml.safe_load_all(users(CATALOG)))
    assert {one["metadata"]["name"] for one in found} == {f"sharedchain-{name}" for name in rights(CATALOG)}
    assert {one["spec"]["authentication"]["type"] for one in found} == {"scram-sha-512"}
    assert {one["spec"]["authorization"]["type"] for one in found} == {"simple"}
    for one in found:
        wanted = rights(CATALOG)[one["metadata"]["name"].removeprefix("sharedchain-")]
        acls = one["spec"]["authorization"]["acls"]
        told = [(a["resource"]["type"], a["resource"]["name"], tuple(a["operations"])) for a in acls]
        assert told == [(right.kind, right.name, right.operations) for right in wanted]
        patterns = [a["resource"]["patternType"] for a in acls]
        assert patterns == ["prefix" if right.prefix else "literal" for right in wanted]
