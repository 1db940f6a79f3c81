"""What is done every night says when it was last done well; when it is done no more, doctor, the desk and Prometheus do."""

import datetime
import os
import shutil
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from newsportal import nightly
from newsportal.doctor.alarms import alarms
from newsportal.doctor.finding import Level
from newsportal.doctor.nightly import every_night, room_for_backups
from newsportal.models import LastDone
from newsportal.tests import nodes
from newsportal.tests.backups import back_up, make_newspaper, manage, with_manifest
from newsportal.tests.findings import worst
from newsportal.tests.metrics_page import TOKEN, numbers

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def public(settings):
    """A newspaper that the world reads."""
    settings.TLS = True


def was_done(**hours_ago: float) -> None:
    for name, hours in hours_ago.items():
        LastDone.objects.update_or_create(name=name, defaults={"at": timezone.now() - hours * HOUR})


def said() -> list[str]:
    return [finding.what for finding in every_night() if finding.level is not Level.FINE]


# --- What is noted ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_is_made_and_one_that_proves_good_are_noted(tmp_path):
    make_newspaper()
    archive = back_up(tmp_path / "backups")
    assert {(name, done.place) for name, done in nightly.last().items()} == {
        ("backup", str(tmp_path / "backups")), ("first_backup", ""),
    }  # fmt: skip
    LastDone.objects.all().delete()
    with pytest.raises(CommandError):
        manage("verify_backup", str(with_manifest(archive, counts={})))
    manage("verify_backup", str(with_manifest(archive, site="https://another.example.org")))
    assert not nightly.last(), "one that is damaged, or another site's, proves nothing of this one's"
    manage("verify_backup", str(archive))
    assert set(nightly.last()) == {"verified_backup"}


@pytest.mark.django_db(transaction=True)
def test_an_old_backup_that_still_proves_good_is_no_newer_for_that(tmp_path, public):
    make_newspaper()
    archive = back_up(tmp_path / "backups")
    manage("verify_backup", str(archive))
    newest = nightly.last()["verified_backup"].at
    old = with_manifest(archive, made_at=(newest - 100 * HOUR).isoformat())
    manage("verify_backup", str(old))
    assert nightly.last()["verified_backup"].at == newest
    LastDone.objects.filter(name="verified_backup").delete()
    manage("verify_backup", str(old))
    assert any("is known to be good is 4 days old" in what for what in said())


@pytest.mark.django_db
def test_what_was_noted_by_a_clock_that_was_wrong_is_noted_anew():
    nightly.note("backup", at=timezone.now() + 1000 * HOUR)
    assert nightly.last()["backup"].at <= timezone.now()
    was_done(backup=-1000)
    nightly.note("backup")
    assert nightly.last()["backup"].at <= timezone.now()


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_made_of_a_database_that_does_not_know_of_notes_yet(tmp_path):
    def lacks(execute, sql, *rest):
        if "lastdone" in sql and not sql.startswith("SELECT"):
            raise DatabaseError("no such table")
        return execute(sql, *rest)

    make_newspaper()
    with connection.execute_wrapper(lacks):
        assert "rows" in manage("backup", str(tmp_path / "backups"))
    assert not nightly.last()


@pytest.mark.django_db
def test_forgetting_in_time_is_noted():
    call_command("comment_retention", verbosity=0)
    assert set(nightly.last()) == {"comment_retention"}


# --- What is told -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_newspaper_without_backups_is_to_be_looked_at_and_a_site_to_try_is_not():
    assert settings.TLS is False and worst(every_night()) is Level.FINE


@pytest.mark.django_db
def test_what_was_never_done_is_odd_and_what_is_done_no_more_is_wrong(public):
    assert worst(every_night()) is Level.ODD
    assert said() == ["No backup was ever verified.", "What readers leave behind was never forgotten."]
    was_done(backup=30, verified_backup=30, comment_retention=30)
    assert worst(every_night()) is Level.FINE
    was_done(verified_backup=49)
    assert said() == ["The newest backup that is known to be good is 2 days old."]
    was_done(backup=73)
    assert said() == ["No backup has been made for 3 days."]
    was_done(backup=1, verified_backup=1, comment_retention=100)
    assert said()[0].startswith("What readers leave behind has not been forgotten for 4 days")
    assert worst(every_night()) is Level.WRONG


@pytest.mark.django_db
def test_backups_of_which_none_was_proved_in_two_days_are_wrong(public):
    nightly.note("backup", at=timezone.now() - 49 * HOUR)
    nightly.note("backup", at=timezone.now() - 25 * HOUR)
    nightly.note("backup", at=timezone.now() - HOUR)
    assert said()[0].startswith("Backups have been made for 2 days, and none was ever proved")
    assert worst(every_night()) is Level.WRONG and "CREATEDB" in every_night()[0].mend
    was_done(first_backup=47, comment_retention=1)
    assert worst(every_night()) is Level.ODD
    was_done(first_backup=1000, verified_backup=1)
    assert worst(every_night()) is Level.FINE


@pytest.mark.django_db
def test_the_disk_with_the_backups_is_looked_at_where_it_is_another_one(monkeypatch, tmp_path, public):
    was_done(verified_backup=1, comment_retention=1)
    nightly.note("backup", place=str(tmp_path))
    monkeypatch.setattr("newsportal.doctor.files.written_to", list)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(total=250 * 2**30, free=2**28))
    (full,) = room_for_backups()
    assert full.what.startswith("The disk is full") and tmp_path.name in full.what
    monkeypatch.setattr("newsportal.doctor.files.written_to", lambda: [tmp_path])
    assert worst(room_for_backups()) is Level.FINE, "of this disk another check tells"
    for elsewhere in ("s3://bucket/backups", str(tmp_path / "gone"), ""):
        LastDone.objects.filter(name="backup").update(place=elsewhere)
        assert worst(room_for_backups()) is Level.FINE
    LastDone.objects.all().delete()
    assert worst(room_for_backups()) is Level.FINE


@pytest.mark.django_db
def test_nobody_waits_at_the_desk_for_a_disk_with_backups_that_says_nothing(
    monkeypatch, tmp_path, public, administrator
):
    was_done(verified_backup=1, comment_retention=1)
    nightly.note("backup", place=str(tmp_path / "mount"))
    looked_at, is_folder = [], os.path.isdir
    monkeypatch.setattr(os.path, "isdir", lambda path: looked_at.append(str(path)) or is_folder(path))
    alarms.forget()
    alarms.of(administrator)
    alarms.forget()
    assert str(tmp_path / "mount") not in looked_at
    room_for_backups()
    assert str(tmp_path / "mount") in looked_at


@pytest.mark.django_db
def test_administrators_see_it_at_the_desk(public, administrator, editor):
    was_done(backup=100, verified_backup=100, comment_retention=1)
    alarms.forget()
    assert "No backup has been made for 4 days." in [finding.what for finding in alarms.of(administrator)]
    assert not any("backup" in finding.what for finding in alarms.of(editor))
    alarms.forget()


@pytest.mark.django_db
def test_prometheus_is_told_how_long_ago_it_was_and_nothing_of_what_never_was():
    assert nightly.ages() == {}
    was_done(backup=2, comment_retention=-1)
    found = {name: value for name, (value, _) in nightly.ages().items()}
    assert set(found) == {"backup_age_seconds", "comment_retention_age_seconds"}
    assert 7200 <= found["backup_age_seconds"] < 7300 and found["comment_retention_age_seconds"] == 0


@pytest.mark.django_db(transaction=True)
def test_prometheus_reads_it(tmp_path):
    pytest.importorskip("prometheus_client")
    was_done(backup=2)
    environment = {"METRICS_TOKEN": TOKEN, "METRICS_FOLDER": str(tmp_path), "CACHE_URL": "locmemcache://"}
    with nodes.running(1, **environment) as (port,):
        _, _, page = nodes.ask(port, "/metrics", Authorization=f"Bearer {TOKEN}")
    assert 7200 <= numbers(page)["newsportal_backup_age_seconds"] < 7300
    assert "newsportal_verified_backup_age_seconds" not in numbers(page)
