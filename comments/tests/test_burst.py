"""Five hundred readers at once: who is told that it has arrived finds it, once."""

import http.client
import ipaddress
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import pytest
from django.http import HttpResponse

from articles.tests.factories import make_article
from comments.identity import COOKIE, remember
from comments.models import Comment, Status
from comments.recount import recount
from comments.tests.factories import make_comment, make_reader

CONNECTIONS, COMMENTS, TRUSTED = 50, 500, 25


@pytest.mark.django_db(transaction=True)
def test_every_comment_of_a_burst_that_was_answered_with_success_is_there_once(live_server, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.0/8")]
    article = make_article()
    root = make_comment(article=article, status=Status.PUBLISHED)
    cookies = [cookie_of(make_reader(email=f"trusted{n}@example.org", approved=5)) for n in range(TRUSTED)]
    host = urlsplit(live_server.url).netloc

    def send(number: int) -> tuple[str, int]:
        body = f"Comment number {number} of the burst."
        words = {"name": f"Reader {number}", "email": f"r{number}@example.org", "body": body}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "X-Forwarded-For": f"203.0.{number // 200}.{number % 200}",
        }
        if number < 3 * TRUSTED:
            # A trusted reader's reply is published at once, with all that is counted above it.
            words |= {"email": "", "parent": root.pk}
            headers["Cookie"] = cookies[number % TRUSTED]
        # A server whose queue is full resets connections: readers press again, and so do we.
        for _ in range(10):
            connection = http.client.HTTPConnection(host, timeout=120)
            try:
                connection.request("POST", f"/comments/post/{article.pk}/", urlencode(words), headers)
                return body, connection.getresponse().status
            except ConnectionError:
                time.sleep(0.1)
            finally:
                connection.close()
        return body, 0

    # Every fifth is sent twice, as impatient readers do.
    with ThreadPoolExecutor(CONNECTIONS) as readers:
        answers = list(readers.map(send, [n for n in range(COMMENTS) for _ in range(2 if n % 5 == 0 else 1)]))
    assert {status for _, status in answers} == {302}
    stored = list(Comment.objects.exclude(pk=root.pk).values_list("body", flat=True))
    assert sorted(stored) == sorted({body for body, _ in answers})
    assert len(stored) == COMMENTS
    root.refresh_from_db()
    assert root.visible_replies == Comment.objects.visible().filter(root=root).count() == 3 * TRUSTED
    assert not {name: drift for name, drift in recount(fix=False).items() if drift and "guests" not in name}


def cookie_of(reader) -> str:
    response = HttpResponse()
    remember(response, reader)
    return f"{COOKIE}={response.cookies[COOKIE].value}"
