"""Sending records and learning, one by one, where each came to lie."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from sharedchain.envelope import Headers
from sharedchain.errors import ConnectionFailed, Refused


@dataclass(frozen=True, slots=True)
class Position:
    """Where an acknowledged record lies, and the id under which it is known."""

    topic: str
    partition: int
    offset: int
    id: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A record ready to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers
    id: str


class Outbox:
    """A producer with a thread that hears the brokers' answers. Safe to share by threads."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._open = True
        self._ear = threading.Thread(target=self._listen, name="sharedchain-outbox", daemon=True)
        self._ear.start()

    def send(self, letter: Letter) -> Future[Position]:
        """Hand over one record; the future holds its Position once every in-sync replica has it.

        The future raises ConnectionFailed, or Refused(too_large). Waits while the queue is full.
        """
        answer: Future[Position] = Future()
        answer.set_running_or_notify_cancel()  # a caller who leaves cannot cancel what the broker will answer

        def told(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                answer.set_exception(_failure(letter, error))
            else:
                place = (str(message.topic()), int(message.partition() or 0), int(message.offset() or 0))
                answer.set_result(Position(*place, letter.id))

        while True:
            try:
                self._producer.produce(
                    letter.topic, letter.value, letter.key, headers=list(letter.headers), on_delivery=told
                )
                return answer
            except BufferError:
                self._producer.poll(0.05)
            except KafkaException as error:
                answer.set_exception(_failure(letter, error.args[0]))
                return answer

    def close(self) -> None:
        """Wait until everything handed over is answered for."""
        self._producer.flush()
        self._open = False
        self._ear.join()

    def _listen(self) -> None:
        while self._open:
            self._producer.poll(0.1)


def _failure(letter: Letter, error: KafkaError) -> Exception:
    if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return Refused("too_large", f"{letter.id} with its headers is larger than {letter.topic} takes")
    return ConnectionFailed(f"Kafka did not take {letter.id} for {letter.topic}: {error.str()}")
