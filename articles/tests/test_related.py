"""Related stories: what goes with what, and that it is stored."""

import datetime
import math
import re
import threading

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from articles import related
from articles.models import Article, RelatedArticle, Tag, TaggedArticle
from articles.related import KEPT, SHOWN, relate, tags_and_related
from articles.tests.archive import fill
from articles.tests.factories import make_article, make_contributor, make_section, make_tag
from newsportal.background import drain

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


def shown(article: Article) -> list[str]:
    article.refresh_from_db()
    return [other["headline"] for other in tags_and_related(article)[1]]


def crowd(tag: str, count: int) -> None:
    """As many other stories of a tag, older than what tests are about."""
    section, _ = make_section(), Tag.objects.get_or_create(name=tag, defaults={"slug": tag.lower()})
    now = timezone.now() - 400 * DAY
    stories = Article.objects.bulk_create(
        Article(headline=f"{tag} {n}", slug=f"{tag}-{n}", section=section, status="published", publish_at=now, published_on=now)
        for n in range(count)
    )  # fmt: skip
    TaggedArticle.objects.bulk_create(
        TaggedArticle(content_object=story, tag=Tag.objects.get(name=tag), publish_at=now) for story in stories
    )


def test_a_rare_tag_weighs_more_than_a_common_one():
    crowd("Politics", 100)
    story = make_article(tags=("Politics", "Lighthouses"))
    make_article(headline="Common", tags=("Politics",))
    make_article(headline="Rare", tags=("Lighthouses",))
    relate(story)
    assert shown(story)[:2] == ["Rare", "Common"]


def test_the_same_section_and_freshness_decide_between_equals():
    sea = make_section()
    story = make_article(section=sea, tags=("Fog",))
    hour = timezone.now() - DAY
    make_article(headline="Elsewhere", tags=("Fog",), publish_at=hour)
    make_article(headline="Old", section=sea, tags=("Fog",), publish_at=hour - 300 * DAY)
    make_article(headline="Here", section=sea, tags=("Fog",), publish_at=hour)
    relate(story)
    assert shown(story) == ["Here", "Elsewhere", "Old"]


def test_a_place_does_not_change_as_time_goes_by():
    """All stories fade alike: how far two are apart in rank is the same whenever it is worked out."""
    one, other = timezone.now(), timezone.now() - 90 * DAY
    apart = related._rank(3, one) - related._rank(3, other)
    assert apart == pytest.approx(math.log(2) / 2)


def test_a_new_story_takes_its_place_in_the_lists_of_older_ones():
    old = make_article(headline="Old", tags=("Fog",))
    relate(old)
    assert shown(old) == []
    new = make_article(headline="New", tags=("Fog",))
    relate(new)
    assert shown(old) == ["New"]
    assert shown(new) == ["Old"]
    new.tags.set(["Sun"])
    relate(new)
    assert shown(old) == []


def test_lists_keep_their_length_however_many_come():
    old = make_article(tags=("Fog",))
    relate(old)
    for _ in range(KEPT + 3):
        relate(make_article(tags=("Fog",)))
    assert max(RelatedArticle.objects.filter(article=article).count() for article in Article.objects.all()) == KEPT


def test_a_withdrawn_story_leaves_no_hole_and_a_scheduled_one_is_not_seen_before_its_second(time_machine):
    now = timezone.now().replace(microsecond=0)
    time_machine.move_to(now, tick=False)
    story = make_article(tags=("Fog",))
    others = [make_article(headline=f"Other {n}", tags=("Fog",), publish_at=now - n * DAY) for n in range(1, 7)]
    scheduled = make_article(headline="Scheduled", tags=("Fog",), publish_at=now + DAY)
    relate(story)
    assert shown(story) == [other.headline for other in others[:SHOWN]]
    others[0].withdraw(None)
    assert shown(story) == [other.headline for other in others[1 : SHOWN + 1]]
    time_machine.move_to(now + DAY, tick=False)
    assert shown(story)[0] == scheduled.headline


def test_before_anything_is_stored_pages_are_not_empty_and_cost_no_more():
    story = make_article(tags=("Fog",))
    make_article(headline="Other", tags=("Fog",))
    with CaptureQueriesContext(connection) as unstored:
        assert [other["headline"] for other in tags_and_related(story)[1]] == ["Other"]
    relate(story)
    with CaptureQueriesContext(connection) as stored:
        assert [other["headline"] for other in tags_and_related(story)[1]] == ["Other"]
    assert len(stored) == len(unstored) == 2


@pytest.mark.parametrize("analyzed", [True, False])
def test_what_a_page_asks_is_a_look_up_in_an_index(analyzed):
    fill(([make_section() for _ in range(7)], [make_contributor()] * 3, [make_tag() for _ in range(5)]), stories=2_000)
    pks = list(Article.objects.values_list("pk", flat=True))
    RelatedArticle.objects.bulk_create(
        (
            RelatedArticle(article_id=pk, other_id=pks[(at + n) % len(pks)], rank=n)
            for at, pk in enumerate(pks)
            for n in range(1, KEPT)
        ),
        batch_size=5_000,
    )
    Article.objects.update(related_at=timezone.now())
    with connection.cursor() as cursor:
        # SQLite has statistics only where somebody asked for them; PostgreSQL gathers them by itself.
        if analyzed or connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
        with CaptureQueriesContext(connection) as queries:
            tags_and_related(Article.objects.get(pk=pks[7]))
        cursor.execute(
            ("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + queries[-1]["sql"]
        )
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    # From the few rows of the story to the stories they name, never from all public stories to their rows.
    assert not re.search(
        r"INDEX article_listing|using article_listing|SCAN|Seq Scan on articles_(article|related)", plan
    ), plan


def test_relating_costs_as_much_in_a_large_archive_as_in_a_small_one():
    newsroom = [make_section() for _ in range(7)], [make_contributor()] * 3, [make_tag() for _ in range(5)]
    counts = []
    for stories in (400, 3_000):
        fill(newsroom, stories=stories)
        with CaptureQueriesContext(connection) as queries:
            relate(Article.objects.public().newest_first()[3])
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20


def test_the_command_relates_what_was_there_before(capsys):
    stories = [make_article(tags=("Fog",)) for _ in range(3)]
    draft = make_article(status="draft", tags=("Fog",))
    call_command("relate", "--missing")
    assert "3 stories related." in capsys.readouterr().out
    assert not Article.objects.filter(pk__in=[s.pk for s in stories], related_at=None).exists()
    assert Article.objects.get(pk=draft.pk).related_at is None
    call_command("relate", "--missing")
    assert "0 stories related." in capsys.readouterr().out


def test_saving_a_story_that_was_read_before_does_not_forget_that_it_was_related():
    story = make_article(tags=("Fog",))
    stale = Article.objects.get(pk=story.pk)
    relate(story)
    stale.save()
    assert Article.objects.get(pk=story.pk).related_at is not None


@pytest.mark.django_db(transaction=True)
def test_publishing_and_tagging_relate_in_the_background_and_drafts_do_not():
    draft = make_article(status="draft", tags=("Fog",))
    assert not DBTaskResult.objects.exists()
    other = make_article(headline="Other", tags=("Fog",))
    drain()
    assert shown(other) == []
    draft.publish(None)
    drain()
    assert shown(other) == [draft.headline]
    draft.tags.remove("Fog")
    drain()
    assert shown(other) == []


@pytest.mark.django_db(transaction=True)
def test_what_is_to_be_related_is_queued_with_what_changes_it_or_not_at_all():
    draft = make_article(status="draft", tags=("Fog",))
    with transaction.atomic():
        draft.publish(None)
        assert DBTaskResult.objects.filter(task_path="articles.related.relate_later").exists()
        transaction.set_rollback(True)
    assert not DBTaskResult.objects.exists()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one write at a time")
@pytest.mark.django_db(transaction=True)
def test_lists_that_are_compared_stay_what_they_are_until_that_is_over():
    """Else two who change one list each compare it without the other, and neither says that readers see another order."""
    stories = [make_article(headline=f"Story {n}", tags=("Boats",)) for n in range(3)]
    for story in [*stories, *stories]:
        relate(story)
    done = threading.Event()

    def relate_another() -> None:
        try:
            relate(Article.objects.get(pk=stories[1].pk))
        finally:
            connections.close_all()
        done.set()

    another = threading.Thread(target=relate_another)
    with transaction.atomic():
        relate(Article.objects.get(pk=stories[0].pk))
        another.start()
        assert not done.wait(1)
    another.join(30)
    assert done.is_set()
