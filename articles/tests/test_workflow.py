"""The moves of a story: each whole, by who may, with a row in the log; or nothing at all."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from articles.models import Article
from articles.signals import article_changed
from articles.tests.factories import make_article
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
    assert mine.status == Status.DRAFT, "the refused move left no trace on the object"
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
