"""Topic files: what must hold for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sharedchain.errors import ConfigError
from sharedchain.kafka import new_topics
from sharedchain.schemas import Catalog, data_root
from sharedchain.scope import COMMANDS, PARTITIONS, SPINE

CATALOG = Catalog.load()
NOT_AVRO = {"chain.snapshot.v1", "chain.telemetry.v1"}
DERIVED_BY_INGEST = ("sales.opportunity", "finance.contract", "finance.receivable", "flow.case", "master.gap")


def test_every_topic_is_used_owned_and_named_by_its_version() -> None:
    assert {kind.topic for kind in CATALOG.types.values()} | NOT_AVRO | {COMMANDS} == CATALOG.topics.keys()
    every = CATALOG.topics.values()
    assert [topic.name for topic in every if not (topic.owner and topic.readers)] == []
    assert [topic.name for topic in every if topic.name.rsplit(".v", 1)[1] != "1"] == []


def test_the_refusal_rate_of_a_topic_counts_every_type_that_comes_on_it() -> None:
    said = yaml.safe_load((data_root() / "rules/measures/M-53.received.yaml").read_text("utf-8"))["count"]["per_event"]
    assert said.pop("record.rejected") == {"topic": "original_topic"}
    doors = {name: kind.topic for name, kind in CATALOG.types.items() if CATALOG.topics[kind.topic].ingest}
    assert {name: one["topic"]["constant"] for name, one in said.items()} == doors


def test_no_name_collides_with_another_in_metrics() -> None:
    assert [name for name in CATALOG.topics if "_" in name] == []


def test_owners_are_roles_of_the_dictionary() -> None:
    from sharedchain.dictionary import load_dictionaries

    roles = {term.code for term in load_dictionaries()["role"].terms}
    assert {topic.owner for topic in CATALOG.topics.values()} <= roles


def test_the_spine_and_what_follows_it_have_its_partitions_and_the_spine_stays_for_ever() -> None:
    spine = CATALOG.topics[SPINE]
    assert spine.partitions == PARTITIONS
    assert spine.retention_days is None
    assert spine.cleanup == "delete"
    derived = {t.name: t.derived for t in CATALOG.topics.values() if t.derived}
    assert derived == dict.fromkeys(
        ("sales.forecast.live.v1", "ops.alert.v1", "ops.metric.v1", "ops.rule.v1", "ops.suggestion.live.v1"), "engine"
    ) | dict.fromkeys(
        (f"{name}.live.v1" for name in DERIVED_BY_INGEST),
        "ingest",
    )
    assert {CATALOG.topics[name].partitions for name in derived} == {PARTITIONS}


def test_what_decides_order_alone_has_one_partition() -> None:
    assert CATALOG.topics["chain.config.v1"].partitions == 1
    assert CATALOG.topics["chain.clock.v1"].partitions == 1


def test_a_dead_letter_has_room_for_the_whole_record_and_no_topic_without_ingest_has_any() -> None:
    made = {new.topic: new for topic in CATALOG.topics.values() for new in new_topics(topic, 1)}
    for topic in CATALOG.topics.values():
        assert (topic.dlq in made) == topic.ingest
        if topic.ingest:
            assert int((made[topic.dlq].config or {})["max.message.bytes"]) > 1024 * 1024
            assert (made[topic.name].config or {})["message.timestamp.type"] == "LogAppendTime"


def copy_of(tmp_path: Path, **changed: object) -> Path:
    """A schemas/ folder with the topic sales.target.v1 alone, its topic.yaml changed."""
    from sharedchain.schemas import data_root

    source = data_root() / "schemas" / "sales" / "target"
    home = tmp_path / "schemas" / "sales" / "target"
    home.mkdir(parents=True)
    (home / "target.set.avsc").write_text((source / "target.set.avsc").read_text())
    said = yaml.safe_load((source / "topic.yaml").read_text())
    (home / "topic.yaml").write_text(yaml.safe_dump({**said, **changed}, allow_unicode=True))
    return tmp_path


def test_the_copy_alone_is_a_catalog(tmp_path: Path) -> None:
    assert list(Catalog.load(copy_of(tmp_path)).types) == ["target.set"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"retention": 4}, "retention"),
        ({"sensitivity": "SECRETIVE"}, "sensitivity"),
        ({"topic": "Sales_Target"}, "topic"),
        ({"events": {}}, "not declared under `events`"),
        ({"events": {"target.set": {"key": "{target_id}"}, "target.met": {"key": "x"}}}, "target.met has no file"),
        ({"events": {"target.set": {"key": "{target_id}", "identify": []}}}, "identify"),
    ],
)
def test_a_misspelt_or_stray_topic_file_is_told_by_file_and_key(
    tmp_path: Path, changed: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError) as error:
        Catalog.load(copy_of(tmp_path, **changed))
    assert "topic.yaml" in str(error.value)
    assert told in str(error.value)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no topic\.yaml"):
        Catalog.load(tmp_path)
