"""The moves of a story: each whole, by who may, with a row in the log; or nothing at all."""

import datetime
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from articles import newsroom_time
from articles.editing.snapshot import opened, take
from articles.models import Article, Autosave
from articles.signals import article_changed
from articles.tests.factories import make_article
from articles.tests.story_form import form_of, url
from articles.workflow import MOVES, MoveRefused, Status

pytestmark = pytest.mark.django_db

VERBS = list(MOVES)
HOUR = datetime.timedelta(hours=1)


def test_every_move_is_a_verb_of_the_story():
    assert all(callable(getattr(Article, name)) for name in VERBS)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("verb", VERBS)
def test_only_the_moves_of_the_table_are_made(status, verb):
    article = make_article(status=status)
    if MOVES[verb].fits(article):
        getattr(article, verb)(None)
        assert Article.objects.get(pk=article.pk).status == MOVES[verb].target
    else:
        rows = article.status_changes.count()
        with pytest.raises(MoveRefused):
            getattr(article, verb)(None)
        assert Article.objects.get(pk=article.pk).status == status
        assert article.status_changes.count() == rows


def test_each_move_leaves_one_row_with_who_and_why(editor):
    article = make_article(status=Status.DRAFT)
    article.publish(editor, note="Checked twice.")
    row = article.status_changes.get()
    assert (row.from_status, row.to_status, row.made_by, row.note) == ("draft", "published", editor, "Checked twice.")


def test_publishing_without_a_time_publishes_now():
    article = make_article(status=Status.DRAFT)
    article.publish(None)
    assert article.is_public()
    assert timezone.now() - article.publish_at < datetime.timedelta(minutes=1)


def test_publishing_with_a_time_ahead_schedules():
    article = make_article(status=Status.DRAFT)
    article.publish(None, at=timezone.now() + HOUR)
    assert article.is_scheduled()
    assert article.state_label() == "Scheduled"


def test_a_scheduled_story_is_taken_off_the_schedule_not_withdrawn():
    article = make_article(publish_at=timezone.now() + HOUR)
    with pytest.raises(MoveRefused):
        article.withdraw(None)
    article.unschedule(None)
    assert (article.status, article.publish_at, article.published_on) == (Status.DRAFT, None, None)


def test_a_scheduled_story_can_be_published_at_once(editor):
    article = make_article(publish_at=timezone.now() + HOUR)
    article.publish_now(editor, note="It leaked.")
    assert article.is_public() and timezone.now() - article.publish_at < datetime.timedelta(minutes=1)
    assert article.published_on == newsroom_time.day_of(article.publish_at)
    row = article.status_changes.first()
    assert (str(row), row.made_by, row.note) == ("Scheduled → Published", editor, "It leaked.")
    with pytest.raises(MoveRefused):
        article.publish_now(editor)


def test_an_embargo_keeps_a_scheduled_story_from_being_published_at_once():
    later = timezone.now().replace(microsecond=0) + HOUR
    article = make_article(publish_at=later, embargo_until=later)
    with pytest.raises(MoveRefused, match="under embargo"):
        article.publish_now(None)
    article.refresh_from_db()
    assert article.is_scheduled()


def test_a_story_republished_after_withdrawal_keeps_its_address():
    article = make_article(status=Status.WITHDRAWN, note="Wrong.")
    address = article.get_absolute_url()
    article.publish(None)
    assert article.get_absolute_url() == address
    assert article.withdrawal_note == ""


@pytest.mark.parametrize("missing", [{"section": None}, {"body": "<p> </p>"}])
def test_a_story_without_section_or_text_is_not_published(missing):
    article = make_article(status=Status.DRAFT)
    for field, value in missing.items():
        setattr(article, field, value)
    article.save()
    with pytest.raises(MoveRefused):
        article.publish(None)
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


def test_of_two_who_press_at_once_the_second_is_told(editor):
    article = make_article(status=Status.DRAFT)
    mine, theirs = Article.objects.get(pk=article.pk), Article.objects.get(pk=article.pk)
    theirs.publish(editor)
    with pytest.raises(MoveRefused):
        mine.submit(editor)
    assert mine.status == Status.PUBLISHED, "the object is what the story is now"
    assert article.status_changes.count() == 1


def test_a_reporter_writes_but_does_not_publish(reporter):
    article = make_article(status=Status.DRAFT, created_by=reporter)
    with pytest.raises(PermissionDenied):
        article.publish(reporter)
    article.submit(reporter)
    assert article.status == Status.IN_REVIEW


def test_a_reporter_does_not_move_the_story_of_another(reporter, editor):
    article = make_article(status=Status.DRAFT, created_by=editor)
    with pytest.raises(PermissionDenied):
        article.submit(reporter)


@pytest.mark.parametrize("verb", VERBS)
def test_an_outsider_moves_nothing(outsider, moderator, verb):
    for person in (outsider, moderator):
        with pytest.raises(PermissionDenied):
            getattr(make_article(status=Status.DRAFT), verb)(person)


def test_a_correction_is_told_and_dates_the_story(client, editor):
    article = make_article()
    article.correct(editor, "The tram has four wheels, not five.")
    page = client.get(article.get_absolute_url()).content.decode()
    assert "four wheels, not five" in page
    assert "Updated" in page


def test_an_update_from_before_it_was_published_again_is_none_any_more(client, editor):
    article = make_article()
    article.correct(editor, "The tram has four wheels, not five.", at=timezone.now() - datetime.timedelta(minutes=1))
    article.withdraw(editor)
    article.publish(editor, at=timezone.now())
    page = client.get(article.get_absolute_url()).content.decode()
    assert "four wheels, not five" in page
    assert "Updated" not in page and "article:modified_time" not in page
    assert re.search(r'"dateModified": ?"([^"]+)"', page)[1] == re.search(r'"datePublished": ?"([^"]+)"', page)[1]


def test_times_are_told_with_the_newsrooms_zone(client):
    moment = datetime.datetime(2026, 3, 14, 9, 5, tzinfo=datetime.UTC)
    page = client.get(make_article(publish_at=moment).get_absolute_url()).content.decode()
    assert "14 Mar 2026, 10:05 WAT" in page


def test_saving_is_no_update(client):
    article = make_article()
    article.standfirst = "A comma, more or less."
    article.save()
    assert "Updated" not in client.get(article.get_absolute_url()).content.decode()


def test_a_reporter_cannot_correct(reporter):
    article = make_article(created_by=reporter)
    with pytest.raises(PermissionDenied):
        article.correct(reporter, "No.")
    assert not article.corrections.exists()


def test_others_hear_of_a_change_after_commit(django_capture_on_commit_callbacks):
    heard = []

    def listen(article, **kwargs):
        heard.append(article)

    article_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            article = make_article(status=Status.DRAFT)
            assert heard == []
        assert heard == [article]
    finally:
        article_changed.disconnect(listen)


@pytest.mark.django_db(transaction=True)
def test_a_story_is_published_whoever_fails_to_hear_of_it(client, caplog):
    def broken(article, **kwargs):
        raise ZeroDivisionError

    article_changed.connect(broken)
    try:
        article = make_article(headline="Out all the same")
    finally:
        article_changed.disconnect(broken)
    assert "Out all the same" in client.get(article.get_absolute_url()).content.decode()
    assert "broken" in caplog.text


# --- What an edit to a live story is declared to be ---


@pytest.fixture
def live(client, editor):
    client.force_login(editor)
    article = make_article(headline="The ferry sails", standfirst="At four.")
    article.record(editor)
    return article


def declare(client, article, **said):
    return client.post(url(article), form_of(article, standfirst="At five.", **said), follow=True).content.decode()


def test_a_minor_edit_tells_readers_nothing(client, live):
    declare(client, live)
    live.refresh_from_db()
    assert (live.standfirst, live.updated_at) == ("At five.", None)
    assert not live.corrections.exists()


def test_an_update_is_seen_as_one(client, live):
    declare(client, live, publish_as="update")
    live.refresh_from_db()
    assert live.updated_at
    assert "Updated" in client.get(live.get_absolute_url()).content.decode()
    assert not live.corrections.exists()


@pytest.mark.parametrize("kind", ["Correction", "Retraction"])
def test_a_correction_stands_under_the_story_and_on_the_page_of_corrections(client, live, kind):
    declare(client, live, publish_as=kind.lower(), correction="It sails at five, <b>not</b> four.")
    live.refresh_from_db()
    assert live.updated_at
    for place in (live.get_absolute_url(), "/corrections/"):
        page = client.get(place).content.decode()
        assert kind in page
        assert "It sails at five, &lt;b&gt;not&lt;/b&gt; four." in page
    live.withdraw(None)
    assert "at five" not in client.get("/corrections/").content.decode()


def test_a_correction_of_what_a_colleague_has_withdrawn_meanwhile_is_not_lost(client, live):
    words = "It sails at five, <b>not</b> four."
    data = form_of(live, standfirst="At five.", publish_as="correction", correction=words, _slot="tab")
    client.post(url(live, "autosave"), data)
    live.withdraw(None)
    page = client.post(url(live), data, follow=True).content.decode()
    assert "You had typed: “It sails at five, &lt;b&gt;not&lt;/b&gt; four.”" in page
    assert words in Autosave.objects.get().data["correction"]
    live.refresh_from_db()
    assert (live.standfirst, live.corrections.count()) == ("At five.", 0)


def test_a_correction_that_is_sent_twice_is_told_once(client, live, editor):
    data = form_of(live, standfirst="At five.", publish_as="correction", correction="It sails at five.")
    for _ in range(2):
        client.post(url(live), data)
    assert live.corrections.count() == 1
    # What was typed beside it is saved all the same.
    client.post(url(live), form_of(live, body="<p>Typed.</p>", publish_as="correction", correction="It sails at five."))
    live.refresh_from_db()
    assert (live.body, live.corrections.count()) == ("<p>Typed.</p>", 1)
    assert opened(live.versions.first()) == take(live)
    for said in ({"kind": "retraction"}, {"by": None}, {"text": "It does not sail."}):
        live.correct(**{"by": editor, "text": "It sails at five.", "kind": "correction"} | said)
    assert live.corrections.count() == 4


def test_the_same_words_about_another_mistake_are_told_again(client, live, editor):
    said = {"publish_as": "correction", "correction": "A name was wrong."}
    first = form_of(live, standfirst="At five.", **said)
    client.post(url(live), first)
    live.corrections.update(made_at=timezone.now() - datetime.timedelta(weeks=3))
    # The form of then, sent by a browser that was opened again: nothing has changed since.
    client.post(url(live), form_of(live, **said))
    assert live.corrections.count() == 1
    client.post(url(live), form_of(live, standfirst="At six.", **said))
    assert live.corrections.count() == 2


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"publish_as": "correction"}, "say what was wrong"),
        ({"publish_as": "retraction", "correction": " "}, "say what was wrong"),
        ({"publish_as": "update", "correction": "Five."}, "a correction or a retraction"),
        ({"correction": "Five."}, "a correction or a retraction"),
        ({"publish_as": "forged"}, "Select a valid choice"),
    ],
)
def test_half_a_declaration_is_asked_about_and_saves_nothing(client, live, said, sentence):
    page = declare(client, live, **said)
    assert sentence in page
    assert "At five." in page
    live.refresh_from_db()
    assert live.standfirst == "At four."


def test_corrections_page_by_key(client):
    article = make_article()
    for number in range(45):
        article.corrections.create(text=f"Correction number {number:02}.")
    seen, place = [], "/corrections/"
    while place:
        page = client.get(place).content.decode()
        seen += re.findall(r"Correction number (\d\d)", page)
        match = re.search(r'pager-older" href="([^"]+)"', page)
        place = match and f"/corrections/{match[1]}"
    assert seen == [f"{number:02}" for number in reversed(range(45))]
    assert client.get("/corrections/?before=x").status_code == 404
