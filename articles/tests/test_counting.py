"""Reads: what counts, what does not, and that nothing of who reads is kept."""

import datetime
import threading

import pytest
from django.db import DatabaseError, OperationalError, connection, connections
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import DailySalt, Reads, Visit
from articles.models.reads import Numbers, Span
from articles.reads import counting
from articles.reads.chart import chart_of_hours
from articles.reads.counting import LIMITS, Seen, Tally, write_down
from articles.tests.factories import make_article
from newsportal.recurring import do_what_is_due

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"  # fmt: skip  # noqa: E501


def read(article, *, agent: str = FIREFOX, address: str = "192.0.2.7", **headers):
    """As the page's script says it."""
    vouched = {"sec-fetch-site": "same-origin", "user-agent": agent} | headers
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/read/{getattr(article, 'pk', article)}/", REMOTE_ADDR=address, headers=vouched)


def total() -> int:
    return sum(Reads.objects.values_list("count", flat=True))


@pytest.fixture(autouse=True)
def own_tally(monkeypatch):
    monkeypatch.setattr(counting, "tally", Tally())


# --- What counts ---


def test_a_read_is_counted_and_answered_with_nothing():
    article = make_article()
    answer = read(article)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies and "Cookie" not in answer.get("Vary", "")
    assert Reads.objects.of([article.pk]) == {article.pk: Numbers(1, 1, 1)}


def test_the_same_reader_counts_once_within_half_an_hour_and_again_after(time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 3, 10, 0, tzinfo=datetime.UTC), tick=False)
    one, other = make_article(), make_article()
    for article in (one, one, other, one):
        read(article)
    assert total() == 2
    time_machine.shift(datetime.timedelta(minutes=29))
    read(one)
    assert total() == 2
    time_machine.shift(datetime.timedelta(minutes=2))
    read(one)
    assert total() == 3


def test_two_readers_of_one_network_are_two():
    article = make_article()
    read(article, agent=FIREFOX)
    read(article, agent=SAFARI)
    read(article, address="192.0.2.8")
    assert total() == 3


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0 Safari/537.36",
        "python-requests/2.32",
        "curl/8.5.0",
        "",
    ],
)
def test_robots_do_not_count(agent):
    assert read(make_article(), agent=agent).status_code == 204
    assert total() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "", "origin": "https://evil.example"},
        {"sec-fetch-site": ""},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
    ],
)
def test_what_no_page_of_ours_has_sent_to_be_seen_does_not_count(headers):
    assert read(make_article(), **headers).status_code == 204
    assert total() == 0


def test_an_old_browser_vouches_by_its_origin():
    read(make_article(), **{"sec-fetch-site": "", "origin": "http://testserver"})
    assert total() == 1


@pytest.mark.parametrize("status", ["draft", "in_review", "withdrawn"])
def test_only_what_readers_can_see_counts(status):
    read(make_article(status=status))
    read(make_article(publish_at=timezone.now() + datetime.timedelta(hours=1)))
    read(12345678)
    read(2**70)
    assert total() == 0


def test_reading_alone_counts_nothing_and_get_is_refused(client):
    article = make_article()
    client.get(article.get_absolute_url())
    assert client.get(f"/read/{article.pk}/").status_code == 405
    assert total() == 0


def test_where_it_is_turned_off_pages_say_nothing_and_nothing_counts(client, settings):
    settings.COUNT_READS = False
    article = make_article()
    page = client.get(article.get_absolute_url()).content.decode()
    assert "data-read" not in page and "read.js" not in page
    read(article)
    assert total() == 0
    assert client.get("/most-read/").status_code == 404
    assert "most-read" not in client.get("/").content.decode()


# --- The short way ---

SHORT_WAY = "articles.reads.counting.answer_beacons"


def test_a_beacon_asks_nothing_of_sessions_forms_and_routes(settings):
    way = settings.MIDDLEWARE.index(SHORT_WAY)
    settings.MIDDLEWARE, settings.ROOT_URLCONF = settings.MIDDLEWARE[: way + 1], "articles.reads"  # which has none
    article = make_article()
    assert read(article).status_code == 204
    assert total() == 1


def test_its_answer_says_what_it_would_say_without_the_short_way(settings):
    article = make_article()

    def said() -> dict[str, str]:
        answer = read(article)
        assert answer.status_code == 204
        # An answer that has no content has no length either (RFC 9110, 8.6), and each request a name of its own.
        return {name: value for name, value in answer.items() if name not in {"Content-Length", "X-Request-ID"}}

    short = said()
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != SHORT_WAY]
    assert short == said()
    assert {"Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options"} <= set(short)


def test_a_beacon_is_named_in_logs_and_numbers_like_every_request():
    answer = read(make_article())
    match = answer.wsgi_request.resolver_match
    assert (match.view_name, match.route) == ("read", "read/<int:pk>/")
    assert answer["X-Request-ID"]


def test_a_host_that_is_none_of_ours_is_refused():
    article = make_article()
    assert read(article, host="evil.example").status_code == 400
    assert total() == 0


def test_a_beacon_while_the_database_is_away_is_told_so(monkeypatch):
    def away(day):
        raise OperationalError("The database could not be reached a moment ago.")

    monkeypatch.setattr(DailySalt, "of", away)
    client = Client(raise_request_exception=False)
    answer = client.post("/read/1/", headers={"sec-fetch-site": "same-origin", "user-agent": FIREFOX})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")


# --- A flood ---


def test_one_network_cannot_push_a_story_up():
    article = make_article()
    for number in range(LIMITS["story"] + 10):
        read(article, agent=f"{FIREFOX} {number}")
    assert total() == LIMITS["story"]
    read(article, address="192.0.2.8")
    assert total() == LIMITS["story"] + 1


def test_one_network_cannot_read_everything(monkeypatch):
    monkeypatch.setitem(LIMITS, "network", 5)
    for _ in range(8):
        read(make_article())
    assert total() == 5


# --- Nobody can be recognised ---


def test_no_address_and_no_browser_is_kept(caplog):
    caplog.set_level("DEBUG")
    read(make_article(), address="192.0.2.77")
    kept = str([*Visit.objects.values(), *Reads.objects.values()]) + caplog.text
    assert "192.0.2.77" not in kept and "Firefox" not in kept


def test_the_salt_is_new_every_day_and_the_old_one_is_gone(time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 3, 12, 0, tzinfo=datetime.UTC), tick=False)
    article = make_article()
    read(article)
    first, salt = Visit.objects.get().reader, DailySalt.objects.get().salt
    read(article, agent=SAFARI)
    assert DailySalt.objects.get().salt == salt
    time_machine.shift(datetime.timedelta(days=1))
    read(article)
    assert DailySalt.objects.get().salt != salt
    assert Visit.objects.get().reader != first  # what is over is forgotten, and the same reader has another hash


def test_whoever_has_the_database_alone_cannot_try_out_addresses(settings):
    article = make_article()
    read(article)
    before = Visit.objects.get().reader
    Visit.objects.all().delete()
    settings.PRIVACY_KEY = "another key"
    read(article)
    assert Visit.objects.get().reader != before


def test_visits_are_forgotten_and_the_salt_is_thrown_away_when_nobody_reads_any_more(time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 3, 12, 0, tzinfo=datetime.UTC), tick=False)
    read(make_article())
    salt = DailySalt.objects.get().salt
    time_machine.shift(datetime.timedelta(days=1))
    do_what_is_due()
    assert not Visit.objects.exists()
    assert DailySalt.objects.get().salt != salt


# --- Batches ---


def test_a_beacon_asks_the_database_nothing_and_a_batch_costs_the_same_for_many(settings):
    stories = [make_article() for _ in range(30)]
    own = counting.tally
    read(stories[0])  # the salt is known from now on
    settings.READS_BATCH_SECONDS = 3600
    own._thread = threading.current_thread()  # somebody who will write down later

    def cost(number: int) -> int:
        with CaptureQueriesContext(connection) as none:
            for story in stories[:number]:
                read(story, agent=f"{FIREFOX} {number}")
        assert len(none) == 0
        with CaptureQueriesContext(connection) as queries:
            assert own.flush() == number
        return len(queries)

    assert cost(2) == cost(18) <= 16


@pytest.mark.django_db(transaction=True)
def test_a_thread_writes_down_what_came_in_and_ends(settings):
    settings.READS_BATCH_SECONDS = 1
    article = make_article()
    for number in range(5):
        read(article, agent=f"{FIREFOX} {number}")
    assert total() == 0
    assert counting.tally.wait(30)
    assert total() == 5
    assert not [thread for thread in threading.enumerate() if thread.name == "reads"]


@pytest.mark.django_db(transaction=True)
def test_what_comes_in_while_it_is_written_down_waits_for_nobody_else(settings, monkeypatch):
    settings.READS_BATCH_SECONDS = 1
    article, real, late = make_article(), counting.write_down, iter([SAFARI, "Mozilla/5.0 (Android 16; Mobile)"])

    def meanwhile(seen):
        if agent := next(late, ""):
            request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.9", HTTP_USER_AGENT=agent)
            counting.tally.add(request, article.pk)
        return real(seen)

    monkeypatch.setattr(counting, "write_down", meanwhile)
    read(article)
    assert counting.tally.wait(30)
    assert total() == 3


@pytest.mark.django_db(transaction=True)
def test_two_processes_lose_nothing_and_count_nobody_twice():
    """Each process has a tally of its own; here they are threads, with connections of their own, writing at once."""
    articles = [make_article() for _ in range(6)]
    tallies, start = [Tally(), Tally(), Tally()], threading.Barrier(3)

    def work(tally: Tally, network: int) -> None:
        start.wait()
        try:
            for number in range(15):
                for article in articles[:: 1 if network % 2 else -1]:
                    agents = {"HTTP_USER_AGENT": f"{FIREFOX} {number}"}
                    # The last five of each are readers whom all three processes see.
                    address = "198.51.100.1" if number >= 10 else f"192.0.2.{network}"
                    tally.add(RequestFactory().post("/", REMOTE_ADDR=address, **agents), article.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(tally, number)) for number, tally in enumerate(tallies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert {
        article.pk: numbers.total for article in articles for numbers in [Reads.objects.of([article.pk])[article.pk]]
    } == {article.pk: 3 * 10 + 5 for article in articles}


def test_what_the_database_does_not_take_is_tried_again(monkeypatch):
    article = make_article()
    read(article, agent=SAFARI)
    real = counting.write_down

    def broken(seen):
        raise DatabaseError("a value that must not be logged")

    monkeypatch.setattr(counting, "write_down", broken)
    assert read(article).status_code == 204
    assert total() == 1
    monkeypatch.setattr(counting, "write_down", real)
    counting.tally.flush()
    assert total() == 2


# --- Hours, days, and all before ---


def test_hours_become_days_and_days_one_number_and_nothing_is_lost(settings):
    settings.TIME_ZONE = "Europe/Prague"
    timezone.deactivate()
    article = make_article()
    now = datetime.datetime(2026, 11, 3, 12, 30, tzinfo=datetime.UTC)
    for hours in range(0, 24 * 40, 5):
        Reads.objects.add({article.pk: 2}, at=now - datetime.timedelta(hours=hours))
    before = sum(Reads.objects.values_list("count", flat=True))
    Reads.objects.roll_up(days_kept=31, now=now)
    spans = {span: Reads.objects.filter(span=span).count() for span in Span}
    assert sum(Reads.objects.values_list("count", flat=True)) == before
    assert spans[Span.EVER] == 1 and 22 <= spans[Span.DAY] <= 24 and spans[Span.HOUR] <= 40
    days = Reads.objects.filter(span=Span.DAY).values_list("since", flat=True)
    assert {timezone.localtime(day).hour for day in days} == {0}
    assert Reads.objects.roll_up(days_kept=31, now=now) == 0
    numbers = Reads.objects.of([article.pk], now=now)[article.pk]
    assert (numbers.day, numbers.total) == (2 * 5, before)


HALF = datetime.timedelta(minutes=30)


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Asia/Kolkata", datetime.datetime(2026, 3, 1, 18, 30, tzinfo=datetime.UTC)),
        ("Asia/Kathmandu", datetime.datetime(2026, 3, 1, 18, 15, tzinfo=datetime.UTC)),
        ("Australia/Lord_Howe", datetime.datetime(2026, 5, 31, 13, 30, tzinfo=datetime.UTC)),
    ],
)
def test_a_day_begins_at_midnight_where_that_is_no_full_hour_elsewhere(settings, zone, moment):
    settings.TIME_ZONE = zone
    article = make_article()
    for away, count in ((-HALF, 1), (datetime.timedelta(0), 10), (HALF / 2, 100)):
        Reads.objects.add({article.pk: count}, at=moment + away)
    now = moment + datetime.timedelta(hours=1)
    numbers = Reads.objects.of([article.pk], now=now)[article.pk]
    rows = list(Reads.objects.values_list("span", "since", "count"))
    bars = {bar.label[-5:]: bar.count for bar in chart_of_hours(rows, now).bars if bar.count}
    assert (numbers.day, bars) == (111, {"23:00": 1, "00:00": 110})
    Reads.objects.roll_up(days_kept=400, now=moment + datetime.timedelta(days=20))
    days = dict(Reads.objects.order_by("since").values_list("since", "count"))
    assert [(f"{timezone.localtime(day):%H:%M}", count) for day, count in days.items()] == [
        ("00:00", 1),
        ("00:00", 110),
    ]


def test_hours_that_were_kept_by_the_clock_of_utc_are_in_the_chart(settings):
    settings.TIME_ZONE = "Asia/Kolkata"
    since = datetime.datetime(2026, 3, 1, 18, 0, tzinfo=datetime.UTC)
    chart = chart_of_hours([(Span.HOUR, since, 7), (Span.HOUR, since - HALF, 1)], since + HALF)
    assert [(bar.label[-5:], bar.count) for bar in chart.bars if bar.count] == [("23:00", 8)]


def test_no_hour_is_lost_where_the_clocks_move_by_half_of_one(settings):
    settings.TIME_ZONE = "Australia/Lord_Howe"  # 02:00 became 01:30 at 15:00 UTC
    article, moved = make_article(), datetime.datetime(2026, 4, 4, 15, 0, tzinfo=datetime.UTC)
    for quarters in range(-8, 8):
        Reads.objects.add({article.pk: 1}, at=moved + quarters * HALF / 2)
    now = moved + datetime.timedelta(hours=3)
    chart = chart_of_hours(Reads.objects.values_list("span", "since", "count"), now)
    assert chart.total == Reads.objects.of([article.pk], now=now)[article.pk].day == 16


def test_the_last_24_hours_are_24():
    article = make_article()
    now = datetime.datetime(2026, 11, 3, 12, 30, tzinfo=datetime.UTC)
    for hours in (0, 23, 24, 7 * 24 - 1, 7 * 24):
        Reads.objects.add({article.pk: 1}, at=now - datetime.timedelta(hours=hours))
    assert Reads.objects.of([article.pk], now=now)[article.pk] == Numbers(day=2, week=4, total=5)


def test_in_a_zone_of_half_hours_a_read_is_counted_in_its_hour_of_the_newsrooms_clock(settings, time_machine):
    settings.TIME_ZONE = "Asia/Kolkata"
    article = make_article(publish_at=datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC))
    midnight = datetime.datetime(2026, 3, 1, 18, 30, tzinfo=datetime.UTC)
    time_machine.move_to(midnight + datetime.timedelta(minutes=20))
    DailySalt.of(timezone.localdate())
    write_down([Seen("reader", "network", article.pk, midnight + datetime.timedelta(minutes=10))])
    assert list(Reads.objects.values_list("since", flat=True)) == [midnight]
