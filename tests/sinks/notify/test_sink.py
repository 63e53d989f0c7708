"""A notifier that sends lives, however long its receivers take."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from sharedchain.health import Health
from sinks.batch import Batch, Intent, Record
from sinks.notify.outcome import Outcome, Sent
from sinks.notify.policy import FILE, read_policy
from sinks.notify.sink import NotifySink
from sinks.notify.texts import Notification, Words
from sinks.runner import Done, Later
from tests.sinks.rig import alert

MAIL = {"channel": "INBOX", "recipient": "E002", "address": "e002@example.com"}


class Slow:
    """Takes a minute for each message, and asks after each how the program is."""

    def __init__(self, health: Health, clock: list[float]) -> None:
        self.health, self.clock = health, clock
        self.alive: list[bool] = []

    def send(self, notification: Notification) -> Outcome:
        self.clock[0] += 60
        self.alive.append(self.health.alive()[0])
        return Sent()


@pytest.fixture(autouse=True)
def nine_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the records of `batch` say."""
    alerts: Iterator[Any] = iter([alert(n, deliveries=[MAIL]) for n in range(9)])
    monkeypatch.setattr("sinks.notify.sink.read_derived_from", lambda codec, headers, value: next(alerts))


def batch() -> Batch:
    records = tuple(Record("ops.alert.v1", 0, n, None, b"", []) for n in range(9))
    return Batch(("ops.alert.v1", 0), Intent(0, 9, 1), records)


@pytest.mark.parametrize("asked", [2, 3])  # before a message, and behind one
def test_who_woke_up_as_a_zombie_sends_no_more_and_records_nothing(asked: int) -> None:
    answers, sent, recorded = iter([True] * asked), list[object](), list[object]()

    def send(one: Notification) -> Outcome:
        sent.append(one)
        return Sent()

    channel: Any = SimpleNamespace(send=send)
    world: Any = SimpleNamespace(record=recorded.append, unread=tuple)
    none: Any = None
    sink = NotifySink({"INBOX": channel}, read_policy(FILE), Words("http://gateway", "s"), none, world, world)
    sink.assigned(lambda: next(answers, False))
    assert isinstance(sink.write(batch()), Later)
    assert (len(sent), len(recorded)) == ((1, 1) if asked == 2 else (2, 1))


def test_each_message_is_a_beat() -> None:
    clock = [0.0]
    health = Health("notify", now=lambda: clock[0])
    health.beat()
    slow, deaf = Slow(health, clock), SimpleNamespace(record=lambda _: None, unread=tuple)
    none: Any = None
    sink = NotifySink(
        {"INBOX": slow}, read_policy(FILE), Words("http://gateway", "s"), none, deaf, deaf, beat=health.beat
    )  # fmt: skip
    assert sink.write(batch()) == Done()
    assert slow.alive == [True] * 9
