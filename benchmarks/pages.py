"""Which addresses of a database are asked for, and how many queries each costs. Run as a process of its own, with that database in
its environment: `python -m benchmarks.pages [--write]` prints JSON: name → {"paths": […], "queries": n, …}.

`--write` adds what changes the database: comments are posted, and somebody signs in at the desk.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count, QuerySet  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from articles import search  # noqa: E402
from articles.models import Article, SearchWord, Section, Tag, TaggedArticle  # noqa: E402
from articles.models.article_queryset import ArticleQuerySet  # noqa: E402
from articles.paging import PAGE_SIZE, Cursor  # noqa: E402
from benchmarks.load import ANY_ADDRESS  # noqa: E402
from benchmarks.servers import HOST, READS_BATCH_SECONDS  # noqa: E402
from benchmarks.targets import BEACON, COMMENT, STORIES  # noqa: E402
from comments.models import Comment, Status  # noqa: E402

DEEP = 10_000
DIFFERENT = 500
#: Of which a thousand stories have more than a search ranks, and a million no less.
COMMON_WORD = "the"
#: Stories that have a rare one: of words as rare as this there are some in a large newspaper, too.
RARE = 100
#: So many are tried, from one end of the vocabulary to the other.
WORDS = 300
#: Of a page that says that it has been on the screen. So many readers have the same browser that each of theirs is known.
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
#: Stories with comments, of which some may be withdrawn.
CANDIDATES = 50


def cases(*, write: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    public = Article.objects.public().newest_first()
    hot, talked = _talked_about(public)
    yield "front", {"paths": ["/"]}
    yield "story, 50 comments", {"paths": [talked.get_absolute_url()], "comments": talked.comment_count}
    yield "story, most comments", {"paths": [hot.get_absolute_url()], "comments": hot.comment_count}
    yield STORIES, {"paths": [story.get_absolute_url() for story in public[:DIFFERENT]]}
    section = Section.objects.order_by("pk").first()
    if section is not None:
        yield "section", {"paths": [section.get_absolute_url()]}
    largest = TaggedArticle.objects.values("tag").annotate(stories=Count("pk")).order_by("-stories").first()
    if largest is not None:
        tag = Tag.objects.get(pk=largest["tag"])
        yield "tag, the largest", {"paths": [f"/tags/{quote(tag.slug)}/"], "stories": largest["stories"]}
    yield "list, page 1", {"paths": ["/latest/"]}
    # The index alone: of the stories that are skipped nobody wants to know more.
    listed = public.values_list("pk", flat=True)
    offset = min(DEEP * PAGE_SIZE, max(0, listed.count() - PAGE_SIZE - 1))
    cursor = Cursor.of(public.get(pk=listed[offset]))
    yield "list, deep page", {"paths": [f"/latest/?before={cursor}"], "page": offset // PAGE_SIZE + 1}
    for name, word in (("search, a common word", COMMON_WORD), ("search, a rare word", _rare_word())):
        yield name, {"paths": [f"/search/?{urlencode({'q': word})}"], "stories": search.find(search.parse(word)).total}
    yield "feed", {"paths": ["/feed/"]}
    if write:
        words = {"name": "Reader", "email": "readerNUMBER@example.org", "body": "What I say is NUMBER.", "stamp": ""}
        ours = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": ANY_ADDRESS}
        headers = ours | {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(words)
        post = {"paths": [f"/comments/post/{hot.pk}/"], "method": "POST", "body": body, "headers": headers}
        yield COMMENT, post
        beacon = ours | {"User-Agent": BROWSER}
        paths = [f"/read/{pk}/" for pk in public.values_list("pk", flat=True)[:DIFFERENT]]
        yield BEACON, {"paths": paths, "method": "POST", "headers": beacon, "later": READS_BATCH_SECONDS + 0.5}
        desk, _ = User.objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
        client = Client()
        client.force_login(desk)
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        yield "desk, list of stories", {"paths": ["/admin/articles/article/"], "headers": {"Cookie": cookie}}


def _talked_about(public: ArticleQuerySet) -> tuple[Article, Article]:
    """The public story with the most comments, and the one that comes closest to having no more than 50.

    Counted in an index of the comments: to put stories in this order is to read each of them.
    """
    counted = Comment.objects.filter(status=Status.PUBLISHED).values("article").annotate(comments=Count("pk"))

    def first(ranked: QuerySet) -> Article | None:
        likely = list(ranked.values_list("article", flat=True)[:CANDIDATES])
        return min(public.filter(pk__in=likely), key=lambda story: likely.index(story.pk), default=None)

    most = first(counted.order_by("-comments", "article")) or public.first()
    if most is None:
        raise SystemExit("There is no public story in this database.")
    return most, first(counted.filter(comments__gte=50).order_by("comments", "article")) or most


def _rare_word() -> str:
    """One that about RARE stories have, in a small newspaper and in a large one: each story that is found costs something."""
    words = list(SearchWord.objects.order_by("word").values_list("word", flat=True))
    totals = {word: search.find(search.parse(word)).total for word in words[:: len(words) // WORDS or 1]}
    found = {word: total for word, total in totals.items() if total}  # None: more than a search counts
    return min(found, key=lambda word: abs(found[word] - RARE))


def queries(case: dict[str, Any]) -> int | None:
    """Of its first address, asked for a second time."""
    if case.get("method", "GET") != "GET":
        return None
    client = Client(headers={"host": HOST, **case.get("headers", {})})
    client.get(case["paths"][0])
    with CaptureQueriesContext(connection) as asked:
        response = client.get(case["paths"][0])
    if response.status_code != 200:
        raise SystemExit(f"{case['paths'][0]} answers {response.status_code}.")
    return len(asked)


if __name__ == "__main__":
    found = dict(cases(write="--write" in sys.argv[1:]))
    print(json.dumps({name: case | {"queries": queries(case)} for name, case in found.items()}))
