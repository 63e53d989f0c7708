"""The table of rights, as a table: what each program may, and what none may. The authorizer: tests/chain."""

from __future__ import annotations

from deploy.rights import commands, rights
from sharedchain.barrier import stages
from sharedchain.schemas import Catalog
from sharedchain.scope import COMMANDS, SPINE

CATALOG = Catalog.load()
RIGHTS = rights(CATALOG)
DOORS = {topic.name for topic in CATALOG.topics.values() if topic.ingest}
TELEMETRY = {topic.name for topic in CATALOG.topics.values() if topic.telemetry}
MAKERS = {"prepare", "registry"}


def may(program: str, operation: str) -> set[str]:
    """The topics on which a program may do this."""
    return {right.name for right in RIGHTS[program] if right.kind == "topic" and operation in right.operations}


def test_rights_are_the_least() -> None:
    assert may("gateway", "Write") == DOORS - {COMMANDS}
    assert SPINE not in may("gateway", "Read") | may("gateway", "Write")
    assert may("engine", "Read") == {SPINE, "chain.snapshot.v1"}
    assert [name for name in RIGHTS if SPINE in may(name, "Write")] == ["ingest"]
    assert may("engine", "Write") & DOORS == {COMMANDS}
    assert [name for name in RIGHTS if COMMANDS in may(name, "Write")] == ["engine", "operator"]
    assert may("sink", "Write") == set()
    assert may("notify", "Write") == {"ops.notification.v1"}
    assert may("prepare", "Write") == {"chain.config.v1"}
    assert may("operator", "Write") == DOORS | TELEMETRY
    assert {name for name in RIGHTS if may(name, "Create")} == MAKERS
    operations = {one for name in RIGHTS.keys() - MAKERS for right in RIGHTS[name] for one in right.operations}
    assert operations == {"Describe", "DescribeConfigs", "Read", "Write"}


def test_who_tells_of_missing_replicas_may_read_how_many_are_the_least() -> None:
    """Without it nobody learns that a partition refuses every write: the gauge and the doctor take 1 for the least."""
    assert {name for name in RIGHTS if may(name, "DescribeConfigs")} == {"ingest", "operator", "registry"}
    for program in ("ingest", "operator"):
        assert may(program, "DescribeConfigs") == may(program, "Describe")


def test_nothing_is_named_twice_for_a_program() -> None:
    for program, found in RIGHTS.items():
        assert len({(right.kind, right.name) for right in found}) == len(found), program


def test_every_follower_may_read_what_it_follows() -> None:
    programs = {"chain.ingest.lane0": "ingest", "chain.engine": "engine", "chain.telemetry": "telemetry"}
    programs |= {"chain.sink.clickhouse": "sink", "chain.sink.notify": "notify", "chain.sink.telemetry": "sink"}
    for stage in stages(CATALOG, telemetry=True):
        program = programs[stage.group]
        assert set(stage.topics) <= may(program, "Read"), program
        groups = [right.name for right in RIGHTS[program] if right.kind == "group"]
        assert any(stage.group.startswith(prefix) for prefix in groups)


def test_the_table_can_be_given_to_kafkas_own_tool() -> None:
    lines = list(commands(CATALOG, "b:9093"))
    assert len(lines) == sum(len(found) for found in RIGHTS.values())
    want = "User:sharedchain-engine --operation Describe --operation Write --transactional-id chain.engine."
    assert [line for line in lines if line.endswith(f"{want} --resource-pattern-type prefixed")]
