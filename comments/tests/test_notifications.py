"""Letters: to whom, when, how often, and nothing in them that a stranger could use."""

import datetime
import re
import threading

import pytest
from django.contrib.auth.models import Group
from django.core import signing
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from articles.http.attempts import LAST_ATTEMPT
from articles.tests.factories import make_article
from comments import notifications
from comments.decide import decide
from comments.limits import is_too_often
from comments.models import Comment, Commenter, Status
from comments.notifications import ask_to_confirm, unsubscribe_token
from comments.tests.factories import make_comment, make_reader
from comments.tests.letters import Sink, do_jobs, do_later_jobs, jobs, listening, make_proved, make_reply
from comments.tests.payloads import PAYLOADS
from deploy.loopback import free_port
from newsportal import backlog
from newsportal.background import do_again, in_process
from newsportal.models import Page

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = datetime.timedelta(hours=1)


def plain(letter) -> str:
    return letter.get_body(("plain",)).get_content()


def html(letter) -> str:
    return letter.get_body(("html",)).get_content()


def publish(comment: Comment) -> None:
    decide(Comment.objects.get(pk=comment.pk), Status.PUBLISHED, by=None)


def reject(comment: Comment, **said) -> None:
    decide(Comment.objects.get(pk=comment.pk), Status.REJECTED, by=None, **said)


# --- Confirming an address ---


def test_a_confirmation_holds_a_link_and_nothing_that_was_typed(sink):
    comment = make_comment(name="Buy Now Cheap", body="Visit http://evil.example today", email="stranger@example.org")
    ask_to_confirm(comment.commenter, comment)
    do_jobs()
    [letter] = sink.letters
    assert letter["To"] == "stranger@example.org"
    for part in (plain(letter), html(letter), letter["Subject"]):
        assert "Buy" not in part
        assert "evil" not in part
    link = re.search(r"http://testserver/comments/confirm/(\S+)/", plain(letter))
    assert signing.loads(link[1], salt="comments.confirm", max_age=86_400) == [
        comment.commenter_id,
        comment.commenter.token_version,
    ]
    assert link[0] in html(letter)
    assert comment.article.headline in plain(letter)


def test_at_most_one_confirmation_an_hour_and_five_a_day(sink):
    comment = make_comment()
    jobs().delete()
    Commenter.objects.update(link_sent_at=None, links_sent=0)
    sent = 0
    for minutes in range(0, 48 * 60, 10):
        Commenter.objects.filter(link_sent_at__isnull=False).update(
            link_sent_at=Commenter.objects.get().link_sent_at - datetime.timedelta(minutes=10) if minutes else None
        )
        ask_to_confirm(comment.commenter, comment)
        now_sent = jobs().count()
        if minutes < 60:
            assert now_sent == 1
        if minutes < 24 * 60:
            assert now_sent <= 5
        sent = now_sent
    # A day without one must pass before there are more.
    assert sent == 6 + 4


def test_of_two_processes_one_sends_the_link(mail):
    comment = make_comment()
    start = threading.Barrier(4)

    def ask():
        start.wait()
        try:
            ask_to_confirm(comment.commenter, comment)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert jobs().count() == 1


def test_known_and_unknown_addresses_get_the_same_letter(sink):
    known = make_proved(email="known@example.org")
    unknown = make_comment(article=known.article, email="new@example.org")
    for comment in (known, unknown):
        ask_to_confirm(comment.commenter, comment)
    do_jobs()
    texts = [re.sub(r"confirm/\S+/", "confirm/…/", plain(letter)) for letter in sink.letters]
    assert len(texts) == 2
    assert texts[0] == texts[1]


def test_without_a_mail_server_nothing_is_enqueued(settings):
    assert settings.MAIL_ENABLED is False
    answered = make_proved(status=Status.PUBLISHED)
    ask_to_confirm(answered.commenter, answered)
    publish(make_reply(to=answered))
    reject(answered, inform=True)
    assert not jobs().exists()


# --- Replies ---


def test_a_reply_is_told_of_once_it_is_published(sink):
    answered = make_proved(email="asker@example.org", status=Status.PUBLISHED)
    reply = make_reply(to=answered, body="I see it <b>otherwise</b>.")
    do_jobs()
    assert not sink.letters
    publish(reply)
    do_jobs()
    [letter] = sink.letters
    assert letter["To"] == "asker@example.org"
    assert letter["From"] == "The Test Post <talk@post.example>"
    assert "Ludmila answered your comment" in letter["Subject"]
    assert "> I see it <b>otherwise</b>." in plain(letter)
    assert "I see it &lt;b&gt;otherwise&lt;/b&gt;." in html(letter)
    assert f"http://testserver{reply.get_absolute_url()}" in plain(letter)
    assert "<img" not in html(letter)
    assert "answerer@example.org" not in letter.as_string()


def test_a_letter_says_that_a_machine_wrote_it_and_how_to_get_no_more(sink):
    answered = make_proved(status=Status.PUBLISHED)
    publish(make_reply(to=answered))
    do_jobs()
    [letter] = sink.letters
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@testserver>")
    link = letter["List-Unsubscribe"].strip(" <>")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith("http://testserver/comments/unsubscribe/")
    assert link in plain(letter)
    assert link in html(letter)


def test_a_letter_is_queued_with_what_causes_it_or_not_at_all(mail):
    """A process that is killed after the one has not forgotten the other."""
    reply = make_reply(to=make_proved(status=Status.PUBLISHED))
    with transaction.atomic():
        publish(reply)
        assert [job.args_kwargs["args"] for job in jobs()] == [[reply.pk]]
        transaction.set_rollback(True)
    assert not jobs().exists()
    with transaction.atomic():
        make_comment(email="somebody@example.org")
        assert [job.task_path for job in jobs()] == ["comments.notifications.send_confirmation"]
        transaction.set_rollback(True)
    assert not jobs().exists() and not Commenter.objects.filter(email="somebody@example.org").exists()


def test_a_reply_that_is_rejected_and_approved_again_is_told_of_once(sink):
    answered = make_proved(status=Status.PUBLISHED)
    reply = make_reply(to=answered)
    for _ in range(2):
        publish(reply)
        do_jobs()
        reject(reply)
    publish(reply)
    do_jobs()
    assert len(sink.letters) == 1


def test_a_reply_that_was_gone_before_the_letter_was_written_is_told_of_when_it_is_back(sink):
    answered = make_proved(status=Status.PUBLISHED)
    reply = make_reply(to=answered)
    publish(reply)
    reject(reply)
    do_jobs()
    assert not sink.letters
    publish(reply)
    do_jobs()
    assert len(sink.letters) == 1


def test_whom_a_deep_reply_answers_is_told_not_the_one_it_hangs_on(sink):
    parent = make_proved(email="parent@example.org", status=Status.PUBLISHED)
    answered = make_reply(to=parent, email="answered@example.org", is_proved=True, wants_replies=True)
    Commenter.objects.filter(email="answered@example.org").update(verified_at=timezone.now())
    publish(answered)
    do_jobs()
    publish(make_reply(to=parent, answers=answered))
    do_jobs()
    assert [letter["To"] for letter in sink.letters] == ["parent@example.org", "answered@example.org"]


@pytest.mark.parametrize(
    ("of_comment", "of_guest"),
    [
        ({"is_proved": False}, {}),
        ({"wants_replies": False}, {}),
        ({"status": Status.REJECTED}, {}),
        ({}, {"verified_at": None}),
        ({}, {"wants_mail": False}),
        ({}, {"email": ""}),
    ],
)
def test_nobody_is_told_who_has_not_asked_and_shown_who_they_are(sink, of_comment, of_guest):
    answered = make_proved(status=Status.PUBLISHED)
    Comment.objects.filter(pk=answered.pk).update(**{"is_proved": True} | of_comment)
    Commenter.objects.filter(pk=answered.commenter_id).update(**{"wants_mail": True} | of_guest)
    publish(make_reply(to=answered))
    do_jobs()
    assert not sink.letters


def test_nobody_is_told_of_their_own_reply(sink):
    answered = make_proved(email="me@example.org", status=Status.PUBLISHED)
    publish(make_reply(to=answered, email="me@example.org"))
    do_jobs()
    assert not sink.letters


def test_nobody_is_told_of_a_reply_under_a_story_that_was_withdrawn(sink):
    answered = make_proved(status=Status.PUBLISHED)
    publish(make_reply(to=answered))
    answered.article.withdraw(None)
    do_jobs()
    assert not sink.letters


@pytest.mark.parametrize("name", ["Eve\nBcc: all@example.org", "Eve\r\nBcc: all@example.org", "Eve\r\n\r\n<b>body"])
def test_a_name_writes_no_headers(sink, name):
    answered = make_proved(status=Status.PUBLISHED)
    reply = make_reply(to=answered)
    Comment.objects.filter(pk=reply.pk).update(name=name)
    publish(reply)
    do_jobs()
    [letter] = sink.letters
    assert letter["Bcc"] is None
    assert letter["Subject"].strip().startswith("Eve ")
    assert "<b>body" not in html(letter)


@pytest.mark.parametrize(
    "payload",
    [
        *PAYLOADS,
        "{{ reply.commenter.email }}{% debug %}",
        "</blockquote><a href='javascript:alert(1)'>x</a>",
        'http://a.example/"onmouseover=alert(1)',
    ],
)
def test_what_readers_write_stays_text_in_a_letter(sink, payload):
    answered = make_proved(status=Status.PUBLISHED)
    publish(make_reply(to=answered, name=payload[:60], body=payload))
    reject(make_proved(body=payload), inform=True, note=payload)
    do_jobs()
    assert len(sink.letters) == 2
    for letter in sink.letters:
        assert "answerer@" not in html(letter)
        assert not re.search(r"<(?:script|img)|<[^>]*\son\w+\s*=|href=.javascript", html(letter))


# --- Rejections ---


def test_a_rejection_is_told_with_its_reason_where_the_moderator_wishes(sink, moderator):
    comment = make_proved(email="author@example.org", body="They are all thieves.")
    decide(comment, Status.REJECTED, by=moderator, reason="libel", note="Name a <source>.", inform=True)
    do_jobs()
    [letter] = sink.letters
    assert letter["To"] == "author@example.org"
    assert "May be libellous" in plain(letter)
    assert "Name a <source>." in plain(letter)
    assert "Name a &lt;source&gt;." in html(letter)
    assert "> They are all thieves." in plain(letter)
    assert "moderator@" not in letter.as_string()


@pytest.mark.parametrize("is_there", [False, True])
def test_a_rejection_leads_to_the_rules_where_they_are_a_page(sink, is_there):
    if is_there:
        Page.objects.create(title="House <i>rules</i>", slug="policies")
    reject(make_proved(body="They are all thieves."), inform=True)
    do_jobs()
    [letter] = sink.letters
    assert ("Our rules: House <i>rules</i>, http://testserver/pages/policies/" in plain(letter)) is is_there
    link = 'Our rules: <a href="http://testserver/pages/policies/">House &lt;i&gt;rules&lt;/i&gt;</a>'
    assert (link in html(letter)) is is_there
    assert is_there or "rules" not in letter.as_string()


def test_a_rejection_is_not_told_unasked_or_to_an_address_that_a_stranger_may_have_typed(sink):
    reject(make_proved(), inform=False)
    reject(make_comment(), inform=True)
    do_jobs()
    assert not [letter for letter in sink.letters if "not published" in letter["Subject"]]


def test_a_rejection_that_was_taken_back_is_not_told(sink):
    comment = make_proved()
    reject(comment, inform=True)
    publish(comment)
    do_jobs()
    assert not sink.letters


# --- A mail server that is down ---


def test_the_serving_process_sends_it_after_the_answer(sink, settings):
    settings.BACKGROUND_WORKER = "thread"
    comment = make_comment(email="someone@example.org")
    ask_to_confirm(comment.commenter, comment)
    assert in_process.wait(30)
    assert len(sink.to("someone@example.org")) == 1


def test_a_letter_is_delivered_once_after_the_server_is_up_again(mail):
    answered = make_proved(status=Status.PUBLISHED)
    publish(make_reply(to=answered))
    do_jobs()
    do_later_jobs()
    sink = Sink()
    with listening(sink, mail.EMAIL_PORT):
        do_jobs()
        assert not sink.letters  # its time has not come
        for _ in range(3):
            do_later_jobs()
    assert len(sink.letters) == 1


def test_pauses_grow_and_in_a_day_it_is_given_up(mail, caplog):
    comment = make_comment(email="private@example.org")
    ask_to_confirm(comment.commenter, comment)
    do_jobs()
    pauses = []
    for _ in range(LAST_ATTEMPT + 2):
        waiting = jobs().filter(status="READY").first()
        if waiting:
            pauses.append(round((waiting.run_after - timezone.now()).total_seconds() / 60))
        do_later_jobs()
    assert pauses == [1, 5, 30, 240, 1080]
    assert jobs().count() == LAST_ATTEMPT
    assert "Given up after 6 attempts" in caplog.text
    assert "private" not in caplog.text
    # It stands among what failed, by numbers of rows alone.
    [given_up] = jobs().filter(status="FAILED")
    assert given_up.exception_class_path == "articles.http.attempts.GivenUp"
    assert "private" not in given_up.traceback


def test_a_letter_that_was_given_up_is_sent_after_all_with_all_its_attempts(mail):
    answered = make_proved(status=Status.PUBLISHED)
    publish(make_reply(to=answered))
    do_jobs()
    for _ in range(LAST_ATTEMPT):
        do_later_jobs()
    assert backlog.letters_given_up().count() == 1
    # Still nothing takes it: as at first, it is tried again.
    assert do_again(jobs()) == 1
    assert not backlog.undelivered_letters().exists()
    do_jobs()
    assert backlog.undelivered_letters().count() == 1
    sink = Sink()
    with listening(sink, mail.EMAIL_PORT):
        do_later_jobs()
    assert len(sink.letters) == 1
    assert not backlog.letters_given_up().exists()


def test_an_address_that_does_not_exist_is_not_tried_again_nor_logged(sink, caplog):
    sink.refuse = "550 No such user: private@example.org"
    comment = make_comment(email="private@example.org")
    ask_to_confirm(comment.commenter, comment)
    do_jobs()
    assert jobs().count() == 1
    assert "private" not in caplog.text
    assert not any("private" in job.traceback for job in jobs())


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ("450 4.1.2 Recipient address rejected: Domain not found", 0),
        ("452 4.2.2 Mailbox full", 0),
        ("450 4.1.8 Sender address rejected: Domain not found", 1),
        ("454 4.7.1 Relay access denied", 1),
        ("451 Temporary lookup failure", 1),
    ],
)
def test_an_address_that_is_refused_for_a_day_is_no_failure_and_a_server_that_takes_nothing_is(sink, answer, failed):
    sink.refuse = answer
    publish(make_reply(to=make_proved(status=Status.PUBLISHED)))
    do_jobs()
    for _ in range(LAST_ATTEMPT):
        do_later_jobs()
    assert jobs().count() == LAST_ATTEMPT and not jobs().filter(status="READY").exists()
    assert backlog.letters_given_up().count() == failed


def test_one_address_that_is_refused_is_told_apart_from_a_server_that_takes_nothing(sink):
    def ask(email: str) -> None:
        comment = make_comment(email=email)
        ask_to_confirm(comment.commenter, comment)
        do_jobs()

    sink.refuse = "450 4.1.2 Recipient address rejected: Domain not found"
    ask("mistyped@exmaple.org")
    assert backlog.waiting_letters() == (1, 0), "of a server that has taken nothing since nobody knows that it is well"
    sink.refuse = ""
    ask("one@example.org")
    assert backlog.waiting_letters() == (0, 1)
    sink.refuse = "451 Temporary lookup failure"
    ask("two@example.org")
    assert backlog.waiting_letters() == (1, 1)


def test_a_server_that_ends_badly_has_delivered(sink):
    sink.rude = "garbage that is no answer"
    comment = make_comment()
    ask_to_confirm(comment.commenter, comment)
    do_jobs()
    do_later_jobs()
    assert len(sink.letters) == 1


def test_a_full_mailbox_is_tried_again(sink):
    sink.refuse = "452 Try again later"
    comment = make_comment()
    ask_to_confirm(comment.commenter, comment)
    do_jobs()
    sink.refuse = ""
    do_later_jobs()
    assert len(sink.letters) == 1


# --- Unsubscribing ---


@pytest.fixture
def subscribed():
    return make_proved(status=Status.PUBLISHED)


def wishes(comment: Comment) -> tuple[bool, bool]:
    comment = Comment.objects.select_related("commenter").get(pk=comment.pk)
    return comment.wants_replies, comment.commenter.wants_mail


def test_looking_at_the_link_changes_nothing(client, subscribed):
    url = f"/comments/unsubscribe/{unsubscribe_token(subscribed)}/"
    for ask in (client.get, client.head, client.options):
        response = ask(url)
    response = client.get(url)
    assert response.status_code == 200
    assert "<button" in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies
    assert wishes(subscribed) == (True, True)


def test_a_mail_program_unsubscribes_with_one_post_without_cookie_or_token(subscribed):
    client = Client(enforce_csrf_checks=True)
    url = f"/comments/unsubscribe/{unsubscribe_token(subscribed)}/"
    response = client.post(url, {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    assert not response.cookies
    assert wishes(subscribed) == (True, False)


def test_the_buttons_stop_one_comment_or_all(client, subscribed):
    url = f"/comments/unsubscribe/{unsubscribe_token(subscribed)}/"
    client.post(url, {"only": "this"})
    assert wishes(subscribed) == (False, True)
    client.post(url, {"only": "all"})
    assert wishes(subscribed) == (False, False)


@pytest.mark.parametrize("change", ["forged", "ended", "expired", "other"])
def test_a_link_that_is_not_valid_changes_nothing(client, subscribed, change, monkeypatch):
    token = unsubscribe_token(subscribed)
    match change:
        case "forged":
            token = token[:-1] + ("A" if token[-1] != "A" else "B")
        case "ended":
            subscribed.commenter.forget_browsers()
        case "expired":
            monkeypatch.setattr(signing.time, "time", lambda real=signing.time.time: real() + 91 * 86_400)
        case "other":
            token = signing.dumps([subscribed.commenter_id, 1, subscribed.pk], salt="comments.confirm")
    url = f"/comments/unsubscribe/{token}/"
    for response in (client.get(url), client.post(url, {"List-Unsubscribe": "One-Click"})):
        assert response.status_code == 410
        assert "no longer valid" in response.content.decode()
    assert wishes(subscribed) == (True, True)


# --- The moderators' digest ---


def test_moderators_are_told_what_waits(sink, moderator):
    moderator.email = "mo@post.example"
    moderator.save()
    moderator.groups.add(Group.objects.get(name="Moderator"))
    article = make_comment().article
    make_comment(article=article)
    Comment.objects.filter(pk=make_comment(article=article, status=Status.PUBLISHED).pk).update(reported=True)
    oldest = Comment.objects.order_by("pk").first()
    Comment.objects.filter(pk=oldest.pk).update(created_at=timezone.now() - 5 * HOUR)
    call_command("comment_digest")
    [letter] = sink.letters
    assert letter["To"] == "mo@post.example"
    assert "2 comments wait" in plain(letter)
    assert "5\xa0hours" in plain(letter)
    assert "1 published comment has been reported" in plain(letter)
    assert "http://testserver/admin/comments/comment/" in plain(letter)


@pytest.mark.parametrize(
    ("waiting", "reported", "told"),
    [
        (1, 0, "1 comment waits"),
        (2, 1, "2 comments wait, 1 is reported"),
        (1, 2, "1 comment waits, 2 are reported"),
        (0, 1, "1 comment is reported"),
        (0, 3, "3 comments are reported"),
    ],
)
def test_the_subject_of_the_digest_tells_what_there_is(sink, moderator, waiting, reported, told):
    moderator.email = "mo@post.example"
    moderator.save()
    article = make_article()
    for _ in range(waiting):
        make_comment(article=article)
    for _ in range(reported):
        make_comment(article=article, status=Status.PUBLISHED)
    Comment.objects.filter(status=Status.PUBLISHED).update(reported=True)
    call_command("comment_digest")
    [letter] = sink.letters
    assert letter["Subject"] == f"The Test Post: {told}"


def test_others_are_told_nothing_and_nobody_when_nothing_waits(sink, reporter, moderator):
    reporter.email = "re@post.example"
    reporter.save()
    moderator.email = "mo@post.example"
    moderator.save()
    call_command("comment_digest")
    assert not sink.letters
    make_comment()
    call_command("comment_digest")
    assert [letter["To"] for letter in sink.letters] == ["mo@post.example"]


def test_where_there_is_no_mail_the_digest_tells_nobody_and_does_not_fail(settings, moderator, capsys):
    settings.MAIL_ENABLED = False
    make_comment()
    call_command("comment_digest")
    assert "EMAIL_HOST is not set" in capsys.readouterr().out


def test_a_digest_that_cannot_be_sent_is_an_error_without_addresses(mail, moderator):
    moderator.email = "mo@post.example"
    moderator.save()
    make_comment()
    with pytest.raises(CommandError) as refusal:
        call_command("comment_digest")
    assert "mo@" not in str(refusal.value)


def test_jobs_carry_no_address_and_no_text(sink):
    answered = make_proved(email="secret@example.org", body="Secret words.", status=Status.PUBLISHED)
    ask_to_confirm(answered.commenter, answered)
    publish(make_reply(to=answered, body="Secret answer."))
    reject(answered, inform=True, note="Secret note.")
    do_jobs()
    assert jobs().count() == 3
    assert not any("ecret" in str(vars(job)) for job in jobs())


def test_the_reaper_may_run_a_notice_twice_without_a_second_letter(sink):
    answered = make_proved(status=Status.PUBLISHED)
    reply = make_reply(to=answered)
    publish(reply)
    notifications.send_reply_notice.enqueue(reply.pk)
    do_jobs()
    assert len(sink.letters) == 1


def test_where_the_cache_is_away_nothing_is_counted_and_nothing_breaks(settings):
    pytest.importorskip("django_redis")
    settings.CACHES = {"default": {
        "BACKEND": "django_redis.cache.RedisCache", "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
        "OPTIONS": {"IGNORE_EXCEPTIONS": True},
    }}  # fmt: skip
    assert is_too_often("links", "a network", an_hour=0) is False


def test_an_address_spends_no_link_where_its_network_has_none_left(sink, settings, monkeypatch):
    monkeypatch.setattr(notifications, "LINKS_AN_HOUR", 1)
    comments = [
        make_comment(reader=make_reader(email=f"{who}@example.org", network="n" * 32)) for who in ("one", "two")
    ]
    cache.clear()
    Commenter.objects.update(link_sent_at=None, links_sent=0)
    for comment in comments:
        ask_to_confirm(comment.commenter, comment)
    assert [Commenter.objects.get(pk=comment.commenter_id).links_sent for comment in comments] == [1, 0]


def test_an_address_that_was_erased_is_not_stored_for_a_link_that_is_not_sent(sink, monkeypatch):
    monkeypatch.setattr(notifications, "LINKS_AN_HOUR", 0)
    comment = make_comment(email="banned@example.org")
    cache.clear()
    Commenter.objects.update(email="", link_sent_at=None, links_sent=0)
    ask_to_confirm(Commenter.objects.by_email("banned@example.org"), comment)
    guest = Commenter.objects.get()
    assert (guest.email, guest.link_sent_at) == ("", None)


def test_one_mailbox_gets_one_link_an_hour_however_its_domain_is_spelt(sink):
    for domain in ("example.org", "\uff45xample.org", "e\uff58ample.org", "exam\u00adple.org"):
        ask_to_confirm(Commenter.objects.by_email(f"reader@{domain}"), None)
    do_jobs()
    assert [letter["To"] for letter in sink.letters] == ["reader@example.org"]
