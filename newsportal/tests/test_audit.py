"""The log of accounts and access: everything that belongs in it is there, nothing else, and nothing takes it out."""

import datetime
import json

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.tests.factories import make_article
from comments.models import Policy, Term
from comments.tests.factories import make_comment
from newsportal.models import WellKnownFile
from newsportal.roles import create_roles
from newsportal.staff import audit
from newsportal.staff.append_only import allow_changes, allow_emptying, refuse_changes
from newsportal.staff.models import AppendOnly, AuditAddress, AuditEntry
from newsportal.tests.forms import form_of
from newsportal.tests.logging_in import log_in, with_app

pytestmark = pytest.mark.django_db

LOG = "/admin/newsportal/auditentry/"


@pytest.fixture
def desk(client, administrator):
    client.force_login(administrator)
    return client


def told(event: str) -> list[tuple[str, str, str]]:
    """(who, whom or what, what changed), oldest first."""
    return [(e.actor, e.subject, e.told()) for e in AuditEntry.objects.filter(event=event).order_by("pk")]


# --- What is in it ---


def test_coming_in_failing_and_going(client, editor):
    log_in(client, password="wrong")
    log_in(client, "my password typed too early", "x")
    log_in(client)
    client.post("/admin/logout/")
    assert told("login_failed") == [("", "editor", "password"), ("", "an unknown name", "password")]
    assert told("logged_in") == [("editor", "", "password")]
    assert told("logged_out") == [("editor", "", "")]
    assert "too early" not in str(list(AuditEntry.objects.values()))
    assert AuditEntry.objects.filter(event="logged_in", came_from__address="127.0.0.1").exists()


def test_who_invents_names_does_not_fill_the_log(client, editor):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(65):
            log_in(client, f"name {number}", "wrong")
        assert [subject for _, subject, _ in told("login_failed") + told("login_held")] == ["an unknown name"] * 2
        log_in(Client(REMOTE_ADDR="198.51.100.7"), "another name", "wrong")
        assert len(told("login_failed")) == 2
        clock.shift(datetime.timedelta(minutes=16))
        log_in(client, "name 1", "wrong")
        # What is tried on an account that there is stands there each time, until it is too often.
        for _ in range(2):
            log_in(client, password="wrong")
    assert [subject for _, subject, _ in told("login_failed")] == ["an unknown name"] * 3 + ["editor"] * 2


def test_second_factors_and_how_somebody_came_in(client, editor):
    codes = with_app(editor)
    assert [(subject, how) for _, subject, how in told("factor_added")] == [
        ("editor", "authenticator app"), ("editor", "recovery codes"),
    ]  # fmt: skip
    log_in(client)
    client.post("/admin/login/code/", {"code": "00000000"})
    client.post("/admin/login/code/", {"code": codes[0]})
    assert told("login_failed") == [("", "editor", "second factor")]
    assert told("logged_in") == [("editor", "", "password and recovery code")]
    assert told("code_used") == [("editor", "editor", "")]
    client.post("/admin/account/app/remove/")
    assert told("factor_removed") == [("editor", "editor", "authenticator app"), ("editor", "editor", "recovery codes")]
    assert codes[0] not in str(list(AuditEntry.objects.values()))


def test_accounts_with_what_they_were_and_are(desk, reporter):
    address = f"/admin/auth/user/{reporter.pk}/change/"
    before = list(reporter.groups.values_list("pk", flat=True))
    editors = Group.objects.get(name="Editor").pk
    pick = Permission.objects.get(codename="pick_comment").pk
    data = form_of(desk, address) | {"groups": [editors], "user_permissions": [pick], "first_name": "Anna"}
    assert before and desk.post(address, data).status_code == 302
    reporter.refresh_from_db()
    assert reporter.groups.get().pk == editors
    changes = [(who, what) for who, whom, what in told("account_changed") if whom == "reporter"][-4:]
    assert {who for who, _ in changes} == {"administrator"}
    assert [what for _, what in changes] == [
        "first name: – → Anna", "groups: −Reporter", "groups: +Editor", "user permissions: +comments.pick_comment",
    ]  # fmt: skip
    entry = AuditEntry.objects.filter(event="account_changed", now__groups=["Editor"]).get()
    assert entry.was == {"groups": []}
    desk.post(f"/admin/auth/user/{reporter.pk}/password/", {"password1": "another long one", "password2": "another long one",
                                                          "usable_password": "true", "set-password": "1"})  # fmt: skip
    assert told("password_changed") == [("administrator", "reporter", "")]
    desk.post(f"/admin/auth/user/{reporter.pk}/password/", {"usable_password": "false", "unset-password": "1"})
    assert told("password_changed")[1:] == [("administrator", "reporter", "")]
    desk.post(f"/admin/auth/user/{reporter.pk}/delete/", {"post": "yes"})
    assert [(who, whom) for who, whom, _ in told("account_deleted")] == [("administrator", "reporter")]
    assert "argon2" not in str(list(AuditEntry.objects.values())) and "md5" not in str(
        list(AuditEntry.objects.values())
    )


def test_accounts_that_are_made_on_the_command_line(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough one")
    call_command("createsuperuser", interactive=False, username="owner", email="owner@post.example", verbosity=0)
    [(who, whom, what)] = told("account_added")
    assert (who, whom) == ("", "owner") and "by a command" in what and "is superuser: yes" in what


def test_what_a_role_may(desk):
    group = Group.objects.get(name="Reporter")
    data = form_of(desk, f"/admin/auth/group/{group.pk}/change/")
    pick = Permission.objects.get(codename="pick_comment")
    desk.post(f"/admin/auth/group/{group.pk}/change/", data | {"permissions": [*data["permissions"], pick.pk]})
    assert told("role_changed") == [("administrator", "Reporter", "permissions: +comments.pick_comment")]


def test_roles_on_the_command_line():
    group = Group.objects.create(name="Photo desk")
    pick = Permission.objects.get(codename="pick_comment")
    group.permissions.add(pick)
    group.name = "Pictures"
    group.save()
    group.permissions.clear()
    pick.group_set.add(group)
    pick.group_set.remove(group)
    assert [(who, whom) for who, whom, _ in told("role_added")] == [("", "Photo desk")]
    changes = [(whom, what.removeprefix("by a command; ")) for _, whom, what in told("role_changed")]
    assert changes == [
        ("Photo desk", "permissions: +comments.pick_comment"),
        ("Pictures", "name: Photo desk → Pictures"),
        ("Pictures", "permissions: −comments.pick_comment"),
        ("Pictures", "permissions: +comments.pick_comment"),
        ("Pictures", "permissions: −comments.pick_comment"),
    ]


def test_roles_that_are_made_with_the_database_are_nobodys_act():
    Group.objects.get(name="Editor").delete()
    before = AuditEntry.objects.count()
    create_roles()
    assert Group.objects.get(name="Editor").permissions.exists()
    assert AuditEntry.objects.count() == before
    Group.objects.create(name="Photo desk")
    assert AuditEntry.objects.count() == before + 1


def test_a_role_that_goes_leaves_what_it_was_allowed_and_who_had_it(desk, editor):
    editor.groups.add(Group.objects.get(name="Moderator"))
    group = Group.objects.get(name="Editor")
    allowed = group.permissions.count()
    group.delete()
    entry = AuditEntry.objects.get(event="role_deleted")
    assert entry.was["name"] == "Editor" and len(entry.was["permissions"]) == allowed
    assert "articles.publish_article" in entry.was["permissions"] and "articles.publish_article" in entry.told()
    [last] = AuditEntry.objects.filter(event="account_changed", subject="editor").order_by("-pk")[:1]
    assert (last.was["groups"], last.now["groups"]) == (["Editor", "Moderator"], ["Moderator"])
    assert "Editor" in desk.get(f"{LOG}{entry.pk}/change/").content.decode()


def test_an_account_that_goes_leaves_what_it_was_allowed(editor):
    editor.user_permissions.add(Permission.objects.get(codename="pick_comment"))
    editor.delete()
    was = AuditEntry.objects.get(event="account_deleted").was
    assert (was["groups"], was["user_permissions"]) == (["Editor"], ["comments.pick_comment"])


def test_all_who_lose_a_role_or_a_permission_at_once(editor, reporter):
    group, pick = Group.objects.get(name="Editor"), Permission.objects.get(codename="pick_comment")
    group.user_set.set([editor, reporter])
    group.user_set.clear()
    pick.user_set.add(reporter)
    pick.user_set.clear()
    pick.group_set.clear()
    changes = [(whom, what.removeprefix("by a command; ")) for _, whom, what in told("account_changed")]
    # Those who lose one at once are in no order.
    assert sorted(changes[-5:-2]) == [
        ("editor", "groups: −Editor"), ("reporter", "groups: +Editor"), ("reporter", "groups: −Editor"),
    ]  # fmt: skip
    assert changes[-2:] == [
        ("reporter", "user permissions: +comments.pick_comment"),
        ("reporter", "user permissions: −comments.pick_comment"),
    ]
    assert {whom for _, whom, _ in told("role_changed")} == {"Administrator", "Editor", "Moderator"}


def test_rules_of_the_desk(desk):
    desk.post("/admin/comments/term/add/", {"phrase": "casino", "action": "hold", "whole_words": "on"})
    term = Term.objects.get()
    term.action = "reject"
    term.save()
    term.delete()
    WellKnownFile.objects.create(name="ads", text="exchange.example, 1, DIRECT")
    assert told("rule_added")[0][:2] == ("administrator", "casino")
    [(_, whom, what)] = told("rule_changed")
    assert whom == "casino" and "action: hold → reject" in what
    assert [whom for _, whom, _ in told("rule_deleted")] == ["casino"]


def test_a_rule_of_no_and_of_nought_is_told():
    Policy.objects.create(article=make_article(), link_limit=0, first_count=0, guests_allowed=False)
    [(_, _, what)] = told("rule_added")
    for held in ("link limit: 0", "first count: 0", "guests allowed: no"):
        assert held in what
    assert "mode" not in what and "None" not in what


def test_a_rule_goes_with_the_story_that_it_is_for():
    article = make_article(status="draft", headline="Harbour")
    Policy.objects.create(article=article, mode="closed")
    article.delete()
    [(_, whom, _)] = told("rule_deleted")
    assert "Harbour" in whom


def test_readers_data_that_is_handed_out_and_erased_without_saying_whose_address_it_is(desk):
    guest = make_comment(email="wilhelmina@example.org").commenter
    address = f"/admin/comments/commenter/{guest.pk}/privacy/"
    desk.post(address, {"_export": "1"})
    desk.post(address, {"_erase": "1", "keep_comments": "yes", "sure": "on"})
    assert told("reader_exported") == told("reader_erased") == [("administrator", f"Guest {guest.pk}", "")]
    assert "wilhelmina" not in json.dumps(list(AuditEntry.objects.values()), default=str)


def test_a_login_alone_changes_no_account_and_a_hash_that_is_renewed_is_no_new_password(client, editor, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    before = editor.password
    log_in(client)
    editor.refresh_from_db()
    assert editor.password != before
    assert not told("password_changed")
    assert not [whom for _, whom, what in told("account_changed") if "last login" in what]


def test_what_fails_is_not_in_it(editor):
    with pytest.raises(RuntimeError), transaction.atomic():
        editor.first_name = "Anna"
        editor.save()
        raise RuntimeError
    assert "Anna" not in str(told("account_changed"))


# --- That it stays ---


def test_no_model_changes_or_deletes_an_entry():
    entry = audit.record(AuditEntry.Event.LOGGED_IN, actor="somebody")
    entry.actor = "nobody"
    for act in (
        entry.save, entry.delete, AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(actor="nobody"),
        lambda: AuditEntry.objects.bulk_update([entry], ["actor"]),
    ):  # fmt: skip
        with pytest.raises(AppendOnly):
            act()
    assert AuditEntry.objects.get().actor == "somebody"


OTHERWISE = (
    "(id, at, event, actor, subject, note, was, now) "
    "SELECT id, at, event, 'nobody', subject, note, was, now FROM newsportal_auditentry"
)

#: DELETE without WHERE is how SQLite empties a table: it has no TRUNCATE.
CHANGES = [
    "UPDATE newsportal_auditentry SET actor = 'nobody'",
    "DELETE FROM newsportal_auditentry",
    "DELETE FROM newsportal_auditentry WHERE actor = 'somebody'",
    *{
        "postgresql": [
            "TRUNCATE newsportal_auditentry CASCADE",
            "TRUNCATE newsportal_auditentry, newsportal_auditaddress RESTART IDENTITY",
            f"INSERT INTO newsportal_auditentry {OTHERWISE} ON CONFLICT (id) DO UPDATE SET actor = EXCLUDED.actor",
        ],
        "sqlite": [f"REPLACE INTO newsportal_auditentry {OTHERWISE}"],
    }[connection.vendor],
]


@pytest.mark.parametrize("statement", CHANGES)
def test_nor_does_the_database(statement):
    audit.record(AuditEntry.Event.LOGGED_IN, actor="somebody")
    with pytest.raises(DatabaseError, match="added to, and nothing else"), transaction.atomic():
        connection.cursor().execute(statement)
    assert AuditEntry.objects.get().actor == "somebody"


@pytest.mark.django_db(transaction=True)
def test_nor_what_empties_the_whole_database():
    audit.record(AuditEntry.Event.LOGGED_IN, actor="somebody")
    with pytest.raises(CommandError) as refused:
        call_command("flush", interactive=False, verbosity=0)
    assert "added to, and nothing else" in str(refused.value.__cause__)
    assert AuditEntry.objects.get().actor == "somebody"


def test_the_log_is_guarded_once_more_without_harm_and_the_guard_goes_as_a_whole():
    """As migrations do it, forwards and backwards."""
    refuse_changes(connection)
    allow_changes(connection)
    for statement in CHANGES:
        audit.record(AuditEntry.Event.LOGGED_IN, actor="somebody")
        connection.cursor().execute(statement)
        connection.check_constraints()
        assert not AuditEntry.objects.filter(actor="somebody").exists()
    refuse_changes(connection)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
def test_a_version_of_before_can_take_its_part_of_the_guard_back():
    """It knows nothing of the trigger that came later, and drops the function of both."""
    allow_emptying(connection)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER newsportal_auditentry_stays ON newsportal_auditentry")
        cursor.execute("DROP FUNCTION newsportal_auditentry_stays()")
    refuse_changes(connection)


def test_where_somebody_came_from_is_forgotten_and_the_entry_stays(client, editor, settings):
    settings.AUDIT_ADDRESS_DAYS = 30
    now = timezone.now()
    with time_machine.travel(now - datetime.timedelta(days=31)):
        log_in(client)
    log_in(client)
    entries = AuditEntry.objects.count()
    assert audit.forget_addresses() == 1
    assert AuditAddress.objects.count() == AuditEntry.objects.filter(came_from__isnull=False).count()
    assert not AuditAddress.objects.filter(entry__at__lt=now - datetime.timedelta(days=30)).exists()
    assert AuditEntry.objects.count() == entries


# --- Who reads it ---


def test_administrators_read_it_and_nobody_writes_it(desk):
    User.objects.create_user("newcomer")
    page = desk.get(LOG).content.decode()
    assert "Account added" in page and "newcomer" in page
    entry = AuditEntry.objects.first()
    assert "newcomer" in desk.get(f"{LOG}?q=newcomer").content.decode()
    assert "newcomer" not in desk.get(f"{LOG}?event=logged_in").content.decode()
    assert desk.get(f"{LOG}{entry.pk}/change/").status_code == 200
    for place in ("add/", f"{entry.pk}/delete/"):
        assert desk.get(f"{LOG}{place}").status_code == desk.post(f"{LOG}{place}", {"post": "yes"}).status_code == 403
    assert desk.post(f"{LOG}{entry.pk}/change/", {"actor": "nobody"}).status_code == 403
    before = AuditEntry.objects.count()
    desk.post(LOG, {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
    assert AuditEntry.objects.count() == before


def test_the_list_costs_the_same_at_any_length(desk):
    desk.get(LOG)
    numbers = []
    for _ in range(2):
        AuditEntry.objects.bulk_create(AuditEntry(event="logged_in", actor=f"somebody {n}") for n in range(60))
        with CaptureQueriesContext(connection) as queries:
            desk.get(LOG)
        numbers.append(len(queries))
        assert not [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert numbers[0] == numbers[1]
