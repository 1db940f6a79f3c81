"""What something shows is not deleted: nothing is missing from a page without a word."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from adverts.models import Booking
from adverts.tests.factories import make_booking
from articles.editing.next_version import keep_next
from articles.editing.snapshot import take
from articles.models import Tag
from articles.models.in_use import users_of
from articles.tests.factories import make_article, make_contributor, make_image, make_section
from newsportal.models import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, administrator):
    client.force_login(administrator)
    return client


def figure(image) -> str:
    return f'<p>A ferry.</p><figure data-image="{image.pk}"><figcaption></figcaption></figure>'


def kept_next(editor, **changed):
    article = make_article(headline="Ferry")
    article.record(editor)
    return keep_next(article, take(article) | changed, editor, seen=article.version, live=article.version)


USES = {
    "the lead of a next version": (make_image, lambda image, by: kept_next(by, lead_image=image.pk)),
    "the text of a next version": (make_image, lambda image, by: kept_next(by, body=figure(image))),
    "a portrait": (make_image, lambda image, by: make_contributor(name="Ana", photo=image)),
    "a page": (make_image, lambda image, by: Page.objects.create(title="About us", slug="about", body=figure(image))),
    "a byline": (make_contributor, lambda person, by: kept_next(by, bylines=[[person.pk, "written"]])),
    "a section": (make_section, lambda section, by: kept_next(by, section=section.pk)),
    "a booking": (make_section, lambda section, by: make_booking(sections=(section,))),
}


@pytest.mark.parametrize("use", USES)
def test_what_is_in_use_is_not_deleted_and_the_desk_says_where(desk, editor, use):
    make, put = USES[use]
    shown = make()
    user = put(shown, editor)
    address = f"admin:articles_{shown._meta.model_name}_"
    pages = [
        desk.get(reverse(f"{address}delete", args=[shown.pk])),
        desk.post(reverse(f"{address}delete", args=[shown.pk]), {"post": "yes"}),
        desk.post(
            reverse(f"{address}changelist"),
            {"action": "delete_selected", "_selected_action": [shown.pk], "post": "yes"},
        ),
    ]
    assert all(str(user) in page.content.decode() for page in pages)
    with pytest.raises(ProtectedError), transaction.atomic():
        type(shown).objects.filter(pk=shown.pk).delete()
    user.delete()
    desk.post(reverse(f"{address}delete", args=[shown.pk]), {"post": "yes"})
    assert not type(shown).objects.filter(pk=shown.pk).exists()


SHOWN_BY_STORIES = {
    "a lead": (make_image, lambda image: make_article(lead_image=image)),
    "a picture in a text": (make_image, lambda image: make_article(body=figure(image))),
    "an author": (make_contributor, lambda person: make_article(bylines=((person, "written"),))),
    "a section": (make_section, lambda section: make_article(section=section)),
}


@pytest.mark.parametrize("shown_by", SHOWN_BY_STORIES)
def test_what_many_stories_show_is_told_by_a_few_of_them_of_which_no_text_is_read(desk, monkeypatch, shown_by):
    monkeypatch.setattr("articles.admin.in_use.SHOWN", 2)
    make, show = SHOWN_BY_STORIES[shown_by]
    shown = make()
    stories = [show(shown) for _ in range(4)]
    with CaptureQueriesContext(connection) as asked:
        page = desk.get(reverse(f"admin:articles_{shown._meta.model_name}_delete", args=[shown.pk])).content.decode()
    told = [story for story in stories if reverse("admin:articles_article_change", args=[story.pk]) in page]
    assert len(told) == 2 and "and more" in page
    assert not [query for query in asked.captured_queries if '"articles_article"."body' in query["sql"]]


def test_a_tag_is_deleted_at_one_cost_however_many_stories_have_it(desk, monkeypatch):
    monkeypatch.setattr("articles.search.entries.AT_ONCE", 1)
    costs = []
    for many in (1, 2, 5):  # the first asks for content types, too
        tag = Tag.objects.create(name=f"Tag of {many}")
        stories = [make_article(tags=(tag.name,)) for _ in range(many)]
        url = reverse("admin:articles_tag_delete", args=[tag.pk])
        with CaptureQueriesContext(connection) as asked:
            page = desk.get(url).content.decode()
            assert f"on {many} stor" in page and str(stories[0]) not in page
            assert desk.post(url, {"post": "yes"}).status_code == 302
        costs.append(len(asked))
        assert not Tag.objects.filter(pk=tag.pk).exists()
        assert all(not story.tags.exists() for story in stories)
    assert costs[1] == costs[2]


def test_tags_are_deleted_together_and_only_by_who_may(desk, client, reporter):
    tags = [Tag.objects.create(name=name) for name in ("Trams", "Ferries")]
    make_article(tags=("Trams", "Ferries"))
    data = {"action": "delete_selected", "_selected_action": [tag.pk for tag in tags]}
    page = desk.post(reverse("admin:articles_tag_changelist"), data).content.decode()
    assert "Trams" in page and "Ferries" in page and "1 story" in page
    client.force_login(reporter)
    client.post(reverse("admin:articles_tag_changelist"), data | {"post": "yes"})
    assert client.post(reverse("admin:articles_tag_delete", args=[tags[0].pk]), {"post": "yes"}).status_code == 403
    assert Tag.objects.count() == 2


def test_many_are_looked_for_at_once(editor, django_assert_num_queries):
    images = [make_image() for _ in range(3)]
    story = make_article(body=figure(images[0]) + figure(images[1]))
    waiting, page = (
        kept_next(editor, lead_image=images[2].pk),
        Page.objects.create(slug="about", body=figure(images[2])),
    )
    with django_assert_num_queries(6):
        assert users_of(images, most=9) == [story, waiting, page]
    with django_assert_num_queries(6):
        assert users_of(images[:1], most=9) == [story]


def test_a_booking_that_has_ended_keeps_no_section():
    now = timezone.now()
    section = make_section()
    make_booking(sections=(section,), starts_at=now - datetime.timedelta(days=2), ends_at=now)
    section.delete()
    assert not Booking.objects.get().sections.exists()


def test_who_does_not_publish_is_not_told_where_a_picture_stands(client, reporter, editor):
    image = make_image()
    kept_next(editor, lead_image=image.pk)
    reporter.user_permissions.add(Permission.objects.get(codename="delete_image"))
    client.force_login(reporter)
    page = client.get(reverse("admin:articles_image_delete", args=[image.pk])).content.decode()
    assert "Ferry" not in page
    assert "in use in 1 place<" in page
    Page.objects.create(title="About us", slug="about", body=figure(image))
    page = client.get(reverse("admin:articles_image_delete", args=[image.pk])).content.decode()
    assert "About us" not in page
    assert "in use in 2 places<" in page
