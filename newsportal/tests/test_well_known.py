"""The files that machines ask for: right by default, and never broken by what an administrator writes."""

import datetime
from urllib.robotparser import RobotFileParser

import pytest
from django.core.exceptions import ValidationError

from newsportal.models import WellKnownFile

pytestmark = pytest.mark.django_db

PATHS = {"robots": "/robots.txt", "ads": "/ads.txt", "security": "/.well-known/security.txt", "trust": "/trust.txt"}


def read(client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    return response.content.decode()


def write(name: str, text: str) -> WellKnownFile:
    file = WellKnownFile(name=name, text=text)
    file.full_clean()
    file.save()
    return file


def crawler(client) -> RobotFileParser:
    robots = RobotFileParser()
    robots.parse(read(client, "/robots.txt").splitlines())
    return robots


# --- robots.txt ---


def test_every_crawler_may_read_and_none_may_search_or_knock_at_the_desk(client):
    robots = crawler(client)
    assert robots.can_fetch("Googlebot", "/2026/01/01/a-story/")
    for path in ("/admin/", "/search/?q=x", "/comments/post/1/", "/preview/x/"):
        assert not robots.can_fetch("Googlebot", path)
    assert robots.site_maps() == ["http://testserver/sitemap.xml", "http://testserver/news-sitemap.xml"]


def test_a_newsroom_keeps_collectors_of_training_data_out(client):
    write("robots", "# Ours to sell.\nUser-agent: GPTBot\nUser-agent: ClaudeBot\nDisallow: /\n")
    robots = crawler(client)
    assert not robots.can_fetch("GPTBot/1.2", "/") and not robots.can_fetch("ClaudeBot", "/2026/")
    assert robots.can_fetch("Googlebot", "/") and not robots.can_fetch("Googlebot", "/admin/")
    assert len(robots.site_maps()) == 2


# --- security.txt ---


def test_security_txt_is_always_good_for_half_a_year(client, time_machine):
    for year in (2026, 2031):
        now = datetime.datetime(year, 2, 28, 12, tzinfo=datetime.UTC)
        time_machine.move_to(now, tick=False)
        for written in (False, True):
            if written:
                write("security", "Contact: https://post.example/holes\nPreferred-Languages: en, cs")
            lines = [line.split(": ", 1) for line in read(client, PATHS["security"]).splitlines()]
            fields = dict(lines)
            assert len(fields) == len(lines)
            expires = datetime.datetime.fromisoformat(fields["Expires"])
            assert datetime.timedelta(days=90) < expires - now < datetime.timedelta(days=365)
            assert fields["Contact"] == ("https://post.example/holes" if written else "mailto:desk@post.example")
            assert fields["Canonical"] == "http://testserver/.well-known/security.txt"
        WellKnownFile.objects.all().delete()


@pytest.mark.parametrize("name", ["security", "trust"])
def test_without_anybody_to_write_to_there_is_no_file(client, settings, name):
    settings.SITE_EMAIL = ""
    assert client.get(PATHS[name]).status_code == 404


# --- ads.txt and trust.txt ---


def test_nobody_sells_until_somebody_says_who(client):
    assert "placeholder.example.com, placeholder, DIRECT, placeholder" in read(client, PATHS["ads"])
    write("ads", "exchange.example.com, 1234, DIRECT, f08c47fec0942fa0\nOWNERDOMAIN=post.example")
    assert read(client, PATHS["ads"]).splitlines() == [
        "exchange.example.com, 1234, DIRECT, f08c47fec0942fa0", "OWNERDOMAIN=post.example",
    ]  # fmt: skip


def test_trust_txt_is_read_at_both_of_its_addresses(client):
    assert read(client, "/trust.txt") == "contact=mailto:desk@post.example\n"
    write("trust", "belongto=https://www.guild.example/\nsocial=https://mastodon.example/@post\ndatatrainingallowed=no")
    assert read(client, "/trust.txt") == read(client, "/.well-known/trust.txt")
    assert "datatrainingallowed=no\n" in read(client, "/trust.txt")


# --- What may be written ---

RIGHT = [
    (
        "robots",
        "User-agent: GPTBot\nDisallow:\n\nUser-agent: CCBot\nAllow: /about/\nDisallow: /*.pdf$\nCrawl-delay: 2.5",
    ),
    (
        "ads",
        "# ours\nads.example.co.uk, pub-1, reseller # with a remark\nCONTACT=ads@post.example\nSUBDOMAIN=a.post.example",
    ),
    ("ads", "exchange.example, 1, DIRECT;extension=1"),
    ("ads", "MANAGERDOMAIN=house.example, GB"),
    ("security", "Contact: mailto:a@post.example\nContact: tel:+44-1-2\nPolicy: https://post.example/policy"),
    ("trust", "# us\nmember=https://a.example/\ncontact=tel:+44\ncontrolledby=https://b.example/"),
]
WRONG = [
    ("robots", "Disallow: /", "Line 1: say first whom it is for"),
    ("robots", "User-agent: *\nDisallow: /", "Line 1: the rules for all"),
    ("robots", "User-agent: GPTBot/1.0\nDisallow: /", "Line 1: a crawler's name"),
    ("robots", "User-agent: GPTBot\nDisallow: private", "Line 2: a path begins"),
    ("robots", "User-agent: GPTBot\nSitemap: https://x.example/", "Line 2: this is none"),
    ("robots", "User-agent: GPTBot\nCrawl-delay: soon", "Line 2: a number"),
    ("ads", "exchange.example.com, 1234", "Line 1: a record has"),
    ("ads", "exchange.example.com, 1234, MAYBE", "DIRECT or RESELLER"),
    ("ads", "\n\nhttps://exchange.example/, 1, DIRECT", "Line 3: .*no domain"),
    ("ads", "CONTRACT=x", "no variable"),
    ("ads", "OWNERDOMAIN=https://x.example", "no domain"),
    ("ads", "exchange.example, , DIRECT", "Line 1: a record has"),
    ("security", "Policy: https://post.example/", "Contact: mailto:.* is missing"),
    ("security", "Contact: desk@post.example", "Line 1: it must begin with https://"),
    ("security", "Contact: http://post.example/", "Line 1: it must begin"),
    ("security", "Contact: mailto:a@b.example\nExpires: 2020-01-01T00:00:00Z", "Line 2: Expires is added by itself"),
    ("security", "Contact: mailto:a@b.example\nPhone: 1", "Line 2: this is no field"),
    ("security", "-----BEGIN PGP SIGNED MESSAGE-----\nContact: mailto:a@b.example", "a signed file cannot be kept"),
    ("security", "Contact: mailto:a@b.example\nPreferred-Languages: en\nPreferred-Languages: cs", "once only"),
    ("trust", "member=guild.example", "no address such as"),
    ("trust", "member=https://[", "no address such as"),
    ("trust", "datatrainingallowed=perhaps", "yes or no"),
    ("trust", "friend=https://a.example/", "no attribute"),
    ("trust", "contact=desk@post.example", "write “contact=mailto:"),
    ("ads", "exchange.example, 1\x0b2, DIRECT", "control characters"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), RIGHT)
def test_what_is_right_is_taken_and_served(client, name, text):
    write(name, text)
    assert text in read(client, PATHS[name])


@pytest.mark.parametrize(("name", "text", "sentence"), WRONG)
def test_what_is_wrong_is_refused_with_its_line(name, text, sentence):
    with pytest.raises(ValidationError, match=sentence) as refusal:
        write(name, text)
    assert set(refusal.value.message_dict) == {"text"}


def test_the_screen_says_what_is_wrong_and_keeps_what_was_typed(client, administrator):
    client.force_login(administrator)
    page = client.post("/admin/newsportal/wellknownfile/add/", {"name": "ads", "text": "exchange.example, 77"})
    assert "Line 1: a record has" in page.content.decode() and "exchange.example, 77" in page.content.decode()
    client.post(
        "/admin/newsportal/wellknownfile/add/", {"name": "ads", "text": "exchange.example, 77, DIRECT  \r\n\r\n"}
    )
    file = WellKnownFile.objects.get()
    assert file.text == "exchange.example, 77, DIRECT"
    assert f'href="{PATHS["ads"]}"' in client.get(f"/admin/newsportal/wellknownfile/{file.pk}/change/").content.decode()
    again = client.post("/admin/newsportal/wellknownfile/add/", {"name": "ads", "text": "exchange.example, 1, DIRECT"})
    assert "already exists" in again.content.decode()


def test_they_are_kept_as_public_pages_are(client, django_assert_num_queries):
    for path in PATHS.values():
        # One asks whether a next version is due.
        with django_assert_num_queries(2):
            response = client.get(path)
        assert "no-cache" in response["Cache-Control"] and not response.cookies
        assert client.get(path, headers={"if-none-match": response["ETag"]}).status_code == 304
