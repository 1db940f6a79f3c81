"""Five hundred readers at once: who is told that it has arrived finds it, once."""

import http.client
import ipaddress
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import pytest

from articles.tests.factories import make_article
from comments.models import Comment

CONNECTIONS, COMMENTS = 50, 500


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("burst")
def test_every_comment_of_a_burst_that_was_answered_with_success_is_there_once(live_server, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.0/8")]
    article = make_article()
    host = urlsplit(live_server.url).netloc

    def send(number: int) -> tuple[str, int]:
        body = f"Comment number {number} of the burst."
        words = urlencode({"name": f"Reader {number}", "email": f"r{number}@example.org", "body": body})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "X-Forwarded-For": f"203.0.{number // 200}.{number % 200}",
        }
        # A server whose queue is full resets connections: readers press again, and so do we.
        for _ in range(10):
            connection = http.client.HTTPConnection(host, timeout=120)
            try:
                connection.request("POST", f"/comments/post/{article.pk}/", words, headers)
                return body, connection.getresponse().status
            except ConnectionError:
                time.sleep(0.1)
            finally:
                connection.close()
        return body, 0

    # Each is sent twice, as impatient readers do.
    with ThreadPoolExecutor(CONNECTIONS) as readers:
        answers = list(readers.map(send, [number for number in range(COMMENTS // 2) for _ in range(2)]))
    assert {status for _, status in answers} == {302}
    stored = list(Comment.objects.values_list("body", flat=True))
    assert sorted(stored) == sorted({body for body, _ in answers})
