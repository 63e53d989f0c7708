"""The notifier on real parts: everyone is told, once, and how it ended is on the log."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from standardwebhooks import Webhook as Signer

from sharedchain.barrier import NOTIFY
from sharedchain.endpoints import Endpoints, Notify
from sharedchain.fact import Derived
from sharedchain.spine import read_derived_from
from sinks.notify.delivery import Delivery, plan
from tests.sinks.rig import ALERTS, PATIENCE, House, alert, free_port, wait_for

pytestmark = pytest.mark.stack
SINK = "sinks.notify"
OUTCOMES = "ops.notification.v1"
SECRET = "whsec_Y2FuYXJ5LXNlY3JldC1jYW5hcnktc2VjcmV0"


class World:
    """Where mails and robot messages arrive, and what is answered there (tests set both)."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.calls: list[str] = []
        self.mail_answer: Callable[[], str] = lambda: "250 OK"
        self.call_answer: Callable[[], int] = lambda: 204
        self._smtp = Controller(self, hostname="127.0.0.1", port=free_port())
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._door())
        self._smtp.start()
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._smtp.stop()
        self._http.shutdown()
        self._http.server_close()

    @property
    def endpoints(self) -> Notify:
        webhook = f"http://127.0.0.1:{self._http.server_port}/hook?access_token=canary"
        return Notify(smtp=f"127.0.0.1:{self._smtp.port}", webhook=webhook, webhook_secret=SecretStr(SECRET))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.mail_answer()
        if answer.startswith("250"):
            mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
            self.mails.append(str(mail["Message-ID"]))
        return answer

    def _door(self) -> type[BaseHTTPRequestHandler]:
        world = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                Signer(SECRET).verify(self.rfile.read(int(self.headers["content-length"])), dict(self.headers))
                status = world.call_answer()
                if status < 300:
                    world.calls.append(self.headers["webhook-id"])
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Door


@pytest.fixture
def world() -> Iterator[World]:
    one = World()
    yield one
    one.close()


@pytest.fixture
def house(broker: Endpoints, world: World, tmp_path: Path) -> House:
    made = House(broker.model_copy(update={"home": tmp_path / "home", "notify": world.endpoints}))
    made.endpoints.home.joinpath("policy.yaml").write_text("attempts: 3\neach_minute: {EMAIL: 1000, IM: 1000}\n")
    return made


def everyone(number: int) -> list[dict[str, str]]:
    """INBOX, EMAIL and IM to one employee, and the lamp."""
    who = f"E{number:03d}"
    people = [{"channel": c, "recipient": who, "address": f"{who}@example.com"} for c in ("INBOX", "EMAIL", "IM")]
    return [*people, {"channel": "LIGHT", "recipient": "", "address": ""}]


_used = iter(range(1, 1_000_000))


def alerts(count: int) -> list[Derived]:
    """Alerts that no other test has, in several partitions."""
    return [alert(n, deliveries=everyone(n % 7)) for n in (next(_used) for _ in range(count))]


def publish(house: House, told: list[Derived]) -> None:
    house.publish([house.derived_record(one) for one in told])


def policy_of(house: House) -> tuple[str, str]:
    return "--policy", str(house.endpoints.home / "policy.yaml")


def outcomes(house: House, of: list[Derived]) -> list[Derived]:
    """What the log says about the alerts `of`."""
    ids = {one.data["alert_id"] for one in of}
    found = [read_derived_from(house.codec, headers=r.headers, value=r.value) for r in house.log(OUTCOMES)]
    return [one for one in found if one.data["alert_id"] in ids]


def message_ids(told: list[Delivery], channel: str) -> list[str]:
    return [d.message_id for d in told if d.channel == channel]


@pytest.mark.parametrize("where", ["notify.before_send", "notify.after_send", "notify.after_record"])
def test_killed_anywhere_everyone_is_told_and_it_is_recorded_once(house: House, world: World, where: str) -> None:
    told = alerts(12)
    wanted = plan(told, ())
    publish(house, told)
    house.dies_at(SINK, f"{where}:17")
    with house.running(SINK):
        house.settle(NOTIFY, ALERTS)
    assert Counter(o.id for o in outcomes(house, told)) == Counter(d.id for d in wanted)
    mails = Counter(one.strip("<>").removesuffix("@sharedchain") for one in world.mails)
    calls = Counter(world.calls)
    assert set(mails) == set(message_ids(wanted, "EMAIL"))
    assert set(calls) == set(message_ids(wanted, "IM"))
    twice = sum((mails + calls).values()) - len(mails) - len(calls)
    # Between a send and its record lies the one gap, one message wide; it carries the same id.
    assert twice <= (1 if where == "notify.after_send" else 0)


@pytest.mark.slow
def test_a_notifier_that_was_frozen_amid_a_batch_tells_nothing_that_its_successor_told(
    house: House, world: World
) -> None:
    told = [alert(800_000 + 8 * n, deliveries=everyone(n)) for n in range(8)]  # one partition, one batch
    wanted = plan(told, ())
    amid, go_on = threading.Event(), threading.Event()

    def answer() -> int:
        if len(world.calls) == 3:
            amid.set()
            go_on.wait(PATIENCE)
        return 204

    world.call_answer = answer
    with house.running(SINK) as frozen:
        publish(house, told)
        assert amid.wait(PATIENCE)
        frozen.send_signal(signal.SIGSTOP)
        go_on.set()
        with house.running(SINK, "--member", "two"):
            house.settle(NOTIFY, ALERTS)
            frozen.send_signal(signal.SIGCONT)
            publish(house, more := alerts(5))
            house.settle(NOTIFY, ALERTS)
    assert "the partition is another's by now" in "".join(f.read_text() for f in house.endpoints.home.glob("*.log"))
    assert Counter(o.id for o in outcomes(house, [*told, *more])) == Counter(d.id for d in [*wanted, *plan(more, ())])
    calls = Counter(world.calls)
    assert sum(calls.values()) - len(calls) <= 1  # the message that was on its way


def test_a_restart_tells_nothing_again(house: House, world: World) -> None:
    told = alerts(5)
    publish(house, told)
    for _ in range(2):
        with house.running(SINK):
            house.settle(NOTIFY, ALERTS)
    publish(house, told)  # the alerts themselves come once more, as new records
    with house.running(SINK):
        house.settle(NOTIFY, ALERTS)
    assert len(world.mails) == len(world.calls) == 5
    assert len(outcomes(house, told)) == 20


def test_who_refuses_first_is_told_when_he_accepts(house: House, world: World) -> None:
    mail, call = iter(["451 later"]), iter([500, 429])
    world.mail_answer = lambda: next(mail, "250 OK")
    world.call_answer = lambda: next(call, 204)
    told = alerts(1)
    publish(house, told)
    with house.running(SINK, *policy_of(house)):
        house.settle(NOTIFY, ALERTS)
        assert "canary" not in house.said()
    ended = {o.data.get("channel", "LIGHT"): o for o in outcomes(house, told)}
    assert {channel: o.type for channel, o in ended.items()} == {
        "INBOX": "notification.sent",
        "EMAIL": "notification.sent",
        "IM": "notification.sent",
        "LIGHT": "light.changed",
    }
    assert [ended[c].data["attempt"] for c in ("INBOX", "EMAIL", "IM")] == [1, 2, 3]
    assert (len(world.mails), len(world.calls)) == (1, 1)


def test_who_never_answers_is_recorded_as_failed_and_others_are_told(house: House, world: World) -> None:
    world.call_answer = lambda: 503
    world.mail_answer = lambda: "554 no such user"
    told = alerts(2)
    publish(house, told)
    with house.running(SINK, *policy_of(house)):
        house.settle(NOTIFY, ALERTS)
    ended = [
        (o.type, o.data.get("channel"), o.data.get("attempt"), o.data.get("outcome")) for o in outcomes(house, told)
    ]
    assert Counter(ended) == {
        ("notification.sent", "INBOX", 1, "sent"): 2,
        ("notification.failed", "EMAIL", 1, "failed: the mail server answers 554"): 2,
        ("notification.failed", "IM", 3, "failed: the webhook answers 503"): 2,
        ("light.changed", None, None, None): 2,
    }


def test_a_resolution_only_puts_out_its_lamp_and_history_is_silent(house: House, world: World) -> None:
    (lit,) = alerts(1)
    number = int(str(lit.data["alert_id"]).removeprefix("alert-"))
    publish(house, [lit])
    with house.running(SINK):
        house.settle(NOTIFY, ALERTS)
    dark, old = next(_used), next(_used)
    rest = [alert(n, "resolved", deliveries=everyone(1)) for n in (number, dark)]
    rest.append(alert(old, deliveries=everyone(1), backfill=True))
    publish(house, rest)
    with house.running(SINK):  # another life: that the lamp is on is known from the log
        house.settle(NOTIFY, ALERTS)
    assert (len(world.mails), len(world.calls)) == (1, 1)
    lamps = [(o.data["alert_id"], o.data["state"]) for o in outcomes(house, [lit, *rest]) if o.type == "light.changed"]
    assert lamps == [(lit.data["alert_id"], "ON"), (lit.data["alert_id"], "OFF")]


def test_a_dead_webhook_holds_up_nobody_elses_inbox(house: House, world: World) -> None:
    world.call_answer = lambda: 503
    told = alerts(3)
    publish(house, told)
    with house.running(SINK):
        wait_for("all inboxes", lambda: _inboxes(house, told) == 3)
        house.settle(NOTIFY, ALERTS)


def _inboxes(house: House, told: list[Derived]) -> int:
    return sum(1 for o in outcomes(house, told) if o.data.get("channel") == "INBOX")
