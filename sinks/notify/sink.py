"""Alert transitions → people: the stages in their order, one batch at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from sharedchain.codec import Codec
from sharedchain.errors import ConnectionFailed
from sharedchain.errors import Refused as Unreadable
from sharedchain.fact import Derived
from sharedchain.failpoint import failpoint
from sharedchain.log import ids
from sharedchain.spine import read_derived_from
from sinks import metrics as every
from sinks.batch import Batch
from sinks.notify import metrics
from sinks.notify.channels import Channel
from sinks.notify.delivery import Delivery, plan
from sinks.notify.ledger import Ledger
from sinks.notify.outcome import Refused, Retry, Sent
from sinks.notify.policy import Policy
from sinks.notify.record import outcome_of
from sinks.notify.stages import Bundle, Rate, bundle, deduplicate, group, muted_by
from sinks.notify.texts import Notification, Words, compose
from sinks.runner import Done, Later

_log = logging.getLogger("sinks.notify")
_ANOTHERS = "this process stood still, and the partition is another's by now"


class Records(Protocol):
    def record(self, outcome: Derived) -> None:
        """Raises ConnectionFailed when it is not known whether the outcome is kept."""


class Unread(Protocol):
    def unread(self) -> Iterable[Derived]:
        """Outcomes recorded since the last call, by whomever. Raises ConnectionFailed."""


class NotifySink:
    """A `sinks.runner.Sink`. A batch is done when the outcome of each of its deliveries is recorded.

    What could not be sent is tried again by the runner; after `policy.attempts` it is recorded as failed. `beat` is
    called before each message: many to a mail server that hangs take longer than the loop may stand still.
    """

    def __init__(
        self,
        channels: Mapping[str, Channel],
        policy: Policy,
        words: Words,
        codec: Codec,
        recorder: Records,
        history: Unread,
        *,
        now: Callable[[], float] = time.time,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._channels, self._policy, self._words = channels, policy, words
        self._codec, self._recorder, self._history, self._now = codec, recorder, history, now
        self._beat = beat
        self._ours: Callable[[], bool] = lambda: True
        self._ledger = Ledger()
        self._rate = Rate(policy.each_minute)
        self._attempts: dict[str, int] = {}

    def assigned(self, ours: Callable[[], bool]) -> None:
        """Learn what others told until now. Raises ConnectionFailed: without it one would tell twice."""
        self._ours = ours
        for outcome in self._history.unread():
            self._ledger.note(outcome)
        metrics.LIGHTS.clear()
        for rule_id in self._ledger.lit.values():
            metrics.LIGHTS.labels(rule_id).inc()

    def write(self, batch: Batch) -> Done | Later:
        try:
            wanted = deduplicate(plan(self._alerts(batch), self._ledger.lit), self._ledger.recorded)
            why = self._tell(wanted)
        except ConnectionFailed as error:
            return Later(str(error))
        return Later(why) if why else Done()

    def _alerts(self, batch: Batch) -> list[Derived]:
        alerts: list[Derived] = []
        wrong: list[str] = []
        for record in batch.records:
            try:
                alerts.append(read_derived_from(self._codec, headers=record.headers, value=record.value))
            except Unreadable as why:  # kept as a dead letter by the ClickHouse sink
                every.UNREADABLE.labels(record.topic).inc()
                wrong.append(f"{record.topic}/{record.partition}/{record.offset}: {why.reason}")
        if wrong:  # one line for however many
            _log.warning("%d records are no alerts, first %s", len(wrong), wrong[0])
        return alerts

    def _tell(self, wanted: list[Delivery]) -> str:
        """Send what is open; why some must come again, empty if none must."""
        again = ""
        audible: list[Delivery] = []
        for delivery in wanted:
            if mute := muted_by(delivery, self._policy.mutes):
                self._end((delivery,), compose((delivery,), self._words), f"muted: {mute.reason}")
            else:
                audible.append(delivery)
        for to, deliveries in group(audible).items():
            bundles = bundle(deliveries, self._rate.allowed(to, self._now()))
            if not bundles:
                again = f"{to[0]} to {to[1]} has had its messages of this minute"
            for one in bundles:
                self._rate.spend(to, self._now())
                again = self._send(one) or again
        return again

    def _send(self, one: Bundle) -> str:
        """One attempt; why it must come again, empty if it is over."""
        self._beat()
        if not self._ours():
            return _ANOTHERS
        notification = compose(one, self._words)
        channel = self._channels.get(one[0].channel)
        tried = [self._attempts.get(d.id, 0) + 1 for d in one]
        failpoint("notify.before_send")
        outcome = channel.send(notification) if channel else Refused(f"there is no channel {one[0].channel}")
        failpoint("notify.after_send")
        if not self._ours():  # whoever has it now tells it under the same id, and records it
            return _ANOTHERS
        self._attempts.update(zip((d.id for d in one), tried, strict=True))
        match outcome:
            case Retry(why) if min(tried) < self._policy.attempts:
                return f"{one[0].channel} to {one[0].recipient}: {why}"
            case Retry(why) | Refused(why):
                self._end(one, notification, f"failed: {why}")
            case Sent():
                self._end(one, notification, "")
        return ""

    def _end(self, one: Bundle, notification: Notification, why: str) -> None:
        for delivery in one:
            sent_at = round(self._now() * 1000)
            attempt = self._attempts.get(delivery.id, 0)
            outcome = outcome_of(delivery, notification, why, attempt, sent_at)
            self._recorder.record(outcome)
            failpoint("notify.after_record")
            self._ledger.note(outcome)
            self._attempts.pop(delivery.id, None)
            metrics.told(delivery.channel, why, (sent_at - delivery.alert.recorded) / 1000)
            if why:
                alert = delivery.alert
                about = ids(correlation=alert.correlation, traceparent=alert.traceparent, event=alert.id)
                text = "%s to %s for %s %s"
                _log.warning(text, delivery.channel, delivery.recipient, delivery.alert_id, why, extra=about)
