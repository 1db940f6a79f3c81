"""Prepared queries bring what their querysets would, whatever is asked for."""

import datetime
import gc
import weakref

import pytest
from django.db import connection
from django.db.models import Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.bylines import bring_bylines
from articles.caching.pieces import content
from articles.caching.prepared import Prepared, instances
from articles.models import Article, Section, Tag
from articles.tests.factories import make_article, make_contributor, make_image, make_section, make_tag

pytestmark = pytest.mark.django_db


def test_instances_come_with_their_fields_and_with_what_was_selected():
    section, image = make_section(name="Harbour"), make_image()
    first = make_article(section=section, lead_image=image, headline="Fog")
    second = make_article(section=section, headline="Rain")
    ask = Prepared(lambda pk: Article.objects.select_related("section", "lead_image").filter(pk=pk), pk=int)
    [found] = ask(pk=first.pk)
    expected = Article.objects.get(pk=first.pk)
    for field in Article._meta.concrete_fields:
        assert getattr(found, field.attname) == getattr(expected, field.attname), field.name
    with CaptureQueriesContext(connection) as queries:
        assert (found.section, found.section.name, found.lead_image) == (section, "Harbour", image)
        [other] = ask(pk=second.pk)
        assert (other.headline, other.lead_image) == ("Rain", None)
    assert len(queries) == 1
    assert not found._state.adding
    assert ask(pk=0) == []


def test_what_was_left_out_is_asked_for_when_it_is_wanted():
    article = make_article(standfirst="In short")
    [found] = Prepared(lambda pk: Article.objects.only("headline").filter(pk=pk), pk=int)(pk=article.pk)
    assert "standfirst" in found.get_deferred_fields()
    assert found.standfirst == "In short"


def test_times_days_and_words_are_parameters():
    now = timezone.now().replace(microsecond=123_456)
    article = make_article(publish_at=now - datetime.timedelta(hours=1))
    other = make_article(publish_at=now - datetime.timedelta(hours=3))
    ask = Prepared(
        lambda since, day, slug: (
            Article.objects.filter(publish_at__gte=since, published_on__lte=day).exclude(slug=slug).order_by("-publish_at")
        ),
        since=datetime.datetime, day=datetime.date, slug=str,
    )  # fmt: skip
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    assert ask(since=article.publish_at, day=tomorrow, slug="") == [article]
    assert ask(since=now - datetime.timedelta(hours=4), day=tomorrow, slug=article.slug) == [other]
    assert ask(since=now, day=tomorrow, slug="") == []
    # What would be a place for a parameter is none in a value.
    assert ask(since=now - datetime.timedelta(hours=4), day=tomorrow, slug="%s ? '") == [article, other]


def test_lists_may_have_any_length():
    tags = [make_tag(name=name) for name in ("a", "b", "c")]
    ask = Prepared(lambda keys: Tag.objects.filter(pk__in=keys).order_by("name"), keys=list[int])
    assert ask(keys=[tags[0].pk, tags[2].pk]) == [tags[0], tags[2]]
    assert ask(keys=[]) == []
    rest = Prepared(lambda keys: Tag.objects.exclude(pk__in=keys).order_by("name"), keys=list[int])
    assert rest(keys=[]) == tags


def test_long_lists_are_asked_for_whole():
    sections = [make_section() for _ in range(40)]
    ask = Prepared(lambda keys: Section.objects.filter(pk__in=keys).order_by("pk"), keys=list[int])
    assert ask(keys=[section.pk for section in sections]) == sections


def test_rows_say_what_was_read_and_become_instances_when_asked():
    article = make_article(section=make_section(name="Harbour"), lead_image=make_image())
    ask = Prepared(lambda pk: Article.objects.for_cards().annotate(one=Value(1)).filter(pk=pk), pk=int)
    [row] = ask.rows(pk=article.pk)
    assert (row.pk, row["headline"], row["publish_at"], row["one"]) == (
        article.pk, article.headline, article.publish_at, 1,
    )  # fmt: skip
    with pytest.raises(KeyError):
        row["body"]
    with CaptureQueriesContext(connection) as queries:
        assert (row.instance, row.instance.section.name, row.instance.one) == (article, "Harbour", 1)
        instance = row.instance
        assert row.instance is instance
    assert not queries


def test_nothing_of_a_page_waits_for_the_garbage_collector():
    article = make_article(bylines=((make_contributor(), "written"),))
    ask = Prepared(lambda pk: Article.objects.for_cards().filter(pk=pk), pk=int)
    gc.collect()
    gc.disable()
    try:
        rows = ask.rows(pk=article.pk)
        bring_bylines(rows)
        row, instance = weakref.ref(rows[0]), weakref.ref(made := rows[0].instance)
        del rows, made
        assert row() is None and instance() is None
    finally:
        gc.enable()


def test_rows_of_the_same_content_have_been_read_of_the_same():
    article = make_article(headline="Fog")
    ask = Prepared(lambda pk: Article.objects.for_cards().filter(pk=pk), pk=int)
    [row], [again], [instance] = ask.rows(pk=article.pk), ask.rows(pk=article.pk), ask(pk=article.pk)
    assert row.content == again.content == content(instance)
    assert hash(row.content) == hash(again.content)
    Article.objects.filter(pk=article.pk).update(headline="Rain")
    [changed] = ask.rows(pk=article.pk)
    assert changed.content != row.content


def test_bylines_of_rows_are_those_of_their_instances():
    by_two = make_article(bylines=((make_contributor(name="A"), "written"), (make_contributor(name="B"), "written")))
    by_nobody = make_article()
    ask = Prepared(lambda keys: Article.objects.for_cards().filter(pk__in=keys).order_by("pk"), keys=list[int])
    read = ask.rows(keys=[by_two.pk, by_nobody.pk])
    bring_bylines(read)
    without = ask.rows(keys=[by_two.pk])[0].content
    with CaptureQueriesContext(connection) as queries:
        one, other = instances(read)
        assert [byline.contributor.name for byline in one.bylines.all()] == ["A", "B"]
        assert list(other.bylines.all()) == []
    assert not queries
    assert read[0].content != without


def test_what_comes_later_comes_to_an_instance_that_there_is():
    article = make_article(bylines=((make_contributor(name="A"), "written"),))
    [row] = Prepared(lambda pk: Article.objects.for_cards().filter(pk=pk), pk=int).rows(pk=article.pk)
    instance = row.instance
    bring_bylines([row])
    with CaptureQueriesContext(connection) as queries:
        assert [byline.contributor.name for byline in instance.bylines.all()] == ["A"]
        assert content(instance) == row.content
    assert not queries


def test_rows_of_values_are_tuples_of_python_values():
    article = make_article()
    ask = Prepared(lambda pk: Article.objects.filter(pk=pk).values_list("headline", "publish_at"), pk=int)
    assert ask(pk=article.pk) == [(article.headline, article.publish_at)]


def test_it_is_built_once():
    built = []

    def build(pk):
        built.append(pk)
        return Section.objects.filter(pk=pk)

    ask = Prepared(build, pk=int)
    for section in [make_section(), make_section()]:
        assert ask(pk=section.pk) == [section]
    assert len(built) == 1


def test_a_parameter_that_the_query_does_not_use_is_a_mistake():
    with pytest.raises(ValueError, match="pk"):
        Prepared(lambda pk: Section.objects.all(), pk=int)(pk=1)
