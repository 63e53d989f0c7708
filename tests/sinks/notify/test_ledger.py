"""The ledger is what the outcomes say, in whatever number they come."""

from __future__ import annotations

from sharedchain.fact import Derived
from sinks.notify.delivery import Delivery
from sinks.notify.ledger import Ledger
from sinks.notify.record import outcome_of
from sinks.notify.texts import Words, compose
from tests.sinks.rig import alert

WORDS = Words("http://gw", "s")


def outcome(delivery: Delivery, why: str = "") -> Derived:
    return outcome_of(delivery, compose((delivery,), WORDS), why, 1, 5)


def test_sent_and_failed_are_both_over() -> None:
    ledger = Ledger()
    mail, im = Delivery(alert(1), "EMAIL", "E002"), Delivery(alert(1), "IM", "E002")
    ledger.note(outcome(mail))
    ledger.note(outcome(im, "failed: 500"))
    assert ledger.recorded == {mail.id, im.id}


def test_a_lamp_burns_until_it_is_put_out_and_old_news_change_nothing() -> None:
    on, off = Delivery(alert(1), "LIGHT"), Delivery(alert(1, "resolved"), "LIGHT", on=False)
    ledger = Ledger()
    ledger.note(outcome(on))
    assert ledger.lit == {"alert-1": "R-01"}
    ledger.note(outcome(off))
    assert ledger.lit == {}
    ledger.note(outcome(on))
    assert ledger.lit == {}


def test_an_outcome_stands_at_the_place_of_its_alert() -> None:
    delivery = Delivery(alert(9), "EMAIL", "E002", "e002@example.com")
    sent, failed = outcome(delivery), outcome(delivery, "failed: no")
    cause = delivery.alert
    assert (sent.partition, sent.seq, sent.n, sent.recorded) == (cause.partition, cause.seq, cause.n, cause.recorded)
    assert (sent.type, sent.data["outcome"], sent.causation) == ("notification.sent", "sent", cause.id)
    assert (failed.type, failed.data["outcome"], failed.id) == ("notification.failed", "failed: no", sent.id)
