"""A real Varnish before real servers of the site: what it keeps is never old, and is shown while the application is down."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from articles.caching.editions import SITE
from articles.models import Section
from articles.tests.factories import make_article, make_image, make_section
from articles.tests.sample_pictures import drawing
from deploy import loopback
from newsportal import background
from newsportal.environment import BASE_DIR
from newsportal.models import Purge
from newsportal.purging import sender
from newsportal.tests import nodes
from newsportal.tests.answering import begin, end

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("varnishd"), reason="Needs the packages `varnish` and `varnish-modules`."),
]


#: What pages, the desk and logs ask a request for, with what would be seen in an answer.
READ_BY_THE_SITE = {
    "Accept-Encoding": "br", "Save-Data": "on", "If-None-Match": "*", "If-Modified-Since": "Tue, 01 Dec 2026 12:00:00 GMT",
    "X-Forwarded-Proto": "ftp", "X-Request-ID": "0123456789abcdef",
}  # fmt: skip


class Varnish:
    """deploy/varnish.vcl before the server of this port."""

    def __init__(self, folder, backend: int):
        self.port = loopback.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        written = (BASE_DIR / "deploy" / "varnish.vcl").read_text()
        assert '.port = "8000"' in written
        (folder / "site.vcl").write_text(written.replace('.port = "8000"', f'.port = "{backend}"'))
        self._process = subprocess.Popen(
            [
                "varnishd", "-F", "-j", "none", "-n", str(folder / "varnish"), "-f", str(folder / "site.vcl"),
                "-a", f"127.0.0.1:{self.port}", "-T", "none", "-s", "malloc,16m",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                self.ask("/healthz")
                return
            assert time.monotonic() < deadline and self._process.poll() is None, "Varnish has not started"
            time.sleep(0.1)

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
        """(status, text, headers)"""
        reader = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            reader.request(method, path, headers=headers)
            response = reader.getresponse()
            return response.status, response.read().decode(), response.headers
        finally:
            reader.close()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture
def before(tmp_path, settings):
    """Puts a Varnish before the server of a port; what is changed here is told to it."""
    running: list[Varnish] = []

    def put(backend: int) -> Varnish:
        varnish = Varnish(tmp_path, backend)
        running.append(varnish)
        settings.PURGE, settings.VARNISH_URLS, settings.SHARED_CACHE_SECONDS = "varnish", [varnish.url], 86_400
        return varnish

    yield put
    assert sender.sender.wait(30)
    for varnish in running:
        varnish.close()


@pytest.fixture
def site():
    """The ports of one server of the site, and what stops it."""
    with contextlib.ExitStack() as stack:
        # Without Redis: it remembers the numbers of tests before this one, whose database begins anew.
        own = {"PURGE": "varnish", "VARNISH_URLS": "http://127.0.0.1:1", "CACHE_URL": "locmemcache://"}
        (port,) = stack.enter_context(nodes.running(1, **own))
        yield port, stack.close


def told_once() -> None:
    """The CDN has been told of all that was changed; once more comes later."""
    wait_for(lambda: not Purge.objects.filter(is_repeat=False).exists())


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_pages_are_kept_until_they_are_changed_and_shown_while_the_application_is_down(site, before):
    port, stop = site
    story = make_article(headline="The ferry sails", section=make_section(name="Harbours"))
    other = make_article(headline="The lighthouse")
    background.drain()
    varnish = before(port)
    url, unasked = story.get_absolute_url(), other.get_absolute_url()

    assert varnish.ask(url)[2]["X-Cache"] == "false"
    status, text, headers = varnish.ask(url, Cookie="theme=dark; session=x")
    assert (status, headers["X-Cache"]) == (200, "true") and "The ferry sails" in text
    # Whoever comes after Varnish is not told of changes.
    assert headers["Cache-Control"] == "public, no-cache" and headers["xkey"] is None
    assert varnish.ask("/latest/")[0] == varnish.ask(unasked)[0] == 200

    # Changed: the first who asks after the call sees it, and pages that do not show it stay.
    story.correct(None, "It was dry.")
    told_once()
    assert "It was dry." in varnish.ask(url)[1]
    assert varnish.ask(unasked)[2]["X-Cache"] == "true"
    make_article(headline="Another story", section=story.section)
    told_once()
    assert "Another story" in varnish.ask("/latest/")[1]

    # Withdrawn: gone from its address and all lists.
    story.withdraw(None, "It was not so.")
    told_once()
    assert varnish.ask(url)[0] == 410
    assert "The ferry sails" not in varnish.ask("/latest/")[1]

    # What depends on who asks is asked for each time.
    for _ in range(2):
        assert varnish.ask("/search/?q=lighthouse")[2]["X-Cache"] == "false"
    assert varnish.ask("/admin/login/")[2]["Cache-Control"].endswith("private")

    # Down: what is kept is shown, also what was purged a moment before, and all else says so.
    varnish.ask(unasked)
    stop()
    Section.objects.update(description="Ports")
    told_once()
    for path in (unasked, "/latest/"):
        status, text, _ = varnish.ask(path)
        assert status == 200 and "The lighthouse" in text, path
    assert "The ferry sails" not in varnish.ask("/latest/")[1]
    status, _, headers = varnish.ask("/feed/")
    assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, "30", "no-store")


def test_a_story_that_is_scheduled_appears_by_itself(site, before):
    from django.utils import timezone

    varnish = before(site[0])
    # A story has a second of its own, and no part of one.
    due = timezone.now().replace(microsecond=0) + timezone.timedelta(seconds=4)
    make_article(headline="At its time", publish_at=due)
    told_once()
    assert "At its time" not in varnish.ask("/latest/")[1]
    assert timezone.now() < due, "This machine is too slow to ask before it."
    while "At its time" not in varnish.ask("/latest/")[1]:
        # Its second, and what this machine takes to answer.
        assert timezone.now() < due + timezone.timedelta(seconds=2)
        time.sleep(0.05)
    assert timezone.now() >= due


def test_hard_purges_leave_nothing_to_show(site, before, settings):
    settings.PURGE_SOFT = False
    port, stop = site
    story = make_article()
    background.drain()
    varnish = before(port)
    assert varnish.ask(story.get_absolute_url())[0] == 200
    story.withdraw(None)
    told_once()
    stop()
    assert varnish.ask(story.get_absolute_url())[0] == 503


def test_no_header_of_one_reader_changes_what_others_are_sent(site, before):
    """Names with `_` are, in WSGI, those with `-`: the last one is believed."""
    picture = make_image(picture=drawing(1600, 900))
    urls = [make_article(lead_image=picture).get_absolute_url() for _ in range(len(READ_BY_THE_SITE) + 1)]
    background.drain()
    varnish = before(site[0])
    for url, (name, value) in zip(
        urls, {**READ_BY_THE_SITE, "Content-Type": "a/b; charset=cp037"}.items(), strict=True
    ):
        varnish.ask(url, **{name.replace("-", "_") if name in READ_BY_THE_SITE else name: value})
        status, text, headers = varnish.ask(url)
        assert (status, headers["Content-Encoding"]) == (200, None), name
        assert re.search(r' srcset="[^",]+, ', text), name


def test_an_address_that_a_reader_writes_is_not_believed(before):
    own = {"TRUSTED_PROXIES": "127.0.0.1", "ADMIN_NETWORKS": "10.8.0.0/16", "CACHE_URL": "locmemcache://"}
    with nodes.running(1, **own) as [port]:
        varnish = before(port)
        for name in ("X_Forwarded_For", "X-Forwarded_For", "x_forwarded-for"):
            assert varnish.ask("/admin/login/", **{name: "10.8.3.4"})[0] == 404, name


def test_strangers_purge_nothing_that_they_do_not_name(site, before):
    varnish = before(site[0])
    varnish.ask("/")
    assert varnish.ask("/", "PURGE")[0] == 400
    assert varnish.ask("/", **{"xkey-purge": SITE})[2]["X-Cache"] == "true"
    # Through who ends TLS on the same machine, whose address is on the list.
    for through in ({"X-Forwarded-Proto": "https"}, {"X-Forwarded-For": "198.51.100.7"}):
        assert varnish.ask("/", "PURGE", **{"xkey-purge": SITE}, **through)[0] == 403
    assert varnish.ask("/")[2]["X-Cache"] == "true"


def test_an_old_page_that_was_under_way_when_it_was_purged_does_not_stay(before, monkeypatch):
    """Sent before the change and kept after the call: this is what the CDN is told once more for."""
    monkeypatch.setattr(sender, "REPEAT_AFTER", 1.0)
    asked, go = threading.Event(), threading.Event()
    page = ["old"]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = page[0].encode()
            if self.path == "/story/" and not asked.is_set():
                asked.set()
                assert go.wait(20)
            self.send_response(200)
            for name, value in (
                ("Cache-Control", "public, max-age=0, s-maxage=86400, stale-if-error=86400"), ("xkey", "site story-1"),
                ("Content-Length", str(len(body))),
            ):  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    slow = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    begin(slow)
    try:
        varnish = before(slow.server_port)
        first = threading.Thread(target=varnish.ask, args=["/story/"])
        first.start()
        assert asked.wait(20)
        page[0] = "new"
        with transaction.atomic():
            connection.touched |= {"story-1"}
        told_once()
        go.set()
        first.join(20)
        assert varnish.ask("/story/")[1] == "old", "the call came too early for it"
        wait_for(lambda: not Purge.objects.exists())
        assert varnish.ask("/story/")[1] == "new"
    finally:
        end(slow)
