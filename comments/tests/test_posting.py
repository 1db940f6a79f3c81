"""A reader says something: clear answers, nothing lost, nothing doubled, and the page around it stays the same."""

import re
import socket
from itertools import pairwise
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.tests.factories import make_article
from articles.workflow import Status as ArticleStatus
from comments.decide import decide, delete_own
from comments.models import Comment, Commenter, Mode, Policy, Status
from comments.models.comment import MAX_LENGTH
from comments.post import PostRefused
from comments.tests.factories import make_comment, make_reader
from comments.tests.letters import jobs
from newsportal.models import Page

pytestmark = pytest.mark.django_db

WORDS = {"name": "Ottilie", "email": "ottilie@example.org", "body": "The tram is late, and so am I.", "website": ""}
TOO_LONG = f"ottilie@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.example"


@pytest.fixture
def article():
    return make_article()


@pytest.fixture
def reader():
    """A browser that says where its requests come from, and a server that checks tokens as it does in life."""
    return Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "same-origin"})


def post(reader, article, follow=False, **changes):
    return reader.post(f"/comments/post/{article.pk}/", WORDS | changes, follow=follow)


def test_what_a_guest_writes_is_held_and_shown_to_them(reader, article):
    response = post(reader, article, follow=True)
    page = response.content.decode()
    assert "waits for a moderator" in page
    assert WORDS["body"] in page
    comment = Comment.objects.get()
    assert (comment.status, comment.name, comment.article) == (Status.PENDING, "Ottilie", article)
    assert WORDS["body"] not in reader.get(article.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("status", "by_a_person", "told"),
    [
        (Status.PUBLISHED, True, "is on the page"),
        (Status.REJECTED, True, "read by a moderator and is not published"),
        (Status.SPAM, True, "read by a moderator and is not published"),
        (Status.SPAM, False, "arrived and waits for a moderator"),
    ],
)
def test_who_comes_back_to_the_thanks_reads_what_became_of_it_and_others_do_not(
    reader, article, moderator, status, by_a_person, told
):
    address = post(reader, article)["Location"]
    decide(Comment.objects.get(), status, by=moderator if by_a_person else None)
    assert told in reader.get(address).content.decode()
    assert "arrived and waits for a moderator" in Client().get(address).content.decode()


def test_the_address_is_never_shown(reader, article):
    page = post(reader, article, follow=True).content.decode()
    assert "ottilie@example.org" not in page


def test_what_was_sent_is_shown_to_nobody_without_the_signed_address(client):
    comment = make_comment()
    for guess in (comment.pk, f"{comment.pk}:abc", "x"):
        assert client.get(f"/comments/received/{guess}/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"body": ""}, "body", "Please write something first."),
        ({"body": " \n\t \u200b "}, "body", "Please write something first."),
        ({"body": "x"}, "body", "at least 2 characters"),
        ({"body": "x" * (MAX_LENGTH + 17)}, "body", "17 characters too long"),
        ({"name": ""}, "name", "Please give a name."),
        ({"name": "   "}, "name", "Please give a name."),
        ({"name": "n" * 61}, "name", "1 character too long"),
        ({"email": ""}, "email", "never shown"),
        ({"email": "ottilie"}, "email", "does not look like"),
        ({"email": TOO_LONG}, "email", "This address is too long: at most 254 characters fit."),
    ],
)
def test_bad_input_is_answered_beside_the_field_and_all_that_was_typed_is_kept(
    reader, article, changes, field, sentence
):
    response = post(reader, article, **changes)
    assert response.status_code == 400
    form = response.context["form"]
    assert set(form.errors) == {field}
    page = response.content.decode()
    assert sentence in page
    for name, value in (WORDS | changes).items():
        assert form[name].value() == value
    assert not Comment.objects.exists()


def test_no_level_of_headings_is_left_out(reader, article):
    parent = make_comment(article=article, status=Status.PUBLISHED)
    pages = [
        reader.get(article.get_absolute_url()),
        reader.get(f"/comments/reply/{parent.pk}/"),
        post(reader, article, body=""),
        Client().post(f"/comments/post/{article.pk}/", WORDS),
    ]
    for page in pages:
        levels = [int(level) for level in re.findall(r"<h([1-6])", page.content.decode())]
        assert levels[0] == 1 and all(after <= before + 1 for before, after in pairwise(levels)), levels
        assert page.content.count(b'id="comment-form-heading"') == 1


def test_an_over_long_comment_is_refused_and_never_cut(reader, article):
    text = "Ž" * (MAX_LENGTH + 1)
    assert text in post(reader, article, body=text).content.decode()
    textarea = re.search(r"<textarea[^>]*>", reader.get(article.get_absolute_url()).content.decode())[0]
    assert "maxlength" not in textarea


@pytest.mark.parametrize("letter", ["x", "Ж", "文", "🦜"])
def test_twice_as_much_as_fits_gets_the_forms_own_word_in_any_script(reader, article, letter):
    words = letter * MAX_LENGTH * 2
    sent = urlencode(WORDS | {"body": words})
    response = reader.generic(
        "POST", f"/comments/post/{article.pk}/", sent, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 400
    assert "5,000 characters too long" in response.content.decode()
    assert words in response.content.decode()


def test_the_longest_comment_fits_in_any_script(reader, article):
    text = "🦜" * MAX_LENGTH
    post(reader, article, body=text)
    assert Comment.objects.get().body == text


def test_broken_utf8_is_asked_for_again(reader, article):
    body = b"name=Ottilie&email=o%40example.org&body=Caf%E9+in+the+rain"
    response = reader.post(
        f"/comments/post/{article.pk}/", body, content_type="application/x-www-form-urlencoded; charset=utf-8"
    )
    assert response.status_code == 400
    assert "arrived damaged" in response.content.decode()
    assert "in the rain" in response.content.decode()


def test_control_and_direction_characters_are_taken_off(reader, article):
    post(reader, article, name="Otti\u202elie", body="One\x00two\x1b[31m\u2066three")
    comment = Comment.objects.get()
    assert (comment.name, comment.body) == ("Ottilie", "Onetwo[31mthree")


def test_who_is_turned_away_is_led_to_the_rules_where_they_are_a_page(reader, article, moderator):
    url = post(reader, article)["Location"]
    decide(Comment.objects.get(), Status.REJECTED, by=moderator)
    assert "ules" not in reader.get(url).content.decode().partition("<main")[2].partition("</main")[0]
    Page.objects.create(title="House rules", slug="policies")
    assert 'Our rules: <a href="/pages/policies/">House rules</a>.' in reader.get(url).content.decode()


def test_a_double_submit_is_one_comment(reader, article):
    first, second = post(reader, article), post(reader, article)
    assert first["Location"].split(":")[0] == second["Location"].split(":")[0]
    assert Comment.objects.count() == Commenter.objects.count() == 1


def test_a_double_submit_is_not_too_fast(article):
    reader = make_reader(email="fast@example.org", approved=5)
    sent = [make_comment(article=article, reader=reader, body=f"Thought {n}.") for n in range(4)]
    assert make_comment(article=article, reader=reader, body="Thought 3.") == sent[3]
    with pytest.raises(PostRefused, match="wait a minute"):
        make_comment(article=article, reader=reader, body="Thought 4.")


def test_a_double_submit_around_the_confirmation_of_the_address_is_one_comment(article):
    from comments.tests.browsers import browser, confirm
    from comments.tests.browsers import post as post_words

    reader = browser()
    post_words(reader, article)
    confirm(reader)
    assert post_words(reader, article).status_code == 302
    assert Comment.objects.get().is_proved
    stranger = browser()
    post_words(stranger, article)
    post_words(reader, article, body="Something else.")
    confirm(stranger)
    assert sorted(Comment.objects.values_list("body", "is_proved")) == [
        ("Something else.", True), ("The tram is late.", True), ("The tram is late.", True),
    ]  # fmt: skip


def test_what_was_deleted_can_be_said_again(reader, article):
    post(reader, article)
    delete_own(Comment.objects.get())
    assert "waits for a moderator" in post(reader, article, follow=True).content.decode()
    assert set(Comment.objects.values_list("status", flat=True)) == {"deleted", "pending"}


def test_words_that_a_stranger_sent_under_an_address_are_not_taken_from_its_owner(article, moderator):
    decide(make_comment(article=article, email="owner@example.org", body="I agree."), Status.REJECTED, by=moderator)
    owner = make_reader(email="owner@example.org", approved=5)
    comment = make_comment(article=article, reader=owner, body="I agree.")
    assert (comment.status, comment.is_proved) == (Status.PENDING, True)
    assert make_comment(article=article, reader=owner, body="I agree.") == comment


def test_the_staff_thank_two_readers_in_the_same_words(article, editor):
    staff = make_reader(user=editor)
    thanks = [
        make_comment(parent=make_comment(article=article, status=Status.PUBLISHED), reader=staff, body="Thank you.")
        for _ in range(2)
    ]
    assert thanks[0] != thanks[1]
    assert make_comment(parent=thanks[0].parent, reader=staff, body="Thank you.") == thanks[0]


def test_what_was_sent_leads_to_ones_own_page_once_it_is_deleted(reader, article):
    url = post(reader, article)["Location"]
    delete_own(Comment.objects.get())
    assert reader.get(url)["Location"] == "/comments/yours/"


def test_what_is_refused_leaves_nothing(reader, article):
    Policy.objects.create(article=article, mode=Mode.CLOSED)
    assert post(reader, article).status_code == 400
    assert not Commenter.objects.exists()


@pytest.mark.parametrize("is_erased", [False, True])
def test_an_answer_to_what_has_gone_is_said_as_a_new_comment(reader, article, is_erased):
    parent = make_comment(article=article, status=Status.PUBLISHED)
    decide(parent, Status.REJECTED, by=None)
    pk = parent.pk
    if is_erased:
        parent.delete()
    page = post(reader, article, parent=pk).content.decode()
    assert "You can still say it as a new comment." in page
    hidden = {
        name: value
        for tag in re.findall(r'<input type="hidden"[^>]*>', page)
        for name, value in [(re.search(r'name="(\w+)"', tag)[1], (re.search(r'value="([^"]*)"', tag) or [""] * 2)[1])]
    }
    assert post(reader, article, **hidden).status_code == 302
    assert Comment.objects.get(body=WORDS["body"]).parent is None


def test_a_second_comment_by_the_same_reader_is_another(reader, article):
    post(reader, article)
    post(reader, article, body="And another thing.")
    assert Comment.objects.count() == 2
    assert Commenter.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}, {}],
)
def test_a_post_from_elsewhere_writes_nothing_until_the_reader_presses_again(article, headers):
    reader = Client(enforce_csrf_checks=True, headers=headers)
    response = post(reader, article)
    page = response.content.decode()
    assert response.status_code == 200
    assert WORDS["body"] in page
    assert not Comment.objects.exists()
    assert "no-store" in response["Cache-Control"]
    reader.defaults.pop("HTTP_ORIGIN", None)  # the second press comes from our own page
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    assert post(reader, article, csrfmiddlewaretoken=token).status_code == 302
    assert Comment.objects.count() == 1


def test_a_forged_token_writes_nothing(article):
    reader = Client(enforce_csrf_checks=True)
    assert post(reader, article, csrfmiddlewaretoken="x" * 64).status_code == 200
    assert not Comment.objects.exists()


def test_an_older_browser_that_names_its_origin_is_believed(article):
    reader = Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"})
    assert post(reader, article).status_code == 302


def test_the_story_page_is_the_same_for_everyone_before_and_after(reader, article):
    before = reader.get(article.get_absolute_url())
    post(reader, article)
    after = reader.get(article.get_absolute_url())
    assert before.content == after.content
    for response in (before, after):
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")


@pytest.mark.parametrize("status", [ArticleStatus.DRAFT, ArticleStatus.WITHDRAWN])
def test_a_story_that_is_not_public_takes_no_comment(reader, status):
    assert post(reader, make_article(status=status)).status_code == 404
    assert post(reader, make_article(status=status), body="").status_code == 404
    assert not Comment.objects.exists()


def test_what_was_typed_under_a_story_that_has_gone_meanwhile_is_given_back(reader, article, editor):
    article.withdraw(by=editor, note="A mistake.")
    response = post(reader, article, body="I had written <b>so</b> much.")
    assert response.status_code == 404
    assert "I had written &lt;b&gt;so&lt;/b&gt; much.</textarea>" in response.content.decode()
    assert "is not there any more" in response.content.decode()
    elsewhere = Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "cross-site"})
    assert "written" not in post(elsewhere, article, body="I had written this.").content.decode()


def test_nothing_here_is_read_by_get(reader, article):
    assert reader.get(f"/comments/post/{article.pk}/").status_code == 405


def test_a_program_that_fills_the_hidden_field_is_held_with_the_reason(reader, article):
    post(reader, article, website="https://pills.example")
    comment = Comment.objects.get()
    assert comment.status == Status.PENDING
    assert "people do not see" in " ".join(finding["sentence"] for finding in comment.findings)


@pytest.mark.parametrize("mail", [False, True])
@pytest.mark.parametrize("answers", [False, True])
@pytest.mark.parametrize("trusted", [False, True])
def test_posting_costs_at_most_17_queries(
    article, answers, trusted, mail, settings, django_capture_on_commit_callbacks
):
    """The beginning and the end of a transaction are no questions; on PostgreSQL one more takes two locks."""
    from comments.tests.browsers import trusted as trusted_browser

    settings.MAIL_ENABLED = mail
    reader = trusted_browser(article) if trusted else Client(headers={"sec-fetch-site": "same-origin"})
    parent = make_comment(article=article, status=Status.PUBLISHED).pk if answers else ""
    with CaptureQueriesContext(connection) as queries, django_capture_on_commit_callbacks(execute=True):
        assert post(reader, article, parent=parent).status_code == 302
    asked = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) <= 17 + (connection.vendor == "postgresql"), "\n".join(asked)
    assert Comment.objects.latest("pk").status == (Status.PUBLISHED if trusted else Status.PENDING)


def test_posting_connects_to_nowhere(reader, article, settings, monkeypatch, django_capture_on_commit_callbacks):
    """Mail and Akismet are asked afterwards; what is linked in a comment is never looked at."""
    settings.MAIL_ENABLED, settings.EMAIL_HOST, settings.AKISMET_KEY = True, "mail.example", "key"
    own = {connection.settings_dict.get("PORT"), 6379}
    connected = []
    real = socket.socket.connect

    def connect(self, address):
        if not (isinstance(address, tuple) and address[1] in {int(port) for port in own if port}):
            connected.append(address)
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    with django_capture_on_commit_callbacks(execute=True):
        response = post(reader, article, body="See https://evil.example/a.png and http://127.0.0.1:1/")
    assert response.status_code == 302
    assert connected == []
    assert jobs().count() == 2, "a link to confirm, and a question to Akismet, for later"
