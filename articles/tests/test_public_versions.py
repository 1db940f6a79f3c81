"""Readers see what a corrected story said before: where the newsroom turns it on, and only what readers had seen."""

import datetime

import pytest
from django.utils import timezone

from articles.editing.next_version import keep_next
from articles.editing.snapshot import take
from articles.models import Article, Version
from articles.tests.factories import make_article
from articles.tests.story_form import form_of, url
from articles.workflow import Status

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def turned_on(settings):
    settings.PUBLIC_VERSIONS = True


@pytest.fixture
def article(client, editor):
    """A story that was a draft, went out, and was corrected."""
    client.force_login(editor)
    article = make_article(status=Status.DRAFT, headline="A secret working title", body="<p>Nine to none.</p>")
    article.record(editor)
    client.post(url(article), form_of(article, headline="The court rules"))
    article.refresh_from_db()
    article.publish(editor)
    correction = {"publish_as": "correction", "correction": "It was seven to two."}
    client.post(url(article), form_of(article, body="<p>Seven to two.</p>", **correction))
    article.refresh_from_db()
    return article


def of(article, *path) -> str:
    return article.get_absolute_url() + "versions/" + "".join(f"{part}/" for part in path)


def test_readers_see_what_has_changed_and_no_draft(client, article):
    client.logout()
    assert f'href="{of(article)}"' in client.get(article.get_absolute_url()).content.decode()
    shown = list(Version.objects.of(article).public().order_by("number"))
    assert len(shown) == 2
    page = client.get(of(article)).content.decode()
    for version in shown:
        assert of(article, version.number) in page
    first = client.get(of(article, shown[0].number)).content.decode()
    assert "As first published" in first and "secret working title" not in first
    second = client.get(of(article, shown[1].number)).content.decode()
    assert "<del>Nine</del>" in second or "<del>Nine to none.</del>" in second
    draft = Version.objects.of(article).exclude(pk__in=[version.pk for version in shown]).first()
    assert client.get(of(article, draft.number)).status_code == 404


def test_turned_off_there_is_nothing(client, article, settings):
    settings.PUBLIC_VERSIONS = False
    number = Version.objects.of(article).public().first().number
    assert client.get(of(article)).status_code == 404
    assert client.get(of(article, number)).status_code == 404
    assert "what has changed" not in client.get(article.get_absolute_url()).content.decode()


def test_a_story_that_was_never_corrected_has_none(client, editor):
    article = make_article()
    article.record(editor)
    assert client.get(of(article)).status_code == 404


def test_a_withdrawn_story_shows_none(client, article, editor):
    article.withdraw(editor)
    number = Version.objects.of(article).public().first().number
    assert client.get(of(article)).status_code == 404
    assert client.get(of(article, number)).status_code == 404


def test_a_withheld_version_is_shown_neither_itself_nor_in_what_came_after(client, article, reporter):
    first, second = Version.objects.of(article).public().order_by("number")
    client.force_login(reporter)
    assert client.post(url(article, "version", first.number), {"withhold": "yes"}).status_code in {302, 403, 404}
    assert client.get(of(article, first.number)).status_code == 200
    from django.contrib.auth.models import User

    client.force_login(User.objects.get(username="editor"))
    assert "Withhold this version" in client.get(url(article, "version", first.number)).content.decode()
    client.post(url(article, "version", first.number), {"withhold": "yes"})
    assert client.get(of(article, first.number)).status_code == 404
    assert "Nine" not in client.get(of(article, second.number)).content.decode()
    client.post(url(article, "version", first.number), {"withhold": "no"})
    assert client.get(of(article, first.number)).status_code == 200


def test_the_log_says_who_has_kept_a_version_from_readers_and_who_gave_it_back(client, article, editor):
    number = Version.objects.of(article).public().order_by("number").first().number
    moves = article.status_changes.count()
    for answer in ("yes", "yes", "no"):
        client.post(url(article, "version", number), {"withhold": answer})
    given_back, withheld = article.status_changes.all()[:2]
    assert article.status_changes.count() == moves + 2  # pressed twice, it is done once
    assert {given_back.made_by, withheld.made_by} == {editor}
    assert {given_back.to_status, withheld.to_status} == {Status.PUBLISHED}
    assert (withheld.note, given_back.note) == (
        f"Withheld version {number} of the history from readers.",
        f"Showed version {number} of the history to readers again.",
    )
    assert withheld.note in client.get(url(article)).content.decode()


def test_the_next_version_is_not_shown_before_it_is_live(client, article, editor):
    kept = keep_next(
        article, take(article) | {"headline": "Not yet"}, editor, seen=article.version, live=article.version
    )
    assert client.get(of(article, kept.version.number)).status_code == 404
    assert "Not yet" not in client.get(of(article)).content.decode()


@pytest.mark.parametrize("path", ["versions/999/", "versions/0/", "versions/-1/", "versions/x/"])
def test_what_is_not_there_is_missing(client, article, path):
    assert client.get(article.get_absolute_url() + path).status_code == 404


# --- Since when a version was public ---


def test_a_scheduled_version_becomes_public_with_its_story(editor, time_machine):
    start = timezone.now().replace(microsecond=0)
    article = make_article(status=Status.DRAFT)
    article.record(editor)
    article.publish(editor, at=start + datetime.timedelta(hours=1))
    version = Version.objects.current(article).get()
    assert not version.was_public
    time_machine.move_to(start + datetime.timedelta(hours=1))
    assert Version.objects.of(article).public().get() == version


def test_a_scheduled_version_that_was_replaced_before_was_never_public(client, editor, time_machine):
    start = timezone.now().replace(microsecond=0)
    article = make_article(publish_at=start + datetime.timedelta(hours=1), headline="With a slip")
    article.record(editor)
    client.force_login(editor)
    client.post(url(article), form_of(article, headline="Without one"))
    time_machine.move_to(start + datetime.timedelta(hours=2))
    assert [version.headline for version in Version.objects.of(article).public()] == ["Without one"]


def test_publishing_what_has_its_time_already_is_noted(editor):
    moment = timezone.now() - datetime.timedelta(minutes=1)
    article = Article.objects.create(
        headline="x y z", body="<p>x</p>", section=make_article().section, publish_at=moment
    )
    article.record(editor)
    assert not Version.objects.of(article).public().exists()
    article.publish(editor)
    assert Version.objects.of(article).public().count() == 1
