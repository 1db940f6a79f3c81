"""Buttons say what will happen; where the form would do something else by the time it comes back, it is asked about first."""

import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from articles.models import Article, Version
from articles.tests.factories import make_article, make_section
from articles.tests.story_form import form_of, hidden, url
from articles.workflow import Status
from newsportal.tests.browsing import log_in

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)
ASKED = "Is this what you want?"
LABEL = reverse("admin:articles_article_label")


@pytest.fixture
def article(editor):
    article = make_article(status=Status.DRAFT, headline="The ferry", created_by=editor, section=make_section())
    article.record(editor)
    return article


def at(moment: datetime.datetime) -> dict[str, str]:
    local = timezone.localtime(moment, timezone.get_default_timezone())
    return {"publish_at_0": f"{local:%Y-%m-%d}", "publish_at_1": f"{local:%H:%M:%S}"}


def planned(article, moment) -> Article:
    Article.objects.filter(pk=article.pk).update(publish_at=moment)
    article.refresh_from_db()
    article.record(None)
    return article


def said(desk, article) -> str:
    return re.search(r'name="_said" value="([^"]*)"', desk.get(url(article)).content.decode())[1]


def test_a_button_that_said_schedule_does_not_publish_at_once(desk, article):
    planned(article, timezone.now() + 24 * HOUR)
    data = form_of(article, standfirst="Typed <b>", _move="publish", _said=said(desk, article))
    page = desk.post(url(article), data | {"publish_at_0": "", "publish_at_1": ""}).content.decode()
    assert ASKED in page and "public at once" in page and "Publish now" in page
    article.refresh_from_db()
    assert (article.status, article.standfirst) == (Status.DRAFT, "")
    # Yes: the same form again, with everything that was typed.
    answer = desk.post(url(article), hidden(page.replace("&lt;", "<").replace("&gt;", ">")) | {"_move": "publish"})
    assert answer.status_code == 302
    article.refresh_from_db()
    assert article.is_public() and article.standfirst == "Typed <b>"


def test_a_button_that_said_now_does_not_hide_a_story_until_tomorrow(desk, article):
    tomorrow = timezone.now() + 24 * HOUR
    data = form_of(article, _move="publish", _said=said(desk, article)) | at(tomorrow)
    page = desk.post(url(article), data).content.decode()
    assert ASKED in page and "Schedule for" in page
    desk.post(url(article), hidden(page) | {"_move": "publish"})
    article.refresh_from_db()
    assert article.is_scheduled()


def test_what_the_button_said_is_done_without_a_question(desk, article):
    moment = planned(article, timezone.now().replace(microsecond=0) + 24 * HOUR).publish_at
    assert desk.post(url(article), form_of(article, _move="publish", _said=said(desk, article))).status_code == 302
    article.refresh_from_db()
    assert (article.status, article.publish_at) == (Status.PUBLISHED, moment)


@pytest.mark.parametrize("blocks", [frozenset(), frozenset({"past"})])
def test_a_time_that_has_passed_is_asked_about_whatever_blocks(desk, article, settings, blocks):
    settings.PREFLIGHT_BLOCKS = blocks
    planned(article, timezone.now() - HOUR)
    data = form_of(article, _move="publish", publish_anyway="From the archive.", _said=said(desk, article))
    page = desk.post(url(article), data).content.decode()
    assert ASKED in page and "has passed" in page and "Publish now, dated" in page
    article.refresh_from_db()
    assert article.status == Status.DRAFT
    desk.post(url(article), hidden(page) | {"_move": "publish"})
    article.refresh_from_db()
    assert article.is_public()


def test_yes_to_one_time_is_no_yes_to_another(desk, article):
    planned(article, timezone.now() - HOUR)
    data = form_of(article, _move="publish", _sure=said(desk, article)) | at(timezone.now() - 2 * HOUR)
    assert ASKED in desk.post(url(article), data).content.decode()


def test_who_goes_back_has_the_form_as_it_was_sent_and_nothing_is_saved(desk, article):
    planned(article, timezone.now() - HOUR)
    page = desk.post(url(article), form_of(article, headline="Typed long", _move="publish")).content.decode()
    versions = Version.objects.count()
    page = desk.post(url(article), hidden(page) | {"_back": "1"}).content.decode()
    assert 'id="article_form"' in page and "Typed long" in page
    assert Version.objects.count() == versions
    article.refresh_from_db()
    assert article.headline == "The ferry"


def test_saving_alone_publishes_no_scheduled_story_unasked_and_hides_no_public_one(desk, article, editor):
    article.publish(editor, at=timezone.now() + 24 * HOUR)
    page = desk.post(url(article), form_of(article, _save="Save") | at(timezone.now() - HOUR)).content.decode()
    assert ASKED in page and "readers see it at once" in page
    article.refresh_from_db()
    assert article.is_scheduled()
    desk.post(url(article), hidden(page) | {"_save": "Save"})
    article.refresh_from_db()
    assert article.is_public()
    page = desk.post(url(article), form_of(article, _save="Save") | at(timezone.now() + HOUR)).content.decode()
    assert ASKED in page and "disappears" in page
    article.refresh_from_db()
    assert article.is_public()


def test_a_public_story_is_withdrawn_only_once_somebody_has_said_yes(desk, article, editor):
    article.publish(editor, at=timezone.now().replace(microsecond=0) - HOUR)
    data = form_of(article, standfirst="Typed <b>", note="It was <wrong>.", _move="withdraw")
    page = desk.post(url(article), data).content.decode()
    assert ASKED in page and "Readers see this story now." in page and "Withdraw it" in page
    assert re.search(r'<textarea name="note"[^>]*>\s*It was &lt;wrong&gt;.</textarea>', page)
    article.refresh_from_db()
    assert article.is_public() and article.standfirst == ""
    kept = hidden(page.replace("&lt;", "<").replace("&gt;", ">"))
    assert "note" not in kept
    assert "Typed &lt;b&gt;" in desk.post(url(article), kept | {"note": "More.", "_back": "1"}).content.decode()
    desk.post(url(article), kept | {"note": "More of it.", "_move": "withdraw"})
    article.refresh_from_db()
    assert (article.status, article.standfirst) == (Status.WITHDRAWN, "Typed <b>")
    assert article.withdrawal_note == "More of it."


def test_what_readers_do_not_see_is_withdrawn_without_a_question(desk, article, editor):
    article.publish(editor, at=timezone.now() - HOUR)
    article.record(editor)
    tomorrow = timezone.now() + 24 * HOUR
    Article.objects.filter(pk=article.pk).update(publish_at=tomorrow)
    article.refresh_from_db()
    article.record(editor)
    desk.post(url(article), form_of(article, _move="withdraw"))
    article.refresh_from_db()
    assert article.status == Status.WITHDRAWN


def test_a_new_story_is_asked_about_as_well(desk, article):
    data = form_of(article, version="", slug="", _move="publish", _said="") | {"bylines-INITIAL_FORMS": 0}
    page = desk.post(reverse("admin:articles_article_add"), data | at(timezone.now() - HOUR)).content.decode()
    assert ASKED in page
    assert Article.objects.count() == 1


def test_the_label_names_day_time_and_zone(desk, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 23, 10, 0, tzinfo=datetime.UTC))
    for day, time, label in (
        ("2026-11-24", "06:00", "Schedule for Tue 24 Nov 06:00 WAT"),
        ("2027-01-04", "06:00:30", "Schedule for Mon 4 Jan 2027 06:00 WAT"),
        ("2026-11-23", "06:00", "Publish now, dated Mon 23 Nov 06:00 WAT"),
        ("", "", "Publish now"),
    ):
        assert desk.get(LABEL, {"publish_at_0": day, "publish_at_1": time}).json()["label"] == label
    assert "problem" in desk.get(LABEL, {"publish_at_0": "2026-11-24", "publish_at_1": ""}).json()


def test_the_label_is_for_who_publishes(client, reporter, outsider):
    for person in (reporter, outsider):
        client.force_login(person)
        assert client.get(LABEL).status_code in {302, 403}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_button_follows_the_time_that_is_typed(watch, article, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto(url(article))
    button = page.locator("[name=_move][value=publish] >> nth=0")
    expect(button).to_have_text("Publish now")
    tomorrow = timezone.localtime(timezone.now() + 24 * HOUR)
    page.fill("#id_publish_at_0", f"{tomorrow:%Y-%m-%d}")
    page.fill("#id_publish_at_1", "06:00")
    expect(button).to_contain_text(f"Schedule for {tomorrow:%a %-d %b}")
    expect(button).to_contain_text("06:00")
    button.click()
    expect(page.locator(".messagelist .success >> nth=0")).to_be_visible()
    assert Article.objects.get().is_scheduled()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_enter_in_a_field_saves_and_moves_nothing(watch, article, editor):
    article.submit(editor)
    page = watch.page()
    log_in(page, "editor")
    page.goto(url(article))
    page.fill("#id_dateline", "Douala")
    page.press("#id_dateline", "Enter")
    expect(page.locator(".messagelist .success >> nth=0")).to_be_visible()
    article.refresh_from_db()
    assert (article.status, article.dateline) == (Status.IN_REVIEW, "Douala")
    page.goto(reverse("admin:articles_article_add"))
    expect(page.locator("#id_headline")).to_be_focused()
