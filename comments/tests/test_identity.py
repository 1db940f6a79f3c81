"""Trust hangs on what a cookie proves: never on a typed name or address, and never on a reading page."""

import re

import pytest
from django.core import mail, signing

from articles.tests.factories import make_article
from comments.decide import decide, decide_all, undo
from comments.identity import COOKIE, COOKIE_SALT, confirmation_token
from comments.models import Comment, Commenter, Mode, Policy, Sanction, Status, Term
from comments.notifications import LINKS_AN_HOUR
from comments.tests.browsers import WORDS, browser, confirm, post, press, trusted
from comments.tests.factories import make_comment, make_reader
from comments.tests.letters import jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def article():
    return make_article()


def test_an_address_that_is_longer_than_any_is_refused_before_it_is_stored(settings):
    settings.MAIL_ENABLED = True
    # In small letters these are two each.
    grows = f"ottilie@{'İ' * 60}.{'İ' * 60}.{'İ' * 60}.example"
    for address in (f"ottilie@{'.'.join([60 * 'a'] * 4)}.example", grows):
        page = press(browser(), "/comments/confirm/", email=address)
        assert page.status_code == 400
        assert "This address is too long" in page.content.decode()
    assert not Commenter.objects.exists()


def test_a_trusted_guest_is_published_at_once(article):
    post(trusted(article), article)
    comment = Comment.objects.get()
    assert (comment.status, comment.is_proved) == (Status.PUBLISHED, True)
    assert list(comment.decisions.values_list("from_status", "to_status", "made_as")) == [
        ("pending", "published", "system")
    ]


def test_the_form_says_what_is_needed_and_the_page_for_everyone_says_it_for_everyone(article, editor):
    parent = make_comment(article=article, status=Status.PUBLISHED)
    staff = browser()
    staff.force_login(editor)
    pages = {
        staff: "",
        trusted(article): "Name and comment are needed.",
        browser(): "Name, e-mail and comment are needed.",
    }
    for reader, needed in pages.items():
        page = reader.get(f"/comments/reply/{parent.pk}/").content.decode()
        assert ("needed" in page) is bool(needed)
        assert needed in page
        for_everyone = reader.get(article.get_absolute_url()).content.decode()
        assert "the e-mail until you have confirmed it in this browser. Staff need only the comment." in for_everyone


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
    assert response["Referrer-Policy"] == "strict-origin"
    assert Commenter.objects.get().verified_at is None
    confirm(reader)
    assert Commenter.objects.get().verified_at is not None


def test_no_new_guest_has_a_version_that_one_of_before_can_have_had(article):
    """They were counted from 1: their cookies are good for a year, whatever has become of their rows."""
    drawn = {Commenter.objects.by_email(f"guest{n}@example.org").token_version for n in range(20)}
    assert len(drawn) == 20 and min(drawn) > 100_000


def test_what_a_guest_has_ended_does_not_come_to_life_when_a_backup_is_restored_and_they_end_it_once_more(article):
    confirm(browser())
    before = Commenter.objects.get().token_version
    Commenter.objects.get().forget_browsers()
    thief = browser()
    confirm(thief)
    post(thief, article, email="", body="By a thief.")
    # As the backup has them: before any of this.
    Commenter.objects.update(token_version=before)
    Commenter.objects.get().forget_browsers()
    assert "By a thief." not in thief.get("/comments/yours/").content.decode()


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
    Policy.objects.create(mode=Mode.OPEN)
    reader = browser()
    post(reader, article)
    assert Comment.objects.get().status == Status.PENDING
    confirm(reader)
    assert Comment.objects.get().status == Status.PUBLISHED


@pytest.fixture
def open_policy(db):
    return Policy.objects.create(mode=Mode.OPEN)


def test_what_a_program_seems_to_have_sent_stays_held_when_its_address_is_confirmed(article, open_policy):
    reader = browser()
    post(reader, article, website="https://pills.example")
    confirm(reader)
    comment = Comment.objects.get()
    assert (comment.status, comment.is_proved) == (Status.PENDING, True)
    assert [finding["check"] for finding in comment.findings] == ["honeypot"]


def test_what_a_moderator_has_put_back_is_not_published_by_confirming_the_address(article, open_policy, moderator):
    reader = browser()
    post(reader, article)
    batch, *_ = decide_all(Comment.objects.all(), Status.REJECTED, by=moderator)
    undo(batch, by=moderator)
    confirm(reader)
    assert Comment.objects.get().status == Status.PENDING


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


@pytest.mark.parametrize("by", ["guest", "desk"])
def test_a_copied_cookie_that_was_ended_changes_and_deletes_nothing(article, by, client, moderator):
    owner = trusted(article)
    post(owner, article)
    comment, thief = Comment.objects.get(), browser()
    thief.cookies[COOKIE] = owner.cookies[COOKIE].value
    if by == "guest":
        page = owner.get("/comments/yours/").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        owner.post("/comments/yours/leave/", {"csrfmiddlewaretoken": token, "everywhere": "yes"})
    else:
        client.force_login(moderator)
        client.post(f"/admin/comments/commenter/{comment.commenter_id}/change/", {"_forget": "1"})
    for url in (f"/comments/edit/{comment.pk}/", f"/comments/delete/{comment.pk}/"):
        assert thief.get(url).status_code == 404
    assert comment.body not in thief.get("/comments/yours/").content.decode()


def test_a_cookie_from_before_the_address_was_confirmed_does_not_speak_for_the_guest(article):
    owner = browser()
    post(owner, article)
    thief = browser()
    thief.cookies[COOKIE] = owner.cookies[COOKIE].value
    comment = Comment.objects.get()
    assert thief.get(f"/comments/delete/{comment.pk}/").status_code == 200, "a stranger is a browser"
    confirm(owner)
    assert thief.get(f"/comments/delete/{comment.pk}/").status_code == 404
    assert owner.get(f"/comments/delete/{comment.pk}/").status_code == 200


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


@pytest.mark.parametrize(
    ("first", "last", "username", "name"),
    [
        ("", "", "ruth", "ruth"),
        ("", "", "ruth@post.example", "The Test Post"),
        ("ruth@post.example", "", "ruth", "ruth"),
        ("R" * 100, "Anand", "ruth", "R" * 60),
    ],
)
def test_no_name_of_the_staff_gives_an_address_away_or_is_too_long(article, editor, first, last, username, name):
    editor.first_name, editor.last_name, editor.username = first, last, username
    editor.save()
    reader = browser()
    reader.force_login(editor)
    assert name in reader.get("/comments/yours/").content.decode()
    post(reader, article, name="", email="")
    assert Comment.objects.get().name == name


def test_a_network_cannot_have_links_sent_to_everyone(settings):
    settings.MAIL_ENABLED = True
    answers = [press(browser(), "/comments/confirm/", email=f"r{n}@example.org") for n in range(LINKS_AN_HOUR + 3)]
    assert [answer.status_code for answer in answers] == [200] * LINKS_AN_HOUR + [429] * 3
    assert Commenter.objects.count() == jobs().count() == LINKS_AN_HOUR
    page = answers[-1].content.decode()
    assert "come back in an hour" in page and f"r{LINKS_AN_HOUR + 2}@example.org" in page


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
    known = make_comment(
        article=article, name="Wilhelmina", email="known@example.org", body=WORDS["body"], status=Status.PUBLISHED
    )
    pages = []
    for email in ("known@example.org", "unknown@example.org"):
        stranger = browser()
        response = post(stranger, article, email=email)
        page = stranger.get(response["Location"]).content.decode()
        assert "Wilhelmina" not in page and known.get_absolute_url() not in page
        pages.append(page)
    assert pages[0] == pages[1]
    assert "waits for a moderator" in pages[0]


def test_two_strangers_of_one_network_learn_nothing_of_each_other(article, moderator):
    first, second, third = browser(), browser(), browser()
    pages = [first.get(post(first, article)["Location"]).content, second.get(post(second, article)["Location"]).content]
    assert pages[0] == pages[1]
    assert Comment.objects.count() == 1, "one who presses twice before the first answer is one"
    decide(Comment.objects.get(), Status.REJECTED, by=moderator)
    pages.append(third.get(post(third, article)["Location"]).content)
    assert pages[0] == pages[2]
    assert list(Comment.objects.order_by("pk").values_list("status", flat=True)) == ["rejected", "pending"]


def test_an_address_that_says_what_was_sent_names_no_comment(article):
    token = post(browser(), article)["Location"].rstrip("/").rpartition("/")[2]
    assert signing.loads(token, salt="comments.received") == Comment.objects.get().idempotency_key


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


# --- What a machine makes of somebody is not to be learnt by a stranger ---


def seen_to_wait(reader, article) -> bool:
    return "Waits for a moderator" in reader.get(f"/comments/waiting/{article.pk}/").content.decode()


@pytest.mark.parametrize("laid_on", ["the address", "its domain", "the words"])
def test_what_a_machine_has_turned_away_waits_like_all_else_for_who_has_sent_it(article, laid_on):
    if laid_on == "the address":
        banned = Commenter.objects.by_email("banned@example.org")
        Sanction.objects.create(measure=Sanction.Measure.BAN, reason="Threats.", commenter=banned)
    elif laid_on == "its domain":
        Sanction.objects.create(measure=Sanction.Measure.BAN, reason="Threats.", mail_domain="example.org")
    else:
        Term.objects.create(phrase="casino", action=Term.Action.REJECT)
    stranger = browser()
    assert post(stranger, article, email="banned@example.org", body="Play in the casino tonight.").status_code == 302
    assert Comment.objects.get().status == Status.REJECTED
    assert "Waits for a moderator" in stranger.get("/comments/yours/").content.decode()
    assert seen_to_wait(stranger, article)


@pytest.mark.parametrize("email", ["nobody@example.com", "banned@example.org"])
def test_a_press_that_comes_twice_is_one_whatever_became_of_it(article, email):
    banned = Commenter.objects.by_email("banned@example.org")
    Sanction.objects.create(measure=Sanction.Measure.BAN, reason="Threats.", commenter=banned)
    for _ in range(2):
        post(browser(), article, email=email, body="The same words.")
    assert Comment.objects.count() == 1
