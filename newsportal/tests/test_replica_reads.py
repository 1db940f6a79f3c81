"""Which pages are never read from a copy of the database: those that show what no number tells of."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from articles.tests.factories import make_article
from comments.tests.factories import make_comment
from newsportal.database import replica
from newsportal.models import Page
from newsportal.page_cache.touched import SEEN_BY_NO_READER

#: Tables of these that are written together with a story, in the transaction that raises the numbers.
WRITTEN_WITH_A_STORY = {"articles_article_body_images", "articles_searchentry", "articles_searchword"}
#: Pages that look for what is the reader's own: who brings no cookie is shown none.
OF_WHO_HAS_A_COOKIE = ("/comments/waiting/", "/comments/edit/", "/comments/delete/")


@pytest.fixture
def is_read_from_the_copy(rf, settings, monkeypatch):
    monkeypatch.setattr(replica, "_has_followed", lambda number: True)
    asked = replica.Router()
    with monkeypatch.context() as there_is_one:
        there_is_one.setitem(settings.DATABASES, replica.ALIAS, {})
        answer = replica.read_from_replica(lambda request: asked.db_for_read(None) == replica.ALIAS)
    return lambda path: answer(rf.get(path))


@pytest.mark.parametrize(
    ("path", "from_the_copy"),
    [
        ("/latest/", True),
        ("/2026/03/01/versions/", True),
        ("/tags/versions/", True),
        ("/comments/on/1/", True),
        ("/comments/confirm/token/", False),
        ("/comments/received/token/", False),
        ("/comments/unsubscribe/token/", False),
        ("/comments/yours/", False),
        ("/preview/token/", False),
        ("/admin/", False),
        ("/2026/03/01/a-tram/versions/", False),
        ("/2026/03/01/přístav/versions/2/", False),
        ("/robots.txt", False),
        ("/.well-known/security.txt", False),
    ],
)
def test_what_a_link_for_one_person_opens_and_what_raises_no_number_is_not_read_from_a_copy(
    is_read_from_the_copy, path, from_the_copy
):
    assert is_read_from_the_copy(path) is from_the_copy


def addresses(patterns, before=""):
    """Every address of the site but those of the desk, as it is written where it is routed."""
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from addresses(pattern.url_patterns, here)
        elif not here.startswith("admin/"):
            yield here


@pytest.mark.django_db
def test_no_page_that_is_read_from_a_copy_shows_what_raises_no_number(settings, editor, is_read_from_the_copy):
    settings.PUBLIC_VERSIONS = True
    story = make_article(tags=("Trams",))
    story.mark_updated(editor)
    make_article(tags=("Trams",))
    comment = make_comment(article=story, status="published")
    Page.objects.create(title="About", slug="about")
    day = story.published_on
    of_story = {"<year:year>": f"{day:%Y}", "<two:month>": f"{day:%m}", "<two:day>": f"{day:%d}"}
    numbers = {
        "<int:article>": story.pk,
        "<int:pk>": comment.pk,
        "<int:root>": comment.pk,
        "<int:number>": 1,
        "<int:part>": 1,
    }
    words = {
        "tags/<uslug:slug>": "tags/trams",
        "<two:day>/<uslug:slug>": f"<two:day>/{story.slug}",
        "<slug:slug>": "about",
    }

    read = set()

    def note(execute, sql, params, many, context):
        read.update(SEEN_BY_NO_READER.intersection(re.findall(r'"(\w+)"', sql)) - WRITTEN_WITH_A_STORY)
        return execute(sql, params, many, context)

    shown = {}
    for address in addresses(get_resolver().url_patterns):
        path = f"/{address}"
        for name, value in (words | of_story | numbers).items():
            path = path.replace(name, str(value))
        read.clear()
        with connection.execute_wrapper(note):
            Client().get(path, {"q": "tram"} if "search" in path else {})
        if read and not path.startswith(OF_WHO_HAS_A_COOKIE):
            shown[path] = set(read)
    assert set().union(*shown.values()) >= {"articles_version", "articles_text", "newsportal_wellknownfile"}
    assert [path for path in shown if is_read_from_the_copy(path)] == []
