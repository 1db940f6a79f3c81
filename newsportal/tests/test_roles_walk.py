"""Every address of the desk, walked by every role: what each reaches is written here, and nothing else opens."""

import datetime

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.urls import reverse

from adverts.models import Booking, Placement, Sponsor
from articles.models import Article, Version
from articles.tests.factories import make_article, make_contributor, make_image, make_section, make_tag
from articles.workflow import Status
from comments.models import Policy, Sanction, Term
from comments.tests.factories import make_comment
from newsportal.models import Page
from newsportal.roles import ROLES

pytestmark = pytest.mark.django_db

#: Screens that a role opens, by model; what stands for others in the form (lookups) is "look".
OPEN = {
    "Reporter": {"article", "image", "section", "contributor", "tag"},
    "Editor": {"article", "image", "section", "contributor", "tag", "page", "comment", "policy"},
    "Moderator": {"comment", "commenter", "sanction", "term", "policy"},
    "Advertising": {"sponsor", "booking", "section", "image"},
    None: set(),
}


@pytest.fixture
def things():
    """One of everything that has a screen."""
    comment = make_comment()
    sponsor = Sponsor.objects.create(name="Sponsor")
    now = comment.created_at
    return {
        "article": make_article(status=Status.DRAFT), "image": make_image(), "section": make_section(),
        "contributor": make_contributor(), "tag": make_tag(), "comment": comment, "commenter": comment.commenter,
        "sanction": Sanction.objects.create(measure="ban", reason="x", mail_domain="evil.example"),
        "term": Term.objects.create(phrase="term"), "policy": Policy.objects.create(), "sponsor": sponsor,
        "booking": Booking.objects.create(
            sponsor=sponsor, placement=Placement.SIDEBAR, headline="x", url="https://e.example", starts_at=now,
            ends_at=now + datetime.timedelta(days=1),
        ),
        "page": Page.objects.create(title="Page", slug="page", body="<p>x</p>"),
        "user": User.objects.create_user("somebody"), "group": Group.objects.first(),
    }  # fmt: skip


def person(role: str | None) -> User:
    user = User.objects.create_user(f"walker-{role}", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def test_the_walk_knows_every_role_and_screen(things):
    assert set(OPEN) == {*ROLES, None}
    ours = {model._meta.model_name for model in admin.site._registry} - {"dbtaskresult"}
    assert ours == set(things)


@pytest.mark.parametrize("role", [*ROLES, None])
def test_a_role_opens_its_screens_and_no_other(client, things, role):
    client.force_login(person(role))
    for model in admin.site._registry:
        name = model._meta.model_name
        prefix = f"admin:{model._meta.app_label}_{name}"
        opened = client.get(reverse(f"{prefix}_changelist")).status_code
        assert (opened in {200, 302}) is (name in OPEN[role]), (role, name, opened)
        if name in OPEN[role] or name not in things:
            continue
        one = [things[name].pk]
        for place, args in (("add", []), ("change", one), ("delete", one), ("history", one)):
            url = reverse(f"{prefix}_{place}", args=args)
            for answer in (client.get(url), client.post(url, {"post": "yes", "_save": "Save"})):
                assert answer.status_code in {302, 403, 404}, (role, url, answer.status_code)
                assert "/admin/" in answer.get("Location", "/admin/")
        delete = {"action": "delete_selected", "_selected_action": one, "post": "yes"}
        assert client.post(reverse(f"{prefix}_changelist"), delete).status_code in {302, 403}
        assert type(things[name]).objects.filter(pk=things[name].pk).exists(), (role, name)


LOOKUPS = [
    ("articles", "article", "section"),
    ("articles", "article", "lead_image"),
    ("articles", "byline", "contributor"),
    ("articles", "taggedarticle", "tag"),
    ("comments", "sanction", "user"),
]


@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("field", LOOKUPS)
def test_lookups_answer_only_who_may_see_what_they_look_up(client, things, role, field):
    client.force_login(person(role))
    app, model, name = field
    question = {"app_label": app, "model_name": model, "field_name": name, "term": ""}
    answer = client.get(reverse("admin:autocomplete"), question)
    target = {"lead_image": "image"}.get(name, name)
    assert (answer.status_code == 200) is (target in OPEN[role]), (role, field, answer.status_code)


# --- A reporter and a colleague's draft ---


def test_a_reporter_never_sees_a_colleagues_draft(client, reporter):
    draft = make_article(status=Status.DRAFT, headline="Secret plans of the harbour")
    draft.record(None)
    scheduled = make_article(headline="Secret and scheduled", publish_at=draft.created_at.replace(year=2099))
    public = make_article(headline="For all to read")
    own = Article.objects.create(headline="My own draft", created_by=reporter)
    client.force_login(reporter)
    page = client.get("/admin/articles/article/").content.decode()
    assert "Secret" not in page
    assert "For all to read" in page and "My own draft" in page
    found = client.get("/admin/articles/article/", {"q": "Secret"}).content.decode()
    assert "plans of the harbour" not in found and "and scheduled" not in found
    for story in (draft, scheduled):
        for place in ("change/", "history/", "history/1/", "delete/"):
            answer = client.get(f"/admin/articles/article/{story.pk}/{place}")
            assert answer.status_code in {302, 403, 404}, place
        answer = client.post(f"/admin/articles/article/{story.pk}/change/", {"headline": "Mine now", "version": 1})
        assert answer.status_code in {302, 403, 404}
        story.refresh_from_db()
        assert "Secret" in story.headline
    assert client.get(f"/admin/articles/article/{own.pk}/change/").status_code == 200
    assert client.get(f"/admin/articles/article/{public.pk}/change/").status_code == 200
    client.post(f"/admin/articles/article/{public.pk}/change/", {"headline": "Mine now", "version": public.version})
    public.refresh_from_db()
    assert public.headline == "For all to read"


@pytest.mark.parametrize("action", ["publish_selected", "withdraw_selected", "delete_selected"])
def test_a_reporter_acts_on_no_list(client, reporter, action):
    public, own = (
        make_article(),
        Article.objects.create(headline="My own draft", created_by=reporter, section=make_section()),
    )
    client.force_login(reporter)
    data = {"action": action, "_selected_action": [public.pk, own.pk], "post": "yes"}
    client.post("/admin/articles/article/", data)
    assert set(Article.objects.values_list("status", flat=True)) == {Status.PUBLISHED, Status.DRAFT}


def test_a_reporter_submits_and_no_more(client, reporter):
    own = Article.objects.create(headline="My own draft", created_by=reporter, body="<p>x</p>", section=make_section())
    own.record(reporter)
    client.force_login(reporter)
    for move in ("publish", "withdraw", "unschedule"):
        client.post(
            f"/admin/articles/article/{own.pk}/change/",
            {"headline": own.headline, "version": own.version, "_move": move},
        )
        own.refresh_from_db()
        assert own.status == Status.DRAFT
    assert Version.objects.of(own).exists()
