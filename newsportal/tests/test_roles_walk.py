"""Every address of the desk, walked by every role: what each reaches is written here, and nothing else opens."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from articles.models import Article, Reads
from articles.tests.factories import make_article, make_contributor, make_image
from articles.tests.story_form import form_of, hidden, url
from articles.workflow import Status
from newsportal.roles import ROLES
from newsportal.tests.browsing import opened_with
from newsportal.tests.desk_walk import BEYOND, EDITS, address_beyond, names_of

pytestmark = pytest.mark.django_db

#: Screens that a role opens, by model; what stands for others in the form (lookups) is "look".
OPEN = {
    "Reporter": {"article", "image", "section", "contributor", "tag"},
    "Editor": {
        "article",
        "image",
        "section",
        "contributor",
        "tag",
        "page",
        "comment",
        "policy",
        "frontpagestory",
        "banner",
    },
    "Moderator": {"comment", "commenter", "sanction", "term", "policy"},
    "Advertising": {"sponsor", "booking", "section", "image"},
    "Administrator": {
        "article", "image", "section", "contributor", "tag", "page", "comment", "policy", "frontpagestory", "banner",
        "commenter", "sanction", "term", "sponsor", "booking", "wellknownfile", "user", "group", "auditentry", "policyreport",
        "dbtaskresult",
    },
    None: set(),
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
    ("articles", "frontpagestory", "article"),
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
    client.post(url(public), form_of(public, headline="Mine now"))
    public.refresh_from_db()
    assert public.headline == "For all to read"


ACTIONS = [("publish_selected", Status.DRAFT), ("withdraw_selected", Status.PUBLISHED)]


@pytest.mark.parametrize(("action", "before"), ACTIONS)
@pytest.mark.parametrize("role", [*ROLES, None])
def test_only_an_editor_acts_on_many(client, role, action, before):
    user = person(role)
    story = make_article(status=before, created_by=user)
    client.force_login(user)
    client.post("/admin/articles/article/", {"action": action, "_selected_action": [story.pk], "_sure": "yes"})
    story.refresh_from_db()
    assert (story.status != before) is (role in EDITS)


@pytest.mark.parametrize("role", [*ROLES, None])
def test_only_an_editor_deletes_many(client, role):
    user = person(role)
    story = make_article(status=Status.DRAFT, created_by=user)
    client.force_login(user)
    data = {"action": "delete_selected", "_selected_action": [story.pk], "post": "yes"}
    client.post("/admin/articles/article/", data)
    assert Article.objects.exists() is (role not in EDITS)


MOVES_OF = {
    "publish": (Status.DRAFT, EDITS),
    "submit": (Status.DRAFT, {*EDITS, "Reporter"}),
    "return_to_draft": (Status.IN_REVIEW, {*EDITS, "Reporter"}),
    "withdraw": (Status.PUBLISHED, EDITS),
}


@pytest.mark.parametrize("move", MOVES_OF)
@pytest.mark.parametrize("role", [*ROLES, None])
def test_a_button_moves_a_story_for_its_roles_alone(client, role, move):
    """The whole form as a browser sends it: only the role makes the difference."""
    before, may = MOVES_OF[move]
    user = person(role)
    story = make_article(status=before, created_by=user, bylines=((make_contributor(), "written"),), standfirst="x")
    story.record(user)
    client.force_login(user)
    answer = client.post(url(story), form_of(story, headline="Changed", _move=move, _says="", publish_anyway="A test."))
    if answer.status_code == 200 and "_sure" in answer.content.decode():
        sure = hidden(answer.content.decode())["_sure"]
        answer = client.post(
            url(story), form_of(story, headline="Changed", _move=move, publish_anyway="A test.", _sure=sure)
        )
    story.refresh_from_db()
    assert (story.status != before) is (role in may)
    writes = EDITS if before == Status.PUBLISHED else {*EDITS, "Reporter"}
    assert (story.headline == "Changed") is (role in writes)


#: What each role may change of what it can open. All else there is to look at.
CHANGE = {
    "Reporter": {"image"},
    "Editor": {"article", "image", "section", "contributor", "tag", "page", "policy", "frontpagestory", "banner"},
    "Moderator": {"term", "policy"},
    "Advertising": {"sponsor", "booking"},
    "Administrator": {
        "article", "image", "section", "contributor", "tag", "page", "policy", "frontpagestory", "banner", "term",
        "sponsor", "booking", "wellknownfile", "user", "group",
    },
    None: set(),
}  # fmt: skip


@pytest.mark.parametrize("role", [*ROLES, None])
def test_a_role_changes_only_what_is_its_business(client, things, role):
    client.force_login(person(role))
    for model in admin.site._registry:
        name = model._meta.model_name
        if name not in things:
            continue
        one = things[name]
        address = reverse(f"admin:{model._meta.app_label}_{name}_change", args=[one.pk])
        page = client.get(address, follow=True)
        may = page.status_code == 200 and bool((page.context or {}).get("has_change_permission"))
        assert may is (name in CHANGE[role]), (role, name)
        if may:
            continue
        before = type(one).objects.filter(pk=one.pk).values().get()
        data = dict.fromkeys(before, "changed") | {"name": "Changed", "_save": "Save", "_continue": "1"}
        client.post(address, data)
        assert type(one).objects.filter(pk=one.pk).values().get() == before, (role, name)


#: Everybody's, and what the walk above has been to.
EVERYBODYS = {
    "app_list", "autocomplete", "back", "index", "jsi18n", "login", "logout", "password_change", "password_change_done",
    "view_on_site",
}  # fmt: skip
OF_DJANGO = ("_changelist", "_add", "_change", "_delete", "_history")


def test_the_walk_knows_every_address_of_the_desk():
    ours = {name for name in names_of(admin.site.urls[0]) if name and not name.endswith(OF_DJANGO)}
    assert ours - EVERYBODYS | {"auth_user_password_change"} == set(BEYOND)


@pytest.mark.parametrize("name", BEYOND)
def test_an_address_beyond_opens_for_its_roles_alone(client, things, name):
    draft = things["article"]
    draft.record(None)
    address = address_beyond(name, things)
    before = Article.objects.filter(pk=draft.pk).values().get()
    for role in sorted({*ROLES, None} - BEYOND[name], key=str):
        client.force_login(person(role))
        for answer in _knock(client, address, draft):
            # A colleague's draft is not there for a reporter: Django leads back to the list.
            elsewhere = answer.status_code == 302 and answer["Location"].startswith("/admin/")
            assert elsewhere or answer.status_code in {403, 404, 405}, (role, name, answer.status_code)
    assert Article.objects.filter(pk=draft.pk).values().get() == before
    for role in BEYOND[name]:
        client.force_login(person(role))
        for answer in _knock(client, address, draft):
            assert answer.status_code != 403 and "/login/" not in answer.get("Location", ""), (role, name)


def _knock(client, address: str, draft: Article):
    return client.get(address), client.post(address, {"live": "1", "name": "x", "seen": draft.version})


@pytest.mark.parametrize("role", [*ROLES, None])
def test_reads_open_to_who_writes_and_show_a_reporter_nothing_of_others(client, things, role):
    Reads.objects.add({make_article(headline="Read by many").pk: 4321})
    client.force_login(person(role))
    answer = client.get(reverse("admin:articles_article_reads"))
    assert (answer.status_code == 200) is ("article" in OPEN[role])
    seen = answer.content.decode() + client.get(reverse("admin:articles_article_changelist")).content.decode()
    assert ("4321" in seen or "4,321" in seen) is (role in EDITS)


#: What can be done to many rows of a list at once, and by whom.
BOOKS, MODERATES, ADMINISTERS = ({name, "Administrator"} for name in ("Advertising", "Moderator", "Administrator"))
ACTIONS_OF = {
    "article": {"publish_selected": EDITS, "withdraw_selected": EDITS, "delete_selected": EDITS},
    **{name: {"delete_selected": EDITS} for name in ("image", "section", "contributor", "tag", "banner", "page")},
    **{name: {"delete_selected": BOOKS} for name in ("sponsor", "booking")},
    **{name: {"delete_selected": ADMINISTERS} for name in ("user", "wellknownfile")},
    "sanction": {"lift": MODERATES},
    "term": {"delete_selected": MODERATES},
    "dbtaskresult": {"do_again": ADMINISTERS},
}


def test_every_action_of_every_list_is_offered_to_its_roles_alone(rf, things):
    found: dict[str, dict[str, set]] = {}
    for role in [*ROLES, None]:
        request = rf.get("/admin/")
        request.user = person(role)
        for model, screen in admin.site._registry.items():
            for action in screen.get_actions(request):
                found.setdefault(model._meta.model_name, {}).setdefault(action, set()).add(role)
    assert found == ACTIONS_OF


def test_nobody_hears_where_a_draft_will_stand_but_who_may_look_at_it(client, reporter):
    draft = make_article(status=Status.DRAFT, headline="Secret plans of the harbour")
    own = Article.objects.create(headline="My own draft", created_by=reporter)
    kind = ContentType.objects.get_for_model(Article).pk

    def answer(story: Article):
        return client.get(reverse("admin:view_on_site", args=[kind, story.pk]))

    for role in (*ROLES, None):
        client.force_login(person(role))
        assert (answer(draft).status_code == 302) is (role in EDITS), role
    client.force_login(reporter)
    assert answer(draft).status_code == 404
    assert answer(own).status_code == 302
    assert client.get(f"/admin/r/%20{kind}/{draft.pk}/").status_code == 404
    for other in (kind, ContentType.objects.get_for_model(Reads).pk, 10**6):
        assert client.get(reverse("admin:view_on_site", args=[other, "x"])).status_code == 404


@pytest.mark.parametrize("asked", ["image/?leads=", "image/?used_in=", "contributor/?articles=", "section/?articles=",
                                   "tag/?article=", "tag/?tagged_articles=", "image/?nonesuch="])  # fmt: skip
def test_no_list_is_filtered_by_what_a_colleagues_draft_refers_to(client, reporter, asked):
    draft = make_article(
        status=Status.DRAFT, lead_image=make_image(), tags=("Boats",), bylines=((make_contributor(), "written"),)
    )
    client.force_login(reporter)
    answer = client.get(f"/admin/articles/{asked}{draft.pk}")
    assert answer.status_code in {302, 400}


@pytest.mark.parametrize(
    "asked",
    [
        # SQLite has Python look for these, which can take longer than anybody lives.
        "articles/article/?headline__regex=%5E(a%2B)%2B%24",
        "articles/article/?pk__iregex=1",
        "articles/section/?name__regex=x",
        "articles/article/?body__icontains=x",
        "articles/article/?body=x",
        "articles/article/?section__name__contains=x",
        "articles/image/?credit__contains=x",
    ],
)
def test_no_list_is_asked_for_what_none_of_its_filters_offers(client, reporter, asked):
    make_article(status=Status.DRAFT, headline="a" * 40 + "!", created_by=reporter)
    client.force_login(reporter)
    assert client.get(f"/admin/{asked}").status_code == 400


def test_a_form_is_not_taken_for_one_of_something_new(client, reporter, monkeypatch):
    """Django would do that in the transaction of the old one, in which nobody else writes to SQLite."""
    monkeypatch.setattr("articles.admin.image.ingest_apart", lambda upload: pytest.fail("was decoded"))
    client.force_login(reporter)
    sent = {"_saveasnew": "1", "upload": SimpleUploadedFile("x.jpg", b"x")}
    for number in (make_image().pk, 4711):
        assert client.post(reverse("admin:articles_image_change", args=[number]), sent).status_code == 400


def test_what_the_newsroom_has_noted_of_a_story_is_for_who_works_on_it(client, reporter, editor):
    theirs, own = make_article(status=Status.DRAFT), make_article(status=Status.DRAFT, created_by=reporter)
    for story in (theirs, own):
        story.publish(editor, note="Called the mayor twice.")
    for person, seen in ((reporter, {theirs: False, own: True}), (editor, {theirs: True})):
        client.force_login(person)
        for story, may in seen.items():
            page = client.get(reverse("admin:articles_article_change", args=[story.pk]))
            assert (page.status_code, b"Called the mayor" in page.content) == (200, may)


def test_a_reporter_who_presses_publish_hears_nothing_of_a_colleagues_draft(client, reporter):
    make_article(status=Status.DRAFT, headline="The harbour will be sold to its director")
    own = make_article(
        status=Status.DRAFT, headline="The harbour will be sold to its directors", created_by=reporter,
        bylines=((make_contributor(), "written"),), standfirst="x",
    )  # fmt: skip
    own.record(reporter)
    client.force_login(reporter)
    answer = client.post(url(own), form_of(own, _move="publish", _says="", publish_anyway="A test."), follow=True)
    assert "sold to its director\u201d" not in answer.content.decode().replace("&rdquo;", "\u201d")
    assert "nearly the same" not in answer.content.decode()
    own.refresh_from_db()
    assert own.status == Status.DRAFT


def test_a_reporter_changes_no_picture_that_readers_see(client, reporter):
    shown, reviewed, beside, free = (make_image() for _ in range(4))
    make_article(lead_image=shown)
    make_article(status=Status.IN_REVIEW, lead_image=reviewed)
    make_article(status=Status.DRAFT, lead_image=free)
    make_contributor(photo=beside)
    client.force_login(reporter)
    for image, may in ((shown, False), (reviewed, False), (beside, False), (free, True)):
        address = reverse("admin:articles_image_change", args=[image.pk])
        assert bool(client.get(address).context["has_change_permission"]) is may
        data = {"title": image.title, "alt": "Changed", "focal_x": "0.5", "focal_y": "0.5"} | opened_with(
            client, address
        )
        client.post(address, data)
        image.refresh_from_db()
        assert (image.alt == "Changed") is may
