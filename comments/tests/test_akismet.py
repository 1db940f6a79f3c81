"""Akismet is asked after the answer, gets nothing of who it was, and never overrules a person."""

import http.server
from urllib.parse import parse_qs

import pytest
from django.db import transaction

from articles.http.attempts import LAST_ATTEMPT
from comments import akismet as asking
from comments.decide import decide
from comments.edit import edit
from comments.models import Comment, Decision, Mode, Policy, Sanction, Status
from comments.tests.factories import make_comment, make_reader
from comments.tests.letters import do_jobs, do_later_jobs, free_port, jobs
from newsportal.tests.answering import begin, end

pytestmark = pytest.mark.django_db(transaction=True)


class Emulator:
    """Answers as Akismet does: spam is what says so, as in its own documentation."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answer: bytes | None = None
        self.redirect_to = ""
        emulator = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                data = {name: values[0] for name, values in parse_qs(body).items()}
                emulator.asked.append(data)
                emulator.paths.append(self.path)
                if emulator.redirect_to:
                    self.send_response(307)
                    self.send_header("Location", emulator.redirect_to)
                    self.end_headers()
                    return
                spam = "akismet-guaranteed-spam" in data.get("comment_author", "")
                self.send_response(200)
                self.end_headers()
                self.wfile.write(emulator.answer or (b"true" if spam else b"false"))

            do_GET = do_POST

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        begin(self.server)

    def stop(self) -> None:
        end(self.server)


@pytest.fixture
def akismet(settings, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    emulator = Emulator()
    settings.AKISMET_KEY, settings.AKISMET_URL = "a-key", emulator.url
    yield emulator
    emulator.stop()


def make_waiting(**said) -> Comment:
    """Waits for Akismet alone, as that of a confirmed guest does whom the newsroom knows."""
    comment = make_comment(reader=make_reader(email="private@example.org", approved=5), **said)
    assert [finding["check"] for finding in comment.findings] == ["akismet"]
    return comment


def sentences(comment: Comment) -> list[str]:
    return [finding["sentence"] for finding in Comment.objects.get(pk=comment.pk).findings]


def status(comment: Comment) -> str:
    return Comment.objects.get(pk=comment.pk).status


def test_nothing_is_asked_while_somebody_is_posting(akismet):
    comment = make_waiting()
    assert not akismet.asked
    assert comment.status == Status.PENDING
    assert sentences(comment) == ["Waiting for Akismet."]


def test_the_question_is_queued_with_the_comment_or_not_at_all(akismet):
    """A process that is killed after the one has not forgotten the other."""
    with transaction.atomic():
        make_comment()
        assert "comments.akismet.ask" in [job.task_path for job in jobs()]
        transaction.set_rollback(True)
    assert not jobs().exists()


def test_what_akismet_lets_through_is_published(akismet):
    comment = make_waiting()
    do_jobs()
    assert status(comment) == Status.PUBLISHED
    assert sentences(comment) == []
    [decision] = Decision.objects.all()
    assert (decision.made_as, decision.made_by) == ("system", None)


def test_what_something_else_holds_stays_held(akismet):
    comment = make_comment()
    do_jobs()
    assert status(comment) == Status.PENDING
    assert sentences(comment) == ["Written by a guest whose address nobody has confirmed."]


def test_spam_is_put_aside_and_says_why(akismet):
    comment = make_waiting(name="akismet-guaranteed-spam")
    do_jobs()
    assert status(comment) == Status.SPAM
    assert sentences(comment) == ["Akismet takes it for spam."]


def test_neither_the_e_mail_nor_the_network_is_sent(akismet):
    comment = make_waiting(body="Good morning.")
    Comment.objects.filter(pk=comment.pk).update(network="n" * 32, browser="b" * 32)
    do_jobs()
    [asked] = akismet.asked
    assert asked["comment_content"] == "Good morning."
    assert asked["comment_author"] == "Ottilie"
    assert asked["comment_type"] == "comment"
    assert asked["permalink"] == f"http://testserver{comment.article.get_absolute_url()}"
    assert asked["user_ip"] == "127.0.0.1"
    assert "private" not in str(asked)
    assert "nnnn" not in str(asked)
    assert "bbbb" not in str(asked)
    assert akismet.paths == ["/1.1/comment-check"]


def test_without_a_key_nobody_is_asked():
    comment = make_comment()
    assert "Waiting for Akismet." not in sentences(comment)
    assert not jobs().exists()


def test_unreachable_means_wait_and_be_asked_about_again(akismet, settings, caplog):
    settings.AKISMET_URL = f"http://127.0.0.1:{free_port()}"
    comment = make_waiting(body="Private words.")
    do_jobs()
    assert status(comment) == Status.PENDING
    assert sentences(comment) == ["Akismet cannot be reached; it is asked again."]
    settings.AKISMET_URL = akismet.url
    do_jobs()
    assert not akismet.asked  # its time has not come
    do_later_jobs()
    assert status(comment) == Status.PUBLISHED
    assert "Private" not in caplog.text


def test_after_a_day_a_person_is_asked_to_decide_without_it(akismet, settings):
    settings.AKISMET_URL = f"http://127.0.0.1:{free_port()}"
    comment = make_waiting()
    do_jobs()
    for _ in range(LAST_ATTEMPT):
        do_later_jobs()
    assert status(comment) == Status.PENDING
    assert sentences(comment) == ["Akismet could not be reached for a day: please decide without it."]
    assert jobs().count() == LAST_ATTEMPT


@pytest.mark.parametrize("answer", [b"invalid", b"<html>", b"true or false"])
def test_an_answer_that_makes_no_sense_is_none(akismet, answer):
    akismet.answer = answer
    comment = make_waiting()
    do_jobs()
    assert status(comment) == Status.PENDING


def test_no_redirect_is_followed(akismet):
    elsewhere = Emulator()
    try:
        akismet.redirect_to = elsewhere.url
        comment = make_waiting()
        do_jobs()
        assert not elsewhere.asked
        assert status(comment) == Status.PENDING
    finally:
        elsewhere.stop()


def test_what_a_person_has_decided_stands(akismet, moderator):
    comment = make_waiting()
    decide(comment, Status.REJECTED, by=moderator)
    do_jobs()
    assert status(comment) == Status.REJECTED
    assert not akismet.asked


def test_an_answer_about_an_older_text_is_dropped(akismet):
    comment = make_waiting()
    Comment.objects.filter(pk=comment.pk).update(revision=2, body="Something else.")
    do_jobs()
    assert status(comment) == Status.PENDING
    assert not akismet.asked


def test_an_answer_that_comes_after_the_decision_is_dropped(akismet, moderator, monkeypatch):
    comment = make_waiting()

    def slow(asked, real=asking.is_spam):
        decide(Comment.objects.get(pk=asked.pk), Status.REJECTED, by=moderator)
        return real(asked)

    monkeypatch.setattr(asking, "is_spam", slow)
    do_jobs()
    assert status(comment) == Status.REJECTED
    assert Decision.objects.count() == 1


def test_what_a_moderator_put_back_or_readers_reported_is_not_published(akismet, moderator):
    reported = make_waiting()
    Comment.objects.filter(pk=reported.pk).update(open_flags=3, reported=True)
    put_back = make_waiting(article=reported.article)
    findings = put_back.findings
    decide(put_back, Status.REJECTED, by=moderator)
    Decision.objects.create(
        comment=put_back, revision=1, from_status="rejected", to_status="pending", made_as="moderator"
    )
    Comment.objects.filter(pk=put_back.pk).update(status=Status.PENDING, findings=findings)
    do_jobs()
    assert status(reported) == status(put_back) == Status.PENDING


LINKS = "http://a.example http://b.example http://c.example"


def changed(comment: Comment, body: str, reader) -> Comment:
    edit(Comment.objects.select_related("article", "commenter").get(pk=comment.pk), body, reader)
    return Comment.objects.get(pk=comment.pk)


def test_an_edit_of_what_was_published_waits_for_akismet_and_comes_back(akismet):
    reader = make_reader(email="trusted@example.org", approved=5)
    comment = make_comment(reader=reader, body="Good morning.")
    do_jobs()
    assert status(comment) == Status.PUBLISHED
    assert changed(comment, "Good evening.", reader).status == Status.PENDING
    assert sentences(comment) == ["Waiting for Akismet."]
    do_jobs()
    assert status(comment) == Status.PUBLISHED
    assert [asked["comment_content"] for asked in akismet.asked] == ["Good morning.", "Good evening."]
    moves = comment.decisions.order_by("pk").values_list("from_status", "to_status", "made_as")
    assert list(moves) == [
        ("pending", "published", "system"), ("published", "pending", "system"), ("pending", "published", "system"),
    ]  # fmt: skip


def test_akismet_does_not_publish_what_waited_for_a_person_before_the_edit(akismet):
    reader = make_reader(email="trusted@example.org", approved=5)
    for said in ({"honeypot": "x", "body": LINKS}, {"body": f"{LINKS} once more"}):
        comment = make_comment(reader=reader, **said)
        do_jobs()
        for body in (f"Nothing to see {comment.pk}.", f"Nothing at all {comment.pk}."):
            changed(comment, body, reader)
            do_jobs()
            assert status(comment) == Status.PENDING
            assert "It waited for a moderator before its author changed it." in sentences(comment)


def test_what_waits_for_akismet_alone_still_does_after_an_edit(akismet):
    reader = make_reader(email="trusted@example.org", approved=5)
    comment = make_comment(reader=reader)
    changed(comment, "What I meant to say.", reader)
    do_jobs()
    assert status(comment) == Status.PUBLISHED
    assert len(akismet.asked) == 1


@pytest.mark.parametrize("meanwhile", ["ban", "premoderate", "all are read"])
def test_an_answer_that_comes_late_publishes_nothing_that_is_held_by_now(akismet, meanwhile):
    comment = make_waiting()
    if meanwhile == "all are read":
        Policy.objects.create(mode=Mode.ALL)
    else:
        Sanction.objects.create(commenter=comment.commenter, measure=meanwhile, reason="Threats.")
    do_jobs()
    comment.refresh_from_db()
    assert comment.status == Status.PENDING and comment.findings
    assert "akismet" not in {finding["check"] for finding in comment.findings}
