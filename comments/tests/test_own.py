"""One's own comment: changed for a while and screened again, deleted at any time, and nobody else's."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from articles.tests.factories import make_article
from comments.decide import DecisionRefused, decide
from comments.edit import MOST_EDITS, EditRefused, edit
from comments.models import Comment, Commenter, Mode, Policy, Sanction, Status, Term
from comments.reactions import pick
from comments.tests.browsers import browser, post, press, trusted
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def article():
    return make_article()


@pytest.fixture
def guest():
    return make_reader(email="trusted@example.org", approved=5)


def test_a_text_is_changed_and_the_old_one_kept(guest):
    comment = make_comment(reader=guest, body="Before.")
    edit(comment, "After.", guest)
    comment.refresh_from_db()
    assert (comment.body, comment.body_html, comment.revision, comment.status) == (
        "After.", "<p>After.</p>", 2, Status.PUBLISHED,
    )  # fmt: skip
    assert comment.edited_at
    assert list(comment.revisions.values_list("number", "body")) == [(1, "Before.")]


def test_a_changed_text_is_screened_like_a_new_one(guest):
    comment = make_comment(reader=guest, body="Well said.")
    assert comment.status == Status.PUBLISHED
    edit(comment, "http://a.example http://b.example http://c.example", guest)
    comment.refresh_from_db()
    assert comment.status == Status.PENDING
    assert not comment.listed
    assert comment.decisions.count() == 2


def test_an_approved_text_that_changes_has_been_read_by_nobody(guest, moderator):
    Policy.objects.create(mode=Mode.ALL)
    comment = make_comment(reader=guest)
    decide(comment, Status.PUBLISHED, by=moderator)
    edit(comment, "Something else entirely.", guest)
    comment.refresh_from_db()
    assert (comment.status, comment.reviewed_at) == (Status.PENDING, None)


def test_a_change_never_publishes_what_waits(guest):
    comment = make_comment(reader=guest, body="http://a.example http://b.example http://c.example")
    assert comment.status == Status.PENDING
    edit(comment, "Nothing to see here.", guest)
    comment.refresh_from_db()
    assert comment.status == Status.PENDING


def test_a_change_of_the_text_does_not_change_how_it_was_sent(guest):
    comment = make_comment(reader=guest, body="Before.", honeypot="https://pills.example")
    edit(comment, "After.", guest)
    comment.refresh_from_db()
    assert {"honeypot", "edited"} == {finding["check"] for finding in comment.findings}
    assert comment.status == Status.PENDING


def test_what_an_editor_picked_out_is_picked_no_more_once_it_says_something_else(guest, administrator):
    comment = make_comment(reader=guest)
    pick(comment, by=administrator, picked=True)
    edit(Comment.objects.get(pk=comment.pk), "Something else.", guest)
    comment.refresh_from_db()
    assert (comment.status, comment.picked_at) == (Status.PUBLISHED, None)


def test_a_moderator_who_has_read_the_old_text_decides_nothing(guest, moderator):
    Policy.objects.create(mode=Mode.ALL)
    comment = make_comment(reader=guest)
    as_read = Comment.objects.get(pk=comment.pk)
    edit(comment, "Not what you have read.", guest)
    with pytest.raises(DecisionRefused, match="has changed"):
        decide(as_read, Status.PUBLISHED, by=moderator)


def test_ten_minutes_and_no_longer(guest, time_machine):
    comment = make_comment(reader=guest)
    time_machine.move_to(timezone.now() + datetime.timedelta(minutes=10, seconds=1))
    with pytest.raises(EditRefused):
        edit(comment, "Too late.", guest)


def test_a_text_is_not_changed_for_ever(guest):
    comment = make_comment(reader=guest, body="Once.")
    for number in range(MOST_EDITS):
        edit(comment, f"Changed {number}.", guest)
    with pytest.raises(EditRefused):
        edit(comment, "Once more.", guest)
    assert comment.revisions.count() == MOST_EDITS


def test_an_answered_text_stays_as_it_was(guest):
    comment = make_comment(reader=guest)
    make_comment(parent=comment, status=Status.PUBLISHED)
    with pytest.raises(EditRefused, match="answered"):
        edit(comment, "I never said that.", guest)


@pytest.mark.parametrize("status", [Status.REJECTED, Status.SPAM])
def test_what_was_turned_away_cannot_be_changed(guest, moderator, status):
    comment = make_comment(reader=guest)
    decide(comment, status, by=moderator)
    with pytest.raises(EditRefused):
        edit(comment, "Now it is nice.", guest)


def test_a_banned_guest_cannot_change_anything(guest, moderator):
    comment = make_comment(reader=guest, body="Fine.")
    Sanction.objects.create(commenter=guest.commenter, measure="ban", reason="Threats.", made_by=moderator)
    with pytest.raises(EditRefused, match="Threats"):
        edit(comment, "Not fine.", guest)
    comment.refresh_from_db()
    assert comment.body == "Fine."


def test_an_unconfirmed_guest_cannot_change_a_text():
    reader = make_reader()
    with pytest.raises(EditRefused):
        edit(make_comment(reader=reader), "Changed.", reader)


def test_the_same_words_as_before_are_refused(guest, article):
    make_comment(article=article, reader=guest, body="Once.")
    second = make_comment(article=article, reader=guest, body="Twice.")
    with pytest.raises(EditRefused, match="said the same"):
        edit(second, "Once.", guest)


# --- In the browser ---


def test_a_guest_changes_a_comment_on_a_page(article):
    reader = trusted(article)
    post(reader, article)
    comment = Comment.objects.get()
    response = press(reader, f"/comments/edit/{comment.pk}/", body="The tram is early.", revision=1)
    assert response.status_code == 302
    assert "It is on the page" in reader.get(response["Location"]).content.decode()
    assert "The tram is early." in Client().get(article.get_absolute_url()).content.decode()


def test_a_text_that_can_no_longer_be_changed_is_refused_in_the_same_words_before_and_after(article, time_machine):
    reader = trusted(article)
    post(reader, article)
    url = f"/comments/edit/{Comment.objects.get().pk}/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', reader.get(url).content.decode())[1]
    time_machine.move_to(timezone.now() + datetime.timedelta(minutes=11))
    before = reader.get(url).content.decode()
    after = reader.post(url, {"csrfmiddlewaretoken": token, "body": "Too late.", "revision": 1}).content.decode()
    told = "It can no longer be changed. A comment can be changed for 10 minutes, 20 times at most, and until somebody answers."
    assert told in before and told in after
    assert "ten minutes" not in before


def test_bad_input_is_kept_beside_its_message(article):
    reader = trusted(article)
    post(reader, article)
    response = press(reader, f"/comments/edit/{Comment.objects.get().pk}/", body="ž" * 5001, revision=1)
    assert response.status_code == 400
    assert "ž" * 5001 in response.content.decode()


def test_an_edit_of_an_older_revision_is_refused_and_kept(article):
    reader = trusted(article)
    post(reader, article)
    comment = Comment.objects.get()
    press(reader, f"/comments/edit/{comment.pk}/", body="Second.", revision=1)
    page = press(reader, f"/comments/edit/{comment.pk}/", body="Third, from an old tab.", revision=1)
    assert page.status_code == 400
    assert "Third, from an old tab." in page.content.decode()
    comment.refresh_from_db()
    assert comment.body == "Second."


def test_others_find_nothing_there(article, administrator):
    post(trusted(article), article)
    comment = Comment.objects.get()
    stranger, other_guest, staff = browser(), trusted(article, email="other@example.org"), browser()
    staff.force_login(administrator)
    for reader in (stranger, other_guest, staff):
        for act in ("edit", "delete"):
            assert reader.get(f"/comments/{act}/{comment.pk}/").status_code == 404
    comment.refresh_from_db()
    assert comment.status == Status.PUBLISHED


def test_a_text_whose_author_is_not_known_any_more_is_given_back(article):
    reader = trusted(article)
    post(reader, article)
    comment = Comment.objects.get()
    url = f"/comments/edit/{comment.pk}/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', reader.get(url).content.decode())[1]
    Commenter.objects.get().forget_browsers()
    response = reader.post(url, {"csrfmiddlewaretoken": token, "body": "A better thought.", "revision": 1})
    assert response.status_code == 404
    assert "A better thought.</textarea>" in response.content.decode()
    comment.refresh_from_db()
    assert comment.body == "The tram is late."
    assert reader.get(url).status_code == 404


def test_nothing_is_changed_or_deleted_without_a_token(article):
    reader = trusted(article)
    post(reader, article)
    comment = Comment.objects.get()
    assert reader.post(f"/comments/edit/{comment.pk}/", {"body": "Forged.", "revision": 1}).status_code == 403
    assert reader.post(f"/comments/delete/{comment.pk}/").status_code == 403
    comment.refresh_from_db()
    assert (comment.body, comment.status) == ("The tram is late.", Status.PUBLISHED)


def test_a_get_deletes_nothing(article):
    reader = trusted(article)
    post(reader, article)
    reader.get(f"/comments/delete/{Comment.objects.get().pk}/")
    assert Comment.objects.get().status == Status.PUBLISHED


def test_an_own_comment_is_deleted_from_the_page_at_once(article):
    reader = trusted(article)
    post(reader, article)
    comment = Comment.objects.get()
    press(reader, f"/comments/delete/{comment.pk}/")
    comment.refresh_from_db()
    assert comment.status == Status.DELETED
    assert [d.made_as for d in comment.decisions.order_by("pk")] == ["system", "author"]
    assert "No comments yet." in Client().get(article.get_absolute_url()).content.decode()
    assert reader.get(f"/comments/delete/{comment.pk}/").status_code == 404


def test_a_second_press_of_delete_is_done_and_a_strangers_is_not(article):
    reader = trusted(article)
    post(reader, article)
    url = f"/comments/delete/{Comment.objects.get().pk}/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', reader.get(url).content.decode())[1]
    for _ in range(2):
        assert reader.post(url, {"csrfmiddlewaretoken": token})["Location"] == "/comments/yours/?done=deleted"
    assert Comment.objects.get().decisions.filter(to_status=Status.DELETED).count() == 1
    stranger = Client()
    assert stranger.post(url).status_code == 404


def test_a_guest_who_has_confirmed_nothing_can_still_delete_what_this_browser_sent(article):
    reader = browser()
    post(reader, article)
    press(reader, f"/comments/delete/{Comment.objects.get().pk}/")
    assert Comment.objects.get().status == Status.DELETED


def test_the_own_page_never_says_that_a_machine_has_turned_it_away(article, moderator):
    reader = browser()
    post(reader, article)
    comment = Comment.objects.get()
    decide(comment, Status.SPAM, by=None)
    page = reader.get("/comments/yours/").content.decode()
    assert "Waits for a moderator" in page and 'data-status="pending"' in page
    decide(comment, Status.REJECTED, by=moderator)
    page = reader.get("/comments/yours/").content.decode()
    assert "Not published" in page and 'data-status="rejected"' in page


def test_the_pages_of_a_reader_are_never_kept(article):
    reader = trusted(article)
    post(reader, article)
    pk = Comment.objects.get().pk
    for url in ("yours/", f"edit/{pk}/", f"delete/{pk}/", "confirm/", f"report/{pk}/", f"reply/{pk}/"):
        assert "no-store" in reader.get(f"/comments/{url}")["Cache-Control"], url


def test_mail_about_replies_is_turned_off_and_on(article):
    reader = trusted(article)
    for wants in ("no", "yes"):
        page = reader.get("/comments/yours/").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        reader.post("/comments/yours/mail/", {"csrfmiddlewaretoken": token, "wants_mail": wants})
        assert Commenter.objects.get().wants_mail is (wants == "yes")


@pytest.mark.parametrize(
    ("measure", "sentence"),
    [("warn", "A moderator warns you"), ("premoderate", "before they appear"), ("ban", "You cannot comment here")],
)
def test_who_is_warned_or_banned_is_told_on_their_own_page(article, measure, sentence):
    reader, stranger = trusted(article), browser()
    Sanction.objects.create(commenter=Commenter.objects.get(), measure=measure, reason="Mind <b>your</b> words.")
    page = reader.get("/comments/yours/").content.decode()
    assert sentence in page
    assert "Mind &lt;b&gt;your&lt;/b&gt; words." in page
    assert "Mind" not in stranger.get("/comments/yours/").content.decode()


@pytest.mark.parametrize("action", Term.Action.values)
def test_what_a_machine_has_turned_away_can_be_changed_like_what_waits_and_does_not_come_back(guest, action):
    """Else it would be known at once which words are turned away."""
    Term.objects.create(phrase="casino", action=action)
    comment = make_comment(reader=guest, body="Play in the casino tonight.")
    was = comment.status
    assert comment.status_for_its_author == Status.PENDING
    edit(comment, "Play at home tonight.", guest)
    comment.refresh_from_db()
    assert (comment.body, comment.status, comment.revision) == ("Play at home tonight.", was, 2)
