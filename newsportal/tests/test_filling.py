"""A filled newspaper is what the desk and the readers would have left behind: all that is derived is true."""

import datetime
import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F
from django.utils import timezone

from articles import search
from articles.models import (
    Article,
    Byline,
    Contributor,
    SearchEntry,
    SearchWord,
    Section,
    SitemapMonth,
    Tag,
    TaggedArticle,
    Version,
)
from articles.workflow import Status
from comments import recount
from comments.models import Comment, Commenter, Decision
from comments.models import Status as CommentStatus
from newsportal.filling import Filling, batches, newspaper, set_aside
from newsportal.tests.emptying import log_may_be_emptied

pytestmark = pytest.mark.django_db

ARTICLES, COMMENTS = 200, 1_000
NOW = datetime.datetime(2026, 3, 14, 12, 0, 7, tzinfo=datetime.UTC)


def told(queryset, *without: str) -> dict[int, dict]:
    """What all rows say, but for the columns that say when they were saved, and what no row says on every database."""
    names = [field.attname for field in queryset.model._meta.concrete_fields if field.name not in without]
    return {row[queryset.model._meta.pk.attname]: row for row in queryset.values(*names)}


@pytest.fixture
def filled():
    Filling(articles=ARTICLES, comments=COMMENTS, seed=7).write()


def test_everything_that_is_derived_is_as_saving_would_have_left_it(filled):
    sample = Article.objects.filter(pk__in=list(Article.objects.order_by("pk").values_list("pk", flat=True))[::6])
    derived = {
        Article: ("modified_at",), TaggedArticle: (), Byline: (), Article.body_images.through: (), SearchEntry: ("words",),
        SitemapMonth: ("changed_at",), SearchWord: (),
    }  # fmt: skip
    before = {model: told(model._default_manager.all(), *without) for model, without in derived.items()}
    SearchEntry.objects.filter(article__in=sample).update(digest="")
    for article in sample:
        article.save()
    for model, without in derived.items():
        assert told(model._default_manager.all(), *without) == before[model], model


def test_each_story_is_its_last_version_and_has_its_moves(filled):
    assert not [article for article in Article.objects.all() if article.record(None) is not None]
    for article in Article.objects.exclude(status=Status.DRAFT):
        assert article.status_changes.order_by("pk").last().to_status == article.status
    public = Article.objects.public()
    seen = Version.objects.public().filter(article__in=public).values("article").distinct()
    assert seen.count() == public.count()
    corrected = Article.objects.exclude(updated_at=None)
    assert all(article.corrections.get().made_at == article.updated_at for article in corrected)


def test_nothing_is_left_to_recount_or_to_index(filled):
    assert set(recount.recount(fix=False).values()) == {0}
    assert SitemapMonth.objects.recount(fix=False) == []
    words, entries = set(SearchWord.objects.values_list("word", flat=True)), told(SearchEntry.objects.all(), "words")
    assert not search.entries.outdated().exists()
    call_command("reindex", "--all", verbosity=0, stderr=io.StringIO())
    assert set(SearchWord.objects.values_list("word", flat=True)) == words
    assert told(SearchEntry.objects.all(), "words") == entries


def test_comments_are_logged_once_a_change_and_stand_where_they_hang(filled):
    assert Comment.objects.count() == COMMENTS
    last = {}
    for decision in Decision.objects.order_by("pk"):
        assert decision.from_status == last.get(decision.comment_id, CommentStatus.PENDING)
        last[decision.comment_id] = decision.to_status
    comments = Comment.objects.select_related("parent", "root", "article").in_bulk()
    assert {pk: comment.status for pk, comment in comments.items() if comment.status != CommentStatus.PENDING} == last
    for comment in comments.values():
        if comment.parent:
            assert comment.ancestors == [*comment.parent.ancestors, comment.parent.pk]
            assert (comment.depth, comment.root_id) == (len(comment.ancestors), comment.ancestors[0])
            assert comment.parent.article_id == comment.article_id
        html, digest = comment.body_html, comment.body_hash
        comment.derive()
        assert (comment.body_html, comment.body_hash) == (html, digest)
        assert comment.article.publish_at <= comment.created_at <= timezone.now()
    places = Comment.objects.exclude(place=None).values("root", "place").annotate(n=Count("pk"))
    assert not places.filter(n__gt=1).exists()
    assert not Comment.objects.filter(place=None, root__isnull=False, status=CommentStatus.PUBLISHED).exists()
    assert not Comment.objects.filter(place__gt=F("root__places")).exists()


def test_it_is_spread_as_a_newspaper_is(filled):
    counts = TaggedArticle.objects.values("tag").annotate(n=Count("pk")).order_by("-n")
    assert counts[0]["n"] > 0.24 * ARTICLES > 2 * counts[5]["n"] / 2
    public = Article.objects.public()
    assert public.count() > 0.95 * ARTICLES
    assert {status for status in Status.values if Article.objects.filter(status=status).exists()} >= {
        "published",
        "draft",
    }
    assert Article.objects.filter(status=Status.PUBLISHED, publish_at__gt=timezone.now()).exists()
    first, last = public.earliest("publish_at"), public.latest("publish_at")
    assert last.publish_at - first.publish_at > datetime.timedelta(days=9 * 365)
    middle = first.publish_at + (last.publish_at - first.publish_at) / 2
    assert public.filter(publish_at__gt=middle).count() > public.filter(publish_at__lt=middle).count()
    most = Article.objects.order_by("-comment_count").first()
    assert most.comments.count() >= COMMENTS // 50
    assert Section.objects.count() == 12 and Contributor.objects.exists() and Tag.objects.count() > 15


def test_readers_and_the_desk_see_it(filled, client, administrator):
    story = Article.objects.public().exclude(comment_count=0).newest_first().first()
    tag, author = story.tags.first(), story.bylines.first().contributor
    for url in ("/", "/latest/", f"/{story.published_on:%Y/%m}/", "/most-read/", "/sitemap.xml", "/corrections/"):
        assert client.get(url).status_code == 200, url
    for thing in (story, story.section, tag, author):
        assert story.headline in client.get(thing.get_absolute_url()).content.decode().replace("&#x27;", "’"), thing
    rare = max(story.headline.split(), key=len)
    assert story.pk in {result.article.pk for result in search.find(search.parse(rare)).results}
    client.force_login(administrator)
    assert client.get("/admin/articles/article/").status_code == 200


def test_the_same_seed_gives_the_same_newspaper_and_another_seed_another():
    said = []
    for seed in (7, 7, 8):
        with transaction.atomic():
            Filling(articles=40, comments=100, seed=seed, now=NOW).write()
            rows = Article.objects.order_by("pk").values_list("headline", "body", "publish_at", "status")
            talk = Comment.objects.order_by("pk").values_list("body", "created_at", "status", "depth")
            tags = TaggedArticle.objects.order_by("pk").values_list("tag__name", "content_object__headline")
            # Which number a picture got is the database's affair.
            text = re.sub(r'data-image="\d+"', "", str(list(rows)))
            said.append((text, list(talk), list(tags)))
            transaction.set_rollback(True)
    assert said[0] == said[1] != said[2]


def definitions() -> dict[str, str]:
    """All indexes, and on PostgreSQL all references, as the database tells them; and how SQLite gathers its words."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
                "UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
            )
            return dict(cursor.fetchall())
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' OR name = %s", [set_aside.TABLE])
        found = dict(cursor.fetchall())
        cursor.execute("SELECT k, v FROM articles_fulltext_config")
        told = dict(cursor.fetchall())
    return found | {name: str(told.get(name, later)) for name, (_, later) in set_aside.GATHERED.items()}


@pytest.fixture
def fills_as_if_much(monkeypatch):
    monkeypatch.setattr(newspaper, "LARGE", 1)


@pytest.mark.django_db(transaction=True)
def test_two_processes_write_what_one_writes(monkeypatch):
    said = []
    for large in (10**9, 1):
        monkeypatch.setattr(newspaper, "LARGE", large)
        with log_may_be_emptied():
            call_command("flush", interactive=False, verbosity=0)
        before = definitions()
        Filling(articles=600, comments=900, seed=7, now=NOW).write()
        assert definitions() == before
        with connection.cursor() as cursor:
            connection.check_constraints()
            if connection.vendor == "sqlite":
                cursor.execute("INSERT INTO articles_fulltext (articles_fulltext, rank) VALUES ('integrity-check', 1)")
        rows = Article.objects.order_by("pk").values_list(
            "headline", "standfirst", "publish_at", "status", "comment_count"
        )
        talk = Comment.objects.order_by("pk").values_list("body", "body_html", "created_at", "status", "ancestors")
        words = set(SearchWord.objects.values_list("word", flat=True))
        standing = Commenter.objects.order_by("pk").values_list("email", "published_count", "rejected_count")
        first = Article.objects.order_by("pk").first().pk, Comment.objects.order_by("pk").first().pk
        ancestors = [[pk - first[1] for pk in line] for *_, line in talk]
        said.append((list(rows), [row[:-1] for row in talk], ancestors, words, list(standing)))
        assert search.find(search.parse(rows[0][0].split()[-1])).results
        assert set(recount.recount(fix=False).values()) == {0}
    assert said[0] == said[1]


def test_whatever_ends_a_filling_what_it_set_aside_comes_back(fills_as_if_much, monkeypatch, capsys):
    before = definitions()
    monkeypatch.setattr(set_aside, "put_back", lambda: 0)  # as where the process is killed
    with pytest.raises(ZeroDivisionError), set_aside.set_aside():
        assert definitions() != before
        raise ZeroDivisionError
    assert definitions() != before
    monkeypatch.undo()
    call_command("fill", "--articles", "10", "--comments", "0", verbosity=0)
    assert "broken off" in capsys.readouterr().out
    assert definitions() == before and set_aside.put_back() == 0


def test_a_process_that_ends_before_its_time_is_told_of(fills_as_if_much, monkeypatch):
    monkeypatch.setattr(batches, "MAKING", "raise SystemExit(3)")
    before = definitions()
    with pytest.raises(RuntimeError, match="before its time"):
        Filling(articles=20, comments=0, seed=7).write()
    assert definitions() == before


def test_a_newspaper_that_has_stories_is_left_alone_unless_told_so(filled):
    with pytest.raises(CommandError, match="There are stories here already"):
        call_command("fill", "--articles", "10", verbosity=0)
    assert Article.objects.count() == ARTICLES
    call_command("fill", "--articles", "10", "--comments", "20", "--add", verbosity=0)
    assert Article.objects.count() == ARTICLES + 10
    # What comes after it has numbers of its own.
    call_command("check", verbosity=0)
    made = Article.objects.create(headline="The next one", body="<p>Rain.</p>", section=Section.objects.first())
    assert made.pk > Article.objects.exclude(pk=made.pk).order_by("pk").last().pk


@pytest.mark.parametrize("asked", [("--articles", "0"), ("--comments", "-1")])
def test_less_than_nothing_is_refused(asked):
    with pytest.raises(CommandError, match="at least one story"):
        call_command("fill", *asked, verbosity=0)
