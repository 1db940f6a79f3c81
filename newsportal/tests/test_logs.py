"""What is written down of a request: enough to find what broke, and nothing that is a person's."""

import gzip
import io
import ipaddress
import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import brotli
import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.test import Client

from articles.tests.factories import make_article
from newsportal.environment import BASE_DIR
from newsportal.tests.answering import begin, end
from newsportal.tests.nodes import database_url
from newsportal.tests.served import Served
from newsportal.watching.logs import LOOKED_AT, Json, Once, Text, chain, scrubbed

ADDRESS, MAIL = "203.0.113.77", "ottilie@example.org"
SECRETS = (ADDRESS, MAIL, "ottilie", "harbour secrets", "open sesame", "The tram is late", "harbour%20secrets")


class Log:
    """Everything that the site writes down, as a line of JSON each."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(Json())

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def events(self) -> list[dict]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log(settings):
    settings.LOG_REQUESTS = True
    log, root = Log(), logging.getLogger()
    loggers = {root: logging.DEBUG, logging.getLogger("django"): logging.INFO}
    before = {logger: logger.level for logger in loggers}
    for logger, level in loggers.items():
        logger.setLevel(level)
    root.addHandler(log.handler)
    yield log
    root.removeHandler(log.handler)
    for logger, level in before.items():
        logger.setLevel(level)


@pytest.fixture
def reader(log):
    return Client(raise_request_exception=False, REMOTE_ADDR=ADDRESS, headers={"sec-fetch-site": "same-origin"})


def no_secret_in(text: str) -> bool:
    return not [secret for secret in SECRETS if secret.lower() in text.lower()]


@pytest.mark.django_db
def test_a_login_that_fails_a_comment_a_search_and_an_error_name_nobody(reader, log, editor, monkeypatch):
    reader.post("/admin/login/?next=/admin/?harbour secrets", {"username": MAIL, "password": "open sesame"})
    form = {"name": "Ottilie", "email": MAIL, "body": "The tram is late.", "website": ""}
    assert reader.post(f"/comments/post/{make_article().pk}/", form).status_code == 302
    assert reader.get("/search/", {"q": "harbour secrets"}).status_code == 200

    def broken(*args, **kwargs):
        try:
            raise IntegrityError(f"duplicate key value: (email)=({MAIL})")
        except IntegrityError as error:
            raise ValueError(f"cannot read 'Ottilie' and \"harbour secrets\" of {MAIL} at {ADDRESS}") from error

    monkeypatch.setattr("articles.paging.Listing.page", broken)
    assert reader.get("/latest/?q=harbour secrets").status_code == 500
    assert no_secret_in(log.text)
    answered = [event for event in log.events if event["message"] == "Answered"]
    assert [(event["method"], event["route"], event["status_code"]) for event in answered] == [
        ("POST", "/admin/login/", 200),
        ("POST", "/comments/post/<int:article>/", 302),
        ("GET", "/search/", 200),
        ("GET", "/latest/", 500),
    ]
    assert all(event["milliseconds"] >= 0 for event in answered)


@pytest.mark.django_db
def test_an_error_is_found_by_the_name_that_the_reader_was_shown(reader, log, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the harbour is full")

    monkeypatch.setattr("articles.paging.Listing.page", broken)
    response = reader.get("/latest/")
    name = response["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{16}", name)
    assert f"<code>{name}</code>" in response.content.decode()
    assert response["Cache-Control"] == "no-store"
    (event,) = [event for event in log.events if event["request_id"] == name and "exception" in event]
    assert (event["level"], event["message"], event["route"]) == ("error", "Internal Server Error", "/latest/")
    (error,) = event["exception"]
    assert (error["kind"], error["message"]) == ("RuntimeError", "the harbour is full")
    assert error["frames"][-1].startswith(__file__) and error["frames"][-1].endswith(" in broken")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sender", "given", "taken"),
    [
        ("10.0.0.1", "0123456789abcdef0123456789abcdef", True),
        ("::ffff:10.0.0.1", "0123456789abcdef0123456789abcdef", True),
        ("203.0.113.77", "0123456789abcdef0123456789abcdef", False),
        ("10.0.0.1", 'a"} {"level": "error"', False),
        ("10.0.0.1", "x" * 65, False),
        ("", "0123456789abcdef", False),
    ],
)
def test_only_a_trusted_proxy_names_requests(client, settings, sender, given, taken):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.0/8")]
    answered = client.get("/nowhere/", headers={"x-request-id": given}, REMOTE_ADDR=sender)["X-Request-ID"]
    assert (answered == given) is taken


@pytest.mark.django_db(transaction=True)
def test_a_page_that_is_kept_has_no_name_of_another_request():
    make_article()
    served = Served()
    assert "X-Request-ID" not in served.get("/").headers
    assert "X-Request-ID" not in served.get("/").headers
    assert served.get("/nowhere/").headers["X-Request-ID"] != served.get("/nowhere/").headers["X-Request-ID"]


@pytest.mark.django_db
def test_what_nobody_finds_says_no_address(reader, log):
    reader.get("/confirm/eyJhIjoxfQ:1abcde:abcdefghijklmnopqrstuvwxyz0123456789/?q=harbour secrets")
    assert [event["message"] for event in log.events if event["logger"] == "django.request"] == ["Not Found"]
    assert "eyJhIjoxfQ" not in log.text and no_secret_in(log.text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("from ottilie@example.org.", "from [mail]."),
        ("<Ottilie.K+x@mail.example.co.uk>, 203.0.113.77:443", "<[mail]>, [address]:443"),
        ("at 2001:db8::7334 and ::1, fe80::1/64", "at [address] and [address], [address]"),
        ("at 12:30:45 in file.py:12, version 3.40.1", "at 12:30:45 in file.py:12, version 3.40.1"),
        ("GET /search/?q=words&page=2 HTTP/1.1", "GET /search/?[query] HTTP/1.1"),
        ("eyJhIjoxfQabc:1abcde:abcdefghijklmnopqrstuvwxyz", "[token]"),
        ("x" * 600, "x" * 500 + "…"),
    ],
)
def test_addresses_queries_and_tokens_are_scrubbed(text, left):
    assert scrubbed(text) == left


@pytest.mark.django_db
def test_of_a_long_message_the_beginning_is_looked_through_and_no_half_of_an_address_is_left():
    begin = "Not Found: /search/?q=" + "x" * (LOOKED_AT - 40)
    assert scrubbed(f"{begin} reader@example.org, reader@example.org") == "Not Found: /search/?[query] …"
    assert scrubbed("x" * (LOOKED_AT + 1)) == "…"


def test_an_error_on_the_page_for_errors_is_said_in_plain_text(reader, log, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr("articles.paging.Listing.page", broken)
    monkeypatch.setattr("newsportal.bare.render", broken)
    response = reader.get("/latest/")
    assert (response.status_code, response["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert response["X-Request-ID"] in response.content.decode()


def test_a_person_reads_text_and_a_machine_one_line():
    try:
        raise KeyError("section")
    except KeyError:
        record = logging.LogRecord("articles", logging.ERROR, __file__, 1, "Two\nlines of %s", (MAIL,), sys.exc_info())
    assert len(Json().format(record).splitlines()) == 1
    text = Text().format(record)
    assert re.match(r"\d\d:\d\d:\d\d\.\d{3} ERROR articles Two\nlines of \[mail\]\n", text)
    assert text.endswith("KeyError: 'section'")
    assert "Traceback" not in text and "Traceback" in Text(whole_exceptions=True).format(record)


def test_a_database_that_is_away_is_told_of_once_a_second():
    def record(error: Exception, line: int, at: float) -> logging.LogRecord:
        record = logging.LogRecord("articles", logging.ERROR, __file__, line, "Away.", (), (type(error), error, None))
        record.created = at
        return record

    once = Once()
    away, other = OperationalError("away"), ValueError("something else")
    told = [(away, 1, 10.0), (away, 1, 10.5), (away, 2, 10.5), (other, 1, 10.6), (other, 1, 10.6), (away, 1, 11.1)]
    assert [once.filter(record(*each)) for each in told] == [True, False, True, True, True, True]
    assert once.filter(logging.LogRecord("articles", logging.ERROR, __file__, 1, "No error.", (), None))


def said_by_database(statement: str, *parameters: str) -> list[str]:
    """The messages that a log has of what comes of a statement: Django's and the driver's."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
    except (OperationalError, ProgrammingError, IntegrityError, DataError) as error:
        return [each["message"] for each in chain(error)]
    raise AssertionError("the statement should have failed")


@pytest.mark.django_db
def test_a_database_that_lacks_a_column_says_which_and_quotes_no_row():
    messages = said_by_database("SELECT no_column FROM articles_article WHERE headline = %s", "Ottilie")
    assert len(messages) == 2 and all("no_column" in message for message in messages)
    assert all(no_secret_in(message) for message in messages)


@pytest.mark.django_db
def test_a_row_that_is_refused_is_not_quoted_by_the_driver_either(editor):
    copied = "INSERT INTO auth_group (id, name) SELECT id, name FROM auth_group"
    assert set(said_by_database(copied)) <= {"", "(23505)"}
    words = said_by_database("SELECT \"Editor\" harbour 'secrets' FROM")
    assert words and "Editor" not in "".join(words) and no_secret_in("".join(words))


def test_a_database_that_is_asked_what_it_does_not_know_is_told_of_each_time():
    def record(at: float) -> logging.LogRecord:
        try:
            try:
                sqlite3.connect(":memory:").execute("SELECT 1 FROM no_table")
            except sqlite3.Error as error:
                raise OperationalError(str(error)) from error
        except OperationalError:
            record = logging.LogRecord("django", logging.ERROR, __file__, 1, "Broken.", (), sys.exc_info())
        record.created = at
        return record

    once = Once()
    assert [once.filter(record(at)) for at in (10.0, 10.1)] == [True, True]


# --- Sentry -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sentry():
    """(address, what came in): a server that takes what Sentry takes."""
    received: list[bytes] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding")
            received.append({"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[packed](body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Takes)
    begin(server)
    yield f"http://public@127.0.0.1:{server.server_port}/1", received
    end(server)


def break_it(**environment: str) -> tuple[str, str, str]:
    """(status, request's name, log) of a request that broke, in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "newsportal.tests.breaking_site"], cwd=BASE_DIR, capture_output=True, text=True, check=True,
        env=os.environ | {"DATABASE_URL": database_url(), "LOG_LEVEL": "INFO", "LOG_FORMAT": "json"} | environment,
    )  # fmt: skip
    status, name = result.stdout.split()
    return status, name, result.stderr


@pytest.mark.django_db(transaction=True)
def test_a_report_says_what_broke_and_of_nobody(sentry):
    pytest.importorskip("sentry_sdk")
    address, received = sentry
    status, name, log = break_it(SENTRY_DSN=address)
    assert status == "500"
    # The page for errors has no style sheet here, which is reported as well.
    told = b"".join(received).decode()
    events = [json.loads(envelope.splitlines()[2]) for envelope in received]
    (event,) = [event for event in events if "logentry" not in event]
    assert all(event["tags"] == {"request_id": name} for event in events)
    assert event["request"] == {"method": "GET"}
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", "cannot read '…' of [mail] from [address]")
    assert error["stacktrace"]["frames"][-1]["function"] == "broken"
    for secret in ("secret-cookie", "secret-query", "secret-browser", "user_agent"):
        assert secret not in told and secret not in log
    assert "vars" not in error["stacktrace"]["frames"][-1]


@pytest.mark.django_db(transaction=True)
def test_without_an_address_nothing_of_it_is_loaded():
    code = "import django, sys; django.setup(); print({'sentry_sdk', 'prometheus_client'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], cwd=BASE_DIR, capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
