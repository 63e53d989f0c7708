"""EMAIL: SMTP, plain text in both languages."""

from __future__ import annotations

import re
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from sharedchain.log import trace_id
from sinks.notify.outcome import Outcome, Refused, Retry, Sent
from sinks.notify.texts import Notification, one_line

_ADDRESS = re.compile(r"[^@\s,;:<>\"]+@[^@\s,;:<>\"]+")
_TIMEOUT = 5.0  # seconds for each answer


class Email:
    """One connection a mail: a server may go away between two."""

    def __init__(self, smtp: str, sender: str) -> None:
        host, _, port = smtp.rpartition(":")
        self._host, self._port, self._sender = host, int(port), sender

    def send(self, notification: Notification) -> Outcome:
        """4xx and no answer: later. 5xx: never, because the server will say it again."""
        if not _ADDRESS.fullmatch(notification.address):
            return Refused("the recipient has no usable mail address")
        try:
            # The name for HELO is given, else smtplib asks DNS for it.
            with smtplib.SMTP(self._host, self._port, local_hostname="sharedchain", timeout=_TIMEOUT) as server:
                server.send_message(message(notification, self._sender))
        except smtplib.SMTPRecipientsRefused as error:
            return _judge(next(iter(error.recipients.values()))[0])
        except smtplib.SMTPResponseException as error:
            return _judge(error.smtp_code)
        except smtplib.SMTPNotSupportedError:
            return Refused("the mail server takes no international addresses")
        except (smtplib.SMTPException, OSError) as error:
            return Retry(f"the mail server does not answer: {type(error).__name__}")
        return Sent()


def message(notification: Notification, sender: str) -> EmailMessage:
    """The mail. Its Message-ID is that of the notification, so that a repeated mail shows as one."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = notification.address
    mail["Subject"] = one_line(notification.subject)
    mail["Date"] = format_datetime(datetime.fromtimestamp(notification.at / 1000, UTC))
    mail["Message-ID"] = f"<{notification.id}@sharedchain>"
    if trace_id(notification.traceparent):
        mail["Traceparent"] = notification.traceparent
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(notification.body, charset="utf-8")
    return mail


def _judge(code: int) -> Outcome:
    if 400 <= code < 500:
        return Retry(f"the mail server answers {code}")
    return Refused(f"the mail server answers {code}")
