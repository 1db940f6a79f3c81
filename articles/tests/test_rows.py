"""How a story's row is laid out: what lists show stands before the long texts."""

import datetime

import pytest
from django.db import connection
from django.utils import timezone

from articles.models import Article
from newsportal.filling.newspaper import analyse

LAST = ["standfirst", "withdrawal_note", "search_description", "body_html", "body"]


def columns() -> list[str]:
    with connection.cursor() as cursor:
        return [column.name for column in connection.introspection.get_table_description(cursor, "articles_article")]


def statistics() -> list[tuple]:
    """What SQLite plans by: of the table of stories, and of its indexes."""
    if connection.vendor != "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = 'articles_article' ORDER BY idx")
        return cursor.fetchall()


@pytest.mark.django_db
def test_long_texts_are_not_in_the_way_of_what_a_list_shows():
    """SQLite has them behind all else, PostgreSQL (“extended”) in a table of their own."""
    if connection.vendor == "sqlite":
        assert columns()[-len(LAST) :] == LAST
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attstorage FROM pg_attribute WHERE attrelid = 'articles_article'::regclass AND attname = ANY(%s)",
            [LAST],
        )
        assert [storage for (storage,) in cursor.fetchall()] == ["x"] * len(LAST)


def test_stories_from_before_keep_all_that_they_are_and_numbers_are_not_given_again(history):
    old = history.at(("articles", "0026_desk_lists"))
    stories = old.get_model("articles", "Article").objects
    now = timezone.now()
    kept = stories.create(
        headline="Rozhovor s Vladimírem", body="<p>One.</p>", body_html="<p>Two.</p>", standfirst="Three.", slug="rozhovor",
        publish_at=now - datetime.timedelta(days=1), created_at=now, version=3, comment_count=7,
    )  # fmt: skip
    stories.create(headline="Gone", created_at=now).delete()
    analyse()
    before = stories.filter(pk=kept.pk).values().get()
    told = statistics()
    history.today()
    assert statistics() == told
    assert Article.objects.filter(pk=kept.pk).values(*before).get() == before
    [following] = Article.objects.bulk_create([Article(headline="Next")])
    assert following.pk == kept.pk + 2
