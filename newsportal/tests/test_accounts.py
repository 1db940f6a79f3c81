"""Who has the accounts in hand gives nobody more than they have themselves, and takes over nobody who has more."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from comments.models import Sanction
from newsportal.accounts import groups_within, held_by, may_manage
from newsportal.tests.forms import form_of

pytestmark = pytest.mark.django_db

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
#: One that no role has.
BEYOND = "add_logentry"


@pytest.fixture
def manager():
    user = User.objects.create_user("manager", password="open sesame", is_staff=True)
    user.groups.add(Group.objects.get(name="Administrator"))
    return user


@pytest.fixture
def desk(client, manager) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("owner", password="the owner's own")


@pytest.fixture
def beyond() -> Permission:
    return Permission.objects.get(codename=BEYOND)


@pytest.fixture(params=["owner", "sleeping owner", "own permission", "in a group", "sleeping, in a group"])
def superior(request, owner, beyond) -> User:
    """An account that has something which no administrator has, whether it is awake or not."""
    if request.param == "owner":
        return owner
    user = User.objects.create_user("superior", password="their own", is_staff=True)
    if "owner" in request.param:
        user.is_superuser = True
    elif request.param == "own permission":
        user.user_permissions.add(beyond)
    else:
        group = Group.objects.create(name="Beyond")
        group.permissions.add(beyond)
        user.groups.add(group)
    user.is_active = "sleeping" not in request.param
    user.save()
    return user


def change(user: User | Group) -> str:
    return f"{USERS if isinstance(user, User) else GROUPS}{user.pk}/change/"


def rows(model):
    return {row["id"]: row for row in model.objects.values()}, set(model.objects.values_list("pk", *LINKS[model]))


LINKS = {User: ("groups", "user_permissions"), Group: ("permissions",)}


# --- What it is for ---


def test_an_administrator_makes_a_colleague_an_editor_and_a_new_administrator(desk):
    data = {
        "username": "newcomer",
        "usable_password": "true",
        "password1": "a long enough one",
        "password2": "a long enough one",
    }
    assert desk.post(f"{USERS}add/", data).status_code == 302
    newcomer = User.objects.get(username="newcomer")
    assert newcomer.check_password("a long enough one")
    names = ["Editor", "Administrator"]
    groups = list(Group.objects.filter(name__in=names).values_list("pk", flat=True))
    pick = Permission.objects.get(codename="pick_comment").pk
    data = form_of(desk, change(newcomer)) | {"is_staff": "on", "groups": groups, "user_permissions": [pick]}
    assert desk.post(change(newcomer), data).status_code == 302
    newcomer.refresh_from_db()
    assert newcomer.is_staff and not newcomer.is_superuser
    assert sorted(newcomer.groups.values_list("name", flat=True)) == sorted(names)
    assert newcomer.user_permissions.get().pk == pick
    answer = desk.post(f"{USERS}{newcomer.pk}/password/", {"password1": "another long one", "password2": "another long one",
                                                           "usable_password": "true", "set-password": "1"})  # fmt: skip
    newcomer.refresh_from_db()
    assert answer.status_code == 302 and newcomer.check_password("another long one")
    assert desk.post(f"{USERS}{newcomer.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username="newcomer").exists()


def test_an_account_is_deleted_with_the_sanctions_that_were_laid_on_it(desk, manager):
    outsider = User.objects.create_user("outsider")
    sanction = Sanction.objects.create(user=outsider, measure=Sanction.Measure.BAN, reason="Spam.", made_by=manager)
    assert desk.post(f"/admin/comments/sanction/{sanction.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.post(f"{USERS}{outsider.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Sanction.objects.exists()


def test_an_administrator_changes_what_a_group_may_within_their_own(desk):
    group = Group.objects.get(name="Reporter")
    pick = Permission.objects.get(codename="pick_comment")
    data = form_of(desk, change(group))
    data["permissions"] = [*data["permissions"], pick.pk]
    assert desk.post(change(group), data).status_code == 302
    assert pick in group.permissions.all()


def test_a_superuser_does_what_they_like(client, owner, beyond, manager):
    client.force_login(owner)
    data = form_of(client, change(manager)) | {"is_superuser": "on", "user_permissions": [beyond.pk]}
    assert client.post(change(manager), data).status_code == 302
    manager.refresh_from_db()
    assert manager.is_superuser and manager.user_permissions.get() == beyond


# --- What it is not for ---


@pytest.mark.parametrize("whom", ["themselves", "a colleague"])
def test_nobody_but_a_superuser_makes_superusers(desk, manager, reporter, whom):
    user = manager if whom == "themselves" else reporter
    data = form_of(desk, change(user))
    assert "is_superuser" not in data
    desk.post(change(user), data | {"is_superuser": "on", "first_name": "Anna"})
    user.refresh_from_db()
    assert not user.is_superuser
    assert user.first_name == "Anna"  # the form as a whole was taken


@pytest.mark.parametrize("address", [f"{USERS}add/", f"{USERS}add/?is_superuser=1&is_staff=1", f"{USERS}add/?_popup=1"])
def test_the_form_of_a_new_account_makes_no_superuser(desk, beyond, address):
    data = {"username": "newcomer", "usable_password": "true", "password1": "a long enough one",
            "password2": "a long enough one", "is_superuser": "on", "is_staff": "on",
            "user_permissions": [beyond.pk], "groups": [Group.objects.create(name="x").pk]}  # fmt: skip
    desk.post(address, data)
    newcomer = User.objects.get(username="newcomer")
    assert not (newcomer.is_superuser or newcomer.is_staff or held_by(newcomer).exists())


@pytest.mark.parametrize("whom", ["themselves", "a colleague"])
def test_no_permission_is_given_that_the_giver_does_not_have(desk, manager, reporter, beyond, whom):
    user = manager if whom == "themselves" else reporter
    for name, pk in (("user_permissions", beyond.pk), ("groups", _beyond_group(beyond).pk)):
        data = form_of(desk, change(user))
        page = desk.post(change(user), data | {name: [pk], "first_name": "Taken"})
        assert page.status_code == 200 and name in page.context["adminform"].form.errors
    user.refresh_from_db()
    assert user.first_name == "" and not held_by(user).filter(pk=beyond.pk).exists()
    page = desk.get(change(user)).content.decode()
    assert "Can add log entry" not in page and "Beyond" not in page


@pytest.mark.parametrize("name", ["Administrator", "Reporter"])
def test_no_group_is_given_more_than_the_giver_has(desk, beyond, name):
    group = Group.objects.get(name=name)
    data = form_of(desk, change(group))
    page = desk.post(change(group), data | {"permissions": [*data["permissions"], beyond.pk]})
    assert page.status_code == 200 and "permissions" in page.context["adminform"].form.errors
    assert not group.permissions.filter(pk=beyond.pk).exists()
    desk.post(f"{GROUPS}add/", {"name": "Mine", "permissions": [beyond.pk]})
    assert not Group.objects.filter(name="Mine").exists()


def test_a_group_that_has_more_is_looked_at_alone(desk, beyond):
    group = _beyond_group(beyond)
    assert desk.get(change(group)).status_code == 200
    before = rows(Group)
    data = {"name": "Renamed", "permissions": [], "_opened_with": "x"}
    assert desk.post(change(group), data).status_code == 403
    assert rows(Group) == before


def test_an_account_that_has_more_is_not_changed_taken_over_or_deleted(desk, superior):
    page = desk.get(change(superior))
    assert page.status_code == 200 and not page.context["has_change_permission"]
    assert superior.password not in page.content.decode()
    own = form_of(desk, change(User.objects.get(username="manager")))
    before = rows(User)
    password = {"password1": "mine now, and long", "password2": "mine now, and long", "usable_password": "true"}
    for address, data in (
        (change(superior), own | {"username": "mine", "email": "mine@post.example", "is_active": "on"}),
        (f"{USERS}{superior.pk}/password/", password | {"set-password": "1"}),
        (f"{USERS}{superior.pk}/password/", {"usable_password": "false", "unset-password": "1"}),
        (f"{USERS}{superior.pk}/delete/", {"post": "yes"}),
        (USERS, {"action": "delete_selected", "_selected_action": [superior.pk], "post": "yes"}),
        (USERS, {"action": "delete_selected", "_selected_action": [0], "select_across": "1", "post": "yes"}),
    ):
        assert desk.post(address, data).status_code == 403, address
        assert rows(User) == before, address
    assert desk.get(f"{USERS}{superior.pk}/password/").status_code == 403
    assert desk.get(f"{USERS}{superior.pk}/delete/").status_code == 403


def test_many_with_a_superior_among_them_are_not_deleted(desk, owner, reporter):
    data = {"action": "delete_selected", "_selected_action": [reporter.pk, owner.pk], "post": "yes"}
    assert desk.post(USERS, data).status_code == 403
    assert User.objects.filter(pk__in=[owner.pk, reporter.pk]).count() == 2


def test_passwords_are_not_looked_up_by_their_hash(desk, owner):
    answer = desk.get(USERS, {"password__startswith": "md5"})
    assert answer.status_code in {302, 400}


def test_who_may_change_accounts_and_nothing_else_gives_nothing_else(client, reporter, owner):
    """An account of the newsroom's own making: the permission alone, without the group."""
    clerk = User.objects.create_user("clerk", password="open sesame", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="auth", codename__endswith="_user"))
    client.force_login(clerk)
    assert not may_manage(clerk, reporter) and not may_manage(clerk, owner)
    assert client.post(f"{USERS}{reporter.pk}/password/", {}).status_code == 403
    data = form_of(client, change(clerk))
    editors = Group.objects.get(name="Editor")
    assert client.post(change(clerk), data | {"groups": [editors.pk]}).status_code == 200
    assert not clerk.groups.exists()
    assert not groups_within(clerk).filter(permissions__isnull=False).exists()


def test_who_has_all_permissions_and_is_no_superuser_manages_no_superuser(manager, owner, reporter):
    manager.user_permissions.set(Permission.objects.all())
    assert may_manage(manager, reporter) and not may_manage(manager, owner)


def _beyond_group(beyond: Permission) -> Group:
    group, _ = Group.objects.get_or_create(name="Beyond")
    group.permissions.add(beyond)
    return group
