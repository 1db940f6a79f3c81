"""What is planned is asked for once for as long as nobody has changed it and its time has not come."""

import datetime
import re

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adverts.models import Booking, Placement, Sponsor
from articles.caching import planned
from articles.models import Banner, FrontPageStory
from articles.tests.factories import make_article, make_section
from articles.tests.next_versions import at, in_an_hour, keep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site_numbers")]

HOUR = datetime.timedelta(hours=1)
TABLES = ("articles_banner", "adverts_booking", "articles_frontpagestory", "articles_nextversion")


def asked(client, url: str = "/") -> list[str]:
    """The tables of what may be planned that a page asks for."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return [table for table in TABLES if any(f'FROM "{table}"' in query["sql"] for query in queries)]


def shown(client, words: str, url: str = "/") -> bool:
    return words in client.get(url).content.decode()


def make_banner(**values) -> Banner:
    now = timezone.now()
    return Banner.objects.create(**{"text": "Dam breaks", "starts_at": now - HOUR, "ends_at": now + 2 * HOUR} | values)


def make_booking(**values) -> Booking:
    now = timezone.now()
    times = {"starts_at": now - HOUR, "ends_at": now + 2 * HOUR}
    sponsor, _ = Sponsor.objects.get_or_create(name="Northern Ropes")
    told = {"placement": Placement.FRONT_PAGE, "headline": "Rope by the mile", "url": "https://ropes.example"}
    return Booking.objects.create(sponsor=sponsor, **times | told | values)


def test_a_second_page_asks_for_none_of_it(client):
    make_article()
    make_banner()
    make_booking()
    assert asked(client) == list(TABLES)
    assert asked(client) == []
    assert shown(client, "Dam breaks")
    assert shown(client, "Rope by the mile")


def test_what_is_changed_is_there_at_once(client, editor):
    other = make_article(headline="Placed by hand", publish_at=timezone.now() - 9 * HOUR)
    make_article()
    assert not shown(client, "Dam breaks")
    banner = make_banner()
    assert shown(client, "Dam breaks")
    Banner.objects.filter(pk=banner.pk).update(text="Dam holds")
    assert shown(client, "Dam holds")
    banner.delete()
    assert not shown(client, "Dam holds")
    booking = make_booking()
    assert shown(client, "Rope by the mile")
    booking.delete()
    assert not shown(client, "Rope by the mile")
    FrontPageStory.objects.put(other, editor, "lead")
    assert re.search(
        r'front-lead.*?class="card-headline[^>]*>\s*<a[^>]*>Placed by hand', client.get("/").content.decode(), re.S
    )


def test_its_time_comes_and_goes_without_anybody(client, time_machine):
    make_article()
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    make_banner(starts_at=now + HOUR, ends_at=now + 3 * HOUR)
    make_booking(starts_at=now + 2 * HOUR, ends_at=now + 4 * HOUR)
    seen = []
    for _ in range(5):
        client.get("/")
        assert asked(client) == []
        seen.append((shown(client, "Dam breaks"), shown(client, "Rope by the mile")))
        time_machine.shift(HOUR)
    assert seen == [(False, False), (True, False), (True, True), (False, True), (False, False)]


def test_a_story_that_is_withdrawn_leaves_the_place_that_it_was_put_in(client, editor):
    make_article()
    lead = make_article(headline="Placed by hand")
    FrontPageStory.objects.put(lead, editor, "lead")
    assert shown(client, "Placed by hand")
    lead.withdraw(editor)
    assert not shown(client, "Placed by hand")


def test_a_next_version_goes_live_with_the_first_page_after_its_time(client, editor, time_machine):
    article = make_article(headline="Before", section=make_section())
    article.record(editor)
    desk = Client()
    desk.force_login(editor)
    due = in_an_hour()
    keep(desk, article, headline="After", **at(due))
    client.get("/")
    assert asked(client) == []
    time_machine.move_to(due)
    assert shown(client, "After")
    client.get("/")
    assert asked(client) == []


def test_what_a_transaction_takes_back_was_never_there(client):
    make_article()
    client.get("/")

    class Stop(Exception):
        pass

    with pytest.raises(Stop), transaction.atomic():
        make_banner()
        assert shown(client, "Dam breaks")
        raise Stop
    assert not shown(client, "Dam breaks")


def test_work_that_is_due_is_asked_for_until_it_is_done():
    left = [[1, 2], [2], [], [3]]
    now = timezone.now()
    due = planned.Planned(lambda now: left.pop(0), nothing_alone=True)
    with planned.under(lambda: 1):
        assert [due(now) for _ in range(5)] == [[1, 2], [2], [], [], []]
    with planned.under(lambda: 2):
        assert due(now) == [3]


def test_another_moment_than_the_present_is_asked_for():
    asked_for = []
    ask = planned.Planned(lambda now: asked_for.append(now) or asked_for.copy())
    now = timezone.now()
    with planned.under(lambda: 1):
        for moment in (now, now, now - HOUR, now - HOUR):
            ask(moment)
    assert asked_for == [now, now - HOUR]


def test_without_a_number_everything_is_asked_each_time():
    answers = iter(range(4))
    ask = planned.Planned(lambda now: next(answers))
    now = timezone.now()
    with planned.under(lambda: None):
        assert [ask(now), ask(now)] == [0, 1]
    assert [ask(now), ask(now)] == [2, 3]
