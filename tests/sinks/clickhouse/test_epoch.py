"""Which store this is: never guessed where a replica has not heard of it yet."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from sharedchain.endpoints import ClickHouse
from sharedchain.errors import ConnectionFailed
from sinks.batch import FIRST_EPOCH
from sinks.clickhouse.epoch import epoch_of

PLACE = ClickHouse(url="http://127.0.0.1:1", user="x", password=SecretStr("x"))


class Replica:
    def __init__(self, tables: list[str], epochs: list[int]) -> None:
        self.tables, self.epochs = tables, epochs

    def __enter__(self) -> Replica:
        return self

    def __exit__(self, *_: object) -> None: ...

    def query(self, sql: str, parameters: Any = None) -> Any:
        names = self.epochs if "FROM store" in sql else [name for name in self.tables if f"'{name}'" in sql]
        return SimpleNamespace(result_rows=[(name,) for name in names])


@pytest.mark.parametrize(
    ("tables", "epochs", "epoch"),
    [
        (["store", "migrations"], [7], 7),
        (["migrations"], [], FIRST_EPOCH),
        (["store", "migrations"], [], None),
        ([], [], None),
    ],
)
def test_a_store_says_its_epoch_or_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, tables: list[str], epochs: list[int], epoch: int | None
) -> None:
    """Tables come in order, `store` before `migrations`: one that has neither has heard of nothing yet."""
    monkeypatch.setattr("sinks.clickhouse.epoch.connect", lambda where: Replica(tables, epochs))
    if epoch is not None:
        assert epoch_of(PLACE) == epoch
        return
    with pytest.raises(ConnectionFailed, match="does not say which store it is"):
        epoch_of(PLACE)
