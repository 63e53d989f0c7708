"""Who is told follows from the alert alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sinks.notify.delivery import plan
from tests.sinks.rig import alert

MAIL = {"channel": "EMAIL", "recipient": "E002", "address": "e002@example.com"}
LAMP = {"channel": "LIGHT", "recipient": "", "address": ""}


def told(*alerts: Any, lit: tuple[str, ...] = ()) -> list[tuple[str, str, str, bool]]:
    return [(d.transition, d.channel, d.recipient, d.on) for d in plan(alerts, lit)]


def test_every_delivery_of_a_raised_alert() -> None:
    assert told(alert(1, deliveries=[MAIL, LAMP])) == [
        ("raised", "EMAIL", "E002", True),
        ("raised", "LIGHT", "", True),
    ]


def test_a_resolution_tells_no_one() -> None:
    assert told(alert(1, "resolved", deliveries=[MAIL])) == []


def test_a_resolution_puts_out_the_lamp_that_its_alert_lit() -> None:
    off = ("resolved", "LIGHT", "", False)
    assert told(alert(1, "resolved", deliveries=[MAIL, LAMP]), lit=("alert-1",)) == [off]
    assert told(alert(2, "resolved", deliveries=[LAMP]), lit=("alert-1",)) == []
    assert told(alert(1, deliveries=[LAMP]), alert(1, "resolved"))[-1] == off


def test_an_escalation_lights_a_lamp_once() -> None:
    assert told(alert(1, deliveries=[MAIL]), alert(1, "escalated", deliveries=[LAMP])) == [
        ("raised", "EMAIL", "E002", True),
        ("escalated", "LIGHT", "", True),
    ]
    assert told(alert(1, "escalated", deliveries=[LAMP]), lit=("alert-1",)) == []


def test_an_alert_that_eased_goes_to_inboxes_and_puts_the_lamp_out() -> None:
    inbox = {"channel": "INBOX", "recipient": "E002", "address": ""}
    said = [("eased", "INBOX", "E002", True), ("eased", "LIGHT", "", False)]
    assert told(alert(1, "eased", deliveries=[inbox, LAMP]), lit=("alert-1",)) == said
    assert told(alert(1, "eased", deliveries=[inbox]), lit=("alert-1",)) == said[:1]


def test_each_escalation_of_one_alert_is_told() -> None:
    twice = [replace(alert(1, "escalated", deliveries=[MAIL]), id=id_) for id_ in ("to yellow", "to red")]
    first, second = plan(twice, ())
    assert first.id != second.id
    assert first.message_id != second.message_id


def test_history_notifies_no_one() -> None:
    assert told(alert(1, deliveries=[MAIL, LAMP], backfill=True)) == []


def test_identities_do_not_depend_on_the_run() -> None:
    (first,), (again,) = plan([alert(1, deliveries=[MAIL])], ()), plan([alert(1, deliveries=[MAIL])], ())
    assert (first.id, first.message_id) == (again.id, again.message_id)
    assert first.message_id == "alert-1.raised.E002"
    (escalated,) = plan([alert(1, "escalated", deliveries=[MAIL])], ())
    assert escalated.id != first.id


def test_a_message_id_holds_nothing_that_a_header_could_misread() -> None:
    (one,) = plan([alert(1, alert_id="a>\r\nBcc: x@y", deliveries=[MAIL])], ())
    assert one.message_id.isascii()
    assert not set(one.message_id) & set("<>\r\n @:")
