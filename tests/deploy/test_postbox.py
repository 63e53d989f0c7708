"""The receivers, fed by unmodified clients."""

import email
import email.policy
import json
import smtplib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
from aiosmtpd.controller import Controller
from standardwebhooks import Webhook

from deploy.local.ports import Ports
from deploy.local.postbox import Mailbox, door

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"type": "alert.raised", "data": {"text": "红线"}}'


@pytest.fixture
def im(tmp_path: Path) -> Iterator[str]:
    server = door(0, "/im", Webhook(SECRET), tmp_path / "im.jsonl")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/im"
    server.shutdown()
    server.server_close()


def headers(body: str, at: datetime) -> dict[str, str]:
    signature = Webhook(SECRET).sign("m-1", at, body)
    return {"webhook-id": "m-1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def test_keeps_a_signed_message(im: str, tmp_path: Path) -> None:
    answer = httpx2.post(im, content=BODY, headers=headers(BODY, datetime.now(UTC)))
    assert answer.status_code == 204
    [line] = (tmp_path / "im.jsonl").read_text().splitlines()
    assert json.loads(line)["id"] == "m-1"
    assert json.loads(line)["body"]["data"]["text"] == "红线"


@pytest.mark.parametrize("wrong", ["body", "time", "unsigned"])
def test_refuses_what_is_not_signed(im: str, tmp_path: Path, wrong: str) -> None:
    at = datetime.now(UTC) - timedelta(hours=wrong == "time")
    given = {} if wrong == "unsigned" else headers(BODY + (" " if wrong == "body" else ""), at)
    assert httpx2.post(im, content=BODY, headers=given).status_code == 401
    assert not (tmp_path / "im.jsonl").exists()


def test_refuses_other_places_and_floods(im: str) -> None:
    assert httpx2.post(im + "/other", content=BODY).status_code == 404
    assert httpx2.post(im, content=b"x" * 1_000_001).status_code == 413


def test_keeps_mails_in_the_order_of_arrival(tmp_path: Path) -> None:
    times = iter([5, 5, 6])  # a clock may stand still between two mails
    smtp = Controller(Mailbox(tmp_path, lambda: next(times)), hostname="127.0.0.1", port=Ports().take())
    smtp.start()
    try:
        with smtplib.SMTP("127.0.0.1", smtp.port) as client:
            for subject in ("一", "二", "三"):
                mail = EmailMessage()
                mail["To"], mail["From"], mail["Subject"] = "a@example.com", "b@example.com", subject
                mail.set_content("正文")
                client.send_message(mail)
    finally:
        smtp.stop()
    kept = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in sorted(tmp_path.glob("*.eml"))
    ]
    assert [mail["subject"] for mail in kept] == ["一", "二", "三"]
