"""What is restored is what was: rows, pages and pictures; and what cannot be restored leaves everything as it is."""

import json
import os
import shutil
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from articles.models import Article, Section
from articles.tests.factories import make_article, make_image
from articles.tests.sample_pictures import drawing
from comments.identity import commenter_confirmed_by, confirmation_token
from comments.notifications import subscription, unsubscribe_token
from comments.tests.factories import make_comment, make_reader
from newsportal import nightly
from newsportal.backup import BackupError, archive, media
from newsportal.backup.opening import ended_tidily
from newsportal.backup.places import Folder, in_pool
from newsportal.models import Edition, LastDone, PolicyReport, Purge
from newsportal.page_cache.counters import InDatabase, source_of
from newsportal.page_cache.redis_counters import InRedis
from newsportal.purging.sender import sender
from newsportal.staff.append_only import REFUSAL
from newsportal.staff.audit import record
from newsportal.staff.models import AuditAddress, AuditEntry, Guesses, StaffSession
from newsportal.tests import nodes
from newsportal.tests.backups import (
    all_media,
    all_rows,
    back_up,
    changed,
    database_member,
    kill_in_the_middle,
    make_newspaper,
    manage,
    manifest,
    member,
    with_manifest,
    with_member,
)
from newsportal.tests.programs import needs_redis
from newsportal.tests.redis_server import Server
from newsportal.tests.served import Served

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_numbers")]

only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's file")
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL's programs")


@pytest.fixture
def place(tmp_path):
    return tmp_path / "backups"


@pytest.fixture(autouse=True)
def nothing_stays_aside():
    yield
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        for kept in path.parent.glob(f"{path.name}.before-*"):
            kept.unlink()


def rename(article: Article, headline: str) -> None:
    article = Article.objects.get(pk=article.pk)
    article.headline = headline
    article.save()


def test_rows_pages_and_pictures_are_what_they_were(place):
    article = make_newspaper()
    rows, pictures, served = all_rows(), all_media(), Served()
    story, front = served.get(article.get_absolute_url()).text, served.get("/").text
    path = back_up(place)

    User.objects.create_user("newcomer")
    rename(article, "Something else")
    make_comment(article=article)
    Section.objects.create(name="Obituaries")
    shutil.rmtree(settings.MEDIA_ROOT)
    later = make_image(picture=drawing(70, 70))
    damaged = Path(default_storage.path(min(pictures)))
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_bytes(bytes(len(pictures[min(pictures)])))

    said = manage("restore", str(path), "--replace")
    assert f"{len(pictures):,} of {len(pictures):,} media files were missing or different." in said
    assert all_rows() == rows
    found = all_media()
    assert {name: found[name] for name in pictures} == pictures
    assert found.keys() - pictures == later.file_names(), "what nobody asked about is left alone"
    assert (served.get(article.get_absolute_url()).text, served.get("/").text) == (story, front)
    # And it goes on: what is written has keys that nobody has.
    assert make_article().pk > article.pk
    assert "0 of" in manage("restore", str(place), "--replace"), "what is there already is not written again"


def test_nobody_stays_logged_in(place, client, editor):
    client.force_login(editor)
    make_newspaper()
    manage("restore", str(back_up(place)), "--replace")
    assert client.get("/admin/").status_code == 302


def test_a_guest_who_was_lost_is_not_taken_for_the_one_who_gets_the_same_number(place):
    make_newspaper()
    path = back_up(place)
    lost = make_reader(email="lost@example.org")
    link, browser = confirmation_token(lost.commenter), Client()
    browser.post(f"/comments/confirm/{link}/")
    unsubscribe = unsubscribe_token(make_comment(reader=lost, body="It will be lost."))
    assert "It will be lost." in browser.get("/comments/yours/").content.decode()

    manage("restore", str(path), "--replace")
    next_one = make_reader(email="next@example.org")
    make_comment(reader=next_one, body="It is mine alone.")
    assert next_one.commenter.pk == lost.commenter.pk
    assert "It is mine alone." not in browser.get("/comments/yours/").content.decode()
    assert commenter_confirmed_by(link) is None
    with pytest.raises(signing.BadSignature):
        subscription(unsubscribe)


def test_the_log_is_replaced_with_all_else_and_guarded_as_before(place):
    make_newspaper()
    record(AuditEntry.Event.LOGGED_IN, actor="somebody")
    path = back_up(place)
    record(AuditEntry.Event.LOGGED_IN, actor="somebody else")
    manage("restore", str(path), "--replace")
    assert AuditEntry.objects.get().actor == "somebody"
    with pytest.raises(CommandError) as refused:
        manage("flush", interactive=False)
    assert REFUSAL in str(refused.value.__cause__)


def test_a_database_with_something_in_it_is_replaced_only_when_asked_and_kept_aside(place):
    article = make_newspaper()
    path = back_up(place)
    rename(article, "Since then")
    rows = all_rows()
    with pytest.raises(CommandError, match="not empty"):
        manage("restore", str(path))
    assert all_rows() == rows
    said = manage("restore", str(path), "--replace")
    assert Article.objects.get().headline == "Gale warning for the harbour"
    assert headlines_in(kept_aside(said)) == ["Since then"]
    if connection.vendor == "postgresql":
        assert all_rows() == rows


def kept_aside(said: str) -> Path:
    return Path(said.split("What was there before is in ")[1].split()[0].rstrip("."))


def headlines_in(aside: Path) -> list[str]:
    """Of the stories in what was kept aside, which takes the site's place for it on PostgreSQL."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(aside)) as kept:
            return [headline for (headline,) in kept.execute("SELECT headline FROM articles_article")]
    manage("restore", str(aside), "--replace", "--no-aside")
    return list(Article.objects.values_list("headline", flat=True))


def test_what_is_written_while_media_come_back_is_kept_aside_as_well(place, monkeypatch):
    article = make_newspaper()
    path = back_up(place)
    default_storage.delete(min(media.listing()))
    put_back = media.put_back

    def slowly(at, files, progress):
        if files:
            rename(article, "Written meanwhile")
        put_back(at, files, progress)

    monkeypatch.setattr(media, "put_back", slowly)
    aside = kept_aside(manage("restore", str(path), "--replace"))
    assert Article.objects.get().headline == "Gale warning for the harbour"
    assert headlines_in(aside) == ["Written meanwhile"]


@only_postgresql
def test_where_nothing_can_be_kept_aside_nothing_that_is_there_is_replaced(place, monkeypatch):
    article = make_newspaper()
    path = back_up(place)
    rename(article, "Since then")
    lost, other = sorted(media.listing())[:2]
    default_storage.delete(lost)
    Path(default_storage.path(other)).write_bytes(b"something else")
    rows, pictures = all_rows(), all_media()
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(total=2**40, free=0))
    with pytest.raises(CommandError, match="no room for the backup"):
        manage("restore", str(path), "--replace")
    assert all_rows() == rows
    assert {name: content for name, content in all_media().items() if name != lost} == pictures
    assert Folder(place).archives() == [path.name]


def test_an_empty_database_needs_no_leave(place):
    path = back_up(place)
    said = manage("restore", str(path))
    assert "is restored" in said and "before" not in said


def test_what_was_done_lately_is_still_known(place):
    """It was done, whatever the database that is restored knows of it."""
    make_newspaper()
    path = back_up(place)
    assert manifest(path)["counts"]["newsportal_lastdone"] == 0
    for name in ("backup", "verified_backup", "comment_retention"):
        nightly.note(name, place="s3://bucket/backups")
    done = list(LastDone.objects.order_by("name").values())
    manage("restore", str(path), "--replace")
    assert list(LastDone.objects.order_by("name").values()) == done


# --- Pages that are kept ----------------------------------------------------------------------------------------------


def see(served: Served, headline: str) -> None:
    """On the front page, twice: what is made, and what is kept."""
    for _ in range(2):
        text = served.get("/").text
        assert headline in text
        assert not [other for other in ("Alpha", "Bravo", "Charlie", "Delta") if other in text and other != headline]


def walk_over_a_restore(served: list[Served], place: Path) -> None:
    """Pages kept since the backup must not come back when the restored site has been changed as often as the other had."""
    article = make_article(headline="Alpha")
    for each in served:
        see(each, "Alpha")
    path = back_up(place)
    number = Edition.objects.get(key="site").number
    for headline in ("Bravo", "Charlie"):
        rename(article, headline)
        for each in served:
            see(each, headline)
    manage("restore", str(path), "--replace")
    for each in served:
        see(each, "Alpha")
    assert Edition.objects.get(key="site").number > number + 1_000_000
    for headline in ("Delta", "Bravo", "Alpha", "Charlie"):
        rename(article, headline)
        for each in served:
            see(each, headline)


def test_no_kept_page_of_before_is_shown(place):
    cache.set("of-before", 1)
    served = Served()
    walk_over_a_restore([served], place)
    made = served.made
    see(served, "Charlie")
    assert served.made == made, "pages are kept again"
    assert cache.get("of-before") is None


@needs_redis
def test_no_number_in_redis_is_believed_that_is_of_before(place, tmp_path, monkeypatch):
    """Two nodes, and Redis has numbers of keys that the backup does not know."""
    server = Server(tmp_path)
    try:
        nodes = [InRedis(InDatabase(source_of()), server.url) for _ in range(2)]
        monkeypatch.setattr("newsportal.page_cache.counters.counters", lambda: nodes[0])
        gone = make_article(headline="Of another life")
        key = f"story-{gone.pk}"
        for _ in range(3):
            rename(gone, "Of another life")
        gone.delete()
        Edition.objects.filter(key=key).delete()
        walk_over_a_restore([Served(node) for node in nodes], place)
        assert Edition.objects.get(key=key).number > int(server.client.hget(f"newsportal:edition:{key}", "number"))
        truth = InDatabase(source_of()).read(["site", "lists", "any"])
        assert all(node.read(["site", "lists", "any"]) == truth for node in nodes)
    finally:
        server.kill()


def test_numbers_are_beyond_those_of_a_clock_that_was_wrong(place):
    make_newspaper()
    path = back_up(place)
    Edition.objects.filter(key="site").update(number=2**50)
    manage("restore", str(path), "--replace")
    assert Edition.objects.get(key="site").number > 2**50


def fail_over(article: Article, served: list[Served], *options: str) -> None:
    """To a standby that lacks the last two commits, and whose numbers come up once more."""
    told = Edition.objects.values_list("number", "key")
    before = ["UPDATE newsportal_edition SET number = {} WHERE key = '{}'".format(*row) for row in told]  # noqa: S608
    for headline in ("Bravo", "Charlie"):
        rename(article, headline)
        for each in served:
            see(each, headline)
    connection.ensure_connection()
    for statement in [*before, "UPDATE articles_article SET headline = 'Alpha'"]:
        connection.connection.execute(statement)  # past us
    manage("forget_pages", *options)
    for each in served:
        see(each, "Alpha")
    for headline in ("Delta", "Bravo", "Alpha", "Charlie"):
        rename(article, headline)
        for each in served:
            see(each, headline)


def test_after_a_failover_no_page_of_the_commits_that_were_lost_comes_back():
    article = make_article(headline="Alpha")
    served = Served()
    see(served, "Alpha")
    fail_over(article, [served])
    made = served.made
    see(served, "Charlie")
    assert served.made == made, "pages are kept again"


@needs_redis
def test_nor_does_one_that_redis_knows_of(tmp_path, monkeypatch):
    server = Server(tmp_path)
    try:
        nodes = [InRedis(InDatabase(source_of()), server.url) for _ in range(2)]
        monkeypatch.setattr("newsportal.page_cache.counters.counters", lambda: nodes[0])
        article = make_article(headline="Alpha")
        served = [Served(node) for node in nodes]
        for each in served:
            see(each, "Alpha")
        fail_over(article, served, "--after-failover")
        known = nodes[0].known()
        numbers = dict(Edition.objects.values_list("key", "number"))
        assert known and all(numbers[key] >= number for key, number in known.items())
    finally:
        server.kill()


def test_a_cdn_is_told(place, settings):
    make_newspaper()
    path = back_up(place)
    settings.PURGE, settings.VARNISH_URLS = "varnish", ["http://127.0.0.1:1"]
    manage("restore", str(path), "--replace")
    settings.PURGE = "none"
    assert sender.wait(20)
    assert {"site", "lists", "counts"} <= set(Purge.objects.values_list("key", flat=True))


def test_running_servers_show_what_was_restored_and_what_comes_after(place):
    """Two real servers, which have the database open all the time and are told nothing."""
    article = make_article(headline="Alpha")
    path = back_up(place)
    rename(article, "Bravo")
    with nodes.running(2, CACHE_URL="locmemcache://") as ports:

        def shown() -> set[str]:
            pages = [nodes.get(port, "/") for port in ports for _ in range(2)]
            assert {status for status, _ in pages} == {200}
            return {name for _, text in pages for name in ("Alpha", "Bravo", "Charlie") if name in text}

        assert shown() == {"Bravo"}
        manage("restore", str(path), "--replace", "--no-aside")
        assert shown() == {"Alpha"}
        rename(article, "Charlie")
        assert shown() == {"Charlie"}


def test_one_that_is_killed_in_the_middle_leaves_the_site_as_it_was(place, tmp_path):
    article = make_newspaper()
    back_up(place)
    rename(article, "Since then")
    rows = all_rows()
    kill_in_the_middle(place, "restore", tmp_path / "halted")
    assert all_rows() == rows
    rename(article, "And it is written")
    if connection.vendor == "sqlite":
        folder = Path(connection.settings_dict["NAME"]).parent
        (left,) = folder.glob(".newsportal-backup-*")
        os.utime(left, (0, 0))
        of_another = folder / ".newsportal-backup-of-another"
        of_another.mkdir()
    assert "is restored" in manage("restore", str(place), "--replace")
    assert Article.objects.get().headline == "Gale warning for the harbour"
    if connection.vendor == "sqlite":
        assert list(folder.glob(".newsportal-backup-*")) == [of_another], "nothing is left about but what may be in use"
        of_another.rmdir()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGHUP])
def test_one_that_is_told_to_end_in_the_middle_leaves_nothing_behind(place, tmp_path, by):
    article = make_newspaper()
    back_up(place)
    rename(article, "Since then")
    rows = all_rows()
    kill_in_the_middle(place, "restore", tmp_path / "halted", by)
    assert all_rows() == rows
    folders = [place, *([Path(connection.settings_dict["NAME"]).parent] if connection.vendor == "sqlite" else [])]
    assert not [left for folder in folders for left in folder.glob(".newsportal-backup-*")]


def test_a_terminal_that_closes_ends_nothing_that_nohup_has_begun():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_tidily():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            with pytest.raises(SystemExit):
                signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)


@only_sqlite
def test_what_is_kept_aside_has_its_name_when_it_is_whole(place, monkeypatch):
    from newsportal.backup.sqlite import Sqlite

    article = make_newspaper()
    path = back_up(place)
    rename(article, "Since then")
    folder = Path(connection.settings_dict["NAME"]).parent
    copy = Sqlite._copy_to

    def broken_off(self, to):
        copy(self, to)
        assert not list(folder.glob("*.before-*"))
        raise SystemExit(1)

    monkeypatch.setattr(Sqlite, "_copy_to", broken_off)
    with pytest.raises(SystemExit):
        manage("restore", str(path), "--replace")
    assert not list(folder.glob("*.before-*")) and Article.objects.get().headline == "Since then"


@only_sqlite
def test_the_next_backup_takes_away_what_a_killed_restore_has_left_beside_the_database(place):
    make_newspaper()
    left = Path(connection.settings_dict["NAME"]).parent / ".newsportal-backup-old"
    left.mkdir()
    os.utime(left, (0, 0))
    back_up(place)
    assert not left.exists()


@only_sqlite
def test_a_process_that_has_the_database_open_goes_on_with_what_was_restored(place):
    article = make_newspaper()
    path = back_up(place)
    rename(article, "Since then")
    reads: list[str] = []
    opened, restored = threading.Event(), threading.Event()

    def read() -> None:
        try:
            reads.append(Article.objects.get().headline)
            opened.set()
            assert restored.wait(60)
            reads.append(Article.objects.get().headline)
            rename(article, "And it is written")
        finally:
            connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    assert opened.wait(60)
    manage("restore", str(path), "--replace")
    restored.set()
    reader.join()
    assert reads == ["Since then", "Gale warning for the harbour"]
    assert Article.objects.get().headline == "And it is written"


@only_sqlite
def test_a_database_that_cannot_be_read_any_more_is_moved_aside_as_it_is(place, tmp_path):
    from newsportal.backup.sqlite import Sqlite

    make_newspaper()
    whole = tmp_path / "whole.sqlite3"
    whole.write_bytes(member(back_up(place), database_member()))
    broken = tmp_path / "site" / "db.sqlite3"
    broken.parent.mkdir()
    broken.write_bytes(b"no database at all" * 500)
    database = Sqlite(str(broken))
    assert not database.is_empty() and database.numbers() == {}
    database.replace(whole, migrate=False, least=5, keys=["story-987654321"])
    assert database.moved and database.kept_aside.read_bytes() == b"no database at all" * 500
    found = sqlite3.connect(broken)
    assert found.execute("SELECT headline FROM articles_article").fetchall() == [("Gale warning for the harbour",)]
    assert dict(found.execute("SELECT key, number FROM newsportal_edition"))["story-987654321"] == 5
    found.close()


# --- Older and newer --------------------------------------------------------------------------------------------------


def test_an_older_state_is_brought_up_to_date(place):
    """One of before there were numbers of pages, and before a CDN was told."""
    article = make_newspaper()
    recorder = MigrationRecorder(connection)
    ours = sorted(name for app, name in recorder.applied_migrations() if app == "newsportal")
    newer = [name for name in ours if name > "0006"]
    with connection.schema_editor() as editor:
        for model in (LastDone, PolicyReport, AuditAddress, AuditEntry, StaffSession, Guesses, Purge, Edition):
            editor.delete_model(model)
    for name in newer:
        recorder.record_unapplied("newsportal", name)
    path = back_up(place)
    assert not set(newer) & set(manifest(path)["migrations"]["newsportal"])
    assert not {"newsportal_edition", "newsportal_purge"} & manifest(path)["counts"].keys()
    assert f"{len(newer)} migrations were run" in manage("restore", str(path), "--replace")
    assert {("newsportal", name) for name in newer} <= recorder.applied_migrations().keys()
    assert Article.objects.get() == article and not Purge.objects.exists()
    assert Edition.objects.get(key="site").number > 1_000_000


def test_one_of_a_newer_version_is_refused(place):
    make_newspaper()
    path = back_up(place)
    told = manifest(path)["migrations"]
    newer = with_manifest(path, migrations=told | {"articles": [*told["articles"], "0999_from_the_future"]})
    refused(newer, "newer newsportal .*0999_from_the_future")
    other_app = with_manifest(path, migrations=told | {"weather": ["0001_initial"]})
    refused(other_app, "newer newsportal .*weather.0001_initial")


def test_one_of_the_other_database_is_refused(place):
    make_newspaper()
    path = back_up(place)
    own = database_member()
    other = {"database.sqlite3": "database.dump", "database.dump": "database.sqlite3"}[own]

    def change(members):
        members[other] = members.pop(own)
        told = json.loads(members["manifest.json"])
        told["engine"] = {"sqlite": "postgresql", "postgresql": "sqlite"}[told["engine"]]
        told["members"][other] = told["members"].pop(own)
        members["manifest.json"] = json.dumps(told).encode()

    # PostgreSQL would take over a database of SQLite (test_moving), and this is none.
    why = {"sqlite": "the kind of database that it was made of", "postgresql": "file is not a database"}
    refused(changed(path, change), why[connection.vendor])


# --- Refused, before anything is touched ------------------------------------------------------------------------------


def refused(path: Path, why: str, *options: str) -> None:
    """Restoring fails for this reason, and nothing at all is otherwise afterwards."""
    rows, numbers, pictures = all_rows(), list(Edition.objects.values_list()), all_media()
    backups = {name: path.parent.joinpath(name).read_bytes() for name in Folder(path.parent).archives()}
    with pytest.raises(CommandError, match=why):
        manage("restore", str(path), "--replace", *options)
    assert (all_rows(), list(Edition.objects.values_list()), all_media()) == (rows, numbers, pictures)
    assert {name: path.parent.joinpath(name).read_bytes() for name in Folder(path.parent).archives()} == backups


def test_no_damaged_byte_and_no_missing_one_is_overlooked(place):
    make_newspaper()
    path = back_up(place)
    whole = path.read_bytes()
    damaged = path.with_name("damaged-20000101T000000Z.zip")
    for position in [0, 1, len(whole) - 1, len(whole) - 65, *range(7, len(whole), len(whole) // 40)]:
        damaged.write_bytes(whole[:position] + bytes([whole[position] ^ 0x01]) + whole[position + 1 :])
        with pytest.raises(BackupError, match="damaged"):
            archive.check_seal(damaged)
    for length in (0, 1, 64, 65, len(whole) // 2, len(whole) - 1):
        damaged.write_bytes(whole[:length])
        with pytest.raises(BackupError, match=r"too short|not a whole backup|damaged"):
            archive.check_seal(damaged)
    middle = len(whole) // 2
    damaged.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0x80]) + whole[middle + 1 :])
    refused(damaged, "is damaged")
    damaged.write_bytes(whole[:middle])
    refused(damaged, "not a whole backup")


def test_a_damaged_picture_keeps_everything_from_being_touched(place):
    article = make_newspaper()
    path = back_up(place)
    rename(article, "Since then")
    stored = min(media.listing())
    told = next(json.loads(line) for line in member(path, "media.jsonl").splitlines() if stored in line.decode())
    shutil.rmtree(settings.MEDIA_ROOT)
    pool = place / in_pool(told["sha256"])
    pool.write_bytes(pool.read_bytes()[:-1])
    refused(path, "is damaged")
    pool.unlink()
    refused(path, "is not in")


def test_no_name_leads_out_of_the_media_folder(place):
    make_newspaper()
    path = back_up(place)
    lines = member(path, "media.jsonl").splitlines(keepends=True)
    outside = [
        "../x.jpg",
        "/etc/x.jpg",
        "pictures/../../x.jpg",
        "pictures//x.jpg",
        "..",
        "C:/x.jpg",
        "a\\..\\x.jpg",
        "a\n.jpg",
        "",
    ]
    for name in outside:
        first = json.dumps(json.loads(lines[0]) | {"name": name}).encode() + b"\n"
        refused(with_member(path, "media.jsonl", b"".join([first, *lines[1:]])), "lead out of the media")


def test_what_is_no_backup_of_ours_is_refused(place):
    make_newspaper()
    path = back_up(place)
    told = manifest(path)
    refused(with_manifest(path, version=2), "has format 2; this version of newsportal reads format 1")
    refused(with_manifest(path, format="tar"), "not a backup of newsportal")
    refused(with_manifest(path, engine="mysql"), "cannot be understood")
    refused(with_manifest(path, counts={"articles_article": -1}), "cannot be understood")
    refused(with_manifest(path, surprise=1), "says more than it should")
    refused(
        with_manifest(path, members=told["members"] | {"../x": {"size": 0, "sha256": "0" * 64}}), "cannot be understood"
    )
    refused(with_manifest(path, media_files=told["media_files"] + 1), "not as long as the manifest says")
    refused(changed(path, lambda members: members.update({"../outside": b"x"})), "does not hold what a backup holds")
    refused(changed(path, lambda members: members.pop("manifest.json")), "has no manifest.json")
    refused(changed(path, lambda members: members.update({"manifest.json": b"{"})), "cannot be read as a backup")
    refused(changed(path, lambda members: members.update({"manifest.json": b"[]"})), "not a backup of newsportal")
    refused(changed(path, lambda members: members.update({"media.jsonl": b""})), "not what the manifest says")
    refused(with_member(path, "media.jsonl", b"{}\n"), "cannot be read")
    refused(with_member(path, "media.jsonl", b'{"name": "a"}'), "is cut off")
    other = place / "other-20000101T000000Z.zip"
    other.write_bytes(b"PK\x03\x04" + b"x" * 500)
    refused(other, "not a whole backup of newsportal")
    other.write_bytes(b"x" * 500 + b"0" * 64)
    archive.seal(other)
    refused(other, "cannot be read as a backup")
    refused(place / "nothing.zip", "There is no nothing.zip")


def test_a_database_that_is_damaged_within_is_refused(place):
    make_newspaper()
    path = back_up(place)
    whole = member(path, database_member())
    damaged = bytearray(whole)
    middle = 4096 * (len(whole) // 4096 // 2)
    damaged[middle : middle + 4096] = bytes(4096)
    if connection.vendor == "postgresql":
        damaged[:5] = b"XXXXX"
    refused(with_member(path, database_member(), bytes(damaged)), "damaged|cannot be read")


@only_postgresql
def test_what_fails_half_way_leaves_the_database_as_it_was(place):
    """The dump has its table of contents, and not all of its rows."""
    make_newspaper()
    path = back_up(place)
    whole = member(path, database_member())
    cut = with_member(path, database_member(), whole[:-50])
    rows = all_rows()
    with pytest.raises(CommandError, match="is as it was"):
        manage("restore", str(cut), "--replace", "--no-aside")
    assert all_rows() == rows


@only_sqlite
def test_what_cannot_be_brought_up_to_date_leaves_everything_as_it_was(place, tmp_path):
    make_newspaper()
    path = back_up(place)
    older = tmp_path / "older.sqlite3"
    older.write_bytes(member(path, database_member()))
    database = sqlite3.connect(older)
    database.execute("DELETE FROM django_migrations WHERE name = '0026_desk_lists'")
    database.commit()
    database.close()
    told = manifest(path)["migrations"]
    told["articles"].remove("0026_desk_lists")
    refused(
        with_member(path, database_member(), older.read_bytes(), migrations=told),
        "cannot be brought up to this version",
    )


# --- Of another site --------------------------------------------------------------------------------------------------

OTHER = "https://other.example"


def of_another_site(path: Path) -> Path:
    """The archive as OTHER has made it, beside it, and newer."""
    other = with_manifest(path, site=OTHER)
    return other.rename(path.with_name("other.example-20990101T000000Z.zip"))


def test_one_of_another_site_is_refused_where_there_is_something(place, settings):
    make_newspaper()
    other = of_another_site(back_up(place))
    refused(other, rf"is of {OTHER}, .* {settings.SITE_URL} .*--from-site {OTHER}")
    refused(other, rf"is of {OTHER}, and --from-site names https://third.example", "--from-site=https://third.example")
    # As it is named, and not nearly so.
    refused(other, "--from-site names http://other.example", "--from-site=http://other.example")


def test_accounts_alone_are_something(place):
    other = of_another_site(back_up(place))
    User.objects.create_user("editor")
    refused(other, f"is of {OTHER}")


def test_one_of_another_site_that_is_named_takes_the_place_of_what_is_there(place):
    article = make_newspaper()
    other = of_another_site(back_up(place))
    rename(article, "Of the site that is moved to")
    manage("restore", str(other), "--replace", f"--from-site={OTHER}/")
    assert Article.objects.get().headline == "Gale warning for the harbour"


def test_an_empty_installation_takes_one_of_any_site(place):
    path = back_up(place)
    of_another_site(path)
    path.unlink()
    with pytest.raises(CommandError, match="--from-site names"):
        manage("restore", str(place), "--from-site=https://third.example")
    assert f"of {OTHER} is restored" in manage("restore", str(place))


def test_of_a_place_with_several_sites_the_newest_of_this_one_is_taken_or_of_the_one_that_is_named(place, settings):
    article = make_newspaper()
    path = back_up(place)
    other = of_another_site(path)
    rename(article, "Since then")
    assert f"{path.name} of {settings.SITE_URL} is restored" in manage("restore", str(place), "--replace")
    said = manage("restore", str(place), "--replace", f"--from-site={OTHER}")
    assert f"{other.name} of {OTHER} is restored" in said
    # Of two of which neither is this one's nobody knows which is meant.
    other.with_name("third.example-20260101T000000Z.zip").write_bytes(path.read_bytes())
    for kept in place.glob(f"{path.name.rpartition('-')[0]}-*.zip"):
        kept.unlink()
    with pytest.raises(CommandError, match=r"backups of other.example and third.example .* name the archive"):
        manage("restore", str(place), "--replace")


def test_whose_a_backup_is_makes_no_difference_to_verifying_it(place):
    make_newspaper()
    path = back_up(place)
    other = of_another_site(path)
    assert f"of {OTHER} is good" in manage("verify_backup", str(other))
    assert f"{path.name} of" in manage("verify_backup", str(place)), "of a place its own"
    other.with_name("third.example-20260101T000000Z.zip").write_bytes(path.read_bytes())
    path.unlink()
    with pytest.raises(CommandError, match="name the archive"):
        manage("verify_backup", str(place))


def test_a_site_that_was_given_another_name_has_its_own_backups_verified_beside_those_of_before(place, settings):
    make_newspaper()
    before = back_up(place)
    settings.SITE_URL = "https://another.example"
    assert before.name in manage("verify_backup", str(place)), "it has none of its own yet"
    assert not LastDone.objects.filter(name=nightly.VERIFIED_BACKUP).exists()
    after = back_up(place, "--keep=1")
    assert after.name in manage("verify_backup", str(place))
    assert LastDone.objects.filter(name=nightly.VERIFIED_BACKUP).exists()
    assert before.exists(), "nobody deletes what is another site's by its name"
