"""Sitemaps: they lead to every public story and to no other, say truly when each changed, and cost the same at any size."""

import datetime
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import etree

from articles import sitemaps
from articles.caching import editions
from articles.models import Article, SitemapMonth
from articles.models.sitemap_month import bounds
from articles.tests.archive import fill, make_newsroom
from articles.tests.factories import make_article, make_contributor, make_image, make_section, make_tag
from articles.tests.payloads import PAYLOADS
from articles.tests.plans import plan_of
from articles.workflow import Status
from newsportal.models import Page

pytestmark = pytest.mark.django_db

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "schemas" / "sitemap.rng"))
NS = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
}
SECOND, HOUR, DAY = datetime.timedelta(seconds=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)
#: Of the newsroom's clock (Africa/Lagos, UTC+1) in the tests.
NOON = datetime.datetime(2026, 3, 14, 11, 0, tzinfo=datetime.UTC)


def read(client, path: str) -> etree._Element:
    response = client.get(path)
    assert response.status_code == 200, path
    document = etree.fromstring(response.content)
    assert SCHEMA.validate(document), (path, SCHEMA.error_log)
    return document


def listed(client, path: str) -> dict[str, datetime.datetime | None]:
    """Path → lastmod of what a sitemap, or the index, names; each once."""
    found = {}
    for element in read(client, path):
        url = element.findtext("s:loc", namespaces=NS)
        lastmod = element.findtext("s:lastmod", namespaces=NS)
        assert url.startswith("http://testserver/")
        path = urlsplit(url).path
        assert path not in found
        found[path] = datetime.datetime.fromisoformat(lastmod) if lastmod else None
    return found


def months(client) -> dict[str, datetime.datetime]:
    return {path: lastmod for path, lastmod in listed(client, "/sitemap.xml").items() if re.match(r"/sitemap-\d", path)}


def everything(client) -> set[str]:
    """As a crawler reads them: the index, and every file that it names."""
    return {url for file in listed(client, "/sitemap.xml") for url in listed(client, file)}


@pytest.fixture
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)
    return time_machine


# --- What they name ---


def test_a_crawler_finds_all_that_is_public_and_nothing_else(client):
    person, section = make_contributor(), make_section()
    articles = [
        make_article(
            section=section, tags=("Trams",), bylines=((person, "written"),), publish_at=timezone.now() - DAY * days
        )
        for days in (1, 40, 400)
    ]
    hidden = [
        make_article(status=status, tags=("Secret",), bylines=((make_contributor(slug="nobody"), "written"),))
        for status in (Status.DRAFT,)
    ]
    hidden += [make_article(status=Status.WITHDRAWN), make_article(publish_at=timezone.now() + DAY)]
    found = everything(client)
    assert {article.get_absolute_url() for article in articles} <= found
    assert not {article.get_absolute_url() for article in hidden if article.published_on} & found
    assert {"/", "/latest/", "/tags/trams/", person.get_absolute_url(), section.get_absolute_url()} <= found
    assert "/tags/secret/" not in found and "/authors/nobody/" not in found
    assert all(client.get(url).status_code == 200 for url in found)


def test_an_empty_newspaper_has_a_valid_index(client):
    make_tag()
    assert set(listed(client, "/sitemap.xml")) == {"/sitemap-pages.xml"}
    assert read(client, "/news-sitemap.xml").findall("s:url", NS) == []


def test_sections_and_pages_of_our_own_have_a_sitemap(client):
    section = make_section()
    page = Page.objects.create(title="About us", slug="about", body="<p>Us.</p>")
    assert {section.get_absolute_url(), page.get_absolute_url()} <= set(listed(client, "/sitemap-pages.xml"))


@pytest.mark.parametrize(
    "path", ["1999-01", "1999-13", "0000-01", "0001-01", "0999-12", "9999-12", "2026-01-0", "2026-01-2",
             f"2026-01-{'9' * 30}", "tags-0", "tags-1", "tags-99999999999999999999999", "authors-7"],
)  # fmt: skip
def test_what_is_not_there_is_missing(client, path):
    assert client.get(f"/sitemap-{path}.xml").status_code == 404


def test_pictures_are_named_with_the_story_that_shows_them(client):
    lead, inside = make_image(), make_image()
    article = make_article(lead_image=lead, body=f'<p>Rain.</p><figure data-image="{inside.pk}"></figure>')
    make_article(publish_at=article.publish_at)
    [path] = months(client)
    urls = read(client, path).findall("s:url", NS)
    named = [[image.text for image in url.findall("image:image/image:loc", NS)] for url in urls]
    assert sorted(map(len, named)) == [0, 2]
    for address in max(named, key=len):
        assert client.get(urlsplit(address).path)["Content-Type"] == "image/jpeg"


# --- When ---


def test_a_lastmod_is_publication_or_a_real_update_and_never_a_save(client, noon):
    article = make_article(publish_at=NOON - HOUR)
    [file] = months(client)
    noon.move_to(NOON + HOUR, tick=False)
    article.standfirst = "Saved."
    article.save()
    assert listed(client, file) == {article.get_absolute_url(): NOON - HOUR}
    # It was published at noon, dated an hour before.
    assert months(client) == {file: NOON}
    noon.move_to(NOON + 2 * HOUR, tick=False)
    article.correct(None, "It was snow.")
    assert listed(client, file) == {article.get_absolute_url(): NOON + 2 * HOUR}
    assert months(client) == {file: NOON + 2 * HOUR}


def test_a_month_changes_in_the_second_in_which_a_scheduled_story_appears(client, noon):
    make_article(publish_at=NOON)
    later = make_article(publish_at=NOON + DAY)
    next_month = make_article(publish_at=NOON + 30 * DAY)
    march, april = "/sitemap-2026-03.xml", "/sitemap-2026-04.xml"
    assert months(client) == {march: NOON}
    noon.move_to(NOON + DAY - SECOND, tick=False)
    assert months(client) == {march: NOON}
    assert later.get_absolute_url() not in listed(client, march)
    noon.move_to(NOON + DAY, tick=False)
    assert months(client) == {march: NOON + DAY}
    assert listed(client, march)[later.get_absolute_url()] == NOON + DAY
    noon.move_to(NOON + 30 * DAY - SECOND, tick=False)
    assert months(client) == {march: NOON + DAY}
    noon.move_to(NOON + 30 * DAY, tick=False)
    assert months(client) == {april: NOON + 30 * DAY, march: NOON + DAY}
    assert set(listed(client, april)) == {next_month.get_absolute_url()}


def test_a_withdrawn_story_changes_its_month_and_the_last_one_takes_it_along(client, noon):
    articles = [make_article(publish_at=NOON - 60 * DAY - n * HOUR) for n in range(2)]
    [file] = months(client)
    assert file == "/sitemap-2026-01.xml"
    noon.move_to(NOON + HOUR, tick=False)
    articles[0].withdraw(None)
    assert months(client) == {file: NOON + HOUR}
    assert set(listed(client, file)) == {articles[1].get_absolute_url()}
    articles[1].delete()
    assert months(client) == {}
    assert client.get(file).status_code == 404


def test_unscheduling_changes_nothing_for_readers(client, noon):
    make_article(publish_at=NOON)
    later = make_article(publish_at=NOON + DAY)
    noon.move_to(NOON + HOUR, tick=False)
    later.unschedule(None)
    assert months(client) == {"/sitemap-2026-03.xml": NOON}
    assert SitemapMonth.objects.get().stories == 1


def test_a_story_that_moves_to_another_month_changes_both(client, noon):
    article, _stays = make_article(publish_at=NOON), make_article(publish_at=NOON)
    noon.move_to(NOON + HOUR, tick=False)
    article.publish_at = NOON - 60 * DAY
    article.save()
    assert months(client) == {"/sitemap-2026-03.xml": NOON + HOUR, "/sitemap-2026-01.xml": NOON + HOUR}
    assert [month.stories for month in SitemapMonth.objects.all()] == [1, 1]


@pytest.mark.parametrize("change", ["slug", "lead_image", "body"])
def test_whatever_the_file_says_changes_its_time(client, noon, change):
    article = make_article(publish_at=NOON)
    noon.move_to(NOON + HOUR, tick=False)
    image = make_image()
    new = {"slug": "another", "lead_image": image, "body": f'<p>x</p><figure data-image="{image.pk}"></figure>'}
    setattr(article, change, new[change])
    article.save()
    assert months(client) == {"/sitemap-2026-03.xml": NOON + HOUR}


def test_months_are_the_newsrooms(client, noon):
    """Half past eleven at night in London is the next month in Lagos."""
    make_article(publish_at=datetime.datetime(2026, 1, 31, 23, 30, tzinfo=datetime.UTC))
    [file] = months(client)
    assert file == "/sitemap-2026-02.xml"
    assert len(listed(client, file)) == 1


def test_the_hour_that_a_month_has_twice_at_its_end_is_in_its_file(client, settings):
    settings.TIME_ZONE = "Asia/Almaty"  # its clocks went back at the end of February 2024
    article = make_article(publish_at=datetime.datetime(2024, 2, 29, 18, 30, tzinfo=datetime.UTC))
    assert article.get_absolute_url() in listed(client, "/sitemap-2024-02.xml")


# --- The counts ---


def test_drift_is_found_and_mended(client, noon, capsys):
    make_article(publish_at=NOON)
    call_command("sitemap_recount")
    assert "All months are right." in capsys.readouterr().out
    # As an import does, which saves no story by itself.
    fill(
        make_newsroom(),
        stories=30,
    )
    SitemapMonth.objects.create(first=datetime.date(2020, 1, 1), starts_at=NOON, ends_at=NOON, stories=4)
    call_command("sitemap_recount")
    assert capsys.readouterr().out.startswith("2020-01: wrong\n2026-03: wrong\n")
    call_command("sitemap_recount", fix=True)
    call_command("sitemap_recount")
    assert capsys.readouterr().out.endswith("All months are right.\n")
    assert {month.first.year: month.stories for month in SitemapMonth.objects.all()} == {2026: 30, 2020: 0}
    assert len(listed(client, "/sitemap-2026-03.xml")) == 30


def test_a_count_that_has_drifted_keeps_nobody_from_withdrawing(noon):
    article = make_article(publish_at=NOON)
    SitemapMonth.objects.update(stories=0)
    article.withdraw(None)
    assert article.status == Status.WITHDRAWN


def test_a_month_of_many_stories_is_split_and_the_first_file_stays(client, noon, monkeypatch):
    monkeypatch.setattr(sitemaps, "FILE_LIMIT", 3)
    articles = [make_article(publish_at=NOON - n * HOUR) for n in range(4)]
    make_article(publish_at=NOON + DAY)
    first, second = "/sitemap-2026-03.xml", "/sitemap-2026-03-2.xml"
    assert set(months(client)) == {first, second}
    assert len(listed(client, first)) == 3 and len(listed(client, second)) == 1
    before = client.get(first).content
    articles += [make_article(publish_at=NOON) for _ in range(2)]
    # The sixth of the month has not appeared: no file is named for it.
    assert set(months(client)) == {first, second}
    assert client.get(first).content == before
    noon.move_to(NOON + DAY, tick=False)
    assert set(months(client)) == {first, second, "/sitemap-2026-03-3.xml"}
    assert {a.get_absolute_url() for a in articles} < everything(client)


def test_tags_in_several_files_leave_out_what_is_empty(client, noon, monkeypatch):
    monkeypatch.setattr(sitemaps, "FILE_LIMIT", 2)
    tags = [make_tag() for _ in range(5)]
    offset = -(-tags[0].pk // 2)
    make_article(tags=(tags[0].name, tags[4].name), publish_at=NOON - DAY)
    files = {path for path in listed(client, "/sitemap.xml") if "tags" in path}
    assert files == {f"/sitemap-tags-{-(-tag.pk // 2)}.xml" for tag in (tags[0], tags[4])}
    found = {url: lastmod for file in files for url, lastmod in listed(client, file).items()}
    assert found == {tag.get_absolute_url(): NOON - DAY for tag in (tags[0], tags[4])}
    assert client.get(f"/sitemap-tags-{offset + 1}.xml").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_stories_that_were_there_before_are_counted_by_the_migration(client):
    articles = [make_article(publish_at=timezone.now() - DAY * days) for days in (1, 100)]
    articles[1].correct(None, "It was snow.")
    articles.append(make_article(publish_at=timezone.now() + 200 * DAY))
    kept = list(SitemapMonth.objects.values_list("first", "starts_at", "ends_at", "stories", "latest_at"))
    MigrationExecutor(connection).migrate([("articles", "0013_front_page")])
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert list(SitemapMonth.objects.values_list("first", "starts_at", "ends_at", "stories", "latest_at")) == kept
    assert articles[1].updated_at in SitemapMonth.objects.values_list("changed_at", flat=True)
    assert SitemapMonth.objects.recount(fix=False) == []


# --- Google News ---


def test_the_news_sitemap_has_the_last_two_days_with_all_that_google_asks_for(client, noon):
    make_article(publish_at=NOON - 2 * DAY)
    make_article(kind="sponsored", publish_at=NOON)
    recent = make_article(headline="Fog & rain", publish_at=NOON - 2 * DAY + SECOND)
    [url] = read(client, "/news-sitemap.xml").findall("s:url", NS)
    assert url.findtext("s:loc", namespaces=NS).endswith(recent.get_absolute_url())
    news = url.find("news:news", NS)
    assert news.findtext("news:publication/news:name", namespaces=NS) == "The Test Post"
    assert news.findtext("news:publication/news:language", namespaces=NS) == "en"
    assert news.findtext("news:publication_date", namespaces=NS) == "2026-03-12T12:00:01+01:00"
    assert news.findtext("news:title", namespaces=NS) == "Fog & rain"


@pytest.mark.parametrize(
    ("code", "told"), [("pt-br", "pt"), ("zh-hans", "zh-cn"), ("zh-hant", "zh-tw"), ("fil", "fil")]
)
def test_the_news_sitemap_names_languages_as_google_does(client, settings, code, told):
    settings.LANGUAGE_CODE = code
    make_article()
    assert read(client, "/news-sitemap.xml").findtext(".//news:language", namespaces=NS) == told


def test_the_news_sitemap_has_a_thousand_stories_at_most(client, monkeypatch):
    fill(
        make_newsroom(),
        stories=1_010,
    )
    urls = list(listed(client, "/news-sitemap.xml"))
    assert len(urls) == 1_000
    assert urls[0].endswith("/story-0/")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_headline_breaks_a_sitemap(client, payload):
    article = make_article()
    Article.objects.filter(pk=article.pk).update(headline=payload)
    title = read(client, "/news-sitemap.xml").findtext(".//news:title", namespaces=NS)
    assert title == re.sub("[\x07\x0b\ufffe]", "", payload)
    everything(client)


# --- Cost ---


def test_sitemaps_cost_as_many_queries_with_3000_stories_as_with_50(client):
    newsroom = make_newsroom()
    image = make_image()
    counts = []
    for stories in (50, 3_000):
        fill(newsroom, stories=stories)
        Article.objects.update(lead_image=image)
        SitemapMonth.objects.recount(fix=True)
        counts.append({})
        this_month = f"/sitemap-{timezone.localdate():%Y-%m}.xml"
        for path in (
            "/sitemap.xml",
            this_month,
            "/sitemap-tags-1.xml",
            "/sitemap-authors-1.xml",
            "/sitemap-pages.xml",
            "/news-sitemap.xml",
        ):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts[-1][path] = len(queries)
    assert counts[0] == counts[1]
    # Of each, one asks whether a next version is due.
    assert list(counts[0].values()) == [8, 3, 2, 2, 3, 2]


def test_sitemaps_go_through_no_table(client):
    newsroom = make_newsroom()
    fill(newsroom, stories=3_000)
    image, shown_in = make_image(), Article.body_images.through
    shown_in.objects.bulk_create(shown_in(article=article, image=image) for article in Article.objects.all())
    SitemapMonth.objects.recount(fix=True)
    month = SitemapMonth.objects.filter(stories__gt=0).first()
    for path in ("/sitemap.xml", f"/sitemap-{month}.xml", "/news-sitemap.xml", "/sitemap-pages.xml"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        for query in queries:
            if '"articles_article' in query["sql"]:
                plan = plan_of(query["sql"])
                # All pictures are shown in this month: newsportal/tests/test_size.py asks about those of an archive.
                whole = (
                    r"SCAN articles_article(?!_body_images)\w*(?! USING)\b|Seq Scan on articles_article(?!_body_images)"
                )
                assert not re.search(whole, plan), (
                    path,
                    plan,
                )


def test_a_month_is_one_range_of_the_index_between_two_bounds():
    """Given the month's end and the present both, a database may begin at the wrong one and go through the archive."""
    fill(
        make_newsroom(),
        stories=400,
    )
    with CaptureQueriesContext(connection) as queries:
        list(sitemaps._of_month(*bounds(datetime.date(2026, 1, 1)), 1))
    sql = queries[0]["sql"]
    assert len(re.findall(r'"publish_at" [<>]', sql)) == 2
    plan = plan_of(sql)
    if connection.vendor == "sqlite":
        assert "USING INDEX article_listing (status=? AND publish_at>? AND publish_at<?)" in plan
    else:
        assert re.search(r"Index Scan Backward using article_listing", plan) and "Sort" not in plan


def test_the_news_sitemap_says_when_its_oldest_story_goes(client):
    story = make_article()
    with editions.collecting() as moments:
        client.get("/news-sitemap.xml")
    assert moments == [story.publish_at + sitemaps.NEWS_AGE]
