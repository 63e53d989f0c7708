"""A mechanism that is taken away was there: a twin of a name that is gone would be armed, and prove nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sharedchain import outbox
from sharedchain.core import flows
from sinks import runner
from sinks.notify.ledger import LedgerReader
from streams import snapshot
from streams.ingest import decide, writer
from tests.nemesis.checks import JUDGES
from tests.nemesis.unarmed import TOGETHER, TWINS, environment

PLACES: dict[str, tuple[Any, str]] = {
    "repetitions": (decide, "repeats"),
    "intents": (runner, "read_intent"),
    "outcomes": (LedgerReader, "unread"),
    "acknowledgements": (outbox.Outbox, "send"),
    "letters": (writer.Writer, "_produce"),
    "minutes": (flows, "count"),
    "snapshots": (snapshot, "chunks"),
}  # `transactions` is a twin of tests/chain/test_seam.py


@pytest.mark.parametrize("name", PLACES)
def test_it_is_another_afterwards(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, attribute = PLACES[name]
    monkeypatch.setattr(place, attribute, had := getattr(place, attribute))
    TWINS[name].take(tmp_path)
    assert getattr(place, attribute) is not had


def test_every_twin_breaks_a_guarantee_that_is_judged(tmp_path: Path) -> None:
    assert [name for name, twin in TWINS.items() if not any(title.startswith(twin.red) for title in JUDGES)] == []
    assert sorted(name for group in TOGETHER for name in group) == sorted(TWINS)
    for group in TOGETHER:
        programs = [program for name in group for program in TWINS[name].programs]
        assert len(programs) == len(set(programs)), "a program lacks one mechanism at a time"
    told = environment(("repetitions", *TOGETHER[0][:-1]), tmp_path)
    assert len(told) == 7
    assert "SHAREDCHAIN_FAILPOINT" not in told["ingest-0"]
    assert told["sink"]["NEMESIS_TWIN"] == "intents"
