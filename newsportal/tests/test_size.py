"""Every list costs the same in a small newspaper and in a large one: as many queries, each a range of an index.

What SQLite plans depends on what it knows of its tables. It is told what it knew of a newspaper of 100,000 stories and a million
comments, written by `manage.py fill` (statistics_of_100000.txt: table, index, rows and rows per value); and of one of a million
stories, of which it had looked at the beginning of each index alone (statistics_of_a_part.txt): the first tag is the commonest.
In both it is told of a library of a million pictures, of which `fill` draws a few.
"""

import datetime
import re
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from articles.admin import uncounted
from articles.models import Article, Section, Tag
from articles.paging import Cursor
from articles.tests.factories import make_article
from articles.workflow import Status
from comments.models import Comment
from newsportal.filling import Filling
from newsportal.tests.jobs import note

pytestmark = pytest.mark.django_db

STATISTICS = {
    "statistics": Path(__file__).with_name("statistics_of_100000.txt"),
    "statistics of a part": Path(__file__).with_name("statistics_of_a_part.txt"),
}
#: Tables that grow with the archive.
GROWING = (
    "articles_article", "articles_taggedarticle", "articles_byline", "articles_correction", "articles_version",
    "articles_text", "articles_statuschange", "articles_searchentry", "articles_relatedarticle",
    "articles_article_body_images", "articles_reads", "articles_image", "articles_pictureentry",
    "comments_comment", "comments_decision", "comments_flag", "comments_like", "comments_commenter", "comments_sanction",
    "newsportal_auditentry", "django_tasks_database_dbtaskresult",
)  # fmt: skip
BIG = "|".join(GROWING)
#: Read in the order that is asked for until a page is full, and hardly anything of it is passed over.
WALKED = {
    "article_listing", "article_desk", "article_status_desk", "comment_time", "comment_site_feed", "comment_queue",
    "comment_unreviewed", "comment_reported", "image_library",
}  # fmt: skip


#: The same, in the order of their numbers, which no index has to follow.
BY_NUMBER = {"articles_correction", "comments_commenter", "comments_sanction", "newsportal_auditentry"}


@pytest.fixture(params=[*STATISTICS, "no statistics"] if connection.vendor == "sqlite" else ["its own statistics"])
def as_if_large(request):
    """Have SQLite plan as it would in a large newspaper, and as it does where nobody has ever let it look. PostgreSQL looks by
    itself; it is asked for a way without reading whole tables.
    """  # fmt: skip
    Filling(articles=60, comments=300, seed=1).write()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            yield
            return
        if file := STATISTICS.get(request.param):
            rows = [line.split(" ", 2) for line in file.read_text().splitlines()]
            known = [(table, None if index == "-" else index, told) for table, index, told in rows]
        else:
            # What it takes a table of which it knows nothing for.
            known = [(table, None, "1048576") for table in connection.introspection.table_names()]
        cursor.execute("DELETE FROM sqlite_stat1")
        cursor.executemany(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)",
            known,
        )
        cursor.execute("ANALYZE sqlite_schema")
        yield
        cursor.execute("DELETE FROM sqlite_stat1")
        cursor.execute("ANALYZE sqlite_schema")


def readers_urls() -> dict[str, str]:
    story = Article.objects.public().newest_first()[5]
    old = Article.objects.public().newest_first()[40]
    tag, section, author = Tag.objects.get(slug="lindhaven"), story.section, story.bylines.first().contributor
    comment = Comment.objects.visible().order_by("-pk")[0]
    deep, year = Cursor.of(old), f"/{old.published_on:%Y}/"
    lists = {
        "latest": "/latest/", "section": section.get_absolute_url(), "tag": tag.get_absolute_url(),
        "author": author.get_absolute_url(), "year": year, "month": f"/{old.published_on:%Y/%m}/",
        "day": f"/{old.published_on:%Y/%m/%d}/",
    }  # fmt: skip
    pages = {f"{name}, {way}": f"{url}?{way}={deep}" for name, url in lists.items() for way in ("before", "after")}
    return lists | {name: url for name, url in pages.items() if not name.startswith("day")} | {
        "front": "/", "story": story.get_absolute_url(), "old story": old.get_absolute_url(), "most read": "/most-read/",
        "feed": "/feed/", "section feed": f"{section.get_absolute_url()}feed/", "tag feed": f"{tag.get_absolute_url()}feed/",
        "author feed": f"{author.get_absolute_url()}feed/", "comments feed": "/comments/feed/", "sitemap": "/sitemap.xml",
        "sitemap of a month": f"/sitemap-{old.published_on:%Y-%m}.xml", "sitemap of pages": "/sitemap-pages.xml",
        "sitemap of tags": "/sitemap-tags-1.xml", "news": "/news-sitemap.xml", "corrections": "/corrections/",
        "search": f"/search/?q={story.headline.split()[0]}", "comment": f"/comments/{comment.pk}/",
    }  # fmt: skip


def desk_urls() -> dict[str, str]:
    section, stories = Section.objects.first(), "/admin/articles/article/"
    jobs, log = "/admin/django_tasks_database/dbtaskresult/", "/admin/newsportal/auditentry/"
    return {
        "desk": "/admin/", "stories": stories, "drafts": f"{stories}?state=draft", "public": f"{stories}?state=public",
        "scheduled": f"{stories}?state=scheduled", "withdrawn": f"{stories}?state=withdrawn",
        "of a section": f"{stories}?section__id__exact={section.pk}", "of a year": f"{stories}?published=2025",
        "of no year": f"{stories}?published=nonsense",
        "of a month and section": f"{stories}?published=2025-03&section__id__exact={section.pk}",
        "images": "/admin/articles/image/", "images found": "/admin/articles/image/?q=harbour",
        "images without credit": "/admin/articles/image/?credit__isempty=1",
        "images without licence": "/admin/articles/image/?licence__isempty=1", "images to choose from": "/admin/pictures/?q=har",
        "tags": "/admin/articles/tag/", "sections": "/admin/articles/section/",
        "contributors": "/admin/articles/contributor/", "reads": f"{stories}reads/", "queue": "/admin/comments/comment/",
        "all comments": "/admin/comments/comment/?view=all", "guests": "/admin/comments/commenter/",
        "unread comments": "/admin/comments/comment/?view=unreviewed", "terms": "/admin/comments/term/",
        "jobs": jobs, "jobs that wait": f"{jobs}?status=READY", "jobs that run": f"{jobs}?status=RUNNING",
        "jobs that are done": f"{jobs}?status=SUCCESSFUL", "jobs of no kind": f"{jobs}?status=nonsense",
        "audit log": log, "of one event": f"{log}?event__exact=logged_in", "of one person": f"{log}?q=administrator",
        "of one event and person": f"{log}?event__exact=logged_in&q=administrator",
        # In orders that no link offers, and that have no index.
        "stories by headline": f"{stories}?o=2", "images by title": "/admin/articles/image/?o=-2", "log by name": f"{log}?o=3",
        "jobs by name": f"{jobs}?o=1", "guests by address": "/admin/comments/commenter/?o=2.1",
        "sanctions by reason": "/admin/comments/sanction/?o=3",
        "sanctions": "/admin/comments/sanction/", "reports of browsers": "/admin/newsportal/policyreport/",
    }  # fmt: skip


def asked(client, url: str) -> list[tuple[str, tuple]]:
    """The SELECTs that answering takes."""
    found = []

    def remember(execute, sql, params, many, context):
        if sql.lstrip("(").startswith(("SELECT", "WITH")):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(remember):
        # Beyond the last story of a year or a month there is no page, which takes as much looking.
        assert client.get(url, follow=True).status_code in {200, *([404] if "?" in url else [])}, url
    return found


@pytest.mark.parametrize("way", ["", "?before={}", "?after={}"])
def test_lists_of_tags_and_authors_begin_with_their_own_index(as_if_large, client, way):
    """A million stories were read and sorted for the page of a tag that a third of them had."""
    old = Article.objects.public().newest_first()[40]
    lists = {
        "tagged_article_listing": Tag.objects.get(slug="lindhaven").get_absolute_url(),
        "byline_listing": old.bylines.first().contributor.get_absolute_url(),
    }
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off")  # sixty stories it would rather sort
    for index, url in lists.items():
        queries = [found for found in asked(client, url + way.format(Cursor.of(old))) if "LIMIT" in found[0]]
        [(sql, plan)] = [(sql, plan) for sql, params in queries if index in (plan := plan_of(sql, params))]
        assert "B-TREE FOR ORDER BY" not in plan
        assert "Sort" not in plan
        # A bound on another row of the same tag is no bound: the page was looked for from the tag's first story on.
        assert len(re.findall(r'JOIN "articles_(?:taggedarticle|byline)"', sql)) == 1
        if way == "?after={}" and connection.vendor == "sqlite":
            assert "publish_at>? AND publish_at<?" in plan


def plan_of(sql: str, params) -> str:
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        cursor.execute(explain + sql, params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def wasteful(sql: str, params) -> str:
    """The lines of the plan that read a growing table, or an index of it, from one end; "" where there are none."""
    lines = plan_of(sql, params).splitlines()
    by_number = {table for table in BY_NUMBER if f'ORDER BY "{table}"."id" DESC' in sql or "ORDER BY 1 DESC" in sql}
    # Until a page is full, that is: who looks for a word so may have to read them all.
    by_number = set() if "TEMP B-TREE" in str(lines) or re.search(r" LIKE |UPPER\(", sql) else by_number
    whole = re.compile(rf"(?:Seq Scan on|SCAN) ({BIG})\b(?!.*INDEX ({'|'.join(WALKED)})\b)")
    return "\n".join(line for line in lines if (scan := whole.search(line)) and scan[1] not in by_number)


def wasteful_queries(client, urls: dict[str, str]) -> dict[str, list]:
    found = {}
    for name, url in urls.items():
        queries = asked(client, url)
        assert queries, name
        if waste := [(plan, sql[:3000]) for sql, params in queries if (plan := wasteful(sql, params))]:
            found[name] = waste
    return found


def test_what_is_wasteful_is_told_from_what_is_not(as_if_large):
    def plan(queryset):
        return wasteful(*queryset.query.sql_with_params())

    assert plan(Article.objects.filter(headline="Nowhere"))
    assert plan(Comment.objects.filter(name="Nobody").values("body"))
    assert not plan(Article.objects.filter(pk=1))
    assert not plan(Article.objects.public().newest_first()[:20])


def test_no_page_reads_through_a_table_that_grows(as_if_large, client):
    assert not wasteful_queries(client, readers_urls())


def test_no_screen_of_the_desk_reads_through_a_table_that_grows(as_if_large, client, administrator):
    client.force_login(administrator)
    assert not wasteful_queries(client, desk_urls())


def test_neither_do_those_of_a_reporter(as_if_large, client, reporter):
    client.force_login(reporter)
    assert not wasteful_queries(client, {name: url for name, url in desk_urls().items() if name in {"desk", "stories"}})


def test_every_page_costs_as_many_queries_with_more_stories(client, administrator):
    counts = []
    for articles in (220, 320):
        # Of this seed the smaller newspaper, too, has stories of each status: an empty list is no list.
        Filling(articles=articles, comments=300, seed=7).write()
        assert set(Status) - {Status.IN_REVIEW} <= set(Article.objects.values_list("status", flat=True).distinct())
        client.logout()
        read = {name: len(asked(client, url)) for name, url in readers_urls().items()}
        client.force_login(administrator)
        counts.append(read | {name: len(asked(client, url)) for name, url in desk_urls().items()})
    # A story has related ones or not, a picture or not, comments or not.
    varying = {"story", "old story", "comment", "search"}
    grown = {name: (few, counts[1][name]) for name, few in counts[0].items() if counts[1][name] > few}
    assert set(grown) <= varying, grown


def test_a_deep_page_begins_at_its_cursor_and_nowhere_before(client):
    """Given two bounds at one end, SQLite may begin at the wrong one and read down from the present."""
    Filling(articles=60, comments=20, seed=1).write()
    for name, url in readers_urls().items():
        if (
            "before" in name
            or "after" in name
            or name in {"latest", "year", "month", "day", "section", "tag", "author"}
        ):
            page = next(sql for sql, _ in asked(client, url) if "LIMIT 21" in sql and "articles_article" in sql)
            where = page.partition(" WHERE ")[2]
            column = "listing" if name.startswith(("tag", "author")) else '"articles_article"'
            bounds = re.findall(rf'{column}\."publish_at" (<=|>=) ', where)
            assert len(bounds) == len(set(bounds)) and "<=" in bounds, (name, where)


def test_tags_and_sections_are_counted_as_far_as_anybody_wants_to_know(client, administrator, monkeypatch):
    Filling(articles=60, comments=0, seed=1).write()
    client.force_login(administrator)
    tag, section = Tag.objects.get(slug="lindhaven"), Section.objects.first()
    lists = {
        "tag": (tag, tag.tagged_articles.count()),
        "section": (section, section.articles.filter(status=Status.PUBLISHED).count()),
    }

    def shown(name: str) -> str:
        row = rf'{lists[name][0].name}</a>.*?field-stories">(\S+)</td>'
        return re.search(row, client.get(f"/admin/articles/{name}/").content.decode(), re.DOTALL)[1]

    for name, (_, count) in lists.items():
        assert shown(name) == f"{count}"
        monkeypatch.setattr(uncounted, "LIMIT", count - 1)
        assert shown(name) == f"{count - 1}+"
        monkeypatch.undo()


def test_the_desk_says_where_a_list_is_cut(client, administrator, monkeypatch):
    Filling(articles=60, comments=0, seed=1).write()
    client.force_login(administrator)
    assert "60 stories" in client.get("/admin/articles/article/").content.decode()
    monkeypatch.setattr(uncounted, "LIMIT", 55)
    page = client.get("/admin/articles/article/").content.decode()
    assert "The first 55 stories. Filters and the search find the others." in page
    assert client.get("/admin/articles/article/?p=2").status_code == 200


def test_stories_are_found_by_year_and_month_at_the_desk(client, administrator):
    lagos = timezone.get_default_timezone()
    there = make_article(headline="In March", publish_at=datetime.datetime(2025, 3, 31, 23, 59, 59, tzinfo=lagos))
    make_article(headline="In April", publish_at=datetime.datetime(2025, 4, 1, tzinfo=lagos))
    make_article(headline="A year later", publish_at=datetime.datetime(2026, 3, 1, tzinfo=lagos))
    client.force_login(administrator)

    def listed(which: str) -> list[str]:
        response = client.get(f"/admin/articles/article/?published={which}")
        return [story.headline for story in response.context["cl"].result_list]

    assert listed("2025-03") == [there.headline]
    assert listed("2025") == ["In April", "In March"]
    assert listed("2024") == []
    assert len(listed("nonsense")) == len(listed("2025-13")) == 3
    page = client.get("/admin/articles/article/?published=2025").content.decode()
    assert "March 2025" in page and "March 2026" not in page and "?published=2026" in page


@pytest.fixture
def jobs():
    """Some of each status, the newest first, and the one that failed before all others."""
    DBTaskResult.objects.all().delete()
    now, made = timezone.now(), {}
    for number, status in enumerate(["SUCCESSFUL", "FAILED", "READY", "RUNNING"] * 3):
        made.setdefault(status, []).insert(0, note.enqueue(f"job {number}").id)
        finished_at = now + timezone.timedelta(minutes=number) if status in {"SUCCESSFUL", "FAILED"} else None
        DBTaskResult.objects.filter(pk=made[status][0]).update(status=status, finished_at=finished_at, started_at=now)
    return made


def test_the_desk_lists_what_failed_and_by_one_press_what_waits_runs_or_is_done(client, administrator, jobs):
    client.force_login(administrator)

    def listed(which: str) -> list[str]:
        response = client.get(f"/admin/django_tasks_database/dbtaskresult/{which}")
        assert response.status_code == 200
        return [str(job.pk) for job in response.context["cl"].result_list]

    assert listed("") == listed("?status=nonsense") == jobs["FAILED"]
    assert listed("?status=SUCCESSFUL") == jobs["SUCCESSFUL"]
    # In the order in which they are done.
    assert listed("?status=READY") == jobs["READY"][::-1]
    assert sorted(listed("?status=RUNNING")) == sorted(jobs["RUNNING"])
