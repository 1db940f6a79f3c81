"""No form of the desk overwrites what somebody else has saved since it was opened."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core import signing
from django.utils import timezone

from adverts.models import Sponsor
from articles.models import Contributor, Section, Tag
from articles.tests.factories import make_contributor, make_section, make_tag
from comments.models import Term
from newsportal.models import Page
from newsportal.stale import SALT, RefusesStale
from newsportal.tests.forms import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, administrator):
    client.force_login(administrator)
    return client


CASES = {
    "section": (make_section, Section, "name", "articles/section"),
    "contributor": (make_contributor, Contributor, "name", "articles/contributor"),
    "tag": (make_tag, Tag, "name", "articles/tag"),
    "term": (lambda: Term.objects.create(phrase="first"), Term, "phrase", "comments/term"),
    "page": (
        lambda: Page.objects.create(title="First", slug="first", body="<p>x</p>"),
        Page,
        "title",
        "newsportal/page",
    ),
    "sponsor": (lambda: Sponsor.objects.create(name="First"), Sponsor, "name", "adverts/sponsor"),
    "group": (lambda: Group.objects.create(name="First"), Group, "name", "auth/group"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_second_is_refused_with_both_sides_and_may_insist(desk, case):
    make, model, field, place = CASES[case]
    obj = make()
    url = f"/admin/{place}/{obj.pk}/change/"
    mine = opened(desk, url) | {field: "Mine, typed long"}
    model.objects.filter(pk=obj.pk).update(**{field: "Theirs <b>"})

    response = desk.post(url, mine)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Somebody else saved this" in page
    assert "Theirs &lt;b&gt;" in page
    assert "Mine, typed long" in page
    assert getattr(model.objects.get(pk=obj.pk), field) == "Theirs <b>"

    again = mine | {"_opened_with": re.search(r'name="_opened_with" value="([^"]+)"', page)[1]}
    assert desk.post(url, again).status_code == 302
    assert getattr(model.objects.get(pk=obj.pk), field) == "Mine, typed long"


@pytest.mark.parametrize("case", CASES)
def test_who_is_alone_saves_as_ever(desk, case):
    make, model, field, place = CASES[case]
    obj = make()
    url = f"/admin/{place}/{obj.pk}/change/"
    assert desk.post(url, opened(desk, url) | {field: "Mine alone"}).status_code == 302
    assert getattr(model.objects.get(pk=obj.pk), field) == "Mine alone"


@pytest.mark.parametrize("value", [None, "", "x", "forged:by:me"])
def test_a_form_that_does_not_say_what_it_began_from_saves_nothing(desk, value):
    section = make_section(name="First")
    url = f"/admin/articles/section/{section.pk}/change/"
    data = opened(desk, url) | {"name": "Forged"}
    data.pop("_opened_with")
    if value is not None:
        data["_opened_with"] = value
    assert desk.post(url, data).status_code == 200
    section.refresh_from_db()
    assert section.name == "First"


def test_what_was_written_into_a_form_of_what_is_deleted_meanwhile_comes_back(desk):
    contributor = make_contributor()
    url = f"/admin/articles/contributor/{contributor.pk}/change/"
    mine = opened(desk, url)
    contributor.delete()
    words = "She has written about the harbour for thirty years,\nand about <b> nothing else."
    answer = desk.post(url, mine | {"biography": words}, headers={"Sec-Fetch-Site": "same-origin"})
    page = answer.content.decode()
    assert answer.status_code == 404 and "no-store" in answer["Cache-Control"]
    assert "This was deleted meanwhile" in page and "about &lt;b&gt; nothing else." in page and "readonly" in page
    assert 'href="/admin/articles/contributor/"' in page and mine["_opened_with"] not in page
    # Where nothing was written there is nothing to be copied.
    assert desk.post(url, mine | {"biography": ""}, headers={"Sec-Fetch-Site": "same-origin"})["Location"] == "/admin/"
    assert desk.get(url)["Location"] == "/admin/"


def test_a_row_that_another_has_added_is_noticed(desk):
    contributor = make_contributor()
    url = f"/admin/articles/contributor/{contributor.pk}/change/"
    mine = opened(desk, url) | {"name": "Mine"}
    contributor.links.create(label="Their page", url="https://example.org/")
    assert "Their page" in desk.post(url, mine).content.decode()
    contributor.refresh_from_db()
    assert contributor.name != "Mine"


def test_a_form_carries_nothing_that_is_not_on_the_page(desk, editor, administrator):
    url = f"/admin/auth/user/{editor.pk}/change/"
    carried = signing.loads(opened(desk, url)["_opened_with"], salt=SALT)
    assert "password" not in carried and "last_login" not in carried
    for value in (editor.password, editor.username):
        assert value not in str(carried)
    # The same value at another object, or in another field, gives another digest: nothing can be compared.
    other = signing.loads(opened(desk, f"/admin/auth/user/{administrator.pk}/change/")["_opened_with"], salt=SALT)
    assert not set(other.values()) & set(carried.values())
    assert len(set(carried.values())) == len(carried)


def test_a_login_meanwhile_is_no_conflict_and_a_change_is(desk, editor):
    url = f"/admin/auth/user/{editor.pk}/change/"
    form = desk.get(url).context["adminform"].form
    mine = {"_opened_with": opened(desk, url)["_opened_with"], "username": editor.username, "first_name": "Anna",
            "is_active": "on", "is_staff": "on", "groups": form.initial["groups"][0].pk,
            "date_joined_0": f"{timezone.localtime(editor.date_joined):%Y-%m-%d}",
            "date_joined_1": f"{timezone.localtime(editor.date_joined):%H:%M:%S}"}  # fmt: skip
    User.objects.filter(pk=editor.pk).update(last_login=timezone.now())
    assert desk.post(url, mine).status_code == 302
    editor.refresh_from_db()
    assert editor.first_name == "Anna"
    User.objects.filter(pk=editor.pk).update(email="theirs@post.example")
    page = desk.post(url, mine | {"first_name": "Hanna"}).content.decode()
    assert "Somebody else saved this" in page and "theirs@post.example" in page
    assert "first name" in page  # what was saved before, too


def test_every_screen_either_merges_or_refuses():
    for model, screen in admin.site._registry.items():
        assert isinstance(screen, RefusesStale) or screen.merges_changes, model
