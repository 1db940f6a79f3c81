"""A mail server on the loopback that keeps what it gets, and people who write and answer."""

from __future__ import annotations

import contextlib
import email
import email.policy
import socket
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from comments.models import Comment, Commenter
from comments.tests.factories import make_comment, make_reader
from newsportal.background import drain


class Sink:
    """`letters`: what has arrived, in order. `refuse`: an answer such as "550 no" to every recipient. `rude`: to QUIT."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuse = self.rude = ""

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope) -> str:
        return self.rude or "221 Bye"

    def to(self, address: str) -> list[EmailMessage]:
        return [letter for letter in self.letters if letter["To"] == address]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def listening(sink: Sink, port: int) -> Iterator[None]:
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@pytest.fixture
def mail(settings):
    """Mail is set up, and the server is down."""
    settings.MAIL_ENABLED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "The Test Post <talk@post.example>"
    return settings


@pytest.fixture
def sink(mail):
    """Mail is set up, and the server is up."""
    sink = Sink()
    with listening(sink, mail.EMAIL_PORT):
        yield sink


def jobs():
    """Those that comments have enqueued: stories make some of their own."""
    return DBTaskResult.objects.filter(task_path__startswith="comments.")


def do_jobs() -> None:
    """All that is enqueued, and what that enqueues for now."""
    drain()


def do_later_jobs() -> None:
    """As if the time of the next attempts had come."""
    DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())
    drain()


def make_proved(*, email: str | None = None, **said) -> Comment:
    """By a guest who has confirmed the address, and wants to hear of replies."""
    reader = make_reader(email=email or f"proved{Commenter.objects.count()}@example.org")
    return make_comment(reader=reader, wants_replies=True, **said)


def make_reply(
    *, to: Comment, answers: Comment | None = None, email: str = "answerer@example.org", **fields
) -> Comment:
    words = {"name": "Ludmila", "body": "I see it otherwise."} | fields
    return Comment.objects.create(
        article=to.article, parent=to, root_id=to.root_id or to.pk, ancestors=[*to.ancestors, to.pk], depth=to.depth + 1,
        answers=answers, commenter=Commenter.objects.by_email(email), **words,
    )  # fmt: skip
