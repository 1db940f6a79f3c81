"""A backup is made while the site goes on, is whole or not there, and says itself whether it is good."""

import datetime
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.db import connection, connections
from django.utils import timezone
from tqdm import tqdm

from articles.models import Article, Image
from articles.tests.factories import make_article, make_image
from articles.tests.sample_pictures import drawing
from comments.models import Comment, Status
from comments.tests.factories import make_comment
from newsportal.backup import BackupError, backing_up, media, site_database
from newsportal.backup.archive import Kept
from newsportal.backup.opening import opened
from newsportal.backup.places import Folder, found, in_pool
from newsportal.doctor.files import ALMOST_NONE
from newsportal.models import LastDone
from newsportal.tests.backups import (
    back_up,
    contents,
    database_member,
    kill_in_the_middle,
    make_newspaper,
    manage,
    manifest,
    media_are_whole,
    member,
    with_manifest,
    with_member,
)  # fmt: skip

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_numbers")]


@pytest.fixture
def place(tmp_path):
    return tmp_path / "backups"


@pytest.fixture
def elsewhere():
    """Does something as another process of the site would: in a thread with connections of its own."""
    with ThreadPoolExecutor(1) as pool:

        def do(work, *args):
            return pool.submit(work, *args).result(60)

        yield do
        do(connections.close_all)


def listed(path: Path) -> dict[str, dict]:
    """The media in the list of an archive, by name."""
    lines = member(path, "media.jsonl").splitlines()
    return {told["name"]: told for told in map(json.loads, lines)}


def test_a_backup_says_what_it_is_and_proves_itself(place):
    article = make_newspaper()
    archive = back_up(place)
    told = manifest(archive)
    assert (told["format"], told["version"], told["site"]) == ("newsportal-backup", 1, settings.SITE_URL)
    assert told["engine"] == connection.vendor
    assert told["counts"]["articles_article"] == 1 and told["counts"]["comments_comment"] == 1
    assert "0001_initial" in told["migrations"]["articles"] and told["missing"] == []
    assert listed(archive).keys() == set(media.listing()) >= article.lead_image.file_names()
    assert "is good" in manage("verify_backup", str(archive))
    assert archive.name in manage("verify_backup", str(place)), "the newest of a place"


def test_nobody_else_can_read_it(place):
    make_newspaper()
    before = os.umask(0)
    try:
        archive = back_up(place)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in place.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in [place, *place.rglob("*")] if path.is_dir()}
    assert archive.is_file() and (modes, folders) == ({0o600}, {0o700})


def test_no_key_and_no_session_is_in_it(place, client, editor):
    client.force_login(editor)
    session = Session.objects.get().session_key
    archive = back_up(place)
    with opened(str(archive)) as backup, site_database().aside(backup.database, backup.scratch) as aside:
        assert aside.ask("SELECT count(*) FROM django_session") == [(0,)]
        content = backup.database.read_bytes() + member(archive, "manifest.json")
    assert session.encode() not in content
    assert settings.SECRET_KEY.encode() not in content
    assert Session.objects.exists(), "the editor is still at work"


def test_a_file_that_is_there_is_not_copied_again(place):
    make_newspaper()
    back_up(place)
    pool = Folder(place).pool()
    times = {name: (place / in_pool(name)).stat().st_mtime_ns for name in pool}
    new = make_image(picture=drawing(40, 40))
    said = manage("backup", str(place))
    came = {contents(name) for name in new.file_names()}
    assert f"of which {len(came)} (" in said
    assert len(Folder(place).pool()) == len(pool) + len(came)
    assert {name: (place / in_pool(name)).stat().st_mtime_ns for name in pool} == times
    assert "of which 0 (" in manage("backup", str(place))


def test_a_file_that_has_changed_under_its_name_is_copied(place):
    make_newspaper()
    name = min(media.listing())
    first = back_up(place)
    Path(default_storage.path(name)).write_bytes(b"something else")
    second = back_up(place)
    assert listed(first)[name]["sha256"] != listed(second)[name]["sha256"]
    for archive in (first, second):
        assert media_are_whole(archive)


def test_so_many_are_kept_and_no_file_that_nobody_lists(place, django_capture_on_commit_callbacks):
    article, gone = make_newspaper(), make_image(picture=drawing(40, 40))
    first = back_up(place)
    gone.delete()
    second = back_up(place, "--keep=2")
    assert set(Folder(place).archives()) == {first.name, second.name}
    assert media_are_whole(first), "its picture is kept as long as it is"
    others = place / "other.example-20200101T000000Z.zip"
    others.write_bytes(second.read_bytes())
    (place / "notes.txt").write_text("not ours")
    third = back_up(place, "--keep=1")
    assert set(Folder(place).archives()) == {others.name, third.name}
    assert (place / "notes.txt").exists()
    assert len(Folder(place).pool()) == len({contents(name) for name in article.lead_image.file_names()})
    assert media_are_whole(third)


def test_the_last_that_proved_good_is_kept_while_no_later_one_has(place):
    """Without its picture none proves good: with the last that did the last copy would go."""
    article = make_newspaper()
    good = back_up(place)
    manage("verify_backup", str(place))
    lost = str(article.lead_image.file)
    content, pool = contents(lost), Folder(place).pool()
    default_storage.delete(lost)
    later = [back_up(place, "--keep=2") for _ in range(2)]
    said = manage("backup", str(place), "--keep=2")
    assert f"4 backups are kept, and not 2: none since {good.name} has proved good" in said
    assert len(Folder(place).archives()) == 4 and Folder(place).pool() == pool
    with pytest.raises(CommandError, match=f"{lost} .*lost before"):
        manage("verify_backup", str(later[0]))
    manage("restore", str(good), "--replace")
    assert contents(lost) == content


def test_the_one_of_last_night_is_kept_until_that_of_tonight_has_proved_good(place):
    make_newspaper()
    tonight, archives = timezone.now(), []
    for night in range(3):
        with time_machine.travel(tonight + datetime.timedelta(days=night)):
            archives.append(back_up(place, "--keep=1").name)
            manage("verify_backup", str(place))
    assert Folder(place).archives() == archives[1:]
    with time_machine.travel(tonight + datetime.timedelta(days=3)):
        assert "Warning" not in manage("backup", str(place), "--keep=1")


def test_none_is_deleted_where_the_database_does_not_say_which_proved_good(place):
    make_newspaper()
    first = back_up(place)
    with connection.schema_editor() as editor:
        editor.delete_model(LastDone)
    try:
        said = manage("backup", str(place), "--keep=1")
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(LastDone)
    assert "No backup was deleted, since the database does not say" in said
    assert first.exists()


def test_a_clock_that_is_wrong_neither_deletes_the_newest_nor_hides_it(place, capsys):
    make_newspaper()
    ahead = back_up(place)
    ahead.rename(ahead.with_name(f"{ahead.name.rpartition('-')[0]}-20990101T000000Z.zip"))
    newest = back_up(place, "--keep=1")
    assert newest.name.endswith("-20990101T000001Z.zip")
    assert set(Folder(place).archives()) == {newest.name}


def test_what_a_restored_one_has_replaced_is_not_counted_and_goes_with_the_older_ones(place):
    make_newspaper()
    first = back_up(place)
    aside = place / first.name.replace(".zip", "-before-restore.zip")
    aside.write_bytes(first.read_bytes())
    assert found(str(place))[1] == first.name, "the newest is one that was asked for"
    second = back_up(place, "--keep=2")
    assert set(Folder(place).archives()) == {first.name, aside.name, second.name}
    third = back_up(place, "--keep=1")
    assert Folder(place).archives() == [third.name]


def test_no_file_is_deleted_while_an_archive_cannot_be_read(place):
    gone = make_image(picture=drawing(40, 40))
    back_up(place)
    pool = Folder(place).pool()
    gone.delete()
    (place / "other.example-20200101T000000Z.zip").write_text("half")
    said = manage("backup", str(place), "--keep=1")
    assert "No media file was deleted" in said
    assert Folder(place).pool() == pool


def test_no_backup_goes_where_readers_fetch_pictures():
    make_newspaper()
    before = media.listing()
    with pytest.raises(CommandError, match="readers could fetch the backup"):
        manage("backup", str(Path(settings.MEDIA_ROOT) / "backups"))
    assert media.listing() == before


@pytest.mark.parametrize("wrong", ["0", "-1"])
def test_at_least_one_is_kept(place, wrong):
    with pytest.raises(CommandError, match="at least one"):
        manage("backup", str(place), f"--keep={wrong}")
    assert not place.exists()


@pytest.mark.parametrize("wrong", ["ftp://host/folder", "s3://", "s3:///prefix"])
def test_a_place_that_is_none_is_refused(wrong):
    with pytest.raises(CommandError, match=r"neither a folder nor|Name a bucket"):
        manage("backup", wrong)


def test_one_backup_at_a_time(place, elsewhere):
    make_newspaper()
    database = site_database()
    with database.only_one(), pytest.raises(BackupError, match="under way"):
        elsewhere(backing_up.back_up, str(place))
    with Folder(place).writing(), pytest.raises(BackupError, match="being written to"):
        elsewhere(backing_up.back_up, str(place))
    assert Folder(place).archives() == []
    back_up(place)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's file")
def test_backups_may_stand_beside_the_database():
    beside = Folder(Path(connection.settings_dict["NAME"]).parent)
    with site_database().only_one(), beside.writing() as scratch:
        assert scratch.is_dir()


# --- While the site goes on -------------------------------------------------------------------------------------------


def test_what_is_written_meanwhile_is_in_it_whole_or_not_at_all(place, monkeypatch):
    """Somebody writes comments all the time: each is counted on its story in the transaction that brings it."""
    article = make_newspaper()
    stop, written = threading.Event(), []

    def write() -> None:
        try:
            while not stop.is_set():
                make_comment(article=article, status=Status.PUBLISHED)
                written.append(True)
        finally:
            connections.close_all()

    def named(ask, tables):
        # In the middle of the moment that is kept.
        before, deadline = len(written), time.monotonic() + 60
        while len(written) < before + 3:
            assert time.monotonic() < deadline, "the site is kept from writing"
            time.sleep(0.01)
        return of_rows(ask, tables)

    of_rows = media.named
    monkeypatch.setattr(media, "named", named)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        archive = back_up(place)
    finally:
        stop.set()
        writer.join()
    monkeypatch.setattr(media, "named", of_rows)
    assert "is good" in manage("verify_backup", str(archive))
    with opened(str(archive)) as backup, site_database().aside(backup.database, backup.scratch) as aside:
        ((comments,),) = aside.ask("SELECT count(*) FROM comments_comment WHERE status = 'published'")
        assert aside.ask("SELECT comment_count FROM articles_article") == [(comments,)]
        ((all_of_them,),) = aside.ask("SELECT count(*) FROM comments_comment")
        assert manifest(archive)["counts"]["comments_comment"] == all_of_them < Comment.objects.count()


def test_pictures_that_come_and_go_meanwhile(place, monkeypatch, elsewhere):
    """One comes after the media were copied, and one goes while they are; the rows that are kept name what is kept."""
    stays, goes = make_image(picture=drawing(64, 48)), make_image(picture=drawing(30, 40))
    going = goes.file_names()
    new_name = backing_up._new_name

    def between(*told):
        elsewhere(goes.delete)
        comes.append(elsewhere(lambda: make_image(picture=drawing(50, 50))))
        return new_name(*told)

    comes: list[Image] = []
    monkeypatch.setattr(backing_up, "_new_name", between)
    archive = back_up(place)
    assert listed(archive).keys() == stays.file_names() | comes[0].file_names()
    assert not going & listed(archive).keys()
    assert media_are_whole(archive)


def test_a_picture_removed_before_it_was_copied_makes_the_database_be_read_anew(place, monkeypatch, elsewhere):
    make_newspaper()
    comes: list[Image] = []
    new_name, of_rows = backing_up._new_name, media.named

    def between(*told):
        comes.append(elsewhere(lambda: make_image(picture=drawing(50, 50))))
        return new_name(*told)

    def named(ask, tables):
        names = of_rows(ask, tables)
        if comes:
            elsewhere(comes.pop().delete)
        return names

    monkeypatch.setattr(backing_up, "_new_name", between)
    monkeypatch.setattr(media, "named", named)
    archive = back_up(place)
    assert manifest(archive)["counts"]["articles_image"] == 1
    assert manifest(archive)["missing"] == []
    assert media_are_whole(archive)


def test_a_picture_that_was_lost_before_is_said_and_does_not_keep_the_rest_from_being_kept(place):
    article = make_newspaper()
    lost = str(article.lead_image.file)
    default_storage.delete(lost)
    said = manage("backup", str(place))
    assert f"{lost} is named by the database and is not in the storage" in said
    (name,) = Folder(place).archives()
    assert manifest(place / name)["missing"] == [lost]
    with pytest.raises(CommandError, match=f"{lost} .*lost before the backup"):
        manage("verify_backup", str(place))


def test_half_a_file_that_no_row_names_yet_is_not_kept(place, monkeypatch):
    """Somebody is storing a picture: what has been copied of it was not all."""
    make_newspaper()
    half = Path(settings.MEDIA_ROOT) / "pictures" / "half.jpg"
    half.write_bytes(b"half")
    new_name = backing_up._new_name

    def between(*told):
        half.write_bytes(b"half and half")
        return new_name(*told)

    monkeypatch.setattr(backing_up, "_new_name", between)
    archive = back_up(place)
    assert "pictures/half.jpg" not in listed(archive)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's online backup")
def test_writing_does_not_make_the_copy_begin_anew(tmp_path, monkeypatch):
    """Somebody commits after every few pages: it ends all the same, and has nothing of it."""
    from newsportal.backup import sqlite

    article, seen = make_article(headline="As it was"), []
    writer = sqlite3.connect(connection.settings_dict["NAME"], timeout=30, isolation_level=None)

    class Bar(tqdm):
        def update(self, n=1):
            seen.append(n)
            assert len(seen) < 1_000, "it begins anew each time"
            writer.execute("UPDATE articles_article SET headline = ?", [f"Changed {len(seen)} times"])

    monkeypatch.setattr(sqlite, "tqdm", Bar)
    monkeypatch.setattr(sqlite, "STEP", 10)
    with site_database().snapshot(tmp_path) as snapshot:
        assert snapshot.ask("SELECT headline FROM articles_article") == [("As it was",)]
    writer.close()
    article.refresh_from_db()
    assert len(seen) > 10 and article.headline == f"Changed {len(seen)} times"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite ends nobody's transaction")
def test_a_server_that_ends_idle_transactions_waits_for_the_dump(tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '200ms'")
    try:
        with site_database().snapshot(tmp_path) as snapshot:
            time.sleep(0.5)
            assert snapshot.ask("SELECT count(*) FROM articles_article") == [(0,)]
    finally:
        connection.close()
        connection.close_pool()


def test_media_on_a_disk_of_their_own_are_ours_alone(place):
    """At its top it has a folder into which only root may look."""
    make_newspaper()
    found = set(media.listing())
    nobodys = Path(settings.MEDIA_ROOT) / "lost+found"
    nobodys.mkdir()
    (nobodys / "#12345").write_bytes(b"half a file")
    assert set(media.listing()) == found


# --- Where there is no room -------------------------------------------------------------------------------------------


@pytest.fixture
def disk(place, monkeypatch):
    """Of so many bytes for backups beyond what the site is left."""

    def of(size: int) -> None:
        def usage(folder):
            taken = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
            return SimpleNamespace(total=2**40, free=ALMOST_NONE + size - taken)

        monkeypatch.setattr(shutil, "disk_usage", usage)

    return of


def kept_in(place: Path) -> dict[str, int]:
    return {str(path.relative_to(place)): path.stat().st_size for path in place.rglob("*") if path.is_file()}


def bytes_of_media() -> int:
    return sum({contents(name): size for name, (size, _) in media.listing().items()}.values())


@pytest.mark.parametrize("room_for", ["nothing", "half the pictures", "pictures alone"])
def test_one_that_has_no_room_copies_nothing_and_says_so(place, disk, monkeypatch, room_for):
    make_newspaper()
    back_up(place)
    make_image(picture=drawing(300, 200))
    before = kept_in(place)
    has = sum(before.values())
    disk({"nothing": has, "half the pictures": has + 1_000, "pictures alone": has + bytes_of_media()}[room_for])
    monkeypatch.setattr(Folder, "put", lambda *told: pytest.fail("it has begun"))
    with pytest.raises(CommandError, match=f"no room for the backup in {place}: .* are free there, and .* are needed"):
        manage("backup", str(place))
    assert kept_in(place) == before


def test_one_that_finds_no_room_on_its_way_takes_out_what_it_has_brought(place, disk, monkeypatch):
    """A disk that others fill meanwhile, or that has less room for a database than it was thought to take."""
    make_newspaper()
    back_up(place)
    make_image(picture=drawing(300, 200))
    before = kept_in(place)
    new_name = backing_up._new_name

    def between(*told):
        assert len(Folder(place).pool()) > len([name for name in before if name.startswith("media/")])
        disk(sum(kept_in(place).values()) + 1_000)
        return new_name(*told)

    monkeypatch.setattr(backing_up, "_new_name", between)
    with pytest.raises(CommandError, match="no room for the backup"):
        manage("backup", str(place))
    assert kept_in(place) == before
    monkeypatch.setattr(backing_up, "_new_name", new_name)
    disk(2**30)
    assert media_are_whole(back_up(place))


def test_a_database_that_the_disk_does_not_take_is_said_to_be_the_disk(place, disk, monkeypatch):
    make_newspaper()
    disk(2**30)

    def full(*told):
        disk(0)
        raise BackupError("The database cannot be read: database or disk is full.")

    monkeypatch.setattr(backing_up, "counts", full)
    with pytest.raises(CommandError, match="no room for the backup"):
        manage("backup", str(place))
    assert kept_in(place).keys() == {".lock"}


def test_what_fails_for_another_reason_leaves_the_next_one_what_was_copied(place, disk, monkeypatch):
    make_newspaper()
    monkeypatch.setattr(backing_up, "counts", lambda rows: (_ for _ in ()).throw(BackupError("Another reason.")))
    with pytest.raises(CommandError, match="Another reason"):
        manage("backup", str(place))
    assert Folder(place).pool()


def test_pictures_that_are_there_need_no_room_whatever_is_known_of_them(place, disk):
    """No list that is believed names them, or they have other times than it says."""
    make_newspaper()
    archive = back_up(place)
    disk(sum(kept_in(place).values()) + site_database().size() * 2)
    for name in media.listing():
        os.utime(default_storage.path(name))
    back_up(place).unlink()
    archive.unlink()
    disk(sum(kept_in(place).values()) + site_database().size() * 2)
    back_up(place)


# --- Killed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["media", "database", "archive"])
def test_one_that_was_killed_leaves_nothing_that_looks_like_a_backup(place, tmp_path, where):
    make_newspaper()
    kill_in_the_middle(place, where, tmp_path / "halted")
    assert any((place / ".partial").iterdir()) or where == "media"
    assert Folder(place).archives() == []
    for command in ("verify_backup", "restore"):
        options = ["--replace"] if command == "restore" else []
        with pytest.raises(CommandError, match="There is no backup"):
            manage(command, str(place), *options)
    archive = back_up(place)
    assert "is good" in manage("verify_backup", str(archive))
    assert not (place / ".partial").exists()


# --- What is wrong is said --------------------------------------------------------------------------------------------


def test_verifying_names_each_thing_that_is_wrong(place):
    article = make_newspaper()
    archive = back_up(place)
    lines = member(archive, "media.jsonl").splitlines(keepends=True)
    first = json.loads(lines[0])
    told = manifest(archive)
    changed = with_member(
        archive, "media.jsonl", b"".join(lines[1:]),
        counts=told["counts"] | {"articles_article": 7, "articles_other": 1},
        media_files=len(lines) - 1, media_bytes=told["media_bytes"] - first["size"],
    )  # fmt: skip
    second = json.loads(lines[1])
    (place / in_pool(second["sha256"])).write_bytes(b"damaged")
    third = json.loads(lines[2])
    (place / in_pool(third["sha256"])).unlink()
    with pytest.raises(CommandError) as said:
        manage("verify_backup", str(changed))
    lines = str(said.value).splitlines()
    for wanted in (
        "articles_article: there is 1 rows, and the manifest says 7 rows.",
        "articles_other: there is no table, and the manifest says 1 rows.",
        f"{first['name']} is named by the database and is not in the backup.",
        f"{in_pool(second['sha256'])} in {place} is damaged: it should be {second['name']}. "
        "Delete it, and the next backup stores it again.",
        f"{in_pool(third['sha256'])} is not in {place}: it should be {third['name']}.",
    ):
        assert wanted in lines
    assert len(lines) == 6 and "is not as it should be" in lines[-1]
    assert Article.objects.get() == article


def test_a_damaged_file_beside_the_archives_is_stored_again(place):
    make_newspaper()
    archive = back_up(place)
    damaged = next(iter(listed(archive).values()))["sha256"]
    path = place / in_pool(damaged)
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    with pytest.raises(CommandError, match="Delete it"):
        manage("verify_backup", str(archive))
    path.unlink()
    again = back_up(place)
    assert media_are_whole(again) and media_are_whole(archive)


def test_a_database_that_is_damaged_within_is_found(place):
    make_newspaper()
    archive = back_up(place)
    whole = member(archive, database_member())
    if connection.vendor == "sqlite":
        page = 4096 * (len(whole) // 4096 // 2)
        damaged = whole[:page] + bytes(4096) + whole[page + 4096 :]
    else:
        damaged = whole[: len(whole) * 2 // 3]
    changed = with_member(archive, database_member(), damaged)
    with pytest.raises(CommandError, match=r"damaged|cannot be"):
        manage("verify_backup", str(changed))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL makes its indexes anew")
def test_a_search_index_that_is_not_what_its_rows_say_is_found(place, tmp_path):
    make_newspaper()
    archive = back_up(place)
    path = tmp_path / "other.sqlite3"
    path.write_bytes(member(archive, database_member()))
    with sqlite3.connect(path) as database:
        database.execute("DROP TRIGGER articles_searchentry_changed")
        database.execute("UPDATE articles_searchentry SET words = 'entirely others'")
    database.close()
    changed = with_member(archive, database_member(), path.read_bytes())
    with pytest.raises(CommandError, match="articles_fulltext is not what its rows say"):
        manage("verify_backup", str(changed))
    assert "is restored" in manage("restore", str(changed), "--replace"), "it is better than nothing"
    manage("restore", str(archive), "--replace")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL makes its keys anew")
def test_a_row_that_names_a_row_that_is_not_there_is_found(place, tmp_path):
    article = make_newspaper()
    archive = back_up(place)
    path = tmp_path / "broken.sqlite3"
    path.write_bytes(member(archive, database_member()))
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM articles_image")
    database.close()
    changed = with_member(archive, database_member(), path.read_bytes())
    with pytest.raises(CommandError, match="A row of articles_article names a row of articles_image that is not there"):
        manage("verify_backup", str(changed))
    assert article.lead_image


def test_one_of_another_database_is_proved_only_where_it_can_be(place):
    make_newspaper()
    archive = back_up(place)
    if connection.vendor == "sqlite":
        dump = with_manifest(archive, engine="postgresql")
        with pytest.raises(CommandError, match=r"does not hold what a backup holds|cannot be understood"):
            manage("verify_backup", str(dump))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no programs")
def test_the_programs_of_postgresql_are_told_no_secret(place, tmp_path, monkeypatch):
    from newsportal.backup import postgresql

    make_newspaper()
    monkeypatch.setenv("S3_SECRET_ACCESS_KEY", "not for a dump")
    told = tmp_path / "told"
    folder = tmp_path / "postgresql" / str(postgresql._server()) / "bin"
    folder.mkdir(parents=True)
    for program in ("pg_dump", "pg_restore", "psql"):
        script = folder / program
        script.write_text(f'#!/bin/sh\nenv >> {told}\nexec {postgresql._path_of(program)} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setattr(postgresql, "PROGRAMS", tmp_path / "postgresql")
    back_up(place)
    assert "is good" in manage("verify_backup", str(place))
    assert "PATH=" in told.read_text() and "not for a dump" not in told.read_text()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no programs")
@pytest.mark.parametrize(
    ("program", "said"), [(None, "is not installed here"), ("echo 'pg_dump (PostgreSQL) 9.6.24'", "is of version 9")]
)
def test_the_programs_of_postgresql_must_be_there_and_new_enough(place, tmp_path, monkeypatch, program, said):
    folder = tmp_path / "programs"
    folder.mkdir()
    if program:
        (folder / "pg_dump").write_text(f"#!/bin/sh\n{program}\n")
        (folder / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("newsportal.backup.postgresql.PROGRAMS", folder)
    with pytest.raises(CommandError, match=said):
        manage("backup", str(place))
    assert Folder(place).archives() == []


def test_a_picture_more_costs_a_backup_little_memory(tmp_path, monkeypatch):
    """Of each of the 31 files of each picture: with 40,000 pictures a kilobyte is more than the service may have."""
    many = 20_000

    def made_up():
        for number in range(many):
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            told = 50_000 + number, str(1_700_000_000_000_000_000 + number)
            yield f"images/{digest[:2]}/{digest[:40]}-1280.avif", told, digest

    class Full(Folder):
        def pool(self):
            return {digest: size for _, (size, _), digest in made_up()}

    monkeypatch.setattr(media, "files", lambda: ((name, told) for name, told, _ in made_up()))
    tracemalloc.start()
    try:
        before = [Kept(name, *told, digest) for name, told, digest in made_up()]
        collected = media.Collected(Full(tmp_path), tmp_path, before)
        del before
        collected.collect(media.files(), lambda count: None)
        assert collected.settled({name for name, *_ in made_up()}, lambda count: None) == set()
        assert sum(1 for _ in collected.all()) == many
        assert tracemalloc.get_traced_memory()[1] / many < 800
    finally:
        tracemalloc.stop()


#: pg_restore of version 17 says to every server what those before 17 do not know.
OF_17 = """#!/bin/sh
echo "$@" >> {used}
case "$*" in *--file=-*) ;; *) exec {real} "$@" ;; esac
{real} "$@" | sed 's/^SET lock_timeout = 0;$/&\\nSET transaction_timeout = 0;/'
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no programs")
def test_programs_newer_than_the_server_make_backups_that_can_be_restored_and_its_own_are_preferred(
    place, tmp_path, monkeypatch
):
    from newsportal.backup import postgresql

    server, used = postgresql._server(), tmp_path / "used"
    folder = tmp_path / "postgresql" / str(server) / "bin"
    folder.mkdir(parents=True)
    (folder / "pg_restore").write_text(OF_17.format(real=postgresql._path_of("pg_restore"), used=used))
    (folder / "pg_restore").chmod(0o755)
    monkeypatch.setattr(postgresql, "PROGRAMS", tmp_path / "postgresql")
    # What a row says is not what the program says.
    make_article(headline="SET transaction_timeout = 0;")
    manage("backup", str(place))
    assert "is good" in manage("verify_backup", str(place))
    manage("restore", str(place), "--replace")
    assert Article.objects.get().headline == "SET transaction_timeout = 0;"
    assert used.read_text().count("--file=-") == 2


def test_an_archive_is_unpacked_beside_it_and_not_where_memory_may_be_all_there_is(place, tmp_path, monkeypatch):
    make_newspaper()
    path = back_up(place)
    (place / ".newsportal-backup-old").mkdir()
    os.utime(place / ".newsportal-backup-old", (0, 0))
    (place / ".newsportal-backup-of-another").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert "is good" in manage("verify_backup", str(place))
    manage("restore", str(place), "--replace")
    left = {entry.name for entry in place.iterdir()} - {".lock", ".newsportal-backup-of-another", "media"}
    assert {Path(name).suffix for name in left} == {".zip"} and path.name in left


def test_without_pictures_there_is_nothing_to_copy(place):
    make_article()
    assert "0 media files" in manage("backup", str(place))
    assert "is good" in manage("verify_backup", str(place))
