"""An installation to hold drills on, on the loopback of one machine (deploy/loopback.py), and the people who use it.

Drills are for machines of developers and for CI: all that they break is theirs. None touches another server or database.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import html
import http.client
import os
import random
import re
import shutil
import ssl
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from deploy import loopback

# Of what was seen instead.
MUCH = 3000
PASSWORD = "open sesame, drill"  # noqa: S105  (of a newspaper that lives for a minute)


class Answer(NamedTuple):
    """status 0: the connection broke before there was one."""

    status: int
    headers: Any
    text: str


class Visitor:
    """Somebody with a browser: cookies, forms, and an address of their own on the loopback.

    `port`: where the site answers on this machine. `site`: the origin that they know it by; with https they ask by TLS, and take
    the certificate only if it is good for that name and signed by one of `trusted`.
    """

    def __init__(
        self, port: int, address: str = loopback.HOST, *, site: str = "", trusted: ssl.SSLContext | None = None
    ):
        self.port, self.address, self.trusted = port, address, trusted
        self.site = site or f"http://{loopback.HOST}:{port}"
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        """What is sent as a form's fields: text, several texts, or files."""
        from django.conf import settings
        from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

        if not settings.configured and "DJANGO_SETTINGS_MODULE" not in os.environ:
            # The newspaper is on another machine.
            settings.configure()
        return self._ask("POST", path, encode_multipart(BOUNDARY, fields), {"Content-Type": MULTIPART_CONTENT})

    def form(self, path: str, having: str) -> dict[str, Any]:
        """The fields of the form on that page that has a field of this name, as a browser would send them unchanged.

        Raises LookupError when there is none.
        """
        return self.form_in(self.get(path), path, having)

    @staticmethod
    def form_in(answer: Answer, path: str, having: str) -> dict[str, Any]:
        """The same of a page that has been answered."""
        import lxml.html

        for form in lxml.html.fromstring(answer.text or "<p>").forms:
            if having in form.fields:
                fields: dict[str, Any] = {}
                for name, value in form.form_values():
                    fields.setdefault(name, []).append(value)
                return fields
        raise LookupError(f"{path} ({answer.status}) has no form with {having}")

    def log_in(self, name: str, password: str = PASSWORD) -> None:
        form = self.form("/admin/login/", "password")
        answer = self.post("/admin/login/?next=/admin/", form | {"login": name, "password": password})
        if answer.status != 302:
            raise RuntimeError(f"{name} could not log in: {answer.status}")

    def _ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = self._connection()
        own = {"Origin": self.site, "Referer": f"{self.site}{path}", "Sec-Fetch-Site": "same-origin"}
        if self.cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body, own | (headers or {}))
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return Answer(0, {}, "")
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, response.headers, text)

    def _connection(self) -> http.client.HTTPConnection:
        # A hundred addresses at once are a hundred readers in as many networks.
        own: dict[str, Any] = {"timeout": 60, "source_address": (self.address, 0)}
        site = urlsplit(self.site)
        if site.scheme == "https":
            return http.client.HTTPSConnection(str(site.hostname), self.port, context=self.trusted, **own)
        return http.client.HTTPConnection(str(site.hostname), self.port, **own)


def somebody(port: int) -> Visitor:
    """A reader of whom nothing is known yet."""
    return Visitor(port, f"127.{random.randrange(1, 255)}.{random.randrange(255)}.{random.randrange(1, 255)}")


class Drill:
    """What is done and seen, said aloud; and whether all held."""

    def __init__(self, name: str):
        self.name, self.failed, self._began = name, 0, time.monotonic()

    def says(self, what: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self._began:6.1f} s  {what}\n")
        sys.stdout.flush()

    def holds(self, what: str, is_so: object, seen: object = "") -> None:
        self.failed += not is_so
        self.says(
            f"{'held' if is_so else 'DID NOT HOLD'}: {what}{'' if is_so or seen == '' else f': {str(seen)[:MUCH]}'}"
        )

    def comes_to(self, what: str, answers: Callable[[], object], seconds: float = 60) -> None:
        """Holds when it is so before the seconds have passed."""
        began = time.monotonic()
        try:
            loopback.wait_until(lambda: bool(answers()), what, seconds)
        except RuntimeError:
            self.holds(f"{what} within {seconds:.0f} s", False)
        else:
            self.holds(f"{what} (after {time.monotonic() - began:.1f} s)", True)

    def end(self) -> NoReturn:
        self.says(f"{self.name}: {'all of it held' if not self.failed else f'{self.failed} did not hold'}")
        sys.exit(bool(self.failed))


def needs(**programs: str) -> None:
    """Ends the drill when a program is not on this machine; `programs`: each with Debian's package that has it."""
    lacking = {name: package for name, package in programs.items() if not shutil.which(name)}
    if lacking:
        told = ", ".join(f"{name} (Debian: {package})" for name, package in lacking.items())
        raise SystemExit(f"This drill needs {told}.")


def options_of(
    doc: str | None,
    *,
    both: bool = False,
    words: dict[str, str] | None = None,
    flags: dict[str, str] | None = None,
    **numbers: int,
) -> argparse.Namespace:
    """The options of a drill; `both`: it is held on SQLite, too. `words`, `flags`: options that take one, and that take
    none, with what they mean. `numbers`: options that take one, with what they are when nothing is said.
    """
    parser = argparse.ArgumentParser(description=(doc or "").split("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="show what the servers log")
    if both:
        parser.add_argument("--sqlite", action="store_true", help="on SQLite; else on a PostgreSQL of its own")
    for name, meaning in (words or {}).items():
        parser.add_argument(f"--{name}", default="", help=meaning)
    for name, meaning in (flags or {}).items():
        parser.add_argument(f"--{name}", action="store_true", help=meaning)
    for name, number in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=number)
    return parser.parse_args()


@contextlib.contextmanager
def folder_for(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"newsportal-{name}-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def database(folder: Path, is_sqlite: bool) -> Iterator[str]:
    """The DATABASE_URL of a drill's own: a file in this folder, or a PostgreSQL."""
    if is_sqlite:
        yield f"sqlite:///{folder}/db.sqlite3"
        return
    with loopback.postgresql(folder, prepared("postgresql")) as url:
        yield url


def prepared(name: str) -> Path | None:
    """What all drills begin with, from the folder DRILL_PREPARED: `staticfiles`, `db.sqlite3` and `postgresql`, both migrated."""
    path = Path(os.environ.get("DRILL_PREPARED") or os.devnull, name)
    return path if path.exists() else None


def prepare(folder: Path, database_url: str, **environment: str) -> dict[str, str]:
    """An empty newspaper in this database, which this process knows from now on, too; the environment of its nodes.

    What has been prepared is not made once more.
    """
    whole = {
        "SECRET_KEY": os.urandom(32).hex(), "SITE_URL": f"http://{loopback.HOST}", "ALLOWED_HOSTS": f"{loopback.HOST},localhost",
        "SITE_NAME": "The Drill", "NEWSPORTAL_ENV_FILE": os.devnull, "TRUSTED_PROXIES": loopback.HOST, "DATABASE_URL": database_url,
        "CACHE_URL": "locmemcache://", "MEDIA_ROOT": str(folder / "media"), "STATIC_ROOT": str(folder / "staticfiles"),
        "BACKGROUND_WORKER": "process", "DEBUG": "false", "LOG_LEVEL": "ERROR",
    } | environment  # fmt: skip
    os.environ.update(whole, DJANGO_SETTINGS_MODULE="newsportal.settings")
    changing = {"DATABASE_REPLICA_URL", "S3_BUCKET", "MEDIA_ORIGIN", "EMAIL_HOST", "PURGE", "ADMIN_PATH"}
    for given in set(os.environ) & changing - set(whole):
        del os.environ[given]
    import django
    from django.core.management import call_command

    django.setup()
    if static := prepared("staticfiles"):
        shutil.copytree(static, folder / "staticfiles")
    else:
        call_command("collectstatic", verbosity=0, interactive=False)
    is_sqlite = database_url.startswith("sqlite")
    if is_sqlite and (file := prepared("db.sqlite3")):
        shutil.copy(file, folder / "db.sqlite3")
    elif is_sqlite or not prepared("postgresql"):
        call_command("migrate", verbosity=0)
    let_go()
    return whole


def newsroom() -> tuple[Any, Any]:
    """(a public story, a draft), and an editor named `editor`, who may do anything."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from articles.models import Article, Section

    editor = User.objects.create_superuser("editor", password=PASSWORD)
    section = Section.objects.create(name="Harbours")
    made = []
    for headline in ("The ferry is late", "The ferry is early"):
        story = Article.objects.create(
            headline=headline, body="<p>It rained on the harbour.</p>", section=section, created_by=editor
        )
        story.record(editor)
        made.append(story)
    made[0].publish(None, at=timezone.now() - datetime.timedelta(hours=1))
    let_go()
    return made[0], made[1]


def picture(title: str) -> Any:
    """A picture of its own for each title."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from articles.tests.sample_pictures import drawing, encoded

    return SimpleUploadedFile("ferry.jpg", encoded(drawing(600 + 10 * len(title), 400)), "image/jpeg")


def publish(drill: Drill, editor: Visitor, headline: str) -> str:
    """The first story of a newspaper, with a picture, all of it at the desk; its address."""
    add = "/admin/articles/section/add/"
    answer = editor.post(add, editor.form(add, "name") | {"name": "Harbours", "slug": "harbours"})
    drill.holds("a section is made", answer.status == 302, answer.status)
    add = "/admin/articles/image/add/"
    words = {
        "title": "The pier at noon",
        "alt": "A ferry at the pier",
        "credit": "The drill",
        "upload": picture("noon"),
    }
    answer = editor.post(add, editor.form(add, "upload") | words)
    drill.holds("a picture is taken", answer.status == 302, answer.status)
    add = "/admin/articles/article/add/"
    form = editor.form(add, "headline") | {
        "headline": headline, "standfirst": "It rained.", "body": "<p>It rained on the harbour.</p>", "section": "1",
        "lead_image": "1", "_move": "publish", "publish_anyway": "A drill.",
    }  # fmt: skip
    answer = editor.post(add, form)
    drill.holds("a story is published", answer.status == 302, answer.status)
    found = re.search(r'href="[^"]*(/\d{4}/\d\d/\d\d/[^"]+/)"', editor.get("/latest/").text)
    return found[1] if found else "/"


def let_go() -> None:
    """End this process's connections to the database, before somebody else stops it or looks at it."""
    from django.db import connections

    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def whole(drill: Drill) -> None:
    """The database and what is counted in it are right."""
    from django.db import connection

    from articles.models import Article, Image, SitemapMonth, Version
    from comments.models import Comment, Decision
    from comments.recount import recount

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            drill.holds("the database file is whole", cursor.fetchone() == ("ok",))
    connection.check_constraints()
    drift = recount(fix=False, progress=lambda _: None)
    drill.holds("counting comments again finds no drift", not any(drift.values()), drift)
    drill.holds("counting stories again finds no drift", not SitemapMonth.objects.recount(fix=False))
    undecided = Comment.objects.exclude(pk__in=Decision.objects.values("comment")).exclude(status="pending").count()
    drill.holds("no comment is published that nobody has decided on", not undecided, undecided)
    without = [a.pk for a in Article.objects.all() if not Version.objects.of(a).exists()]
    drill.holds("no story lacks its version", not without, without)
    from django.core.files.storage import default_storage

    missing = [name for image in Image.objects.all() for name in image.file_names() if not default_storage.exists(name)]
    drill.holds("no picture lacks a file", not missing, missing)
    let_go()


# --- Use, while something happens -------------------------------------------------------------------------------------


class Sent(NamedTuple):
    """Something that was written, how it was answered, and by whom it was."""

    words: str
    answer: Answer
    by: Visitor


class Use:
    """Readers, a talk and a desk that go on in threads until the block is left; what came of it.

    `read`: how often pages were answered how. `comments`, `saves`: each in turn. `waits`: the longest, in seconds, by kind.
    """

    def __init__(self, port: int, story: Any, draft: Any):
        self.port, self.story, self.draft = port, story, draft
        self.paths = [story.get_absolute_url(), "/", "/latest/"]
        self.read: Counter[int] = Counter()
        self.comments: list[Sent] = []
        self.saves: list[Sent] = []
        self.waits = {"readers": 0.0, "comments": 0.0, "saves": 0.0}
        self.broken: list[BaseException] = []
        self._over = threading.Event()

    def __enter__(self) -> Use:
        self._editor = Visitor(self.port)
        self._editor.log_in("editor")
        self.desk = f"/admin/articles/article/{self.draft.pk}/change/"
        self._opened: dict[str, Any] | None = self._editor.form(self.desk, "headline")
        for path in self.paths:
            Visitor(self.port).get(path)
        self._threads = [
            threading.Thread(target=self._go_on, args=(who, does, pause))
            for who, does, pause in (
                ("readers", self._reads, 0.02),
                ("comments", self._comments, 0.1),
                ("saves", self._saves, 0.2),
            )
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(120)
        if self.broken:
            raise self.broken[0]

    def _go_on(self, who: str, does: Callable[[int], None], pause: float) -> None:
        number = 0
        try:
            while not self._over.wait(pause):
                number += 1
                began = time.monotonic()
                does(number)
                self.waits[who] = max(self.waits[who], time.monotonic() - began)
        except BaseException as problem:
            self.broken.append(problem)

    def _reads(self, number: int) -> None:
        self.read[Visitor(self.port).get(self.paths[number % len(self.paths)]).status] += 1

    def _comments(self, number: int) -> None:
        words = f"The ferry was late on day {number} of this year, and nobody on the pier had been told."
        by = somebody(self.port)
        self.comments.append(Sent(words, comment(by, self.story, words), by))

    def _saves(self, _: int) -> None:
        if self._opened is None and not self._open():
            return
        # What was not taken is sent again as it was, until it is.
        number = len(taken(self.saves)) + 1
        words = f"<p>Of this ferry it is said for the {number}th time that it comes earlier than it did.</p>"
        answer = self._editor.post(self.desk, (self._opened or {}) | {"body": words})
        self.saves.append(Sent(words, answer, self._editor))
        if answer.status == 302:
            self._opened = None

    def _open(self) -> bool:
        with contextlib.suppress(LookupError):
            self._opened = self._editor.form(self.desk, "headline")
        return self._opened is not None


class Reading:
    """Somebody reads a page again and again until the block is left; `answers`: how often it was answered how."""

    def __init__(self, reader: Visitor, path: str):
        self.answers: Counter[int] = Counter()
        self._reader, self._path, self._over = reader, path, threading.Event()

    def __enter__(self) -> Reading:
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join(120)

    def _read(self) -> None:
        while not self._over.wait(0.1):
            self.answers[self._reader.get(self._path).status] += 1


def comment(by: Visitor, story: Any, words: str) -> Answer:
    name = f"Reader {words.split('day ')[-1].split()[0]}"
    return by.post(f"/comments/post/{story.pk}/", {"name": name, "email": "reader@example.org", "body": words})


def taken(sent: list[Sent]) -> list[Sent]:
    return [one for one in sent if one.answer.status == 302]


def given_back(sent: list[Sent]) -> list[Sent]:
    """Those that were answered 503."""
    return [one for one in sent if one.answer.status == 503]


def answered_well(drill: Drill, use: Use) -> None:
    """Every page was read; what was written was taken, or given back with the words and with when to come again."""
    drill.holds(f"{use.read.total()} pages were read, all with 200", set(use.read) == {200}, dict(use.read))
    for sent, what in ((use.comments, "comments"), (use.saves, "saves")):
        back = given_back(sent)
        drill.says(f"{len(sent)} {what}: {len(taken(sent))} taken, {len(back)} answered 503")
        others = [(one.answer.status, one.answer.text[:200]) for one in sent if one.answer.status not in {302, 503}]
        drill.holds(f"no {what} were answered otherwise", not others, others)
        kept = [one.words in html.unescape(one.answer.text) for one in back]
        drill.holds(f"what was typed is on all of these pages ({what})", all(kept), kept)
        told = all("Retry-After" in one.answer.headers for one in back)
        drill.holds(f"and when to come again ({what})", told)
