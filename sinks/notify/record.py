"""The last stage: how a delivery ended, as a fact on `ops.notification.v1`."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from sharedchain.codec import Codec
from sharedchain.envelope import Headers
from sharedchain.errors import ConnectionFailed
from sharedchain.fact import Derived
from sharedchain.spine import derived_record
from sinks.notify.delivery import LIGHT, Delivery
from sinks.notify.texts import Notification

SOURCE = "chain.sink.notify"
_PATIENCE = 30.0  # seconds


def outcome_of(delivery: Delivery, notification: Notification, why: str, attempt: int, sent_at: int) -> Derived:
    """The fact that a delivery ended; `why` empty = sent. Place and times are those of the alert."""
    alert = delivery.alert
    if delivery.channel == LIGHT:
        words = {name: alert.data[name] for name in ("alert_id", "subject", "rule_id")}
        return _caused(delivery, "light.changed", words["subject"], {**words, "state": "ON" if delivery.on else "OFF"})
    data = {
        "alert_id": delivery.alert_id,
        "transition": delivery.transition,
        "channel": delivery.channel,
        "recipient": delivery.recipient,
        "attempt": attempt,
        "outcome": why or "sent",
        "message_id": notification.id,
        "subject": notification.subject,
        "text": notification.text,
        "sent_at": sent_at,
    }
    return _caused(delivery, "notification.failed" if why else "notification.sent", delivery.alert_id, data)


def _caused(delivery: Delivery, type_name: str, subject: str, data: dict[str, object]) -> Derived:
    alert = delivery.alert
    return Derived(
        type=type_name,
        id=delivery.id,
        subject=subject,
        scope=alert.scope,
        partition=alert.partition,
        seq=alert.seq,
        n=alert.n,
        recorded=alert.recorded,
        time=alert.time,
        causation=alert.id,
        correlation=alert.correlation,
        traceparent=alert.traceparent,
        data=data,
    )


class Recorder:
    """Writes outcomes; returns when the broker has them."""

    def __init__(self, producer: Producer, codec: Codec) -> None:
        self._producer = producer
        self._codec = codec

    def record(self, outcome: Derived) -> None:
        """Raises ConnectionFailed when it is not acknowledged: then it is not known whether it is there."""
        made = derived_record(self._codec, outcome)
        failed: list[KafkaError] = []

        def told(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error)

        try:
            self._producer.produce(
                made.topic,
                key=made.key,
                value=made.value,
                partition=made.partition,
                headers=_from_here(made.headers),
                on_delivery=told,
            )
            left = self._producer.flush(_PATIENCE)
        except (KafkaException, BufferError) as error:
            raise ConnectionFailed(f"Kafka did not take the outcome of a delivery: {error}") from error
        if left or failed:
            raise ConnectionFailed(f"Kafka did not take the outcome of a delivery: {failed or 'no answer'}")


def _from_here(headers: Headers) -> list[tuple[str, str | bytes | None]]:
    return [(name, SOURCE.encode() if name == "ce_source" else value) for name, value in headers]
