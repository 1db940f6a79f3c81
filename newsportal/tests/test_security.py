"""What browsers may do with our pages, what they report, and how much anybody may send."""

import json
import re

import pytest
from csp.exceptions import CSPNonceError
from csp.utils import build_policy
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from articles.tests.factories import make_article
from comments.tests.factories import make_comment
from newsportal import policy_reports
from newsportal.models import PolicyReport
from newsportal.security import AT_THE_DESK, FOR_READERS, MOST_FROM_READERS, MOST_FROM_THE_DESK

pytestmark = pytest.mark.django_db


def report(client, *, content_type="application/csp-report", **fields):
    told = {"document-uri": "https://news.example.org/2026/?q=secret", "effective-directive": "script-src-elem",
            "blocked-uri": "https://evil.example/a.js?session=1"} | fields  # fmt: skip
    return client.post("/csp-reports/", json.dumps({"csp-report": told}), content_type=content_type)


def test_what_readers_see_takes_html_from_no_script_but_ours(client):
    policy = client.get(make_article().get_absolute_url())["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'" in policy
    assert "trusted-types fragments" in policy


def test_what_writes_html_at_the_desk_goes_through_its_policy(client, administrator):
    client.force_login(administrator)
    policy = client.get("/admin/")["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'" in policy
    assert "trusted-types default desk-unread" in policy or "trusted-types desk-unread default" in policy


def test_the_policy_is_put_together_once_and_says_what_django_csp_says(client, administrator):
    client.force_login(administrator)
    for path, trusted in (("/", FOR_READERS), ("/admin/", AT_THE_DESK)):
        said = client.get(path)["Content-Security-Policy"]
        assert sorted(said.split("; ")) == sorted(build_policy(update=trusted).split("; "))
        assert client.get(path)["Content-Security-Policy"] == said


def test_a_page_with_a_nonce_has_a_policy_of_its_own(client, administrator):
    client.force_login(administrator)
    form = reverse("admin:articles_article_add")
    nonces = []
    for _ in range(2):
        response = client.get(form)
        nonces.append(re.search(r"'nonce-([^']+)'", response["Content-Security-Policy"])[1])
        assert f'nonce="{nonces[-1]}"' in response.text
    assert nonces[0] != nonces[1]
    assert "nonce-" not in client.get("/admin/")["Content-Security-Policy"]


def test_only_a_page_with_something_to_embed_may_frame_anything(client, administrator):
    film = make_article(body='<p>Seen.</p><figure data-embed="https://vimeo.com/76979871"></figure>')
    client.force_login(administrator)
    preview = reverse("admin:articles_article_preview", args=[film.pk])
    for path in (film.get_absolute_url(), preview):
        policy = client.get(path)["Content-Security-Policy"]
        assert "; frame-src https://" in policy
        assert client.get(path, headers={"accept-encoding": "gzip"})["Content-Security-Policy"] == policy
    page = client.get(film.get_absolute_url())
    known = client.get(film.get_absolute_url(), headers={"if-none-match": page["ETag"]})
    assert known.status_code == 304
    assert known["Content-Security-Policy"] == page["Content-Security-Policy"]
    for path in ("/", make_article().get_absolute_url(), "/feed/", "/admin/", "/nowhere/"):
        policy = client.get(path)["Content-Security-Policy"]
        assert "frame-src" not in policy and "default-src 'none'" in policy


def test_a_nonce_that_comes_after_the_policy_is_refused(client):
    request = client.get("/").wsgi_request
    with pytest.raises(CSPNonceError):
        str(request.csp_nonce)


def test_every_page_says_where_its_violations_are_reported(client, administrator):
    client.force_login(administrator)
    for path in ("/", "/admin/", "/nowhere/"):
        response = client.get(path)
        assert f"report-uri {reverse('csp_reports')}" in response["Content-Security-Policy"]
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"
        assert response["Cross-Origin-Opener-Policy"] == "same-origin"


def test_reports_of_the_same_are_one_row_that_names_nobody(client):
    for _ in range(3):
        assert report(client).status_code == 204
    row = PolicyReport.objects.get()
    assert (row.directive, row.blocked, row.page, row.reports) == (
        "script-src-elem",
        "https://evil.example",
        "/2026/",
        3,
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b'{"csp-report": null}', b'{"csp-report": {"effective-directive": 7}}', b"\xff\xfe",
     b'{"csp-report": {"effective-directive": " "}}', b'{"csp-report": {"effective-directive": "a", "blocked-uri": []}}',
     b"[" * 8000, b'{"csp-report": {"effective-directive": "a", "document-uri": "http://[bad"}}'],
)  # fmt: skip
def test_what_is_no_report_is_answered_alike_and_kept_nowhere(client, body):
    assert client.post("/csp-reports/", body, content_type="application/csp-report").status_code == 204
    assert not PolicyReport.objects.exists()


@pytest.mark.parametrize("length", ["a lot", "1e3", "-"])
def test_one_that_is_of_no_length_is_answered_alike_too(client, length):
    assert (
        client.generic("POST", "/csp-reports/", b"{}", "application/csp-report", CONTENT_LENGTH=length).status_code
        == 204
    )
    assert not PolicyReport.objects.exists()


def test_a_report_that_is_too_long_is_not_read(client):
    assert report(client, sample="x" * policy_reports.MOST_BYTES).status_code == 204
    assert not PolicyReport.objects.exists()


def test_a_network_is_heard_so_often_and_no_more(client):
    for number in range(policy_reports.FROM_ONE + 5):
        report(client, **{"blocked-uri": f"https://evil{number}.example/"})
    assert PolicyReport.objects.count() == policy_reports.FROM_ONE


def test_a_flood_from_everywhere_fills_neither_the_hour_nor_the_day(client, settings, monkeypatch):
    settings.TRUSTED_PROXIES = settings.TRUSTED_PROXIES or []
    monkeypatch.setattr(policy_reports, "FROM_ALL", 30)
    monkeypatch.setattr(policy_reports, "ROWS_A_DAY", 10)
    for number in range(60):
        client.post(
            "/csp-reports/", json.dumps({"csp-report": {"effective-directive": f"made-up-{number}"}}),
            content_type="application/csp-report", REMOTE_ADDR=f"203.0.113.{number}",
        )  # fmt: skip
    assert PolicyReport.objects.count() == 11
    assert PolicyReport.objects.get(directive="all others").reports == 20


def test_old_reports_are_deleted(client):
    report(client)
    report(client, **{"blocked-uri": "inline"})
    PolicyReport.objects.filter(blocked="inline").update(day=timezone.localdate() - 2 * policy_reports.KEPT_FOR)
    policy_reports.prune()
    assert [row.blocked for row in PolicyReport.objects.all()] == ["https://evil.example"]


def test_administrators_read_reports_and_change_none(client, administrator):
    report(client)
    client.force_login(administrator)
    assert "https://evil.example" in client.get("/admin/newsportal/policyreport/").content.decode()
    row = PolicyReport.objects.get()
    assert client.post(f"/admin/newsportal/policyreport/{row.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("path", "most"), [("/comments/post/1/", MOST_FROM_READERS), ("/admin/articles/image/add/", MOST_FROM_THE_DESK)]
)
def test_what_is_larger_than_anything_we_take_is_not_read(client, path, most):
    class Unread:
        def read(self, *args):
            raise AssertionError("It was read.")

        readline = read

    refused = client.generic("POST", path, CONTENT_LENGTH=str(most + 1), **{"wsgi.input": Unread()})
    assert refused.status_code == 413
    assert "too much" in refused.content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_script_that_makes_html_of_text_is_stopped_and_reported(watch, live_server):
    story = make_article()
    make_comment(article=story, status="published")
    page = watch.page()
    page.goto(story.get_absolute_url())
    with page.expect_request("**/csp-reports/") as sent:
        stopped = page.evaluate("""() => {
            try { document.body.innerHTML = "<img src=x onerror=alert(1)>"; return ""; } catch (error) { return error.name; }
        }""")
    assert stopped == "TypeError"
    sent.value.response()
    assert sent.value.post_data_json["csp-report"]["effective-directive"] == "require-trusted-types-for"
    expect(page.locator("h1")).to_be_visible()
    watch.problems.clear()
