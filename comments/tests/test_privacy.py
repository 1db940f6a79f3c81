"""What is known of a reader is told to them, erased when they ask, and forgotten in time."""

import datetime
import json

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from comments import classifier, privacy
from comments.confirm import confirm_address
from comments.decide import decide, delete_own
from comments.edit import edit
from comments.identity import commenter_confirmed_by, confirmation_token
from comments.models import Comment, Commenter, Decision, Flag, GuestNote, Sanction, Status, WordCount
from comments.post import PostRefused
from comments.privacy import erase, export, forget_in_time, guest_of
from comments.reactions import flag
from comments.signals import comment_changed
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db

EMAIL = "wilhelmina@example.org"


def everything_stored() -> str:
    """Every value of every column of every table of ours."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config("comments").get_models():
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608
            found += [str(row) for row in cursor.fetchall()]
    return "\n".join(found).lower()


@pytest.fixture
def reader(moderator):
    """Somebody who has left traces wherever one can."""
    reader = make_reader(email=EMAIL, approved=5)
    comment = make_comment(reader=reader, name="Wilhelmina", body="Zanzibar first.")
    edit(comment, "Zanzibar second.", reader)
    make_comment(parent=comment, status=Status.PUBLISHED, body="An answer.")
    turned_away = make_comment(reader=reader, name="Wilhelmina", body="Zanzibar third http://zanzibar.example")
    decide(turned_away, Status.REJECTED, by=moderator, note="Wilhelmina again, with Zanzibar.")
    flag(make_comment(status=Status.PUBLISHED), reader, why="other", words="Zanzibar is mine, says Wilhelmina.")
    flag(comment, make_reader(), why="other", words="Wilhelmina speaks of Zanzibar.")
    GuestNote.objects.create(commenter=reader.commenter, text="Wilhelmina writes of Zanzibar.")
    Sanction.objects.create(commenter=reader.commenter, measure="warn", reason="Zanzibar.")
    return reader


def test_everything_that_is_known_is_told(reader):
    told = json.dumps(export(guest_of("Wilhelmina@Example.org")))
    for words in (EMAIL, "Zanzibar first.", "Zanzibar second.", "Zanzibar third", "Zanzibar is mine", "Rejected"):
        assert words in told
    assert "writes of" not in told


def test_after_erasing_with_all_words_nothing_is_left(reader):
    assert "zanzibar" in everything_stored()
    erase(reader.commenter, keep_comments=False)
    stored = everything_stored()
    assert "wilhelmina" not in stored
    assert "zanzibar" not in stored
    assert guest_of(EMAIL) is None


def test_others_keep_what_they_said_and_the_place_that_they_said_it_in(reader, client):
    article = Comment.objects.get(body="An answer.").article
    erase(reader.commenter, keep_comments=False)
    page = client.get(article.get_absolute_url()).content.decode()
    assert "An answer." in page
    assert "its author has deleted" in page


def test_texts_can_stay_under_no_name(reader, client):
    article = Comment.objects.get(body="An answer.").article
    erase(reader.commenter, keep_comments=True)
    page = client.get(article.get_absolute_url()).content.decode()
    assert "Zanzibar second." in page
    assert "Former reader" in page
    assert EMAIL not in everything_stored()


def test_a_cookie_of_who_was_erased_is_worthless(reader):
    version = reader.commenter.token_version
    erase(reader.commenter, keep_comments=True)
    guest = Commenter.objects.get(pk=reader.commenter.pk)
    assert guest.token_version != version
    assert guest.verified_at is None


def test_the_same_address_can_begin_anew(reader):
    erase(reader.commenter, keep_comments=True)
    assert Commenter.objects.by_email(EMAIL).pk != reader.commenter.pk


def test_what_was_broken_off_is_finished_by_asking_again(reader, monkeypatch):
    from comments import privacy

    real, calls = privacy.forget_text, []

    def breaks_once(comment):
        calls.append(comment)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(comment)

    monkeypatch.setattr(privacy, "forget_text", breaks_once)
    with pytest.raises(KeyboardInterrupt):
        erase(reader.commenter, keep_comments=False)
    erase(guest_of(EMAIL), keep_comments=False)
    assert "wilhelmina" not in everything_stored()
    assert "zanzibar" not in everything_stored()


@pytest.mark.django_db(transaction=True)
def test_who_fails_to_hear_of_it_keeps_nothing_from_being_erased(reader, caplog):
    def broken(comment, **kwargs):
        raise ZeroDivisionError

    comment_changed.connect(broken)
    try:
        erase(reader.commenter, keep_comments=False)
    finally:
        comment_changed.disconnect(broken)
    assert guest_of(EMAIL) is None
    assert "broken" in caplog.text


def test_with_texts_kept_only_what_is_published_stays(reader):
    erase(reader.commenter, keep_comments=True)
    assert "zanzibar second." in everything_stored()
    assert "zanzibar third" not in everything_stored()


def test_erasing_twice_changes_nothing_more(reader):
    erase(reader.commenter, keep_comments=False)
    before = Comment.objects.values_list("pk", "status", "name", "body")
    erase(reader.commenter, keep_comments=False)
    assert list(before) == list(Comment.objects.values_list("pk", "status", "name", "body"))


def test_texts_that_were_to_stay_can_be_deleted_after_all(reader):
    erase(reader.commenter, keep_comments=True)
    assert "zanzibar" in everything_stored()
    assert erase(reader.commenter, keep_comments=False) == 1
    assert "zanzibar" not in everything_stored()


@pytest.mark.parametrize("keep_comments", [True, False])
def test_what_moderators_noted_of_a_comment_goes_whether_or_not_the_comment_does(moderator, keep_comments):
    author = make_reader(email=EMAIL, approved=5)
    comment = make_comment(reader=author, body="Harmless.")
    decide(comment, Status.REJECTED, by=moderator, note="Wilhelmina again, with Zanzibar.")
    decide(comment, Status.PUBLISHED, by=moderator, note="Wilhelmina has called.")
    erase(author.commenter, keep_comments=keep_comments)
    assert "zanzibar" not in everything_stored() and "wilhelmina" not in everything_stored()
    assert comment.decisions.count() == 3 + (not keep_comments)


@pytest.mark.parametrize("measure", [Sanction.Measure.BAN, Sanction.Measure.SUSPEND])
def test_who_is_banned_and_erased_is_banned_when_they_confirm_the_same_address_again(
    measure, mail, django_capture_on_commit_callbacks
):
    until = timezone.now() + datetime.timedelta(days=9)
    banned = make_reader(email=EMAIL, approved=5)
    kept = make_comment(reader=banned, name="Wilhelmina", body="Zanzibar.")
    Sanction.objects.create(commenter=banned.commenter, measure=measure, reason="Threats.", until=until)
    erase(banned.commenter, keep_comments=True)
    assert "wilhelmina" not in everything_stored()
    with django_capture_on_commit_callbacks(execute=True):
        again = make_comment(email=EMAIL, name="Wilhelmina")
    assert again.status == Status.REJECTED
    assert again.commenter != kept.commenter, "what stays under no name is nobody's"
    commenter_confirmed_by(confirmation_token(Commenter.objects.get(pk=again.commenter.pk))).verify()
    with pytest.raises(PostRefused, match="You cannot comment here"):
        make_comment(reader=make_reader(email=EMAIL))


def test_who_is_banned_and_erased_is_known_by_the_hash_again_30_days_after_a_stranger_typed_the_address(
    mail, django_capture_on_commit_callbacks
):
    banned = make_reader(email=EMAIL)
    make_comment(reader=banned)
    Sanction.objects.create(commenter=banned.commenter, measure="ban", reason="Threats.")
    erase(banned.commenter, keep_comments=True)
    with django_capture_on_commit_callbacks(execute=True):
        make_comment(email=EMAIL)
    now = timezone.now()
    forget_in_time(now + datetime.timedelta(days=29))
    assert EMAIL in everything_stored()
    Comment.objects.update(created_at=now - datetime.timedelta(days=31))
    Commenter.objects.update(created_at=now - datetime.timedelta(days=31))
    assert forget_in_time(now + datetime.timedelta(days=31))["unconfirmed addresses"] == 1
    assert EMAIL not in everything_stored()
    assert Commenter.objects.known_by_email(EMAIL).sanctions.active().exists()


def test_of_a_ban_that_has_ended_nothing_is_left_of_who_was_erased():
    now = timezone.now()
    banned = make_reader(email=EMAIL)
    make_comment(reader=banned)
    Sanction.objects.create(
        commenter=banned.commenter, measure="ban", reason="Zanzibar.", until=now + datetime.timedelta(days=9)
    )
    erase(banned.commenter, keep_comments=True)
    forget_in_time(now + datetime.timedelta(days=38))
    assert guest_of(EMAIL) and "zanzibar" in everything_stored()
    assert forget_in_time(now + datetime.timedelta(days=40))["bans of who was erased"] == 1
    assert guest_of(EMAIL) is None and "zanzibar" not in everything_stored()
    assert forget_in_time(now + datetime.timedelta(days=40))["bans of who was erased"] == 0


def test_the_commands_tell_and_erase(reader, capsys):
    call_command("comment_export", EMAIL)
    assert "Zanzibar first." in capsys.readouterr().out
    call_command("comment_erase", EMAIL)
    assert "deleted: 2" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nothing is known"):
        call_command("comment_export", EMAIL)


def test_who_may_erase_does_it_at_the_desk_and_others_do_not(reader, client, administrator, moderator):
    url = f"/admin/comments/commenter/{reader.commenter.pk}/privacy/"
    client.force_login(moderator)
    assert client.get(url).status_code == client.post(url, {"_export": "1"}).status_code == 403
    client.force_login(administrator)
    response = client.post(url, {"_export": "1"})
    assert response.json()["email"] == EMAIL
    assert "no-store" in response["Cache-Control"]
    assert "<legend>The comments</legend>" in client.get(url).content.decode()
    assert "if you are sure" in client.post(url, {"_erase": "1", "keep_comments": "no"}).content.decode()
    assert guest_of(EMAIL)
    client.post(url, {"_erase": "1", "keep_comments": "no", "sure": "on"})
    assert guest_of(EMAIL) is None


@pytest.mark.parametrize(("count", "told"), [(1, "1 comment was changed."), (2, "2 comments were changed.")])
def test_who_erases_is_told_how_many_comments_it_has_changed(client, administrator, count, told):
    guest = make_reader(email=EMAIL)
    for _ in range(count):
        make_comment(reader=guest)
    client.force_login(administrator)
    url = f"/admin/comments/commenter/{guest.commenter.pk}/privacy/"
    assert told in client.post(url, {"keep_comments": "yes", "sure": "on"}, follow=True).content.decode()


def test_hashes_are_forgotten_after_30_days_and_not_before(capsys):
    old, new = make_comment(), make_comment()
    flag(new, make_reader(), why="abuse", words="Long ago.")
    Comment.objects.filter(pk=old.pk).update(created_at=timezone.now() - datetime.timedelta(days=31))
    Flag.objects.update(created_at=timezone.now() - datetime.timedelta(days=31))
    call_command("comment_retention")
    assert "hashes: 1 forgotten" in capsys.readouterr().out
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.network, old.browser) == ("", "")
    assert new.network and new.browser
    assert Flag.objects.get().words == ""
    assert set(forget_in_time().values()) == {0}


def test_who_was_only_a_network_is_forgotten_and_a_guest_still_reports_once():
    comment, guest, stranger = make_comment(status=Status.PUBLISHED), make_reader(email=EMAIL), make_reader()
    flag(comment, guest, why="abuse")
    flag(comment, stranger, why="abuse")
    later = timezone.now() + datetime.timedelta(days=31)
    assert forget_in_time(later)["reports"] == 2
    assert set(Flag.objects.values_list("network", flat=True)) == {""}
    for reader in (guest, stranger):
        assert stranger.network not in everything_stored().replace(Comment.objects.get().network, "")
        flag(comment, reader, why="abuse")
    assert Flag.objects.filter(commenter=guest.commenter).count() == 1
    assert Flag.objects.filter(commenter=None).count() == 2
    assert forget_in_time(timezone.now())["reports"] == 0


def test_the_network_of_a_sanction_is_forgotten_30_days_after_its_end(moderator):
    now = timezone.now()
    ended, lifted, young = (
        Sanction.objects.create(
            network=str(n) * 32, measure="ban", reason="x", until=now + datetime.timedelta(days=days)
        )
        for n, days in enumerate((1, 20, 20))
    )
    lifted.lift(moderator)
    assert forget_in_time(now + datetime.timedelta(days=32))["networks of sanctions"] == 2
    assert list(Sanction.objects.exclude(network="")) == [young]
    assert str(Sanction.objects.get(pk=ended.pk)) == "Ban: network"


def test_an_address_that_nobody_has_confirmed_is_forgotten_after_30_days():
    make_comment(email="typed@example.org", body="A first word.")
    banned, asked, recent = (Commenter.objects.by_email(f"{who}@example.org") for who in ("banned", "asked", "recent"))
    make_reader(email="confirmed@example.org")
    now = timezone.now() + datetime.timedelta(days=31)
    Sanction.objects.create(commenter=banned, measure="ban", reason="x")
    Commenter.objects.filter(pk=asked.pk).update(link_sent_at=now)
    make_comment(email="recent@example.org")
    Comment.objects.filter(commenter=recent).update(created_at=now)
    assert forget_in_time(now)["unconfirmed addresses"] == 2
    assert "typed@example.org" not in everything_stored()
    assert set(Commenter.objects.exclude(email="").values_list("email", flat=True)) == {
        f"{who}@example.org" for who in ("asked", "recent", "confirmed")
    }
    assert Commenter.objects.by_email("banned@example.org") == banned, "a sanction keeps the hash that it is laid on"
    assert Comment.objects.get(body="A first word.").name == "Ottilie"
    assert make_comment(email="typed@example.org").commenter.email == "typed@example.org"
    assert forget_in_time()["unconfirmed addresses"] == 0


@pytest.mark.parametrize(("status", "days"), [(Status.DELETED, 30), (Status.REJECTED, 180), (Status.SPAM, 180)])
def test_texts_that_are_gone_are_forgotten_in_time(status, days):
    comment, young = make_comment(body="Zanzibar"), make_comment(body="Timbuktu")
    for one in (comment, young):
        delete_own(one) if status == Status.DELETED else decide(one, status, by=None)
    now = timezone.now()
    for one, age in ((comment, {"days": days, "minutes": 1}), (young, {"days": days - 1})):
        written = now - datetime.timedelta(**age)
        Comment.objects.filter(pk=one.pk).update(created_at=written)
        Decision.objects.filter(comment=one).update(made_at=written)
    forget_in_time(now)
    assert "zanzibar" not in everything_stored()
    assert "timbuktu" in everything_stored()


@pytest.mark.parametrize(("status", "days"), [(Status.DELETED, 30), (Status.REJECTED, 180), (Status.SPAM, 180)])
def test_the_words_of_an_old_comment_are_kept_as_long_from_when_it_was_turned_away_or_deleted(status, days, moderator):
    comment = make_comment(status=Status.PUBLISHED, body="Zanzibar")
    Comment.objects.update(created_at=timezone.now() - datetime.timedelta(days=900))
    Decision.objects.update(made_at=timezone.now() - datetime.timedelta(days=900))
    comment.refresh_from_db()
    delete_own(comment) if status == Status.DELETED else decide(comment, status, by=moderator)
    today = timezone.now()
    forget_in_time(today + datetime.timedelta(days=days - 1))
    assert "zanzibar" in everything_stored()
    forget_in_time(today + datetime.timedelta(days=days, minutes=1))
    assert "zanzibar" not in everything_stored()


def test_what_is_published_while_others_are_forgotten_keeps_its_words(moderator, monkeypatch):
    from comments import privacy

    first, second = (make_comment(body=f"Zanzibar {n}", status=Status.REJECTED) for n in range(2))
    Comment.objects.update(created_at=timezone.now() - datetime.timedelta(days=900))
    Decision.objects.update(made_at=timezone.now() - datetime.timedelta(days=900))
    real = privacy.forget_text

    def meanwhile(comment):
        other = second if comment.pk == first.pk else first
        decide(Comment.objects.get(pk=other.pk), Status.PUBLISHED, by=moderator)
        real(comment)

    monkeypatch.setattr(privacy, "forget_text", meanwhile)
    assert forget_in_time()["texts turned away"] == 1
    (published,) = Comment.objects.visible()
    assert published.body.startswith("Zanzibar")
    assert list(Comment.objects.filter(status=Status.REJECTED).values_list("body", flat=True)) == [""]


def test_what_is_published_is_not_forgotten():
    comment = make_comment(status=Status.PUBLISHED, body="Zanzibar")
    Comment.objects.update(created_at=timezone.now() - datetime.timedelta(days=3650))
    forget_in_time()
    comment.refresh_from_db()
    assert comment.body == "Zanzibar"


def test_a_link_that_was_sent_while_its_guest_was_erased_confirms_nothing(monkeypatch):
    make_comment(reader=make_reader(email="known@example.org", approved=5))
    real, opened = privacy._erase_comments, []

    def meanwhile(guest, *, keep):
        if not opened:  # a job that was waiting sends its letter, and it is opened
            opened.append(commenter_confirmed_by(confirmation_token(Commenter.objects.get(pk=guest.pk))))
        return real(guest, keep=keep)

    monkeypatch.setattr(privacy, "_erase_comments", meanwhile)
    erase(guest_of("known@example.org"), keep_comments=True)
    confirm_address(opened[0], make_reader())
    assert Commenter.objects.get().verified_at is None


@pytest.mark.django_db(transaction=True)
def test_what_is_erased_before_its_lesson_is_learned_teaches_nothing(reader, moderator, monkeypatch):
    comment = make_comment(reader=reader, body="zanzibarisch words of mine")
    learn_from, erased = classifier.learn_from, []

    def late(learned, decision):
        if not erased:
            erased.append(erase(reader.commenter, keep_comments=False))
        learn_from(learned, decision)

    monkeypatch.setattr(classifier, "learn_from", late)
    decide(comment, Status.REJECTED, by=moderator)
    assert erased and not WordCount.objects.filter(word="zanzibarisch").exists()
