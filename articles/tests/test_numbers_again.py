"""After a restore, or on a standby that lacks the last commits, a version's number comes again with another text: who has read
the lost one replaces nothing with it, wherever they press.
"""

import html
import re

import pytest

from articles.admin import article as screen
from articles.editing.next_version import keep_next
from articles.editing.snapshot import opened, put, take
from articles.models import Article, Autosave, NextVersion, Version
from articles.tests.factories import make_article, make_section
from articles.tests.story_form import form_of, url
from articles.workflow import Status

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
ANOTHER = "Said by who came after"


@pytest.fixture
def article(editor):
    """A draft in its second version."""
    article = make_article(status=Status.DRAFT, headline="First", section=make_section())
    article.record(editor)
    return saved(article, headline="Second")


def saved(article: Article, **changed) -> Article:
    article = Article.objects.get(pk=article.pk)
    put(article, take(article) | changed)
    article.record(None)
    return article


def come_again(article: Article, **changed) -> Article:
    """Take the last version away, as a restore does, and save another under its number."""
    lost = Version.objects.of(article).select_related("parent").first()
    NextVersion.objects.filter(version=lost).delete()
    lost.delete()
    if article.version == lost.number:
        Article.objects.filter(pk=article.pk).update(version=lost.parent.number)
        article = Article.objects.get(pk=article.pk)
        put(article, opened(lost.parent))
    article = saved(article, **(changed or {"headline": ANOTHER}))
    assert article.version == lost.number
    return article


def hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page) if name != "csrfmiddlewaretoken"}


def form_on(page: str, article: Article, **changed) -> dict:
    """The form on a page of the desk, with what it says of the version that it was made from."""
    told = {name: value for name, value in hidden(page).items() if name.startswith("version")}
    return form_of(article) | told | changed


def opened_form(desk, article: Article, **changed) -> dict:
    return form_on(desk.get(url(article)).content.decode(), article, **changed)


def test_a_form_that_was_open_meanwhile_is_asked_about_and_loses_nothing(desk, article):
    form = opened_form(desk, article, standfirst="Typed for an hour.")
    come_again(article)
    answer = desk.post(url(article), form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert {question.name for question in answer.context["questions"]} >= {"headline", "standfirst"}
    assert all(words in page for words in ("Second", ANOTHER, "Typed for an hour."))
    article.refresh_from_db()
    assert (article.headline, article.standfirst) == (ANOTHER, "")
    # What the page carries along, and the choices made on it.
    asked = {f"choose-{question.name}": "mine" for question in answer.context["questions"]}
    kept = {name: value for name, value in answer.context["kept"] if name.startswith("version")}
    assert desk.post(url(article), form | kept | asked | {"choose-headline": "theirs"}).status_code == 302
    article.refresh_from_db()
    assert (article.headline, article.standfirst) == (ANOTHER, "Typed for an hour.")


def test_a_story_that_has_got_the_number_of_a_lost_one_is_not_taken_for_it(desk, editor):
    lost = make_article(status=Status.DRAFT, headline="Lost")
    lost.record(editor)
    form = opened_form(desk, lost, standfirst="Typed for an hour.")
    pk = lost.pk
    Version.objects.filter(story=pk).delete()
    lost.delete()
    another = Article.objects.create(pk=pk, headline=ANOTHER, body="<p>Words.</p>")
    another.record(editor)
    assert str(another.version) == form["version"]
    assert desk.post(url(another), form).status_code == 409
    another.refresh_from_db()
    assert another.headline == ANOTHER


def test_a_number_that_comes_again_between_looking_and_saving_is_asked_about_too(desk, article, monkeypatch):
    form, real, looked = opened_form(desk, article, standfirst="Mine."), screen.settle, []

    def settle(*args):
        answer = real(*args)
        if not looked:
            looked.append(come_again(article))
        return answer

    monkeypatch.setattr(screen, "settle", settle)
    assert desk.post(url(article), form).status_code == 409
    article.refresh_from_db()
    assert article.headline == ANOTHER


def test_a_form_that_nobody_has_overtaken_is_saved(desk, article):
    assert desk.post(url(article), opened_form(desk, article, standfirst="Mine.")).status_code == 302
    article.refresh_from_db()
    assert (article.standfirst, article.headline) == ("Mine.", "Second")


def test_a_form_that_was_opened_before_there_were_marks_goes_on_working(desk, article):
    old = {name: value for name, value in form_of(article, standfirst="Mine.").items() if name != "version_mark"}
    assert desk.post(url(article), old).status_code == 302
    article.refresh_from_db()
    assert (article.standfirst, article.headline) == ("Mine.", "Second")
    saved(article, standfirst="Theirs.")
    assert desk.post(url(article), old | {"standfirst": "Mine again."}).status_code == 409


def test_the_log_of_the_desk_names_no_field_that_nobody_has_typed_into(desk, article):
    desk.post(url(article), opened_form(desk, article, standfirst="Mine."))
    from django.contrib.admin.models import LogEntry

    told = LogEntry.objects.get(object_id=str(article.pk)).get_change_message()
    assert told == "Changed Standfirst."


def test_an_unsaved_copy_names_what_it_was_typed_into(desk, article):
    form = opened_form(desk, article, standfirst="Typed for an hour.", _slot="slot", _typed_at="1")
    assert desk.post(url(article, "autosave"), form).status_code == 200
    come_again(article)
    page = desk.get(url(article), {"unsaved": Autosave.objects.get().pk}).content.decode()
    assert "Typed for an hour." in page
    assert desk.post(url(article), form_on(page, article, standfirst="Typed for an hour.")).status_code == 409
    article.refresh_from_db()
    assert article.headline == ANOTHER


def test_an_unsaved_copy_becomes_a_new_story_where_its_own_is_gone(desk, article):
    form = opened_form(desk, article, standfirst="Typed for an hour.", _slot="slot", _typed_at="1")
    desk.post(url(article, "autosave"), form)
    article.delete()
    page = desk.get(f"{LIST}add/", {"unsaved": Autosave.objects.get().pk}).content.decode()
    assert "Typed for an hour." in page
    assert hidden(page).get("version_mark", "") == ""


# --- The next version of a live story ---


@pytest.fixture
def public(editor):
    article = make_article(headline="Live")
    keep_next(article, take(article) | {"headline": "Next"}, editor, seen=article.version, live=article.version)
    return article


def kept_again(article: Article, editor) -> NextVersion:
    """The next version is lost, and another one kept under its number."""
    lost = NextVersion.objects.get(article=article)
    number = lost.version.number
    lost.delete()
    Version.objects.filter(story=article.pk, number=number).delete()
    content = take(article) | {"headline": ANOTHER}
    again = keep_next(article, content, editor, seen=article.version, live=article.version)
    assert again.version.number == number
    return again


@pytest.mark.parametrize("button", ["live", "drop"])
def test_only_the_next_version_that_was_looked_at_goes_live_or_is_dropped(desk, editor, public, button):
    page = desk.get(url(public)).content.decode()
    number = re.search(rf'name="{button}" value="(\d+)"', page)[1]
    told = hidden(page[page.index(f'action="{url(public, "next")}"') :])
    kept_again(public, editor)
    answer = desk.post(url(public, "next"), {button: number, "mark": told.get("mark", "")}, follow=True)
    assert "is another one by now" in answer.content.decode()
    assert Article.objects.get(pk=public.pk).headline == "Live"
    assert NextVersion.objects.get().version.headline == ANOTHER


@pytest.mark.parametrize("button", ["_next", "_save"])
def test_a_form_with_the_next_version_replaces_no_other(desk, editor, public, button):
    page = desk.get(url(public), {"next": "yes"}).content.decode()
    form = form_on(page, public, headline="Next", standfirst="Typed for an hour.", **{button: "1"})
    assert form["version"] != str(public.version)
    kept_again(public, editor)
    assert desk.post(url(public), form).status_code == 409
    assert Article.objects.get(pk=public.pk).headline == "Live"
    assert NextVersion.objects.get().version.headline == ANOTHER


@pytest.mark.parametrize("button", ["_next", "_save"])
def test_a_form_with_the_next_version_that_nobody_has_overtaken_is_kept_or_saved(desk, public, button):
    page = desk.get(url(public), {"next": "yes"}).content.decode()
    assert "You are editing the next version" in page
    form = form_on(page, public, headline="Next", standfirst="Typed.", **{button: "1"})
    assert desk.post(url(public), form).status_code == 302
    shown = (
        NextVersion.objects.get().version if button == "_next" else Version.objects.current(public_now(public)).get()
    )
    assert (shown.headline, shown.content["standfirst"]) == ("Next", "Typed.")


def public_now(article: Article) -> Article:
    return Article.objects.get(pk=article.pk)


# --- Lists and the history ---


def test_many_at_once_are_moved_as_they_were_looked_at(desk, article):
    page = desk.post(LIST, {"action": "publish_selected", "_selected_action": [article.pk]}).content.decode()
    sent = {
        "action": "publish_selected",
        "_selected_action": [article.pk],
        "_sure": "1",
        "_seen": hidden(page)["_seen"],
    }
    article = come_again(article)
    assert "Somebody has saved it since" in desk.post(LIST, sent, follow=True).content.decode()
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


@pytest.mark.parametrize("is_new", [True, False])
def test_many_at_once_are_moved_from_a_page_of_before_and_of_now(desk, article, is_new):
    page = desk.post(LIST, {"action": "publish_selected", "_selected_action": [article.pk]}).content.decode()
    seen = hidden(page)["_seen"] if is_new else f"{article.pk}:{article.version}"
    desk.post(LIST, {"action": "publish_selected", "_selected_action": [article.pk], "_sure": "1", "_seen": seen})
    assert Article.objects.get(pk=article.pk).status == Status.PUBLISHED


def test_a_restore_replaces_only_what_its_presser_has_seen(desk, article):
    sent = hidden(desk.get(url(article, "version", 1)).content.decode())
    come_again(article)
    told = desk.post(url(article, "version", 1), sent, follow=True).content.decode()
    assert "Somebody has saved the story since" in told
    assert Article.objects.get(pk=article.pk).headline == ANOTHER


def test_a_restore_brings_back_only_what_its_presser_has_seen(desk, editor, article):
    article = saved(article, headline="Third")
    sent = hidden(desk.get(url(article, "version", 2)).content.decode())
    Version.objects.filter(story=article.pk, number=2).update(made_at=article.created_at)
    told = desk.post(url(article, "version", 2), sent, follow=True).content.decode()
    assert "is another one by now" in told
    assert Article.objects.get(pk=article.pk).headline == "Third"


def test_only_the_version_that_was_looked_at_is_withheld(desk, settings, editor):
    settings.PUBLIC_VERSIONS = True
    article = saved(make_article(headline="Live"), headline="Corrected")
    sent = hidden(desk.get(url(article, "version", 1)).content.decode()) | {"withhold": "yes"}
    version = Version.objects.filter(story=article.pk, number=1)
    version.update(made_at=article.created_at)
    assert "is another one by now" in desk.post(url(article, "version", 1), sent, follow=True).content.decode()
    assert version.get().withheld_at is None
    desk.post(url(article, "version", 1), {"withhold": "yes"})  # from a page that was opened before there were marks
    assert version.get().withheld_at is not None
