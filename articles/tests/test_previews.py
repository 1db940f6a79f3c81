"""Previews show what readers will see to whom the newsroom chooses, and to nobody else."""

import datetime
import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from articles.editing.next_version import keep_next
from articles.editing.preview import as_story
from articles.editing.snapshot import put, take
from articles.models import Article, NextVersion, PreviewLink, PreviewOpening, Version
from articles.tests.factories import make_article, make_contributor, make_image, make_section
from articles.workflow import Status
from newsportal.tests.browsing import log_in

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


@pytest.fixture
def article(editor):
    article = make_article(
        status=Status.DRAFT, headline="Not yet public", body="<p>The secret.</p>", tags=("Harbour",), section=make_section(),
        bylines=((make_contributor(name="Tereza Holubová"), "written"),),
    )  # fmt: skip
    Article.objects.filter(pk=article.pk).update(created_by=editor)
    article.record(editor)
    return article


def issue(article, editor, **options) -> str:
    return PreviewLink.objects.issue(article, "The lawyer", editor, **{"lasts": DAY, **options})[1]


def test_a_link_shows_the_story_as_readers_will_see_it(client, article, editor):
    response = client.get(f"/preview/{issue(article, editor)}/")
    page = response.content.decode()
    for words in ("Not yet public", "The secret.", "Tereza Holubová", "Harbour", article.section.name, "A preview"):
        assert words in page
    assert response.status_code == 200
    assert "comment-form" not in page
    assert "canonical" not in page


def test_a_preview_is_kept_and_found_by_nobody(client, article, editor):
    response = client.get(f"/preview/{issue(article, editor)}/")
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Referrer-Policy"] == "no-referrer"


def test_a_link_follows_the_story_or_stays_at_a_version(client, article, editor):
    following = issue(article, editor)
    pinned = issue(article, editor, version=Version.objects.of(article).first())
    article.headline = "Rewritten since"
    article.save()
    article.record(editor)
    assert "Rewritten since" in client.get(f"/preview/{following}/").content.decode()
    page = client.get(f"/preview/{pinned}/").content.decode()
    assert "Not yet public" in page
    assert "Rewritten" not in page


def test_a_link_ends(client, article, editor, time_machine):
    token = issue(article, editor)
    time_machine.move_to(timezone.now() + DAY + datetime.timedelta(seconds=1))
    assert client.get(f"/preview/{token}/").status_code == 404


def test_no_link_lasts_longer_than_a_month(article, editor):
    link, _ = PreviewLink.objects.issue(article, "x", editor, lasts=DAY * 3650)
    assert link.expires_at <= timezone.now() + DAY * 31


def test_an_ended_link_and_one_of_a_withdrawn_story_open_nothing(client, article, editor):
    first, second = issue(article, editor), issue(article, editor)
    PreviewLink.objects.last().revoke()
    article.publish(editor)
    article.withdraw(editor)
    for token in (first, second):
        response = client.get(f"/preview/{token}/")
        assert response.status_code == 404
        assert "The secret." not in response.content.decode()


@pytest.mark.parametrize("token", ["x", "a" * 43, "%00", "../admin", "ž"])
def test_a_guess_opens_nothing_and_is_answered_alike(client, article, editor, token):
    issue(article, editor)
    assert client.get(f"/preview/{token}/").status_code == 404


def test_the_token_is_kept_nowhere(article, editor):
    token = issue(article, editor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM articles_previewlink")
        assert token not in str(cursor.fetchall())
    assert len(token) >= 43


def test_openings_are_counted(client, article, editor):
    token = issue(article, editor)
    client.get(f"/preview/{token}/")
    client.get(f"/preview/{token}/")
    client.head(f"/preview/{token}/")
    assert PreviewOpening.objects.count() == 2


def test_links_are_made_shown_once_and_ended_at_the_desk(client, article, editor):
    client.force_login(editor)
    url = reverse("admin:articles_article_links", args=[article.pk])
    page = client.post(url, {"_make": "1", "name": "The <b>lawyer</b>", "days": 3, "shows": "version"}).content.decode()
    address = re.search(r'value="http://testserver(/preview/[\w-]+/)"', page)[1]
    assert client.get(address).status_code == 200
    later = client.get(url).content.decode()
    assert address not in later
    assert "The &lt;b&gt;lawyer&lt;/b&gt;" in later
    assert "version 1" in later
    assert "1×" in later
    assert 'aria-label="End it: the link for The &lt;b&gt;lawyer&lt;/b&gt;"' in later
    client.post(url, {"_revoke": PreviewLink.objects.get().pk})
    assert client.get(address).status_code == 404
    assert re.search(r"ended \d+ \w+, \d\d:\d\d [A-Z]+", client.get(url).content.decode())


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"days": 0},
        {"days": 31},
        {"days": "x"},
        {"shows": "roof"},
        {"number": 1},
        {"shows": "version", "number": 99},
    ],
)
def test_bad_input_makes_no_link_and_is_kept(client, article, editor, wrong):
    client.force_login(editor)
    data = {"_make": "1", "name": "Lawyer", "days": 3, "shows": "story"} | wrong
    page = client.post(reverse("admin:articles_article_links", args=[article.pk]), data).content.decode()
    assert not PreviewLink.objects.exists()
    assert "errorlist" in page


def test_who_may_edit_previews_any_version(client, article, editor):
    article.headline = "Rewritten since"
    article.save()
    article.record(editor)
    client.force_login(editor)
    url = reverse("admin:articles_article_preview", args=[article.pk])
    assert "Rewritten since" in client.get(url).content.decode()
    assert "Not yet public" in client.get(url, {"version": 1}).content.decode()
    for version in ("99", "x", "-1"):
        assert client.get(url, {"version": version}).status_code == 404


def test_others_preview_nothing_and_make_no_links(client, article, reporter, outsider, moderator):
    for person in (reporter, outsider, moderator):
        client.force_login(person)
        for name in ("preview", "look", "links"):
            url = reverse(f"admin:articles_article_{name}", args=[article.pk])
            assert client.get(url).status_code in {302, 403, 404}
            data = {"_make": "1", "name": "Me", "days": 3, "shows": "story"}
            assert client.post(url, data).status_code in {302, 403, 404}
    assert not PreviewLink.objects.exists()


def test_previewing_saves_nothing(client, article, editor):
    before = Article.objects.values().get()
    client.get(f"/preview/{issue(article, editor)}/")
    assert Article.objects.values().get() == before


def make_link(client, article, **data) -> str:
    """The address that the desk shows once."""
    data = {"_make": "1", "name": "Lawyer", "days": 3, "shows": "story"} | data
    page = client.post(reverse("admin:articles_article_links", args=[article.pk]), data).content.decode()
    return re.search(r'value="http://testserver(/preview/[\w-]+/)"', page)[1]


def test_a_version_is_shown_as_it_is_once_it_is_restored(article):
    image, person = make_image(), make_contributor()
    other = make_article(
        headline="Otherwise", body=f'<p>Words.</p><figure data-image="{image.pk}"></figure>' + "<p>More.</p>" * 300,
        lead_image=image, kind=Article.Kind.OPINION, dateline="Brzeň", standfirst="Short.", bylines=((person, "photographs"),),
    )  # fmt: skip
    version = take(other) | {"slug": "elsewhere"}
    article.refresh_from_db()
    shown = as_story(article, version)
    put(article, version)
    stored = Article.objects.get(pk=article.pk)
    for field in Article._meta.concrete_fields:
        # The day in the address is settled, and the time of saving noted, by saving.
        if field.name not in {"published_on", "modified_at"}:
            assert getattr(shown, field.attname) == getattr(stored, field.attname), field.name
    named = ("contributor_id", "role", "order")
    assert [[getattr(byline, name) for name in named] for byline in shown.bylines.all()] == [
        [person.pk, "photographs", 0]
    ]
    assert list(stored.bylines.values_list(*named)) == [(person.pk, "photographs", 0)]


def test_a_link_is_pinned_to_any_version(client, article, editor):
    for headline in ("Second", "Third"):
        article.headline = headline
        article.save()
        article.record(editor)
    client.force_login(editor)
    for number, headline in ((1, "Not yet public"), (2, "Second"), ("", "Third")):
        address = make_link(client, article, shows="version", number=number)
        assert headline in Client().get(address).content.decode()
    page = client.get(reverse("admin:articles_article_links", args=[article.pk]), {"version": 2}).content.decode()
    assert 'value="2"' in page and 'value="version" selected' in page


def test_a_link_follows_the_next_version_while_there_is_one(client, article, editor):
    article.publish(editor)
    client.force_login(editor)
    follows, stays = make_link(client, article, shows="next"), make_link(client, article)
    assert "Not yet public" in Client().get(follows).content.decode()
    article.refresh_from_db()
    keep_next(
        article, take(article) | {"headline": "What it will be"}, editor, seen=article.version, live=article.version
    )
    assert "What it will be" in Client().get(follows).content.decode()
    assert "What it will be" not in Client().get(stays).content.decode()
    # What the live story says since is what readers will see with it.
    article.standfirst = "Said since."
    article.save()
    article.record(editor)
    assert "Said since." in Client().get(follows).content.decode()
    NextVersion.objects.all().delete()
    assert "Not yet public" in Client().get(follows).content.decode()


def test_only_the_desk_frames_a_preview_and_only_a_preview(client, article, editor):
    client.force_login(editor)
    look = client.get(reverse("admin:articles_article_look", args=[article.pk]), {"width": "768"})
    page = reverse("admin:articles_article_preview", args=[article.pk])
    assert f'<iframe src="{page}" width="768"' in look.content.decode()
    assert "frame-src" in look["Content-Security-Policy"]
    assert re.search(r"frame-src [^;]*'self'", look["Content-Security-Policy"])
    assert look["X-Frame-Options"] == "DENY"
    preview = client.get(page)
    assert preview["X-Frame-Options"] == "SAMEORIGIN"
    assert re.search(r"frame-ancestors 'self'(;|$)", preview["Content-Security-Policy"])
    outside = Client().get(f"/preview/{issue(article, editor)}/")
    for other in (outside, client.get("/"), client.get(reverse("admin:index"))):
        assert other["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in other["Content-Security-Policy"]
        assert not re.search(r"frame-src [^;]*'self'", other["Content-Security-Policy"])


def test_a_version_is_looked_at_in_the_frame(client, article, editor):
    client.force_login(editor)
    look = reverse("admin:articles_article_look", args=[article.pk])
    page = client.get(look, {"version": 1, "width": "1280"}).content.decode()
    assert "preview/?version=1" in page and 'width="1280"' in page
    assert 'width="360"' in client.get(look, {"width": "9999"}).content.decode()
    assert client.get(look, {"version": 99}).status_code == 404


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_frame_shows_the_story_as_wide_as_it_says(watch, article, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto(reverse("admin:articles_article_look", args=[article.pk]))
    for name, width in (("Phone", 360), ("Tablet", 768), ("Desktop", 1280)):
        page.click(f".look-widths >> text={name}")
        frame = page.frame_locator(".look iframe")
        expect(frame.locator("h1")).to_have_text("Not yet public")
        assert frame.locator("html").evaluate("() => window.innerWidth") == width


@pytest.mark.parametrize(
    ("is_own", "left", "opens"),
    [(False, ["change", "publish"], [200, 200, 200]), (False, ["change"], [404, 404, 404]), (True, ["change"], [200, 200, 404]),
     (True, ["publish"], [404, 404, 404]), (True, [], [404, 404, 404])],
)  # fmt: skip
def test_a_link_ends_with_the_account_and_with_the_right_of_who_made_it(article, is_own, left, opens):
    leaver = User.objects.create_user("leaver", is_staff=True)
    may = {name: Permission.objects.get(codename=f"{name}_article") for name in ("change", "publish")}
    leaver.user_permissions.set(may.values())
    if is_own:
        Article.objects.filter(pk=article.pk).update(created_by=leaver)
        article.refresh_from_db()
    tokens = [
        issue(article, leaver),
        issue(article, leaver, version=article.versions.get()),
        issue(article, leaver, follows_next=True),
    ]

    def opened() -> list[int]:
        return [Client().get(f"/preview/{token}/").status_code for token in tokens]

    assert opened() == [200, 200, 200]
    leaver.user_permissions.set([may[name] for name in left])
    assert opened() == opens
    leaver.is_active = False
    leaver.save()
    assert opened() == [404, 404, 404]


def test_a_link_to_one_next_version_ends_with_the_right_to_publish(editor):
    own = make_article(created_by=editor)
    own.record(editor)
    kept = keep_next(own, take(own) | {"headline": "What will be"}, editor, seen=own.version, live=own.version)
    token = issue(own, editor, version=kept.version)
    assert "What will be" in Client().get(f"/preview/{token}/").content.decode()
    editor.groups.set(Group.objects.filter(name="Reporter"))
    assert Client().get(f"/preview/{token}/").status_code == 404
    own.refresh_from_db()
    with pytest.raises(PermissionDenied):
        issue(own, User.objects.get(pk=editor.pk), version=kept.version)


def test_a_reporters_link_lasts_beyond_the_scheduling_of_their_story(reporter, editor):
    own = make_article(status=Status.DRAFT, created_by=reporter)
    token = issue(own, reporter)
    own.publish(editor, at=timezone.now() + DAY)
    assert Client().get(f"/preview/{token}/").status_code == 200


def test_a_reporter_shows_nobody_what_a_story_will_be(client, reporter):
    own = make_article(status=Status.DRAFT, created_by=reporter)
    own.record(reporter)
    with pytest.raises(PermissionDenied):
        issue(own, reporter, follows_next=True)
    client.force_login(reporter)
    address = reverse("admin:articles_article_links", args=[own.pk])
    assert 'value="next"' not in client.get(address).content.decode()
    client.post(address, {"_make": "1", "name": "x", "days": "3", "shows": "next"})
    assert not PreviewLink.objects.exists()


def test_a_link_of_an_account_that_is_no_more_opens_nothing(client, editor):
    _, token = PreviewLink.objects.issue(make_article(status="draft"), "Ada", editor, lasts=DAY)
    PreviewLink.objects.update(made_by=None)
    assert client.get(f"/preview/{token}/").status_code == 404
