"""What a tenant's flow lets a record lack, as the log says it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError

from sharedchain import configlog
from sharedchain.config import bundle, item
from sharedchain.configlog import ConfigLog
from sharedchain.errors import ConnectionFailed

FLOWS = {("flow", one.name): one for one in bundle() if one.kind == "flow"}
TYPE = "master.customer.upserted"


def log(**tenants: str) -> ConfigLog:
    return ConfigLog(FLOWS | {("tenant", name): item("tenant", name, {"flow": flow}) for name, flow in tenants.items()})


def test_a_tenant_is_excused_what_its_own_flow_reports() -> None:
    said = log(crm="plain", strict="standard", lost="gone")
    assert said.excused(TYPE, "crm") == ("org_structure", "decision_chain", "owner_id")
    assert said.excused("lead.captured", "crm") == ()
    assert [said.excused(TYPE, name) for name in ("strict", "lost", "nobody")] == [(), (), ()]


def test_what_somebody_put_in_force_stands_until_its_file_changes() -> None:
    first, second, third = (item("rule", "R-01", {"version": number}) for number in (1, 2, 3))
    key = ("rule", "R-01")
    assert not ConfigLog({key: first}, {key: first.hash}).overruled(first)
    promoted = ConfigLog({key: second}, {key: first.hash})
    assert promoted.overruled(first)
    assert not promoted.overruled(second)  # its file was committed: it says what the log says
    assert not promoted.overruled(third)  # a newer file
    assert not ConfigLog({}, {}).overruled(first)


class Reader:
    """Gives these errors and records one by one."""

    def __init__(self, *given: int | str) -> None:
        self.given = list(given)

    def assign(self, _: object) -> None: ...

    def close(self) -> None: ...

    def poll(self, _: float) -> Any:
        one = self.given.pop(0)
        error = KafkaError(one) if isinstance(one, int) else None
        return SimpleNamespace(error=lambda: error, value=lambda: one)


def read(monkeypatch: pytest.MonkeyPatch, *given: int | str) -> ConfigLog:
    monkeypatch.setattr(configlog, "consumer", lambda *_, **__: Reader(*given))
    said = {"kind": "flow", "hash": "h", "body": "{}"}
    codec: Any = SimpleNamespace(decode=lambda _, value: SimpleNamespace(data=said | {"name": value}))
    endpoints: Any = SimpleNamespace(kafka="b:1", home=Path())
    return ConfigLog.read(endpoints, codec)


def test_only_the_end_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    away = KafkaError._ALL_BROKERS_DOWN
    found = read(monkeypatch, away, "plain", away, "standard", KafkaError._PARTITION_EOF)
    assert sorted(name for _, name in found.items) == ["plain", "standard"]


def test_a_log_that_may_not_be_read_is_no_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectionFailed, match="cannot be read"):
        read(monkeypatch, KafkaError.TOPIC_AUTHORIZATION_FAILED)
