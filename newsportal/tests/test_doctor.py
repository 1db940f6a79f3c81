"""`manage.py doctor` finds what is wrong and says how it is mended; so do the pages of the desk, to those whom it concerns."""

import datetime
import http.server
import io
import ipaddress
import json
import os
import shutil
import ssl
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from articles.models import Article, Image
from articles.pictures.renditions import sizes
from articles.tests.factories import make_article, make_image
from articles.workflow import Status
from deploy import loopback
from newsportal import backlog, doctor
from newsportal.background import in_process
from newsportal.doctor import CHECKS, Check, configuration, database, files, machines, newsroom
from newsportal.doctor.alarms import alarms
from newsportal.doctor.finding import Level, fine, odd, wrong
from newsportal.models import Purge
from newsportal.tests.answering import begin, end
from newsportal.tests.findings import worst
from newsportal.tests.jobs import note
from newsportal.tests.programs import needs_redis
from newsportal.tests.refusing import nothing_is_written, on_sqlite, writing

HOUR = datetime.timedelta(hours=1)
#: A user who owns nothing; root may write to everything.
NOBODY = 65534


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_debug_is_wrong(settings):
    assert worst(configuration.debug()) is Level.FINE
    settings.DEBUG = True
    assert worst(configuration.debug()) is Level.WRONG


def test_it_says_what_the_deploy_checks_say(settings, monkeypatch):
    # Set by tests that drive a browser; of this Django warns, too.
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)
    settings.SITE_NAME = "Newsportal"
    found = configuration.deploy_checks()
    assert worst(found) is Level.ODD
    assert [finding.mend for finding in found if "newsportal.W001" in finding.what] == [
        "Set SITE_NAME to the title of your newspaper."
    ]


@pytest.mark.parametrize(
    ("tls", "is_behind", "named", "expected"),
    [
        (True, True, True, Level.FINE),
        (True, False, False, Level.FINE),
        (True, False, True, Level.WRONG),
        (False, True, True, Level.ODD),
        (True, True, False, Level.ODD),
    ],
)
def test_a_proxy_that_is_half_believed_is_found(settings, tls, is_behind, named, expected):
    settings.TLS = tls
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if is_behind else None
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1")] if named else []
    assert worst(configuration.proxy()) is expected


# --- The database -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_database_that_is_well_says_its_version():
    (found,) = database.answers()
    assert found.level is Level.FINE
    assert "WAL" in found.what if connection.vendor == "sqlite" else "connections" in found.what


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")
def test_a_server_whose_database_a_crash_destroys_is_wrong(monkeypatch):
    real = database._one
    monkeypatch.setattr(database, "_one", lambda statement: "off" if statement == "SHOW fsync" else real(statement))
    assert worst(database.answers()) is Level.WRONG


@pytest.fixture
def kept_from(monkeypatch):
    """The file of SQLite's database, which this process may read and not write to, in a folder of the same kind."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "db.sqlite3"
        file.touch(0o444)
        Path(folder).chmod(0o555)
        monkeypatch.setitem(connection.settings_dict, "NAME", str(file))
        if is_root := os.geteuid() == 0:
            os.setresuid(NOBODY, NOBODY, 0)
        try:
            yield file
        finally:
            if is_root:
                os.setresuid(0, 0, 0)
            Path(folder).chmod(0o755)


@on_sqlite
def test_a_file_that_somebody_else_owns_is_wrong_and_whose_it_must_be_is_said(kept_from):
    (found,) = database.takes_writes()
    assert found.level is Level.WRONG and "takes no writes" in found.what
    assert f"chown {os.geteuid()} {kept_from.parent} {kept_from}" in found.mend


@on_sqlite
def test_a_file_that_cannot_be_opened_for_that_is_no_database_that_does_not_answer(kept_from, monkeypatch):
    monkeypatch.setattr(database.readiness, "missing", lambda within: ["database"])
    (found,) = database.answers()
    assert found.level is Level.WRONG and "takes no writes" in found.what


@pytest.mark.django_db(transaction=True)
def test_a_database_that_refuses_writes_is_wrong():
    with nothing_is_written():
        found = [finding for finding in (*database.answers(), *database.takes_writes()) if finding.level is Level.WRONG]
    assert ["takes no writes" in finding.what and finding.mend != "" for finding in found] == [True]


@pytest.mark.django_db(transaction=True)
@on_sqlite
def test_a_database_to_which_somebody_else_writes_is_not_one_that_refuses(monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 0.5)
    monkeypatch.setattr(database.readiness, "missing", lambda within: [])
    with writing():
        assert worst(database.answers()) is Level.ODD
        assert worst(database.takes_writes()) is Level.FINE


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's is refused by the file, which is looked at")
def test_the_desk_says_to_who_writes_that_nothing_is_written(client, reporter, moderator):
    for person in (reporter, moderator):
        client.force_login(person)
        alarms.forget()
        with nothing_is_written():
            page = client.get("/admin/").content.decode()
        assert "takes no writes" in page and "default_transaction_read_only" in page
    alarms.forget()


@pytest.mark.django_db
def test_migrations_that_wait_are_named():
    assert worst(database.migrations()) is Level.FINE
    MigrationRecorder.Migration.objects.filter(app="newsportal", name="0007_purge").delete()
    (found,) = database.migrations()
    assert (found.level, found.what) == (
        Level.WRONG,
        "Migrations have not been applied: 1, beginning with newsportal.0007_purge.",
    )


@pytest.mark.django_db
def test_clocks_that_differ_are_found(time_machine):
    assert worst(database.clock()) is Level.FINE
    for off in (-1, 1):
        time_machine.move_to(datetime.datetime.now(datetime.UTC) + off * HOUR)
        expected = Level.FINE if connection.vendor == "sqlite" else Level.WRONG
        assert worst(database.clock()) is expected
        time_machine.move_to(datetime.datetime.now(datetime.UTC) - off * HOUR)


# --- Files ------------------------------------------------------------------------------------------------------------


def test_a_folder_that_takes_no_pictures_is_wrong(settings, tmp_path):
    assert worst(files.pictures_can_be_written()) is Level.FINE
    assert worst(files.pictures_round_trip()) is Level.FINE
    assert not list((tmp_path / "media").iterdir())
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = str(tmp_path / "file" / "media")
    assert worst(files.pictures_can_be_written()) is Level.WRONG
    assert worst(files.pictures_round_trip()) is Level.WRONG


def test_a_bucket_is_written_read_and_deleted_and_one_that_is_not_there_is_wrong(settings, tmp_path):
    pytest.importorskip("moto")
    with loopback.s3(tmp_path) as named:
        options = {
            "bucket_name": named["S3_BUCKET"], "endpoint_url": named["S3_ENDPOINT_URL"], "access_key": "loopback",
            "secret_key": "loopback", "region_name": "us-east-1", "file_overwrite": True,
        }  # fmt: skip
        for bucket, expected in ((named["S3_BUCKET"], Level.FINE), ("another", Level.WRONG)):
            storage = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options | {"bucket_name": bucket}}
            settings.STORAGES = settings.STORAGES | {"default": storage}
            assert worst(files.pictures_round_trip()) is expected
            assert worst(files.pictures_can_be_written()) is Level.FINE


def at(settings, origin: str) -> None:
    """Pictures are at this host, and pages say so."""
    storage = settings.STORAGES["default"] | {"OPTIONS": {"base_url": f"{origin}/media/"}}
    settings.STORAGES = settings.STORAGES | {"default": storage}


@pytest.mark.django_db
def test_texts_whose_pictures_are_no_longer_where_pictures_are_are_found(settings):
    make_article(body=f'<p>Rain.</p><figure data-image="{make_image().pk}"></figure>')
    assert worst(files.pictures_are_shown()) is Level.FINE
    at(settings, "https://media.example.org")
    now, before = files.pictures_are_shown()
    # They are still here, too.
    assert (now.level, before.level) == (Level.FINE, Level.ODD)
    assert "https://media.example.org" in now.what and "http://testserver" in before.what
    call_command("render_again", stdout=io.StringIO())
    assert [found.level for found in files.pictures_are_shown()] == [Level.FINE]
    at(settings, "https://pictures.example.org")
    now, before = files.pictures_are_shown()
    assert (now.level, before.level) == (Level.FINE, Level.WRONG)
    assert "https://media.example.org" in before.what and "render_again" in before.mend


def test_static_files_that_are_not_there_are_wrong(settings, tmp_path):
    assert worst(files.static_files_are_collected()) is Level.FINE
    settings.STATIC_ROOT = str(tmp_path)
    hashed = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": hashed}
    assert worst(files.static_files_are_collected()) is Level.WRONG
    manifest = {"paths": {"a.css": "a.1234.css"}, "version": "1.1", "hash": "1"}
    (tmp_path / "staticfiles.json").write_text(json.dumps(manifest))
    assert "a.1234.css" in files.static_files_are_collected()[0].what
    (tmp_path / "a.1234.css").touch()
    assert worst(files.static_files_are_collected()) is Level.FINE


@pytest.mark.django_db
def test_pictures_without_the_newest_sizes_are_to_be_looked_at():
    make_image()
    assert worst(files.picture_sizes()) is Level.FINE
    Image.objects.update(size_set=0)
    assert worst(files.picture_sizes()) is Level.ODD


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("gigabytes", "expected"),
    [(100, Level.FINE), (26, Level.FINE), (4, Level.ODD), (0.4, Level.WRONG), (0, Level.WRONG)],
)
def test_a_disk_that_fills_up_is_found(monkeypatch, gigabytes, expected):
    usage = SimpleNamespace(total=250 * 2**30, free=int(gigabytes * 2**30))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    assert worst(files.disk()) is expected


# --- Other machines ---------------------------------------------------------------------------------------------------


def test_redis_that_is_away_is_wrong(settings):
    pytest.importorskip("django_redis")
    redis = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": f"redis://127.0.0.1:{loopback.free_port()}/0"}
    settings.CACHES = {"default": redis}
    assert worst(machines.cache()) is Level.WRONG


@needs_redis
def test_redis_that_is_full_or_forgets_as_it_likes_is_found(settings, tmp_path):
    redis = pytest.importorskip("redis")
    with loopback.redis(tmp_path) as url:
        settings.CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": url}}
        assert worst(machines.cache()) is Level.FINE
        client = redis.Redis.from_url(url)
        client.config_set("maxmemory", 2**30)
        for policy, expected in (("volatile-lru", Level.ODD), ("noeviction", Level.FINE)):
            client.config_set("maxmemory-policy", policy)
            assert worst(machines.cache()) is expected
        client.config_set("maxmemory", 1)
        (found,) = machines.cache()
        assert found.level is Level.WRONG and "is full" in found.what
        client.close()


def with_certificate(folder: Path, begins: float, ends: float) -> ssl.SSLContext:
    """Of a server whose certificate, which is put there, is signed by nobody else; it began and ends so many days from now."""
    now, key = datetime.datetime.now(datetime.UTC), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    built = x509.CertificateBuilder(
        issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=x509.random_serial_number(),
        not_valid_before=now + begins * 24 * HOUR, not_valid_after=now + ends * 24 * HOUR,
    )  # fmt: skip
    built = built.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
    )
    signed = built.sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def test_a_mail_server_that_is_away_or_speaks_no_tls_is_wrong(settings):
    from aiosmtpd.controller import Controller

    settings.MAIL_ENABLED = False
    assert worst(machines.mail_server()) is Level.ODD
    settings.MAIL_ENABLED, settings.EMAIL_HOST, settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = (
        True,
        "127.0.0.1",
        False,
        False,
    )
    settings.EMAIL_PORT = loopback.free_port()
    assert worst(machines.mail_server()) is Level.WRONG
    server = Controller(object(), hostname="127.0.0.1", port=settings.EMAIL_PORT)
    server.start()
    try:
        assert worst(machines.mail_server()) is Level.FINE
        settings.EMAIL_USE_TLS = True
        assert worst(machines.mail_server()) is Level.WRONG
    finally:
        server.stop()


@pytest.fixture
def mail_with_tls(settings, tmp_path):
    """A mail server that lets in who logs in over TLS as `site` with `right`; its certificate is in `certificate.pem`."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    settings.MAIL_ENABLED, settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = True, False, True
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", loopback.free_port()
    server = Controller(
        object(), hostname="127.0.0.1", port=settings.EMAIL_PORT, tls_context=with_certificate(tmp_path, -1, 1),
        authenticator=lambda *said: AuthResult(success=said[-1].password == b"right", handled=False),
    )  # fmt: skip
    server.start()
    yield
    server.stop()


def test_a_mail_server_whose_certificate_letters_refuse_is_wrong(mail_with_tls):
    (found,) = machines.mail_server()
    assert found.level is Level.WRONG and "certificate" in found.what and "self-signed" in found.what


def test_one_to_which_we_cannot_log_in_is_wrong(mail_with_tls, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "site", "wrong"
    (found,) = machines.mail_server()
    assert found.level is Level.WRONG and "EMAIL_HOST_PASSWORD" in found.mend
    settings.EMAIL_HOST_PASSWORD = "right"
    assert worst(machines.mail_server()) is Level.FINE


class Answers(dict[str, tuple[int, dict[str, str], bytes]]):
    handler: type[http.server.BaseHTTPRequestHandler]


@pytest.fixture
def front_door(settings):
    """Answers as SITE_URL, by path: (status, headers, body)."""
    answers = Answers()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Door)
    answers.handler = Door
    begin(server)
    settings.SITE_URL = f"http://127.0.0.1:{server.server_port}"
    yield answers
    end(server)


def test_the_front_door_is_tried(front_door, settings):
    front_door["/healthz"] = 200, {}, b"ok\n"
    front_door["/robots.txt"] = 200, {}, b"User-agent: *\n"
    front_door["/"] = 200, {}, b"<!doctype html>"
    assert worst(machines.site()) is Level.FINE
    front_door["/robots.txt"] = 301, {"Location": f"{settings.SITE_URL}/robots.txt"}, b""
    assert "redirect to themselves" in machines.site()[1].what
    front_door["/robots.txt"] = 400, {}, b""
    assert "ALLOWED_HOSTS" in machines.site()[1].mend
    front_door["/healthz"] = 200, {}, b"<h1>Welcome to nginx!</h1>"
    assert "something else" in machines.site()[0].what
    front_door["/healthz"] = 302, {"Location": "/robots.txt"}, b""
    assert worst(machines.site()) is Level.WRONG
    settings.SITE_URL = f"http://127.0.0.1:{loopback.free_port()}"
    assert "ConnectionRefusedError" in machines.site()[0].what


@pytest.mark.django_db
def test_a_front_page_and_a_newest_story_that_readers_do_not_get_or_only_as_they_were_are_wrong(front_door):
    front_door["/healthz"] = 200, {}, b"ok\n"
    front_door["/robots.txt"] = 200, {}, b"User-agent: *\n"
    assert worst(machines.newest_story()) is Level.FINE
    make_article(publish_at=timezone.now() - HOUR)
    newest = make_article(publish_at=timezone.now() - HOUR / 2)
    make_article(status=Status.DRAFT)
    for path, look in (("/", machines.site), (newest.get_absolute_url(), machines.newest_story)):
        for answer, said in (
            ((500, {}, b""), "status 500"),
            ((302, {"Location": "/login/"}, b""), "status 302"),
            ((200, {"X-Cache": "STALE"}, b"<!doctype html>"), "as it was"),
        ):
            front_door[path] = answer
            found = look()[-1]
            assert found.level is Level.WRONG and said in found.what and "log" in found.mend
        for headers in ({}, {"X-Cache": "HIT"}):
            front_door[path] = 200, headers, b"<!doctype html>"
            assert worst(look()) is Level.FINE


@pytest.mark.django_db
def test_the_newest_picture_is_fetched_from_where_readers_get_it(front_door, settings):
    assert worst(machines.newest_picture()) is Level.FINE
    path = sizes(make_image())[0].url()
    door = settings.SITE_URL
    # Where the site is, and where it is not.
    for site, elsewhere in ((door, ""), ("http://testserver", door)):
        settings.SITE_URL = site
        at(settings, elsewhere)
        for status, body, expected in (
            (200, b"\xff\xd8\xff\xe0", Level.FINE),
            (200, b"<h1>Welcome to nginx!</h1>", Level.WRONG),
            (400, b"", Level.WRONG),
        ):
            front_door[path] = status, {}, body
            assert worst(machines.newest_picture()) is expected
    at(settings, f"http://127.0.0.1:{loopback.free_port()}")
    (found,) = machines.newest_picture()
    assert found.level is Level.WRONG and "ConnectionRefusedError" in found.what


@pytest.fixture
def secured(front_door, settings, tmp_path, monkeypatch):
    """Call it to have the door speak TLS, with a certificate that began and ends so many days from now."""
    servers = []

    def speak(begins: float, ends: float) -> None:
        context = with_certificate(tmp_path, begins, ends)
        # Which OpenSSL trusts in the place of the system's own.
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        server = http.server.HTTPServer(("127.0.0.1", 0), front_door.handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        begin(server)
        servers.append(server)
        settings.SITE_URL = f"https://127.0.0.1:{server.server_port}"

    yield speak
    for server in servers:
        end(server)


@pytest.mark.parametrize(
    ("begins", "ends", "expected", "said"),
    [
        (-60, 30.1, Level.FINE, "30 days"),
        (-75, 15.1, Level.ODD, "15 days"),
        (-85, 5.1, Level.WRONG, "5 days"),
        (-89, 0.51, Level.WRONG, "12 hours"),
        # One for a year, for 45 days and for six, as Let's Encrypt has them, too.
        (-340, 25.1, Level.FINE, "25 days"),
        (-32, 13.1, Level.FINE, "13 days"),
        (-3, 3.1, Level.FINE, "3 days"),
    ],
)
def test_a_certificate_that_is_not_made_anew_is_told_of_before_it_ends(
    front_door, secured, begins, ends, expected, said
):
    front_door["/healthz"] = 200, {}, b"ok\n"
    front_door["/robots.txt"] = 200, {}, b"User-agent: *\n"
    front_door["/"] = 200, {}, b"<!doctype html>"
    secured(begins, ends)
    found = machines.site()
    assert worst(found) is expected and said in found[1].what


def test_one_that_has_ended_is_wrong(front_door, secured):
    secured(-90, -1)
    (found,) = machines.site()
    assert found.level is Level.WRONG and "SSLCertVerificationError" in found.what


# --- The newsroom -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_jobs_that_nobody_does_are_found(settings, monkeypatch):
    assert worst(newsroom.jobs()) is Level.FINE
    DBTaskResult.objects.filter(pk=note.enqueue("job").id).update(enqueued_at=timezone.now() - HOUR)
    (found,) = newsroom.jobs()
    assert found.level is Level.WRONG and "60 minutes" in found.what and "background_worker" in found.mend
    # Where serving processes do it, one that has not been asked for long has yet to begin.
    settings.BACKGROUND_WORKER = "thread"
    for ago, expected in ((float("inf"), Level.ODD), (8 * 3600, Level.ODD), (1, Level.ODD), (70, Level.WRONG)):
        monkeypatch.setattr(in_process, "looked_at", time.monotonic() - ago)
        assert worst(newsroom.jobs()) is expected


@pytest.mark.django_db
def test_what_was_given_up_and_letters_that_were_not_taken_are_found():
    assert worst(newsroom.failed_jobs()) is worst(newsroom.letters()) is Level.FINE
    DBTaskResult.objects.filter(pk=note.enqueue("job").id).update(status="FAILED", finished_at=timezone.now())
    assert newsroom.failed_jobs()[0].what == "1 piece of work was given up since yesterday: note."
    DBTaskResult.objects.filter(pk=note.enqueue("letter").id).update(
        task_path="comments.notifications.send_confirmation", args_kwargs={"args": [1], "kwargs": {"attempt": 3}},
        run_after=timezone.now() + HOUR,
    )  # fmt: skip
    assert "did not take 1 letter to readers; it is tried again" in newsroom.letters()[0].what
    assert worst(newsroom.letters()) is Level.WRONG


@pytest.mark.django_db
def test_a_letter_that_is_refused_while_others_are_taken_is_only_to_be_looked_at():
    letter = {"task_path": "comments.notifications.send_confirmation"}
    refused = letter | {
        "args_kwargs": {"args": [1], "kwargs": {"attempt": 3}}, "enqueued_at": timezone.now() - HOUR,
        "run_after": timezone.now() + HOUR,
    }  # fmt: skip
    DBTaskResult.objects.filter(pk=note.enqueue("refused").id).update(**refused)
    done = letter | {"status": "SUCCESSFUL", "finished_at": timezone.now()}
    other = DBTaskResult.objects.filter(pk=note.enqueue("other").id)
    for outcome, expected in (("later", Level.WRONG), (None, Level.WRONG), ("sent", Level.ODD)):
        other.update(**done, return_value=outcome)
        assert worst(newsroom.letters()) is expected
    other.update(finished_at=timezone.now() - 2 * HOUR)
    assert worst(newsroom.letters()) is Level.WRONG


@pytest.mark.django_db
def test_letters_that_were_given_up_stand_at_the_desk_of_moderators_with_how_they_are_sent(client, moderator, reporter):
    for number in range(2):
        DBTaskResult.objects.filter(pk=note.enqueue(f"letter {number}").id).update(
            task_path="comments.notifications.send_confirmation", args_kwargs={"args": [1], "kwargs": {"attempt": 6}},
            status="FAILED", finished_at=timezone.now() - 50 * HOUR,
        )  # fmt: skip
    alarms.forget()
    client.force_login(moderator)
    page = client.get("/admin/").content.decode()
    assert "2 letters to readers were given up" in page and "Do again what was given up" in page
    client.force_login(reporter)
    assert "letters to readers" not in client.get("/admin/").content.decode()
    assert backlog.look().letters_given_up == 2
    DBTaskResult.objects.update(finished_at=timezone.now() - 100 * HOUR)
    assert worst(newsroom.letters()) is Level.FINE


@pytest.mark.django_db
def test_late_stories_and_a_cdn_that_was_not_told_are_found(settings):
    assert worst(newsroom.late_stories()) is worst(newsroom.purges()) is Level.FINE
    for _ in range(2):
        late = make_article(status=Status.DRAFT)
        Article.objects.filter(pk=late.pk).update(publish_at=timezone.now() - HOUR)
    assert newsroom.late_stories()[0].what == "2 stories are past their time and not out."
    settings.PURGE = "varnish"
    assert worst(newsroom.purges()) is Level.FINE
    Purge.objects.create(key="site", touched_at=time.time() - 3600, due_at=time.time(), is_repeat=False)
    assert worst(newsroom.purges()) is Level.WRONG


# --- The command ------------------------------------------------------------------------------------------------------


def run() -> tuple[int, list[str]]:
    output = io.StringIO()
    try:
        call_command("doctor", stdout=output, no_color=True)
    except SystemExit as end:
        return end.code, output.getvalue().splitlines()
    return 0, output.getvalue().splitlines()


@pytest.mark.django_db
def test_each_check_says_a_line_at_least_and_what_is_wrong_ends_with_1(settings):
    settings.SITE_URL = f"http://127.0.0.1:{loopback.free_port()}"
    code, lines = run()
    assert code == 1
    for check in CHECKS:
        assert any(line[6:].startswith(f"{check.name}: ") for line in lines), check.name
    assert any(line.startswith("WRONG site: ") and " → " in line for line in lines)


def test_what_is_only_odd_ends_with_0(monkeypatch):
    checks = [Check("one", lambda: [fine("Well.")]), Check("two", lambda: [odd("Hm.", "Look.")])]
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert run() == (0, ["OK    one: Well.", "LOOK  two: Hm. → Look.", "", "Nothing is wrong. To look at: 1."])


def test_a_check_that_breaks_stops_no_other(monkeypatch):
    checks = [Check("one", lambda: 1 // 0), Check("two", lambda: [fine("Well.")])]
    monkeypatch.setattr(doctor, "CHECKS", checks)
    code, lines = run()
    assert code == 1
    assert lines[0].startswith("WRONG one: This could not be looked at (ZeroDivisionError).")
    assert lines[1] == "OK    two: Well."


def test_while_the_database_is_away_nobody_waits_for_it_again(monkeypatch):
    monkeypatch.setattr(database.readiness, "missing", lambda within: ["database"])
    asked = [check.name for check, _ in doctor.examine()]
    assert "database" in asked and "cache" in asked
    assert not {"migrations", "clock", "jobs", "mail", "late stories", "CDN"} & set(asked)


# --- The desk ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def wrong_things(db):
    """A late story, which is the editors'; work that was given up, which is the administrators'."""
    late = make_article(status=Status.DRAFT)
    Article.objects.filter(pk=late.pk).update(publish_at=timezone.now() - HOUR)
    DBTaskResult.objects.all().delete()
    DBTaskResult.objects.filter(pk=note.enqueue("job").id).update(status="FAILED", finished_at=timezone.now())
    alarms.forget()


def told(user) -> list[str]:
    return [
        finding.what.split(" ")[0] + " " + finding.what.split(" ")[1]
        for finding in alarms.of(User.objects.get(pk=user.pk))
    ]


def test_everybody_is_told_what_concerns_them(wrong_things, administrator, editor, reporter, moderator, outsider):
    assert told(administrator) == ["1 piece", "1 story"]
    assert told(editor) == ["1 story"]
    assert told(reporter) == told(moderator) == told(outsider) == []


def test_it_stands_on_every_page_of_the_desk_and_on_no_other(wrong_things, client, editor):
    assert "past its time" not in client.get("/admin/login/").content.decode()
    client.force_login(editor)
    for url in ("/admin/", "/admin/articles/article/", "/admin/articles/article/add/", "/admin/articles/tag/"):
        page = client.get(url).content.decode()
        assert "1 story is past its time and not out." in page and "set another time" in page, url
    assert "is past its time" not in client.get("/admin/articles/tag/add/?_popup=1").content.decode()
    assert "is past its time" not in client.get("/").content.decode()


def test_what_was_seen_is_believed_for_a_minute(wrong_things, editor, django_assert_num_queries, monkeypatch):
    editor.get_all_permissions()
    assert alarms.of(editor)
    with django_assert_num_queries(0):
        assert alarms.of(editor)
    Article.objects.all().delete()
    assert alarms.of(editor)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    assert not alarms.of(editor)


def test_it_costs_few_questions(administrator, django_assert_max_num_queries):
    alarms.forget()
    with django_assert_max_num_queries(14):
        alarms.of(administrator)


def test_while_one_looks_nobody_else_waits(administrator, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        begun.set()
        go_on.wait(60)
        return [wrong("Slow.", "Wait.")]

    monkeypatch.setattr("newsportal.doctor.alarms.CHECKS", [Check("slow", slow, on_desk=True)])
    alarms.kept([])
    alarms.forget()
    looking = threading.Thread(target=alarms._look)
    looking.start()
    assert begun.wait(60)
    assert alarms.of(administrator) == []
    go_on.set()
    looking.join(60)
    assert [finding.what for finding in alarms.of(administrator)] == ["Slow."]


def test_what_it_says_is_text(client, administrator, monkeypatch):
    checks = [Check("odd", lambda: [odd("<script>alert(1)</script>", "<b>")], on_desk=True)]
    monkeypatch.setattr("newsportal.doctor.alarms.CHECKS", checks)
    alarms.forget()
    client.force_login(administrator)
    page = client.get("/admin/").content.decode()
    assert "&lt;script&gt;alert(1)" in page and "<script>alert(1)" not in page
