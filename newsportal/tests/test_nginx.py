"""deploy/nginx.conf before a real server: pages out of its cache, exact to the second, and there while all else is down."""

import datetime
import http.client
import os
import re
import shutil
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from django.utils import timezone

from articles.paging import PAGE_SIZE
from articles.related import relate
from articles.tests.factories import make_article
from deploy import loopback
from deploy.loopback import nginx
from newsportal.security import MOST_FROM_READERS, MOST_FROM_THE_DESK
from newsportal.tests import nodes
from newsportal.tests.answering import begin, end

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx here"),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "staticfiles").mkdir()
    (tmp_path / "staticfiles" / "site.0123.css").write_text("p{}")
    (tmp_path / "media" / "renditions").mkdir(parents=True)
    (tmp_path / "media" / "renditions" / "a.webp").write_bytes(b"RIFF")
    return tmp_path


@pytest.fixture
def story():
    article = make_article(headline="Before", tags=("Boats",))
    relate(article)
    return article


def cached(port: int, path: str, **headers: str) -> str:
    """MISS, HIT, REVALIDATED… as nginx says."""
    return nodes.ask(port, path, **headers)[1]["X-Cache"]


def at_the_beginning_of_a_second() -> None:
    time.sleep(1 - time.time() % 1)


def test_a_page_is_kept_for_the_rest_of_its_second_and_then_asked_for_by_its_tag(folder, story):
    url = story.get_absolute_url()
    with nodes.running(1, NGINX_MICROCACHE="true") as [node], nginx(folder, [node]) as (port, _):
        nodes.get(port, url)
        at_the_beginning_of_a_second()
        assert cached(port, url) == "REVALIDATED"
        assert cached(port, url) == "HIT"
        assert cached(port, url + "?utm_source=letter", Cookie="session=1") == "HIT"
        _, headers, _ = nodes.ask(port, url)
        assert "X-Accel-Expires" not in headers and headers["Cache-Control"] == "public, no-cache"
        story.headline = "After"
        story.save()
        at_the_beginning_of_a_second()
        assert "After" in nodes.get(port, url)[1]
        first, again = (nodes.ask(port, url, **{"Accept-Encoding": "gzip, deflate, br"}) for _ in range(2))
        assert first[1]["Content-Encoding"] == "br" and first[2] == again[2]


def test_readers_get_what_they_had_while_the_application_is_down(folder, story):
    url = story.get_absolute_url()
    with nodes.running(1, NGINX_MICROCACHE="true") as [node], nginx(folder, [node]) as (port, _):
        assert "Before" in nodes.get(port, url)[1]
        nodes.kill(node)
        at_the_beginning_of_a_second()
        status, headers, body = nodes.ask(port, url)
        assert (status, headers["X-Cache"]) == (200, "STALE") and b"Before" in body
        assert headers["Cache-Control"] == "private, no-cache"
        assert nodes.get(port, "/latest/")[0] == 502, "what nobody has asked for is not there"


#: Addresses, and what else stands in a request.
ODD: tuple[tuple[str, dict[str, str]], ...] = (
    *((query, {}) for query in ("?%62efore={}", "?before=&before={}", "?BEFORE={}", "?before={}&before=", "?before", "?%42EFORE={}",
                                "?after={0}&before={0}")),
    *(("?before={}", {"Content-Type": f"a/b; charset={charset}"}) for charset in ("cp037", "utf-16", "rot13")),
    ("?before={}", {"X_Forwarded_Proto": "x", "Content_Type": "a/b; charset=cp037", "Save_Data": "on", "Accept_Encoding": "br"}),
)  # fmt: skip


def test_no_address_brings_one_page_and_is_kept_as_another(folder):
    for number in range(PAGE_SIZE + 1):
        make_article(
            headline=f"Number {number} of many", publish_at=timezone.now() - datetime.timedelta(hours=number + 1)
        )
    with nodes.running(1, NGINX_MICROCACHE="true") as [node], nginx(folder, [node]) as (port, _):
        cursor = re.search(r'\?before=([^"&]+)', nodes.get(port, "/latest/")[1])[1]
        for odd, headers in ODD:
            at_the_beginning_of_a_second()
            nodes.ask(port, "/latest/" + odd.format(cursor), **headers)
            assert "Number 0 of many" in nodes.get(port, "/latest/")[1], odd
            second = nodes.get(port, f"/latest/?before={cursor}")[1]
            assert "Number 0 of many" not in second and f"Number {PAGE_SIZE} of many" in second, odd


def test_who_saves_data_is_known_to_the_application_as_to_the_cache(folder, story):
    with nodes.running(1, NGINX_MICROCACHE="true") as [node], nginx(folder, [node]) as (port, _):
        at_the_beginning_of_a_second()
        odd = nodes.ask(port, "/", **{"Save-Data": "on\t"})
        plain = nodes.ask(port, "/")
        assert plain[2] == nodes.ask(node, "/")[2]
        assert odd[2] in {plain[2], nodes.ask(node, "/", **{"Save-Data": "on"})[2]}


def test_what_is_one_persons_is_never_kept(folder, story):
    with nodes.running(1, NGINX_MICROCACHE="true") as [node], nginx(folder, [node]) as (port, _):
        for path in ("/admin/login/", "/search/?q=before", "/comments/yours/", f"/comments/waiting/{story.pk}/"):
            for _ in range(2):
                status, headers, _ = nodes.ask(port, path)
                assert status in {200, 204} and "X-Cache" not in headers, path
        assert nodes.ask(port, "/nowhere/")[0] == 404


def test_pages_are_made_by_their_own_service_and_all_that_may_take_long_by_the_other(folder, story):
    kept = [story.get_absolute_url(), "/", "/latest/", f"/comments/on/{story.pk}/", "/comments/feed/"]
    asked_anew = ["/admin/login/", "/search/?q=before", "/search?q=before", "/comments/yours/", f"/comments/waiting/{story.pk}/",
                  "/media/none.webp", "/healthz", "/readyz", "/csp-reports/"]  # fmt: skip
    with nodes.running(2) as (desk, maker), nginx(folder, [desk], pages=[maker]) as (port, _):
        nodes.kill(desk)
        assert {path: nodes.ask(port, path)[0] for path in kept} == dict.fromkeys(kept, 200)
        assert {path: nodes.ask(port, path)[0] for path in asked_anew} == dict.fromkeys(asked_anew, 502)
    with nodes.running(2) as (desk, maker), nginx(folder, [desk], pages=[maker]) as (port, _):
        nodes.kill(maker)
        # Which nginx has not got.
        again = [f"{path}?sort=newest" for path in kept]
        assert {path: nodes.ask(port, path)[0] for path in again} == dict.fromkeys(again, 200)
        assert nodes.ask(port, "/search/?q=before")[0] == 200


def test_for_who_may_not_come_there_the_desk_is_nowhere_through_nginx_as_well(folder, story):
    # In DEBUG a missing page names its address.
    own = {"NGINX_MICROCACHE": "true", "TRUSTED_PROXIES": "127.0.0.1", "ADMIN_NETWORKS": "10.8.0.0/16", "DEBUG": "false",
           "STATIC_ROOT": str(folder / "collected")}  # fmt: skip
    collects = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(collects, env=os.environ | own, check=True, cwd=loopback.PROJECT)
    with nodes.running(1, **own) as [node], nginx(folder, [node]) as (port, _):
        for asked, encoding in ((port, "br"), (port, "gzip"), (port, ""), (node, "br"), (node, "gzip"), (node, "")):
            answers = []
            for path in (
                "/nothing-here/",
                "/nothing-here",
                "/admin",
                "/admin/",
                "/admin/login/",
                "/admin/login/?next=/",
            ):
                status, headers, body = nodes.ask(asked, path, **{"Accept-Encoding": encoding})
                told = [
                    (name, value) for name, value in headers.items() if name.lower() not in {"date", "x-request-id"}
                ]
                answers.append((status, told, len(headers["X-Request-ID"]), body))
            assert answers[0][0] == 404 and answers == answers[:1] * len(answers), (asked == port, encoding)
    # And where they may, it is one step away.
    with nodes.running(1, NGINX_MICROCACHE="true") as [node], nginx(folder, [node]) as (port, _):
        status, headers, _ = nodes.ask(port, "/admin")
        assert (status, headers["Location"]) == (301, "/admin/")


class Echo(BaseHTTPRequestHandler):
    """Says which cookies it was sent, and which names there were that are others in WSGI."""

    def do_GET(self) -> None:
        body = self.headers.get("Cookie", "").encode()
        body += b"".join(name.encode() for name in self.headers if "_" in name)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def test_cookies_are_for_what_is_one_persons(folder):
    server = ThreadingHTTPServer((loopback.HOST, 0), Echo)
    begin(server)
    try:
        with nginx(folder, [server.server_port]) as (port, _):
            paths = (
                "/admin/",
                "/comments/yours/",
                "/preview/x/",
                "/",
                "/latest/",
                "/comments/on/1/",
                "/search/",
                "/media/x",
            )
            sent = {path: nodes.ask(port, path, Cookie="a=1")[2] for path in paths}
    finally:
        end(server)
    assert {path for path, cookies in sent.items() if cookies == b"a=1"} == {
        "/admin/",
        "/comments/yours/",
        "/preview/x/",
    }
    assert set(sent.values()) == {b"a=1", b""}


def test_no_name_passes_that_would_be_another_in_wsgi(folder):
    server = ThreadingHTTPServer((loopback.HOST, 0), Echo)
    begin(server)
    try:
        with nginx(folder, [server.server_port]) as (port, _):
            odd = {"X_Forwarded_For": "10.8.3.4", "X_Forwarded_Proto": "https", "X_Request_ID": "a-name-of-a-reader"}
            for path in ("/", "/admin/", "/search/", "/comments/post/1/"):
                assert nodes.ask(port, path, **odd)[2] == b"", path
    finally:
        end(server)


def test_who_has_come_back_is_asked_at_once(folder):
    """After both have been started anew, as by an upgrade, and somebody has asked in between."""
    server = ThreadingHTTPServer((loopback.HOST, 0), Echo)
    begin(server)
    try:
        with nginx(folder, [server.server_port], pages=[loopback.free_port()]) as (port, _):
            end(server)
            assert nodes.ask(port, "/latest/")[0] == 502
            server = ThreadingHTTPServer((loopback.HOST, server.server_port), Echo)
            begin(server)
            assert nodes.ask(port, "/latest/")[0] == 200
    finally:
        end(server)


class Dying(BaseHTTPRequestHandler):
    """Dies in the middle of the first request for each address, as a process that is killed does."""

    heard: ClassVar[list[str]] = []

    def do_GET(self):
        self.heard.append(self.path)
        if self.path == "/healthz" or self.heard.count(self.path) > 1:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_POST = do_GET

    def log_message(self, *args):
        pass


def test_who_asks_in_the_moment_in_which_a_process_is_killed_is_answered_by_another_and_nothing_is_sent_twice(folder):
    server = ThreadingHTTPServer((loopback.HOST, 0), Dying)
    begin(server)
    try:
        with nginx(folder, [server.server_port], pages=[server.server_port]) as (port, _):
            for path in ("/search/", "/admin/", "/comments/yours/", "/latest/"):
                assert nodes.ask(port, path)[0] == 200, path
            # What may have been done is not done again.
            assert post(port, "/comments/post/1/", b"name=Ottilie", {}) == 502
            assert Dying.heard.count("/comments/post/1/") == 1
    finally:
        end(server)


def test_files_are_served_for_ever_and_nothing_beside_them(folder, story):
    with nodes.running(1) as [node], nginx(folder, [node]) as (port, _):
        for path in ("/static/site.0123.css", "/media/renditions/a.webp"):
            status, headers, _ = nodes.ask(port, path)
            assert status == 200 and "immutable" in headers["Cache-Control"], path
        for path in (
            "/static/../site.conf",
            "/media/renditions/../../site.conf",
            "/media/site.conf",
            "/static/%2e%2e/site.conf",
        ):
            assert nodes.ask(port, path)[0] in {400, 404}, path


def with_pictures_apart(site: str) -> str:
    """The file with "# " taken from its last lines, as it says."""
    above, begins, block = site.rpartition("\n# server {\n")
    assert begins and "server_name media.example.org;" in block
    return above + re.sub("^# ", "", begins + block, flags=re.M)


def test_pictures_at_a_host_of_their_own_come_as_they_do_from_the_site_and_nothing_else_does(folder, story):
    with nodes.running(1) as upstream:
        port = loopback.free_port()
        whole = loopback.nginx_configuration(folder, port=port, upstream=upstream)
        site = folder / "site.conf"
        site.write_text(with_pictures_apart(site.read_text(encoding="utf-8")), encoding="utf-8")
        with loopback.process(["nginx", "-p", str(folder), "-c", str(whole)]):
            loopback.wait_until(lambda: loopback.status(port, "/healthz") == 200, "nginx")
            here, there = (
                nodes.ask(port, "/media/renditions/a.webp", Host=host) for host in (loopback.HOST, "media.example.org")
            )
            assert here[0] == there[0] == 200 and here[2] == there[2]
            told = ("Content-Type", "Content-Disposition", "Content-Security-Policy", "Cross-Origin-Resource-Policy",
                    "X-Content-Type-Options", "Cache-Control")  # fmt: skip
            assert {name: there[1][name] for name in told} == {name: here[1][name] for name in told}
            assert there[1]["Content-Type"] == "image/webp" and "sandbox" in there[1]["Content-Security-Policy"]
            for path in (
                "/",
                "/admin/login/",
                "/media/site.conf",
                "/media/renditions/../../site.conf",
                "/static/site.0123.css",
            ):
                assert nodes.ask(port, path, Host="media.example.org")[0] == 404, path


def test_requests_have_one_name_in_both_logs_and_numbers_are_not_public(folder, story):
    pytest.importorskip("prometheus_client")
    own = {
        "TRUSTED_PROXIES": "127.0.0.1",
        "METRICS_TOKEN": "a-token-of-the-tests",
        "METRICS_FOLDER": str(folder / "numbers"),
    }
    with nodes.running(1, **own) as upstream, nginx(folder, upstream) as (port, _):
        _, headers, _ = nodes.ask(port, "/nowhere/")
        # nginx's own, which no reader can give (its $request_id), and not ours, which are shorter.
        assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-ID"])
        _, headers, _ = nodes.ask(port, "/nowhere/", **{"X-Request-ID": "a-name-of-a-reader"})
        assert headers["X-Request-ID"] != "a-name-of-a-reader"
        given = {"Authorization": "Bearer a-token-of-the-tests"}
        assert nodes.ask(upstream[0], "/metrics", **given)[0] == 200
        assert nodes.ask(port, "/metrics", **given)[0] == 404


@pytest.mark.parametrize("pictures_apart", [False, True])
def test_the_file_is_taken_with_its_certificate_as_a_server_has_it(tmp_path, pictures_apart):
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=news.example.org"]
    subprocess.run(
        [*made, "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"],
        check=True,
        capture_output=True,
    )
    site = (loopback.PROJECT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    site = with_pictures_apart(site) if pictures_apart else site
    for what, by in (
        ("/etc/letsencrypt/live/news.example.org", str(tmp_path)), ("/var/cache/nginx", str(tmp_path)),
        ("listen [::]:80;", ""), ("listen [::]:443 ssl http2;", ""),
        ("listen 80;", f"listen {loopback.free_port()};"), ("listen 443 ", f"listen {loopback.free_port()} "),
    ):  # fmt: skip
        assert what in site
        site = site.replace(what, by)
    (tmp_path / "site.conf").write_text(site, encoding="utf-8")
    whole = tmp_path / "nginx.conf"
    whole.write_text(loopback.NGINX.format(folder=tmp_path, user=""), encoding="utf-8")
    checked = subprocess.run(["nginx", "-t", "-p", tmp_path, "-c", whole], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


# --- Bodies that are too large ----------------------------------------------------------------------------------------


class Taken(Echo):
    """Says how much has come in."""

    taken: list[int]

    def do_POST(self) -> None:
        self.taken.append(len(self.rfile.read(int(self.headers["Content-Length"]))))
        self.do_GET()


def post(port: int, path: str, body, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(loopback.HOST, port, timeout=60)
    try:
        connection.request("POST", path, body, headers, encode_chunked=not isinstance(body, bytes))
        return connection.getresponse().status
    finally:
        connection.close()


def test_what_is_too_large_is_refused_before_it_is_there(folder):
    Taken.taken = []
    server = ThreadingHTTPServer((loopback.HOST, 0), Taken)
    begin(server)
    try:
        with nginx(folder, [server.server_port]) as (port, _):
            # Said to be so large, and not sent.
            for path, most in (("/comments/post/1/", MOST_FROM_READERS), ("/admin/", MOST_FROM_THE_DESK)):
                assert post(port, path, b"x", {"Content-Length": str(most + 1)}) == 413, path
            chunks = iter([bytes(2**10)] * (MOST_FROM_READERS // 2**10 + 1))
            assert post(port, "/comments/post/1/", chunks, {"Transfer-Encoding": "chunked"}) == 413
            assert not Taken.taken
            assert post(port, "/comments/post/1/", bytes(MOST_FROM_READERS), {}) == 200
            assert post(port, "/admin/", bytes(4 * MOST_FROM_READERS), {}) == 200
    finally:
        end(server)
    assert Taken.taken == [MOST_FROM_READERS, 4 * MOST_FROM_READERS]
