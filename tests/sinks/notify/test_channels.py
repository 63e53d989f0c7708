"""One suite for every channel that talks to somebody: retry codes, no secret told, timeout, dead receivers.

A new channel is one more RIG; those without a receiver are always sent.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from standardwebhooks import Webhook as Signer

from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from sinks.notify.channels import CHANNELS, Channel
from sinks.notify.channels.webhook import business_code
from sinks.notify.delivery import Delivery
from sinks.notify.outcome import Refused, Retry, Sent
from sinks.notify.texts import Notification, Words, compose
from tests.sinks.rig import alert, free_port

SECRET = "whsec_Y2FuYXJ5LXNlY3JldC1jYW5hcnktc2VjcmV0"
TOKEN = "canary-token"  # in the webhook's address, as robots have it


def notification(address: str = "e002@example.com", **changes: Any) -> Notification:
    return compose((Delivery(alert(1, **changes), "IM", "E002", address),), Words("http://gw", "canary-link"))


def endpoints(smtp: str = "127.0.0.1:1", webhook: str = "http://127.0.0.1:1") -> Endpoints:
    return Endpoints(
        home=Path("/nowhere"),
        kafka="",
        registry="",
        clickhouse=ClickHouse(url="", user="", password=SecretStr("")),
        gateway="http://gw",
        notify=Notify(smtp=smtp, webhook=webhook, webhook_secret=SecretStr(SECRET)),
        link_secret=SecretStr("canary-link"),
    )


class Mailbox:
    """An SMTP server that answers what it is told to and keeps what it took."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.taken: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope.original_content or b"")
        return self.answer


@contextmanager
def mailbox(answer: str = "250 OK") -> Iterator[tuple[Channel, Mailbox]]:
    box = Mailbox(answer)
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield CHANNELS["EMAIL"](endpoints(smtp=f"127.0.0.1:{controller.port}")), box
    finally:
        controller.stop()


@contextmanager
def robot(status: int = 200, answer: bytes = b"") -> Iterator[tuple[Channel, list[tuple[dict[str, str], bytes]]]]:
    taken: list[tuple[dict[str, str], bytes]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield CHANNELS["IM"](endpoints(webhook=f"http://127.0.0.1:{server.server_port}/?token={TOKEN}")), taken
    finally:
        server.shutdown()
        server.server_close()


RIGS: dict[str, Callable[[str], Any]] = {
    "EMAIL later": lambda _: mailbox("451 try again"),
    "EMAIL never": lambda _: mailbox("554 no such user"),
    "IM 500": lambda _: robot(500),
    "IM 429": lambda _: robot(429),
    "IM 404": lambda _: robot(404),
    "IM 410": lambda _: robot(410),
    "IM 302": lambda _: robot(302),
    "IM errcode": lambda _: robot(200, b'{"errcode":130101,"errmsg":"send too fast"}'),
    "IM code": lambda _: robot(200, b'{"code":19021,"msg":"sign match fail"}'),
}
LATER = {"EMAIL later", "IM 500", "IM 429", "IM errcode", "IM code"}


@pytest.mark.parametrize("case", RIGS)
def test_what_a_receiver_answers_decides(case: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with RIGS[case](case) as (channel, taken):
        outcome = channel.send(notification())
    assert isinstance(outcome, Retry if case in LATER else Refused)
    assert len(getattr(taken, "taken", taken)) == 1  # a channel never tries again by itself
    assert_no_secret(outcome.why)


@pytest.mark.parametrize("name", ["EMAIL", "IM"])
def test_a_dead_receiver_is_tried_later(name: str) -> None:
    outcome = CHANNELS[name](endpoints(webhook=f"http://127.0.0.1:1/?token={TOKEN}")).send(notification())
    assert isinstance(outcome, Retry)
    assert_no_secret(outcome.why)


@pytest.mark.parametrize("name", ["EMAIL", "IM"])
def test_a_silent_receiver_is_left_in_seconds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinks.notify.channels.email._TIMEOUT", 0.2)
    monkeypatch.setattr("sinks.notify.channels.webhook._TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        outcome = CHANNELS[name](endpoints(smtp=at, webhook=f"http://{at}/?token={TOKEN}")).send(notification())
    assert isinstance(outcome, Retry)
    assert_no_secret(outcome.why)


def assert_no_secret(text: str) -> None:
    assert not any(secret in text for secret in (TOKEN, SECRET, "canary"))


@pytest.mark.parametrize("name", ["INBOX", "LIGHT"])
def test_channels_without_a_receiver_are_always_sent(name: str) -> None:
    assert CHANNELS[name](endpoints()).send(notification()) == Sent()


def test_every_channel_is_covered() -> None:
    assert {case.split()[0] for case in RIGS} | {"INBOX", "LIGHT"} == set(CHANNELS)


def test_a_mail_arrives_in_both_languages_with_its_id() -> None:
    link = "/v1/forecasts/FC-BR/confirm?tenant=acme&version=3&recipient="
    with mailbox() as (channel, box):
        assert channel.send(notification(link=link)) == Sent()
    mail = message_from_bytes(box.taken[0], policy=policy.default)
    assert mail["Message-ID"] == "<alert-1.raised.E002@sharedchain>"
    assert mail["Subject"] == "[红线 RED] 预测过期 / Forecast is stale"
    text = mail.get_body().get_content()  # type: ignore[union-attr]
    assert "请更新预测。" in text
    assert "http://gw/v1/forecasts/FC-BR/confirm?tenant=acme&version=3&recipient=E002&sig=" in text


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: x@y", "a@b, c@d", "a b@c"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    assert isinstance(CHANNELS["EMAIL"](endpoints()).send(notification(address)), Refused)


@pytest.mark.parametrize("answer", [b"", b"ok", b'{"errcode":0}', b'{"code":0,"msg":"ok"}', b"[1]", b"\xff"])
def test_a_webhook_is_signed_and_its_success_believed(answer: bytes) -> None:
    with robot(200, answer) as (channel, taken):
        assert channel.send(notification()) == Sent()
    headers, raw = taken[0]
    told = Signer(SECRET).verify(raw, headers)
    assert told == json.loads(raw)
    assert set(told) == {"type", "timestamp", "data"}
    assert (told["type"], told["data"]["recipient"], told["data"]["title_zh"]) == ("alert.raised", "E002", "预测过期")
    assert {name.lower(): value for name, value in headers.items()}["webhook-id"] == "alert-1.raised.E002"


def test_a_huge_or_deep_answer_harms_no_one() -> None:
    with robot(200, b"[" * 2_000_000) as (channel, _):
        assert channel.send(notification()) == Sent()
    assert business_code(b"[" * 100_000) is None
