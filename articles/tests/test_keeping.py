"""Deleted stories come back; pruning takes only what nobody can miss."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.utils import timezone

from articles.editing.next_version import keep_next
from articles.editing.snapshot import take
from articles.models import Article, Autosave, PreviewLink, SentForm, Text, Version
from articles.tests.factories import make_article, make_contributor
from articles.tests.story_form import form_of, url
from articles.workflow import Status

pytestmark = pytest.mark.django_db

DELETED = "/admin/articles/article/deleted/"


@pytest.fixture
def article(editor):
    article = make_article(
        status=Status.DRAFT, headline="Lost and found", tags=("one",), bylines=((make_contributor(), "written"),)
    )
    article.record(editor)
    return article


# --- Deleted ---


def test_a_deleted_story_comes_back_whole_under_its_number(desk, article, editor):
    desk.post(url(article), form_of(article, standfirst="Once there was.", _move="submit"))
    Article.objects.get().return_to_draft(editor, note="Shorter, please.")
    was, pk = take(Article.objects.get()), article.pk
    desk.post(url(article, "delete"), {"post": "yes"})
    assert not Article.objects.exists()
    assert "Lost and found" in desk.get(DELETED).content.decode()
    answer = desk.post(DELETED, {"recover": pk}, follow=True)
    assert "is a draft again" in answer.content.decode()
    back = Article.objects.get()
    assert (back.pk, back.status, take(back)) == (pk, Status.DRAFT, was)
    assert [version.number for version in Version.objects.of(back)] == [4, 3, 2, 1]
    assert back.version == 4
    assert [move.note for move in back.status_changes.all()] == ["Shorter, please.", ""]
    desk.post(url(back), form_of(back, standfirst="And again."))
    assert Version.objects.of(back).first().number == 5
    assert "No story has been deleted" in desk.get(DELETED).content.decode()


@pytest.mark.parametrize("number", ["999", "x", "-1", ""])
def test_what_was_not_deleted_is_not_recovered(desk, article, number):
    assert desk.post(DELETED, {"recover": number}).status_code in {200, 404}
    assert desk.post(DELETED, {"recover": article.pk}).status_code == 404
    assert Article.objects.count() == 1


def test_only_who_publishes_recovers(client, article, reporter, moderator, outsider):
    pk = article.pk
    article.delete()
    for person in (reporter, moderator, outsider):
        client.force_login(person)
        assert "Lost and found" not in client.get(DELETED).content.decode()
        client.post(DELETED, {"recover": pk})
        assert not Article.objects.exists()


SELECTED = "/admin/articles/article/"
INTERNALS = ("Presence", "Search entr", "Versions:", "Are you sure", "permission")


def test_who_deletes_a_story_is_told_what_becomes_of_it(desk, article):
    page = desk.get(url(article, "delete")).content.decode()
    assert "Lost and found" in page and "Delete it" in page and url(article) in page
    assert "can be brought back" in page and f'<a href="{DELETED}">' in page
    assert not [word for word in INTERNALS if word in page]


def test_who_may_not_bring_it_back_is_told_who_may(client, article, reporter):
    Article.objects.filter(pk=article.pk).update(created_by=reporter)
    reporter.user_permissions.add(Permission.objects.get(codename="delete_article"))
    client.force_login(reporter)
    page = client.get(url(article, "delete")).content.decode()
    assert "by an editor" in page and DELETED not in page


def test_many_are_deleted_with_their_headlines_before_ones_eyes(desk, article):
    data = {"action": "delete_selected", "_selected_action": [article.pk, make_article(status=Status.DRAFT).pk]}
    page = desk.post(SELECTED, data).content.decode()
    assert "Lost and found" in page and "They can be brought back" in page and "Delete them" in page
    assert page.count("The desk has kept nothing of it") == 1
    assert not [word for word in INTERNALS if word in page]
    desk.post(SELECTED, data | {"post": "yes"})
    assert not Article.objects.exists()


def test_why_stories_cannot_be_deleted_is_said_of_each(desk, article):
    seen, gone = make_article(headline="Seen"), make_article(headline="Gone", status=Status.WITHDRAWN)
    coming = make_article(headline="Coming", publish_at=timezone.now() + datetime.timedelta(days=1))
    chosen = [article.pk, seen.pk, gone.pk, coming.pk]
    page = desk.post(SELECTED, {"action": "delete_selected", "_selected_action": chosen}).content.decode()
    for told in ("Nothing has been deleted", "withdraw it</a>", "withdrawn already", "take it off the schedule</a>"):
        assert page.count(told) == 1
    assert not [word for word in INTERNALS if word in page]
    assert Article.objects.count() == 4


# --- Pruned ---


def grow(article, editor, *, versions: int, days_ago: int) -> None:
    for number in range(versions):
        article.standfirst = f"Standfirst {number}"
        article.body = f"<p>Body {number}</p>"
        article.save()
        article.record(editor)
    Version.objects.of(article).update(made_at=timezone.now() - datetime.timedelta(days=days_ago))


def test_old_versions_of_drafts_go_and_the_current_one_stays(article, editor):
    grow(article, editor, versions=5, days_ago=100)
    call_command("prune_versions", days=90)
    assert Version.objects.of(article).get().number == article.version
    assert Text.objects.count() == 1
    call_command("prune_versions", days=90)
    assert Version.objects.count() == 1


def test_young_ones_stay(article, editor):
    grow(article, editor, versions=5, days_ago=80)
    call_command("prune_versions", days=90)
    assert Version.objects.count() == 6


def test_what_was_ever_public_stays_whatever_its_age(article, editor):
    article.publish(editor)
    grow(article, editor, versions=3, days_ago=4000)
    before = set(Version.objects.public().values_list("pk", flat=True))
    assert len(before) == 4
    article.withdraw(editor)
    call_command("prune_versions", days=1)
    assert set(Version.objects.values_list("pk", flat=True)) >= before


def test_what_something_hangs_on_stays(article, editor):
    grow(article, editor, versions=3, days_ago=0)
    pinned = Version.objects.of(article).get(number=2)
    PreviewLink.objects.issue(article, "A lawyer", editor, lasts=datetime.timedelta(days=3), version=pinned)
    article.publish(editor)
    keep_next(article, take(article) | {"headline": "Later"}, editor, seen=article.version, live=article.version)
    gone = make_article(status=Status.DRAFT, headline="Deleted")
    gone.record(editor)
    gone.delete()
    Version.objects.update(made_at=timezone.now() - datetime.timedelta(days=500))
    call_command("prune_versions", days=1)
    assert pinned in Version.objects.all()
    assert Version.objects.filter(content__headline="Later").exists()
    assert Version.objects.filter(content__headline="Deleted").exists()
    assert Version.objects.current(article).exists()
    assert not Version.objects.of(article).filter(number=1).exists()


def test_what_a_next_version_was_begun_from_stays_where_a_clock_was_ahead_of_another(article, editor, time_machine):
    """Replaced before its time by the clock of the machine that replaced it, it is said to have been seen by nobody."""
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    article.publish(editor)
    time_machine.move_to(now + datetime.timedelta(seconds=5), tick=False)
    grow(article, editor, versions=1, days_ago=0)
    time_machine.move_to(now + datetime.timedelta(seconds=2), tick=False)
    waiting = keep_next(
        article, take(article) | {"headline": "Later"}, editor, seen=article.version, live=article.version
    )
    grow(article, editor, versions=2, days_ago=500)
    begun_from = waiting.version.parent
    begun_from.refresh_from_db()
    assert begun_from.public_from is None
    call_command("prune_versions", days=1)
    assert begun_from in Version.objects.all()


def test_the_history_still_opens_where_something_is_gone(desk, article, editor):
    grow(article, editor, versions=3, days_ago=100)
    article.standfirst = "The last."
    article.save()
    article.record(editor)
    call_command("prune_versions", days=90)
    assert "The last." in desk.get(url(article, "version", article.version)).content.decode()


def test_a_dry_run_deletes_nothing_and_today_is_refused(article, editor, capsys):
    grow(article, editor, versions=3, days_ago=100)
    call_command("prune_versions", days=90, dry_run=True)
    assert "3 versions would go" in capsys.readouterr().out
    assert Version.objects.count() == 4
    with pytest.raises(CommandError, match="--days must be 1 or more"):
        call_command("prune_versions", days=0)


# --- Typed and not saved ---


def left(editor, *, story: int | None, days_ago: float) -> Autosave:
    copy = Autosave.objects.create(
        user=editor, story=story, slot=f"slot-{days_ago}", data={"headline": [f"Typed {days_ago} days ago"]}
    )
    Autosave.objects.filter(pk=copy.pk).update(saved_at=timezone.now() - datetime.timedelta(days=days_ago))
    return copy


def test_an_unsaved_copy_goes_ninety_days_after_it_was_last_typed_in(desk, article, editor):
    """Whatever the age at which versions go, and whether its story was ever saved or is there still."""
    of_the_story, *others = (left(editor, story=story, days_ago=89.9).pk for story in (article.pk, None, 999))
    for story in (article.pk, None, 999):
        left(editor, story=story, days_ago=90.1)
    call_command("prune_versions", days=1)
    assert set(Autosave.objects.values_list("pk", flat=True)) == {of_the_story, *others}
    assert f"unsaved={of_the_story}" in desk.get(url(article)).content.decode()


def test_an_old_copy_that_is_typed_in_again_stays(desk, article, editor):
    copy = left(editor, story=article.pk, days_ago=200)
    data = form_of(article, headline="At last", _slot=copy.slot, _typed_at="2", _typist=editor.username)
    assert desk.post(url(article, "autosave"), data).status_code == 200
    call_command("prune_versions")
    assert Autosave.objects.get().headline == "At last"


def test_a_dry_run_counts_unsaved_copies_and_deletes_none(article, editor, capsys):
    left(editor, story=article.pk, days_ago=100)
    call_command("prune_versions", dry_run=True)
    assert "1 unsaved copies would go" in capsys.readouterr().out
    assert Autosave.objects.count() == 1
    call_command("prune_versions")
    assert "1 unsaved copies deleted" in capsys.readouterr().out


def test_which_form_has_made_a_story_is_forgotten_with_the_copies_of_its_day(article, editor):
    old, gone = make_article(), make_article(status=Status.DRAFT)
    Article.objects.filter(pk=old.pk).update(created_at=timezone.now() - datetime.timedelta(days=91))
    for number, story in enumerate((article, old, gone)):
        SentForm.objects.create(user=editor, slot=f"slot-{number}", story=story.pk)
    gone.delete()
    call_command("prune_versions")
    assert SentForm.objects.get().story == article.pk
