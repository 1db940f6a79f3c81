"""A sanction hits somebody or is refused beside its field; its page tells what it is, and lifts it."""

import datetime
import ipaddress

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError

from articles.tests.factories import make_article
from comments.models import Commenter, Sanction, Status
from comments.network import network_hash
from comments.post import PostRefused
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db

SANCTIONS = "/admin/comments/sanction/"
ADD = f"{SANCTIONS}add/"
BAN = {"measure": "ban", "reason": "Threats."}
SOON = {"until_0": "2026-12-24", "until_1": "12:00"}
NOW = datetime.datetime(2026, 12, 1, 12, 1, tzinfo=datetime.UTC)


@pytest.fixture
def desk(client, moderator, time_machine):
    time_machine.move_to(NOW)
    client.force_login(moderator)
    return client


@pytest.fixture
def ban():
    return Sanction.objects.create(measure="ban", reason="Threats.", mail_domain="evil.example")


def page(response) -> str:
    return response.content.decode()


# --- Added at the desk ---


@pytest.mark.parametrize(
    ("typed", "hits", "spares"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
        (" ::ffff:203.0.113.7 ", "203.0.113.7", "203.0.113.8"),
        ("2001:DB8:1:2::7", "2001:db8:1:2:ffff::8", "2001:db8:1:3::7"),
    ],
)
def test_an_address_that_is_typed_is_banned_as_comments_come_from_it(desk, rf, typed, hits, spares):
    response = desk.post(ADD, BAN | SOON | {"network": typed})
    assert response.status_code == 302, page(response)
    assert typed.strip() not in Sanction.objects.get().network
    for address, is_hit in ((hits, True), (spares, False)):
        reader = make_reader(network=network_hash(rf.get("/", REMOTE_ADDR=address)))
        if is_hit:
            with pytest.raises(PostRefused, match="Threats"):
                make_comment(reader=reader)
        else:
            make_comment(reader=reader)


@pytest.mark.parametrize("typed", ["evil.example", "203.0.113.0/24", "203.0.113", "f" * 32, "0"])
def test_what_is_no_address_is_refused_beside_the_field_and_kept(desk, typed):
    text = page(desk.post(ADD, BAN | SOON | {"network": typed}))
    assert "This is no address" in text
    assert f'value="{typed}"' in text
    assert "Name one of" not in text
    assert not Sanction.objects.exists()


def test_a_proxy_of_our_own_is_nobodys_address(desk, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.0/8")]
    assert "own proxies" in page(desk.post(ADD, BAN | SOON | {"network": "127.0.0.1"}))
    assert not Sanction.objects.exists()


@pytest.mark.parametrize("typed", ["evil.example", " @Evil.Example "])
def test_a_mail_domain_is_banned_however_it_is_typed(desk, typed):
    assert desk.post(ADD, BAN | {"mail_domain": typed}).status_code == 302
    assert make_comment(email="anyone@evil.example").status == Status.REJECTED


@pytest.mark.parametrize("typed", ["evil", "evil example", "evil.example, bad.example", "*.example", "evil.example."])
def test_a_domain_that_no_address_has_is_refused_beside_the_field(desk, typed):
    text = page(desk.post(ADD, BAN | {"mail_domain": typed}))
    assert "No address ends like this" in text
    assert not Sanction.objects.exists()


def test_an_address_is_not_taken_for_all_of_its_provider(desk):
    assert "This is one address" in page(desk.post(ADD, BAN | {"mail_domain": "someone@mail.example"}))
    assert not Sanction.objects.exists()


@pytest.mark.parametrize("measure", ["suspend", "ban"])
def test_what_would_be_over_at_birth_is_refused(desk, measure):
    guest = Commenter.objects.by_email("rude@example.org")
    past = {"until_0": "2020-01-01", "until_1": "00:00", "measure": measure, "commenter": guest.pk}
    assert "This has passed" in page(desk.post(ADD, BAN | past))
    assert not Sanction.objects.exists()


def test_what_is_over_by_now_is_still_valid_as_a_record(time_machine):
    time_machine.move_to(NOW)
    until = NOW + datetime.timedelta(days=3)
    laid = Sanction.objects.create(measure="suspend", reason="Rude.", mail_domain="evil.example", until=until)
    time_machine.move_to(NOW + datetime.timedelta(days=4))
    laid.full_clean()
    with pytest.raises(ValidationError, match="passed"):
        Sanction(measure="suspend", reason="Rude.", mail_domain="evil.example", until=until).full_clean()


def test_a_reason_has_room_and_is_one_line(desk):
    text = page(desk.get(ADD))
    assert '<textarea name="reason"' in text
    assert "reads this, word for word" in text
    desk.post(ADD, BAN | {"mail_domain": "evil.example", "reason": "Threats.\r\n  Again and again.  "})
    assert Sanction.objects.get().reason == "Threats. Again and again."


# --- On the author of a comment ---


def test_no_measure_is_chosen_for_who_presses_without_a_look(desk):
    url = f"/admin/comments/comment/{make_comment(article=make_article()).pk}/sanction/"
    text = page(desk.get(url))
    assert '<option value="" selected>' in text
    assert '<textarea name="reason"' in text
    assert "This field is required" in page(desk.post(url, {"measure": "", "target": "author", "reason": "Threats."}))
    assert not Sanction.objects.exists()


# --- Its page ---


def test_its_page_says_what_it_is_who_laid_it_and_until_when(desk, moderator):
    guest = Commenter.objects.by_email("rude@example.org")
    desk.post(ADD, BAN | SOON | {"commenter": guest.pk})
    sanction = Sanction.objects.get()
    text = page(desk.get(f"{SANCTIONS}{sanction.pk}/change/"))
    for told in ("Active", f"by {moderator}", "1 Dec 2026, 13:01 WAT", "24 Dec 2026, 12:00 WAT", f"guest {guest.pk}"):
        assert told in text, told
    assert f'href="/admin/comments/commenter/{guest.pk}/change/"' in text
    assert "Empty: for good" not in text and "p.m." not in text


def test_one_without_an_end_is_for_good(desk, ban):
    text = page(desk.get(f"{SANCTIONS}{ban.pk}/change/"))
    assert "for good" in text and "Empty" not in text
    assert "evil.example" in text


def test_it_is_lifted_from_its_page_once_it_is_said_what_that_does(desk, ban, moderator):
    one, lift = f"{SANCTIONS}{ban.pk}/change/", f"{SANCTIONS}{ban.pk}/lift/"
    assert f'href="{lift}"' in page(desk.get(one))
    assert "ends now" in page(desk.get(lift))
    ban.refresh_from_db()
    assert ban.is_active, "looking lifts nothing"
    text = page(desk.post(lift, follow=True))
    ban.refresh_from_db()
    assert (ban.is_active, ban.lifted_by) == (False, moderator)
    assert "Lifted: Ban: evil.example." in text
    assert "1 Dec 2026, 13:01 WAT, by moderator" in text
    assert f'href="{lift}"' not in text
    assert LogEntry.objects.get().get_change_message() == "Lifted."
    assert "over already" in page(desk.post(lift, follow=True))
    assert LogEntry.objects.count() == 1
    assert make_comment(email="anyone@evil.example").status != Status.REJECTED


def test_who_may_lay_none_lifts_none(client, ban, django_user_model):
    reader = django_user_model.objects.create_user("reads", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_sanction"))
    client.force_login(reader)
    assert "/lift/" not in page(client.get(f"{SANCTIONS}{ban.pk}/change/"))
    assert client.get(f"{SANCTIONS}{ban.pk}/lift/").status_code == 403
    assert client.post(f"{SANCTIONS}{ban.pk}/lift/").status_code == 403
    ban.refresh_from_db()
    assert ban.is_active
