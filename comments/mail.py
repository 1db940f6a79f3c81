"""Write a letter as plain text and as HTML, and hand it to the mail server."""

from __future__ import annotations

import logging
import re
import smtplib
from contextlib import suppress
from email.utils import make_msgid
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)

MAX_SUBJECT = 150
#: A refusal for now that is about one address: no such host just now, a mailbox that is full (RFC 3463). 4.1.7 and 4.1.8 are about
#: ours, and a server that lets nobody through says 4.7.1.
OF_ONE_ADDRESS = re.compile(rb"4\.(?:1\.(?![78]\b)|2\.)\d")


class Outcome(Enum):
    SENT = "sent"
    LATER = "later"  # the server cannot be reached, or takes nothing now
    PERHAPS = "perhaps"  # this address is refused for now: most likely it is mistyped
    NEVER = "never"  # the address or the letter is refused for good


def send(to: str, subject: str, template: str, said: dict[str, Any], **headers: str) -> Outcome:
    """Send `comments/mail/<template>.txt` with its `.html` to one address. Nothing of either gets into the logs.

    `headers`: with `_` for `-`. Line ends in the subject become spaces, so that no reader can write headers.
    """
    context = {"site_name": settings.SITE_NAME, "origin": settings.SITE_URL, "LANGUAGE_CODE": settings.LANGUAGE_CODE}
    text, html = (render_to_string(f"comments/mail/{template}.{kind}", context | said) for kind in ("txt", "html"))
    subject = " ".join(subject.split())
    if len(subject) > MAX_SUBJECT:
        subject = subject[: MAX_SUBJECT - 1].rstrip() + "…"
    server = get_connection()
    try:
        letter = EmailMultiAlternatives(
            subject,
            text,
            to=[to],
            headers={
                # The host is ours: Python would give the machine's own name away.
                "Message-ID": make_msgid(domain=urlsplit(settings.SITE_URL).hostname),
                "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's out-of-office answers it
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        letter.attach_alternative(html, "text/html")
        server.open()
        server.send_messages([letter])
    except smtplib.SMTPRecipientsRefused as refusal:
        (answer,) = refusal.recipients.values()
        return _failed(template, refusal, _of_recipient(*answer))
    except smtplib.SMTPDataError as refusal:
        return _failed(template, refusal, Outcome.NEVER if refusal.smtp_code >= 500 else Outcome.LATER)
    except (smtplib.SMTPException, OSError) as failure:
        return _failed(template, failure, Outcome.LATER)
    except ValueError as unwritable:  # an address that no letter can be written to
        return _failed(template, unwritable, Outcome.NEVER)
    finally:
        # What was accepted is sent, also when the goodbye fails: it must not be sent again for that.
        with suppress(smtplib.SMTPException, OSError):
            server.close()
    return Outcome.SENT


def _of_recipient(code: int, words: bytes) -> Outcome:
    return Outcome.NEVER if code >= 500 else Outcome.PERHAPS if OF_ONE_ADDRESS.match(words) else Outcome.LATER


def _failed(template: str, error: Exception, outcome: Outcome) -> Outcome:
    # Servers quote addresses in what they answer, so that only the kind of error is told.
    logger.warning("A %s mail was not sent (%s): %s.", template, type(error).__name__, outcome.value)
    return outcome
