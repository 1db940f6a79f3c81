"""Trust hangs on what a cookie proves: never on a typed name or address, and never on a reading page."""

import re

import pytest
from django.core import mail, signing
from django.test import Client

from articles.tests.factories import make_article
from comments.decide import decide
from comments.identity import COOKIE, COOKIE_SALT, confirmation_token
from comments.models import Comment, Commenter, Status
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db

WORDS = {"name": "Ottilie", "email": "ottilie@example.org", "body": "The tram is late.", "website": ""}


@pytest.fixture
def article():
    return make_article()


def browser() -> Client:
    return Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "same-origin"})


def post(reader, article, **changes):
    return reader.post(f"/comments/post/{article.pk}/", WORDS | changes)


def press(reader, url, **data):
    """Open a page and press its button, as a person does."""
    page = reader.get(url).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    return reader.post(url, {"csrfmiddlewaretoken": token, **data})


def confirm(reader, email=WORDS["email"]):
    return press(reader, f"/comments/confirm/{confirmation_token(Commenter.objects.by_email(email))}/")


def trusted(article, *, approved=3, email=WORDS["email"]) -> Client:
    reader = browser()
    confirm(reader, email)
    Commenter.objects.update(published_count=approved)
    return reader


def test_a_trusted_guest_is_published_at_once(article):
    post(trusted(article), article)
    comment = Comment.objects.get()
    assert (comment.status, comment.is_proved) == (Status.PUBLISHED, True)
    assert list(comment.decisions.values_list("from_status", "to_status", "made_as")) == [
        ("pending", "published", "system")
    ]


def test_the_typed_address_of_a_trusted_guest_proves_nothing(article):
    trusted(article)
    post(browser(), article)
    comment = Comment.objects.get()
    assert (comment.status, comment.is_proved) == (Status.PENDING, False)
    assert "nobody has confirmed" in str(comment.findings)


def test_what_a_stranger_writes_under_a_typed_address_does_not_touch_its_owners_standing(article, moderator):
    owner = trusted(article)
    post(browser(), article, body="Buy pills, I am Ottilie.")
    decide(Comment.objects.get(), Status.REJECTED, by=moderator)
    assert Commenter.objects.get().rejected_count == 0
    assert "Buy pills" not in owner.get("/comments/yours/").content.decode()


def test_who_types_another_address_writes_as_that_one_unconfirmed(article):
    post(trusted(article), article, email="somebody.else@example.org")
    comment = Comment.objects.get()
    assert not comment.is_proved
    assert comment.commenter.email == "somebody.else@example.org"


def test_a_confirmed_guest_need_not_give_the_address_again(article):
    post(trusted(article), article, email="")
    assert Comment.objects.get().is_proved


def test_the_link_of_a_mail_only_shows_a_page_until_its_button_is_pressed(article):
    reader = browser()
    url = f"/comments/confirm/{confirmation_token(Commenter.objects.by_email(WORDS['email']))}/"
    response = reader.get(url)
    assert response.status_code == 200
    assert COOKIE not in response.cookies
    assert response["Referrer-Policy"] == "no-referrer"
    assert Commenter.objects.get().verified_at is None
    confirm(reader)
    assert Commenter.objects.get().verified_at is not None


def test_confirming_claims_what_this_browser_sent_and_not_what_others_did(article):
    mine, theirs = browser(), browser()
    post(mine, article, body="This one is mine.")
    post(theirs, article, body="This one is a stranger's.")
    confirm(mine)
    assert dict(Comment.objects.values_list("body", "is_proved")) == {
        "This one is mine.": True,
        "This one is a stranger's.": False,
    }


def test_a_confirmed_comment_is_published_where_the_policy_is_open(article):
    from comments.models import Mode, Policy

    Policy.objects.create(mode=Mode.OPEN)
    reader = browser()
    post(reader, article)
    assert Comment.objects.get().status == Status.PENDING
    confirm(reader)
    assert Comment.objects.get().status == Status.PUBLISHED


@pytest.mark.parametrize(
    "token",
    ["x", "a:b:c", signing.dumps([1, 1]), signing.dumps("x", salt="comments.confirm")],
    ids=["word", "like one", "another purpose", "another thing"],
)
def test_a_forged_link_confirms_nothing(token):
    Commenter.objects.by_email(WORDS["email"])
    response = browser().get(f"/comments/confirm/{token}/")
    assert response.status_code == 404
    assert "no longer good" in response.content.decode()


def test_a_link_is_good_for_a_day(article, time_machine):
    time_machine.move_to("2026-11-24 12:00Z")
    url = f"/comments/confirm/{confirmation_token(Commenter.objects.by_email(WORDS['email']))}/"
    time_machine.move_to("2026-11-25 12:01Z")
    assert browser().get(url).status_code == 404


@pytest.mark.parametrize(
    "cookie",
    [
        "x",
        signing.dumps({"browser": "x", "guest": 1, "version": 1}, salt="another"),
        signing.dumps("x", salt=COOKIE_SALT),
        signing.dumps({}, salt=COOKIE_SALT),
    ],
    ids=["word", "another purpose", "another thing", "empty"],
)
def test_a_cookie_that_is_not_whole_proves_nothing(article, cookie):
    trusted(article)
    reader = browser()
    reader.cookies[COOKIE] = cookie
    post(reader, article)
    assert not Comment.objects.get().is_proved


def test_leaving_everywhere_makes_every_cookie_and_link_worthless(article):
    first, second = trusted(article), trusted(article)
    link = f"/comments/confirm/{confirmation_token(Commenter.objects.get())}/"
    page = first.get("/comments/yours/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    first.post("/comments/yours/leave/", {"csrfmiddlewaretoken": token, "everywhere": "yes"})
    post(second, article)
    assert not Comment.objects.get().is_proved
    assert browser().get(link).status_code == 404


def test_the_cookie_is_for_the_comments_alone(article):
    response = post(browser(), article)
    cookie = response.cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/comments/", True, "Lax")


def test_own_comments_that_wait_are_seen_by_their_author_alone(article):
    mine = browser()
    post(mine, article, body="Waiting for you.")
    url = f"/comments/waiting/{article.pk}/"
    response = mine.get(url)
    assert "Waiting for you." in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert browser().get(url).status_code == 204
    assert "Waiting for you." not in browser().get("/comments/yours/").content.decode()


def test_staff_write_with_a_badge_and_their_own_name(article, editor):
    editor.first_name, editor.last_name = "Ruth", "Anand"
    editor.save()
    reader = browser()
    reader.force_login(editor)
    post(reader, article, name="Somebody Else", email="")
    comment = Comment.objects.get()
    assert (comment.name, comment.author, comment.commenter, comment.status) == (
        "Ruth Anand",
        editor,
        None,
        Status.PUBLISHED,
    )
    assert ">Staff<" in browser().get(article.get_absolute_url()).content.decode()


def test_an_account_that_is_no_staff_is_a_guest_like_others(article, outsider):
    reader = browser()
    reader.force_login(outsider)
    post(reader, article)
    assert not Comment.objects.get().is_staff


def test_known_and_unknown_addresses_are_answered_alike(article):
    make_comment(reader=make_reader(email="known@example.org", approved=5))
    answers = []
    for email in ("known@example.org", "unknown@example.org"):
        reader = browser()
        response = post(reader, article, email=email, body="The same words.")
        page = reader.get(response["Location"]).content.decode()
        answers.append((response.status_code, re.sub(r"<time.*?</time>|csrf\w+|value=\"\w+\"", "", page)))
    assert answers[0] == answers[1]


def test_asking_for_a_link_says_nothing_of_who_is_known(settings):
    settings.MAIL_ENABLED = True
    make_comment(reader=make_reader(email="known@example.org"))
    pages = [
        press(browser(), "/comments/confirm/", email=email).content for email in ("known@example.org", "un@example.org")
    ]
    assert pages[0] == pages[1]


def test_without_a_mail_server_nobody_is_promised_a_mail(article, settings):
    settings.MAIL_ENABLED = False
    reader = browser()
    page = reader.get(post(reader, article)["Location"]).content.decode()
    assert "sent a link" not in page
    assert "waits for a moderator" in page
    assert "sends no mail" in reader.get("/comments/confirm/").content.decode()
    assert not mail.outbox


def test_the_owner_of_a_comment_whose_words_are_sent_again_is_not_given_away(article):
    make_comment(article=article, email=WORDS["email"], body=WORDS["body"], status=Status.PUBLISHED)
    stranger = browser()
    page = stranger.get(post(stranger, article)["Location"]).content.decode()
    assert "waits for a moderator" in page
    assert Comment.objects.count() == 1


def test_a_confirmed_guest_of_an_old_browser_need_not_give_the_address_either(article):
    reader = trusted(article)
    del reader.defaults["HTTP_SEC_FETCH_SITE"]
    response = post(reader, article, email="")
    assert response.status_code == 200
    assert "Is this right?" in response.content.decode()
    assert not Comment.objects.exists()


def test_a_name_is_one_line(article):
    post(browser(), article, name="Eve\r\n  Moneypenny")
    assert Comment.objects.get().name == "Eve Moneypenny"
