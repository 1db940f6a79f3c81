"""One list of payloads through everything that takes readers' text in or gives it out, in a real browser: nothing runs."""

import ipaddress
import xml.etree.ElementTree as ET

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from playwright.sync_api import expect

from articles.tests.factories import make_article
from comments import text
from comments.decide import decide
from comments.identity import COOKIE, remember
from comments.models import Comment, Status
from comments.reactions import flag
from comments.tests.factories import make_comment, make_reader
from comments.tests.letters import do_jobs
from comments.tests.payloads import PAYLOADS
from newsportal.tests.browsing import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = "/admin/comments/comment/"
MARKUP = "[onerror], [onload], [onmouseover], [onclick], a[href^='javascript'], iframe, svg[onload]"

#: Five to a comment, so that a browser writes four of them and not twenty.
TOGETHER = [PAYLOADS[start::4] for start in range(4)]


@pytest.fixture
def ran():
    """What has run: a payload that does says so by a dialog."""
    found = []
    yield found
    assert found == []


def listened_to(page, ran):
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    return page


def sit_at(watch, page, reader, number: int) -> None:
    """The browser is this reader's, in a network of its own."""
    response = HttpResponse()
    remember(response, reader)
    cookie = {"name": COOKIE, "value": response.cookies[COOKIE].value, "url": f"{watch.origin}/comments/"}
    page.context.clear_cookies()
    page.context.add_cookies([cookie])
    page.set_extra_http_headers({"X-Forwarded-For": f"203.0.113.{number + 1}"})


def written_and_changed(watch, page, article) -> None:
    """The payloads are sent in the form under the story, some at a time, then each is changed to be itself and a quote of it."""
    for number, payloads in enumerate(TOGETHER):
        sit_at(watch, page, make_reader(email=f"reader{number}@example.org", approved=5), number)
        page.goto(article.get_absolute_url())
        page.fill("#comment-name", payloads[0][:60])
        page.fill("#comment-body", "First\n" + "\n".join(payloads))
        page.click("text=Send comment")
        expect(page.locator("h1")).to_have_text("Thank you")
        comment = Comment.objects.latest("pk")
        assert comment.body == text.clean("First\n" + "\n".join(payloads))
        page.goto(f"/comments/edit/{comment.pk}/")
        expect(page.locator("#comment-body")).to_have_value(comment.body)
        changed = "\n\n".join(f"{payload}\n\n> {payload}" for payload in payloads)
        page.fill("#comment-body", changed)
        page.click("text=Save")
        expect(page.locator("[role=status]")).to_contain_text("has been changed")
        page.goto(f"/comments/edit/{comment.pk}/")
        expect(page.locator("#comment-body")).to_have_value(text.clean(changed))


def test_nothing_that_a_reader_types_runs_where_it_comes_out(watch, ran, sink, settings, administrator):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.0/8")]
    article = make_article()
    page = listened_to(watch.page(), ran)
    written_and_changed(watch, page, article)
    for comment in Comment.objects.all():
        if not comment.is_visible:
            decide(comment, Status.PUBLISHED, by=None)

    # Each alone as a name and a text; what is answered and reported, and what is decided, says the same.
    theirs = []
    for number, payload in enumerate(PAYLOADS):
        reader = make_reader(email=f"alone{number}@example.org", approved=5)
        comment = make_comment(
            article=article, reader=reader, name=payload[:60], body=f"Alone {payload}", wants_replies=True,
            status=Status.PUBLISHED,
        )  # fmt: skip
        make_comment(parent=comment, name=payload[:60], body=f"Answer {payload}", status=Status.PUBLISHED)
        make_comment(article=article, name=payload[:60], body=f"Waiting {payload}")
        flag(comment, make_reader(), why="other", words=payload)
        theirs.append(comment)
    for comment, payload in zip(theirs, PAYLOADS, strict=True):
        refused = make_comment(
            article=article, reader=make_reader(email=f"rude{comment.pk}@example.org", approved=5), name=payload[:60],
            body=f"Refused {payload}",
        )  # fmt: skip
        decide(refused, Status.REJECTED, by=administrator, note=payload, inform=True)

    # Readers' pages.
    page.goto(article.get_absolute_url(), wait_until="networkidle")
    expect(page.locator("#comments")).to_contain_text("<img src=x onerror=alert(1)>")
    for place in (article.get_absolute_url(), f"/comments/on/{article.pk}/", f"/comments/replies/{theirs[0].pk}/",
                  f"/comments/reply/{theirs[0].pk}/", f"/comments/report/{theirs[0].pk}/", "/comments/yours/",
                  f"/comments/waiting/{article.pk}/"):  # fmt: skip
        page.goto(place, wait_until="networkidle")
        assert page.locator(f"script:not([src], [type='application/ld+json']), {MARKUP}").count() == 0, place

    # Moderators' and the desk's.
    page.set_extra_http_headers({})
    log_in(page, "administrator")
    guest = theirs[0].commenter_id
    for place in (QUEUE, f"{QUEUE}?view=all", f"{QUEUE}?view=reported", f"{QUEUE}{theirs[0].pk}/change/",
                  f"{QUEUE}{theirs[0].pk}/sanction/", f"/admin/comments/commenter/{guest}/change/",
                  f"/comments/moderate/{article.pk}/", article.get_absolute_url()):  # fmt: skip
        assert page.goto(place, wait_until="networkidle").status == 200, place
        assert page.locator(MARKUP).count() == 0, place
    expect(page.locator("[data-desk-waiting]")).to_contain_text("Waiting <script>alert(1)</script>")

    # Feeds and letters, in a page that no policy of ours protects.
    blank = listened_to(watch.page(), ran)
    for feed in ("/comments/feed/", f"/comments/on/{article.pk}/feed/"):
        entries = ET.fromstring(page.request.get(feed).text()).iter("{http://www.w3.org/2005/Atom}entry")  # noqa: S314
        summaries = [entry.findtext("{http://www.w3.org/2005/Atom}summary") for entry in entries]
        assert len(summaries) >= len(PAYLOADS)
        blank.set_content("\n".join(summaries))
        assert blank.locator(f"script, img, {MARKUP}").count() == 0, feed
    call_command("comment_digest")
    do_jobs()
    subjects = " ".join(letter["Subject"] for letter in sink.letters)
    assert subjects.count("answered your comment") == subjects.count("is not published") == len(PAYLOADS)
    for letter in sink.letters:
        blank.set_content(letter.get_body(("html",)).get_content())
        assert blank.locator(f"script, img, {MARKUP}").count() == 0, letter["Subject"]
