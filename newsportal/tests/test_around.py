"""What stands around every page is read once for as long as nothing has changed it."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from articles.models import Section
from articles.tests.factories import make_section
from newsportal.models import Page
from newsportal.page_cache import schedule
from newsportal.tests.served import Served

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site_numbers")]


def asked(client, url: str = "/latest/") -> tuple[str, list[str]]:
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url).content.decode()
    return page, [query["sql"] for query in queries]


def test_a_second_page_does_not_ask_for_sections_and_pages_again(client):
    make_section(name="Harbours")
    Page.objects.create(title="About us", slug="about", body="<p>Us.</p>")
    client.get("/latest/")
    page, queries = asked(client)
    assert "Harbours" in page
    assert "About us" in page
    assert not [sql for sql in queries if 'FROM "articles_section" ORDER' in sql or "newsportal_page" in sql]


def test_what_has_changed_is_there_at_once(client):
    section = make_section(name="Harbours")
    about = Page.objects.create(title="About us", slug="about", body="<p>Us.</p>")
    client.get("/latest/")
    Section.objects.filter(pk=section.pk).update(name="Ports")
    assert ">Ports</a>" in client.get("/latest/").content.decode()
    about.title = "Who we are"
    about.save()
    assert "Who we are" in client.get("/latest/").content.decode()
    section.delete()
    assert ">Ports</a>" not in client.get("/latest/").content.decode()


def test_so_it_is_behind_the_page_cache():
    schedule._known.clear()
    served = Served()
    section = make_section(name="Harbours")
    served.get("/latest/")
    section.name = "Ports"
    section.save()
    assert ">Ports</a>" in served.get("/corrections/").text
    assert ">Ports</a>" in served.get("/latest/").text


def test_what_a_transaction_takes_back_was_never_there(client):
    section = make_section(name="Harbours")
    client.get("/latest/")

    class Stop(Exception):
        pass

    with pytest.raises(Stop), transaction.atomic():
        section.name = "Ports"
        section.save()
        assert ">Ports</a>" in client.get("/latest/").content.decode()
        raise Stop
    assert ">Harbours</a>" in client.get("/latest/").content.decode()
