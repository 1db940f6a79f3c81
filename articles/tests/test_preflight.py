"""Before it goes out: what is odd is said, what blocks keeps it back until somebody gives a reason, and an embargo holds."""

import datetime

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.editing.preflight import RULES, preflight, preflight_each
from articles.models import Article
from articles.tests.factories import make_article, make_contributor, make_image, make_section
from articles.tests.story_form import form_of, url
from articles.workflow import MoveRefused, Status
from newsportal.models import Page

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def ready(editor):
    """A story of which nothing is to be said."""
    article = make_article(
        status=Status.DRAFT, headline="The ferry sails again", standfirst="After nine winters.", tags=("Ferries",),
        body="<p>It sails at four.</p>", bylines=((make_contributor(), "written"),), section=make_section(),
    )  # fmt: skip
    Article.objects.filter(pk=article.pk).update(created_by=editor)
    article.record(editor)
    return article


def said(article, rule: str) -> list[str]:
    return [problem.sentence for problem in preflight(article) if problem.rule == rule]


def test_a_story_that_is_ready_is_told_nothing(ready):
    assert preflight(ready) == []


@pytest.mark.parametrize(
    ("change", "rule", "sentence"),
    [
        ({"standfirst": " "}, "standfirst", "no standfirst"),
        ({"headline": "a" * 75}, "headline", "search results cut it"),
        ({"headline": "a" * 115, "short_headline": "Short"}, "headline", "cards on phones"),
        ({"body": '<p><a href="http://testserver/tags/nowhere/">x</a></p>'}, "links", "leads nowhere"),
        ({"body": '<p><a href="http://testserver/2020/01/01/nothing/">x</a></p>'}, "links", "leads nowhere"),
        ({"body": '<p><a href="http://testserver/2020/13/41/nothing/">x</a></p>'}, "links", "leads nowhere"),
        ({"body": '<p><a href="http://testserver/no/such/page/">x</a></p>'}, "links", "leads nowhere"),
        ({"body": '<p><a href="http://testserver/pages/nope/">x</a></p>'}, "links", "leads nowhere"),
    ],
)
def test_each_oddity_is_said_in_a_sentence(ready, change, rule, sentence):
    Article.objects.filter(pk=ready.pk).update(**change)
    (told,) = said(Article.objects.get(pk=ready.pk), rule)
    assert sentence in told


def test_links_that_lead_somewhere_and_those_of_others_are_let_be(ready):
    other = make_article()
    body = "".join(
        f'<p><a href="{href}">x</a></p>'
        for href in (
            f"http://testserver{other.get_absolute_url()}", f"http://testserver{ready.section.get_absolute_url()}",
            "http://testserver/", "https://nowhere.example/no/such/page", "mailto:desk@post.example",
        )
    )  # fmt: skip
    Article.objects.filter(pk=ready.pk).update(body=body)
    assert said(Article.objects.get(pk=ready.pk), "links") == []


def test_a_link_to_what_readers_will_not_see_then_leads_nowhere(ready, editor):
    tomorrow = timezone.now() + 24 * HOUR
    withdrawn, draft = make_article(status=Status.WITHDRAWN), make_article(status=Status.DRAFT, publish_at=None)
    planned = make_article(publish_at=tomorrow)
    page = Page.objects.create(title="About", slug="about", body="<p>x</p>")
    body = "".join(
        f'<p><a href="http://testserver{there.get_absolute_url()}">x</a></p>'
        for there in (withdrawn, draft, planned, page)
    )
    Article.objects.filter(pk=ready.pk).update(body=body)
    told = " ".join(said(Article.objects.get(pk=ready.pk), "links"))
    assert withdrawn.get_absolute_url() in told and draft.get_absolute_url() in told
    assert planned.get_absolute_url() in told
    assert page.get_absolute_url() not in told
    Article.objects.filter(pk=ready.pk).update(publish_at=tomorrow + HOUR)
    assert planned.get_absolute_url() not in " ".join(said(Article.objects.get(pk=ready.pk), "links"))


def test_a_story_without_author_or_tags_is_told_so(ready):
    ready.bylines.all().delete()
    ready.tags.clear()
    assert said(ready, "byline") and said(ready, "tags") == ["It has no tags."]


def test_a_tag_that_differs_by_case_or_accent_is_named(ready):
    make_article(tags=("Córdoba",))
    ready.tags.set(["CORDOBA ", "Ferries"])
    assert any("“Córdoba”" in sentence for sentence in said(ready, "tags"))


def test_twins_are_found_by_headline_and_by_text(ready):
    other = make_article(headline="The Ferry sails, again", body="<p>Other.</p>")
    copy = make_article(headline="Quite another matter", body=ready.body)
    told = " ".join(said(ready, "twins"))
    assert f"Story {other.pk} has nearly the same headline" in told
    assert f"Story {copy.pk}" in told and "the same text" in told


WORDS = [f"word{number * 7919 % 1000}" for number in range(700)]


def text_of(words) -> str:
    return f"<p>{' '.join(words)}</p>"


@pytest.mark.parametrize(("changed", "is_told"), [(0, True), (20, True), (60, True), (350, False), (700, False)])
def test_nearly_the_same_text_is_found(ready, changed, is_told):
    """So many words of 700 have been changed, all over the text."""
    every = 700 // changed if changed else 1000
    others = [f"other{n}" if n % every == 0 else word for n, word in enumerate(WORDS)]
    Article.objects.filter(pk=ready.pk).update(body=text_of(WORDS))
    other = make_article(headline="Quite another matter", body=text_of(others))
    for _ in ("fresh", "from the cache"):
        told = said(Article.objects.get(pk=ready.pk), "twins")
        assert any(f"Story {other.pk}" in sentence and "same text" in sentence for sentence in told) is is_told


def test_of_a_story_that_one_may_not_read_only_that_it_is_there_is_told(ready, reporter, editor):
    make_article(status=Status.DRAFT, headline="The ferry sails, again", body=ready.body, created_by=editor)
    for user, words in ((reporter, ["colleague’s story"]), (editor, ["sails, again"])):
        told = " ".join(problem.sentence for problem in preflight(Article.objects.get(pk=ready.pk), user))
        assert all(word in told for word in words)
        assert ("sails, again" in told) is (user == editor)
        assert "headline" in told and "text" in told


def test_many_are_looked_at_in_as_many_queries_as_few(ready):
    costs = []
    for count in (2, 40):
        for number in range(count):
            make_article(
                status=Status.DRAFT, headline=f"Matter {number} of {count}", tags=(f"Tag {number}",), lead_image=make_image(),
                body=text_of(WORDS[number:]), bylines=((make_contributor(), "written"),),
            )  # fmt: skip
        cache.clear()
        stories = list(Article.objects.all())
        with CaptureQueriesContext(connection) as queries:
            looked_at = list(preflight_each(stories))
        costs.append(len(queries))
        assert len(looked_at) == len(stories)
    assert costs[0] == costs[1] < 12


def test_an_embargo_that_is_not_over_is_told_before_anybody_presses(ready):
    until = under_embargo(ready)
    assert "under embargo until" in said(ready, "embargo")[0]
    assert [problem.blocks for problem in preflight(ready) if problem.rule == "embargo"] == [True]
    ready.publish_at = until
    assert said(ready, "embargo") == []


def test_a_story_that_readers_see_is_told_of_rights_that_end_and_of_nothing_else(desk, ready, editor):
    ready.lead_image = make_image(title="Harbour", credit="", rights_until=timezone.localdate() - 24 * HOUR)
    ready.save()
    ready.publish(editor)
    page = desk.get(url(ready)).content.decode()
    assert "Readers see this story" in page and "The rights to the picture “Harbour” ended" in page
    assert "no credit" not in page and "Blocks:" not in page


def test_pictures_need_words_credit_and_rights(ready):
    today = timezone.localdate()
    lead = make_image(credit="", rights_until=today - datetime.timedelta(days=1))
    soon = make_image(credit="Iolo", rights_until=today + datetime.timedelta(days=3))
    ready.lead_image = lead
    ready.body += f'<figure data-image="{soon.pk}"><figcaption></figcaption></figure>'
    ready.save()
    assert any("no credit" in sentence for sentence in said(ready, "pictures"))
    (ended,), (ends,) = said(ready, "rights"), said(ready, "rights_soon")
    assert "ended on" in ended and "end on" in ends
    assert [problem.rule for problem in preflight(ready) if problem.blocks] == ["rights"]


@pytest.mark.parametrize(("days", "rules"), [(0, ["rights_soon"]), (3, ["rights_soon"]), (4, ["rights"])])
def test_rights_are_those_of_the_day_on_which_it_is_to_appear(ready, days, rules):
    ready.lead_image = make_image(credit="Iolo", rights_until=timezone.localdate() + datetime.timedelta(days=3))
    ready.publish_at = timezone.now() + datetime.timedelta(days=days)
    ready.save()
    assert [problem.rule for problem in preflight(ready)] == rules


# --- At the desk ---


def test_the_form_says_it_before_anybody_presses(desk, ready):
    Article.objects.filter(pk=ready.pk).update(standfirst="")
    page = desk.get(url(ready)).content.decode()
    assert "Before it goes out" in page
    assert "no standfirst" in page


def test_what_warns_is_said_and_published(desk, ready):
    Article.objects.filter(pk=ready.pk).update(standfirst="")
    page = desk.post(url(ready), form_of(ready, _move="publish"), follow=True).content.decode()
    assert "no standfirst" in page
    ready.refresh_from_db()
    assert ready.status == Status.PUBLISHED


def test_what_blocks_keeps_it_back_until_there_is_a_reason(desk, ready, settings):
    settings.PREFLIGHT_BLOCKS = frozenset({"standfirst"})
    Article.objects.filter(pk=ready.pk).update(standfirst="")
    page = desk.post(url(ready), form_of(ready, _move="publish"), follow=True).content.decode()
    assert "no standfirst" in page and "Publish anyway" in page
    ready.refresh_from_db()
    assert ready.status == Status.DRAFT
    desk.post(url(ready), form_of(ready, _move="publish", publish_anyway="It is burning."))
    ready.refresh_from_db()
    assert ready.status == Status.PUBLISHED
    assert "Published anyway: It is burning." in ready.status_changes.first().note


def test_every_rule_can_be_made_to_block(ready, settings):
    settings.PREFLIGHT_BLOCKS = frozenset(RULES)
    Article.objects.filter(pk=ready.pk).update(standfirst="")
    assert all(problem.blocks for problem in preflight(Article.objects.get(pk=ready.pk)))


def test_many_at_once_leave_out_what_is_blocked(desk, ready, settings):
    settings.PREFLIGHT_BLOCKS = frozenset({"standfirst"})
    blocked = make_article(status=Status.DRAFT, headline="Without a standfirst")
    data = {"action": "publish_selected", "_selected_action": [ready.pk, blocked.pk], "_sure": "1"}
    page = desk.post("/admin/articles/article/", data, follow=True).content.decode()
    assert "1 story published." in page
    assert "from its own screen" in page
    blocked.refresh_from_db()
    assert blocked.status == Status.DRAFT


def test_acting_on_many_asks_for_their_surroundings_once(desk, settings):
    settings.PREFLIGHT_BLOCKS = frozenset({"standfirst"})
    costs = []
    for count in (2, 50):
        stories = [
            make_article(
                status=Status.DRAFT, headline=f"Matter {number} of {count}", tags=(f"Tag {number}",), lead_image=make_image(),
                body=text_of(WORDS[number:]), bylines=((make_contributor(), "written"),),
            )
            for number in range(count)
        ]  # fmt: skip
        cache.clear()
        data = {
            "action": "publish_selected",
            "_selected_action": [story.pk for story in stories],
            "_sure": "1",
            "select_across": "0",
        }
        with CaptureQueriesContext(connection) as queries:
            page = desk.post("/admin/articles/article/", data)
        assert page.status_code == 302
        assert not Article.objects.filter(status=Status.PUBLISHED).exists()
        costs.append(len([query for query in queries if "articles_" in query["sql"]]))
    assert costs[0] == costs[1] < 20


# --- Embargo ---


def under_embargo(article) -> datetime.datetime:
    until = timezone.now() + HOUR
    Article.objects.filter(pk=article.pk).update(embargo_until=until)
    article.refresh_from_db()
    return until


def test_an_embargo_holds_whatever_is_pressed(ready, editor, desk):
    until = under_embargo(ready)
    for at in (None, timezone.now(), until - datetime.timedelta(seconds=1)):
        with pytest.raises(MoveRefused, match="under embargo until"):
            ready.publish(editor, at=at)
    page = desk.post(url(ready), form_of(ready, _move="publish"), follow=True).content.decode()
    assert "under embargo" in page
    data = {"action": "publish_selected", "_selected_action": [ready.pk], "_sure": "1"}
    assert "under embargo" in desk.post("/admin/articles/article/", data, follow=True).content.decode()
    ready.refresh_from_db()
    assert ready.status == Status.DRAFT
    ready.publish(editor, at=until)
    assert ready.is_scheduled()


def test_not_even_the_database_lets_it_out(ready):
    under_embargo(ready)
    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.filter(pk=ready.pk).update(
            status=Status.PUBLISHED, publish_at=timezone.now(), published_on=timezone.localdate()
        )


def test_a_scheduled_story_is_not_moved_before_its_embargo(ready, editor, desk):
    until = under_embargo(ready)
    ready.publish(editor, at=until + HOUR)
    moment = timezone.localtime(timezone.now())
    data = form_of(ready, publish_at_0=f"{moment:%Y-%m-%d}", publish_at_1=f"{moment:%H:%M:%S}")
    page = desk.post(url(ready), data).content.decode()
    assert "under embargo" in page
    ready.refresh_from_db()
    assert ready.publish_at == (until + HOUR).replace(microsecond=0)
