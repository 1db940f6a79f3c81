"""The hub is told which feeds have changed: in the background, soon, once, and it alone. Against a server that really listens."""

import datetime
import http.server
import threading
from urllib.parse import parse_qs

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from articles import websub
from articles.models import Article, ChangedFeed, Tag
from articles.tests.factories import make_article, make_contributor, make_section
from newsportal import background
from newsportal.tests.answering import begin, end

pytestmark = pytest.mark.django_db(transaction=True)

SOON = datetime.timedelta(seconds=websub.WINDOW + websub.GRACE)
MINUTE, DAY = datetime.timedelta(minutes=1), datetime.timedelta(days=1)


class Hub:
    """What it was told, a set of addresses for each message; it answers with `status`, and sends on to `location`."""

    def __init__(self) -> None:
        self.told: list[set[str]] = []
        self.status, self.location, self.pause = 204, "", 0.0
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                assert form["hub.mode"] == ["publish"]
                hub.told.append(set(form["hub.url"]))
                threading.Event().wait(hub.pause)
                self.send_response(hub.status)
                if hub.location:
                    self.send_header("Location", hub.location)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/publish"
        begin(self.server)


@pytest.fixture
def hub(settings):
    hub = Hub()
    settings.WEBSUB_HUB = hub.url
    yield hub
    end(hub.server)


@pytest.fixture
def later(time_machine):
    """Lets time pass, and then all work be done that is due."""
    now = timezone.now().replace(microsecond=0)
    time_machine.move_to(now, tick=False)

    def pass_time(time: datetime.timedelta = SOON) -> None:
        nonlocal now
        now += time
        time_machine.move_to(now, tick=False)
        background.drain()

    return pass_time


def feeds_of(*pages: str) -> set[str]:
    return {f"http://testserver{page}feed/{folder}" for page in pages for folder in ("", "atom/", "json/")}


def pages_of(article: Article) -> list[str]:
    people = {byline.contributor.get_absolute_url() for byline in article.bylines.all()}
    return ["/", article.section.get_absolute_url(), *(tag.get_absolute_url() for tag in article.tags.all()), *people]


def test_the_feeds_of_a_published_story_are_told_once(hub, later):
    person = make_contributor()
    article = make_article(tags=("Trams", "Ärger"), bylines=((person, "written"), (person, "photographs")))
    background.drain()
    assert hub.told == []
    later()
    assert hub.told == [
        feeds_of("/", article.section.get_absolute_url(), "/tags/trams/", "/tags/arger/", person.get_absolute_url())
    ]
    later()
    assert len(hub.told) == 1
    assert not ChangedFeed.objects.exists()


def test_much_at_once_is_one_message(hub, later):
    articles = [make_article() for _ in range(5)]
    for article in articles:
        article.correct(None, "It was snow.")
    later()
    assert hub.told == [feeds_of("/", *(article.section.get_absolute_url() for article in articles))]


def test_very_much_is_several_messages(hub, later):
    articles = [make_article() for _ in range(40)]
    later()
    assert len(hub.told) == 2
    assert hub.told[0] | hub.told[1] == feeds_of("/", *(article.section.get_absolute_url() for article in articles))


@pytest.mark.parametrize("status", ["draft", "in_review"])
def test_what_readers_do_not_see_is_told_to_nobody(hub, later, status):
    article = make_article(status=status, tags=("Trams",))
    article.headline = "Another"
    article.save()
    article.tags.add("Weather")
    later()
    assert hub.told == []


def test_a_save_that_changes_nothing_is_not_told(hub, later):
    article = make_article()
    later()
    article.save()
    article.short_headline = "Not in feeds"
    article.save()
    later()
    assert len(hub.told) == 1


CHANGES = {
    "corrected": (lambda article: article.correct(None, "It was snow."), "all"),
    "withdrawn": (lambda article: article.withdraw(None), "all"),
    "deleted": (lambda article: article.delete(), "all"),
    "a tag less": (lambda article: article.tags.remove("Trams"), "all"),
    "a byline less": (lambda article: article.bylines.first().delete(), "all"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_feed_that_has_it_or_had_it_is_told(hub, later, change):
    article = make_article(tags=("Trams",), bylines=((make_contributor(), "written"),))
    wanted = feeds_of(*pages_of(article))
    later()
    CHANGES[change][0](article)
    later()
    assert hub.told[1:] == [wanted]


def test_a_tag_that_is_deleted_changes_its_own_feed_and_the_sites_and_reads_no_story(hub, later):
    make_article(tags=("Trams",))
    later()
    with CaptureQueriesContext(connection) as asked:
        Tag.objects.get().delete()
    later()
    assert hub.told[1:] == [feeds_of("/", "/tags/trams/")]
    assert not [query for query in asked.captured_queries if '"articles_article"."body_html"' in query["sql"]]


def test_a_story_that_moves_changes_both_sections(hub, later):
    article, before, after = make_article(), None, make_section()
    before = article.section
    later()
    article.section = after
    article.save()
    later()
    assert hub.told[1] == feeds_of("/", before.get_absolute_url(), after.get_absolute_url())


def test_what_is_not_committed_is_not_told(hub, later):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_article()
        raise ZeroDivisionError
    later()
    assert hub.told == []


# --- A story that is scheduled ---


def test_a_scheduled_story_is_told_in_its_time(hub, later):
    article = make_article(publish_at=timezone.now() + DAY)
    later(DAY - MINUTE)
    assert hub.told == []
    later(MINUTE)
    later()
    assert hub.told == [feeds_of(*pages_of(article))]


def test_another_time_or_none_is_believed(hub, later):
    moved, taken_back = make_article(publish_at=timezone.now() + DAY), make_article(publish_at=timezone.now() + DAY)
    moved.publish_at += DAY
    moved.save()
    taken_back.unschedule(None)
    later(DAY)
    later()
    assert hub.told == []
    later(DAY)
    later()
    assert hub.told == [feeds_of(*pages_of(moved))]


def test_the_process_that_serves_wakes_by_itself_in_that_time(hub, settings):
    settings.BACKGROUND_WORKER = "thread"
    in_process = background.in_process
    make_article(publish_at=timezone.now() + datetime.timedelta(seconds=1))
    try:
        for _ in range(300):
            if ChangedFeed.objects.exists():
                break
            threading.Event().wait(0.05)
        # Nobody has asked for a page; nor has the job been done before its time.
        assert set(ChangedFeed.objects.values_list("place", flat=True)) >= {"/"}
        assert Article.objects.public().count() == 1
    finally:
        settings.BACKGROUND_WORKER = "process"
        assert in_process.wait(30)


# --- A hub that does not answer as it should ---


def test_a_hub_that_is_down_is_told_later(hub, later):
    hub.status = 503
    make_article()
    later()
    assert len(hub.told) == 1
    assert ChangedFeed.objects.exists()
    hub.status = 202
    later(MINUTE)
    assert len(hub.told) == 2 and hub.told[0] == hub.told[1]
    assert not ChangedFeed.objects.exists()
    later(DAY)
    assert len(hub.told) == 2


def test_a_hub_that_stays_down_is_given_up_and_leaves_nothing(hub, later, caplog):
    end(hub.server)
    make_article()
    for _ in range(8):
        later(DAY)
    assert "Given up after 6 attempts: ping" in caplog.text
    assert not ChangedFeed.objects.exists()
    assert not DBTaskResult.objects.ready().exists()


def test_a_hub_that_refuses_is_not_asked_again(hub, later):
    hub.status = 403
    make_article()
    later()
    later(DAY)
    assert len(hub.told) == 1
    assert not ChangedFeed.objects.exists()


def test_a_hub_that_never_answers_is_left(hub, later, monkeypatch):
    monkeypatch.setattr(websub, "TIMEOUT", 0.2)
    hub.pause = 2.0
    make_article()
    later()
    assert ChangedFeed.objects.exists()


def test_no_other_machine_is_asked(hub, later):
    elsewhere = Hub()
    hub.status, hub.location = 302, elsewhere.url
    make_article()
    later()
    assert len(hub.told) == 1 and elsewhere.told == []
    end(elsewhere.server)


def test_without_a_hub_nothing_is_written_or_told(settings, later, django_assert_num_queries):
    settings.WEBSUB_HUB = ""
    article = make_article(tags=("Trams",), publish_at=timezone.now() + DAY)
    later(DAY)
    article.withdraw(None)
    assert not ChangedFeed.objects.exists()
    assert not DBTaskResult.objects.filter(task_path__contains="websub").exists()


@pytest.mark.parametrize(
    "name",
    ["प्रधानमंत्री नरेंद्र मोदी", "Министерство иностранных дел России", "東京都知事選挙二千二十六年投票結果速報午後八時"],
)
def test_a_list_of_whatever_name_is_told_of(settings, name):
    settings.WEBSUB_HUB = "https://hub.example/"
    make_article(section=make_section(name=name), tags=(name,))
    assert {
        len(place) > 200 for place in ChangedFeed.objects.filter(place__contains="%").values_list("place", flat=True)
    } == {True}
