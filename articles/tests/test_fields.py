"""What each field of a story is to those who keep sets of them: one grid, so that who adds a field is told where to decide."""

import datetime
from collections.abc import Iterable

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.http import QueryDict
from django.utils import timezone

from articles import sitemaps, websub
from articles.admin import carried
from articles.admin.article import ArticleForm
from articles.admin.autosave import WORDS
from articles.admin.conflicts import posted, rewritten
from articles.editing.next_version import OF_THE_LIVE_STORY
from articles.editing.snapshot import LABELS, Snapshot, opened, put, take
from articles.models import Article, Text, Version
from articles.models.listing import SAID_IN_PLACE
from articles.models.version import SCHEMA
from articles.search import entries
from articles.tests.factories import make_article, make_contributor, make_image
from articles.workflow import Status

CARDS = Article.objects.for_cards().query.deferred_loading[0]
#: What a column of the grid asks of a field, where in the code that is answered, and the answer.
SETS = {
    "versions": ("Is it content, to be kept, compared, merged, restored? editing.snapshot: LABELS, PLAIN", LABELS),
    "typed": ("Is it typed at the desk? admin.article: Meta.fields", (*ArticleForm.Meta.fields, "bylines")),
    "copied": ("Is it a text, to be copied where it cannot be saved? admin.autosave: WORDS", (*WORDS, "body")),
    "live": ("Does a next version leave it to the live story? editing.next_version: OF_THE_LIVE_STORY", OF_THE_LIVE_STORY),
    "others": ("Do others write it at any time, and saving never? KEPT_BY_OTHERS", Article.KEPT_BY_OTHERS),
    "moved": ("Does a move write it, and put it back when it fails? MOVED_FIELDS", Article.MOVED_FIELDS),
    "place": ("Does the story keep its place in lists when it changes? models.listing: SAID_IN_PLACE", SAID_IN_PLACE),
    # Rows of bylines and tags tell of themselves: on_byline and on_tag there, `connect` in search.
    "feeds": ("Do feeds say it? websub: SAID", (*websub.SAID, "bylines", "tags")),
    "search": ("Is a story found, or put in order, by it? search.entries: FIELDS", (*entries.FIELDS, "bylines", "tags")),
    "sitemap": ("Do sitemaps say it? sitemaps: TOLD, and SitemapMonth", (*sitemaps.TOLD, "body_images")),
    "cards": ("Do cards show it? ArticleQuerySet.for_cards", CARDS),
}  # fmt: skip

#: A row a field, a column a set: x for a field that is in it, - for one that is left out.
GRID = """
                    versions typed copied live others moved place feeds search sitemap cards
headline               x       x     x     -     -      -     x     x     x       -      x
short_headline         x       x     x     -     -      -     x     -     x       -      x
slug                   x       x     -     -     -      x     -     x     -       x      x
kind                   x       x     -     -     -      -     -     x     -       -      x
section                x       x     -     -     -      -     -     x     -       -      x
dateline               x       x     x     -     -      -     x     x     x       -      -
standfirst             x       x     x     -     -      -     x     x     x       -      x
lead_image             x       x     -     -     -      -     x     x     -       x      x
body                   x       x     x     -     -      -     x     -     x       -      -
search_title           x       x     x     -     -      -     x     -     -       -      -
search_description     x       x     x     -     -      -     x     -     -       -      -
body_html              -       -     -     -     -      -     x     x     -       -      -
reading_minutes        -       -     -     -     -      -     x     -     -       -      -
share_card             -       -     -     -     x      -     -     -     -       -      -
comment_count          -       -     -     -     x      -     -     -     -       -      x
related_at             -       -     -     -     x      -     -     -     -       -      -
version                -       -     -     -     x      -     -     -     -       -      -
status                 -       -     -     -     -      x     -     -     -       -      x
publish_at             x       x     -     x     -      x     -     x     x       x      x
embargo_until          x       x     -     x     -      -     -     -     -       -      -
published_on           -       -     -     -     -      x     -     -     -       x      x
updated_at             -       -     -     -     -      -     x     x     -       x      -
withdrawn_at           -       -     -     -     -      x     -     -     -       -      -
withdrawal_note        -       -     -     -     -      x     -     -     -       -      -
created_by             -       -     -     -     -      -     -     -     -       -      -
created_at             -       -     -     -     -      -     -     -     x       -      -
modified_at            -       -     -     -     -      -     x     -     -       -      -
contributors           x       x     -     -     -      -     -     x     x       -      -
tags                   x       x     -     -     -      -     -     x     x       -      -
body_images            -       -     -     -     -      -     -     -     -       x      -
"""
HEADS, *LINES = (line.split() for line in GRID.strip().splitlines())
ROWS = {name: dict(zip(HEADS, marks, strict=True)) for name, *marks in LINES}

#: What versions that were kept under each schema hold for ever, beside what the schema before has.
HELD = {
    1: {
        "headline", "short_headline", "standfirst", "body", "lead_image", "section", "kind", "tags", "bylines", "dateline", "slug",
        "publish_at",
    },
    2: {"embargo_until"},
    3: {"search_title", "search_description"},
}  # fmt: skip


def fields_in(names: Iterable[str]) -> set[str]:
    """The fields of a story among the names of a set, by whichever of their names it calls them."""
    called = {"contributors" if name == "bylines" else name.partition("__")[0] for name in names}
    return {Article._meta.get_field(name).name for name in called - {"pk", "search_entry", "correction", "note"}}


def test_who_adds_a_field_says_what_it_is_to_each_set():
    meta = Article._meta
    fields = {field.name for field in (*meta.concrete_fields, *meta.many_to_many) if not field.primary_key}
    new, questions = sorted(fields - ROWS.keys()), [f"{column}: {question}" for column, (question, _) in SETS.items()]
    assert not new, "\n".join(
        [f"Give {', '.join(new)} a row in the grid, with an answer to each of these:", *questions]
    )
    assert not ROWS.keys() - fields
    assert list(SETS) == HEADS
    assert {mark for row in ROWS.values() for mark in row.values()} == {"x", "-"}


@pytest.mark.parametrize("column", SETS)
def test_each_set_has_the_fields_that_the_grid_says(column):
    question, names = SETS[column]
    assert {name for name, row in ROWS.items() if row[column] == "x"} == fields_in(names), question


def test_all_that_is_typed_is_kept_and_stands_on_the_screen():
    """What the form takes and does not show, each save would empty."""
    shown = flatten_fieldsets(admin.site.get_model_admin(Article).get_fieldsets(None))
    assert {*shown} == {*ArticleForm.Meta.fields, carried.VERSION, carried.MARK, carried.MAKES_LIVE}
    assert {*ArticleForm.Meta.fields, "bylines"} == {*LABELS}


def test_versions_of_every_schema_open_with_all_that_there_is_now():
    """Who adds to LABELS raises SCHEMA, says in UPGRADES what older versions have of it, and writes it down in HELD."""
    assert [*HELD] == [*range(1, SCHEMA + 1)]
    held: set[str] = set()
    for schema, more in HELD.items():
        held |= more
        version = Version(schema=schema, content=dict.fromkeys(held - {"body"}), text=Text(text=""))
        assert {*LABELS} == {*opened(version)}


@pytest.fixture
def told(db) -> Snapshot:
    """A story that says something in each field of its content."""
    moment = timezone.now().replace(microsecond=0) + datetime.timedelta(days=1)
    article = make_article(
        status=Status.DRAFT, headline="The ferry", short_headline="Ferry", standfirst="It sails.", body="<p>At noon.</p>",
        dateline="Douala", slug="a-ferry", kind=Article.Kind.OPINION, search_title="The ferry of Douala",
        search_description="When it sails.", lead_image=make_image(), tags=("one", "two"), embargo_until=moment,
        bylines=((make_contributor(), "photographs"), (make_contributor(), "written")),
    )  # fmt: skip
    article.publish_at = moment
    article.save()
    snapshot = take(article)
    assert not [name for name in LABELS if not snapshot[name]], "It is to say something here as well."
    return snapshot


def test_what_is_kept_of_a_story_is_put_into_another_whole(told):
    other = make_article(status=Status.DRAFT)
    put(other, told)
    assert take(Article.objects.get(pk=other.pk)) == told


def test_what_is_kept_of_a_story_is_typed_into_the_form_and_read_off_it_whole(told, rf, editor):
    other = make_article(status=Status.DRAFT)
    request = rf.post("/", dict(rewritten(QueryDict(), other, told, None).lists()))
    request.user = editor
    assert posted(admin.site.get_model_admin(Article), request, other) == told
