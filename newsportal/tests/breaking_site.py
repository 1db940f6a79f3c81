"""A request that breaks where reports are sent to Sentry: for a test of what such a report holds.

    python -m newsportal.tests.breaking_site

Prints the status and the request's name.
"""

import sys
from wsgiref.util import setup_testing_defaults

from newsportal.wsgi import application


def broken(*args, **kwargs):
    raise ValueError("cannot read 'Ottilie’s words' of ottilie@example.org from 203.0.113.77")


if __name__ == "__main__":
    from articles.views import search

    search.render = broken
    environ = {
        "PATH_INFO": "/search/", "QUERY_STRING": "q=a-secret-query", "HTTP_HOST": "testserver", "REMOTE_ADDR": "203.0.113.77",
        "HTTP_COOKIE": "session=a-secret-cookie", "HTTP_USER_AGENT": "a-secret-browser",
    }  # fmt: skip
    setup_testing_defaults(environ)
    told: list = []
    b"".join(application(environ, lambda status, headers, exc_info=None: told.append((status, dict(headers)))))
    status, headers = told[0]
    sys.stdout.write(f"{status[:3]} {headers['X-Request-ID']}\n")
    if "sentry_sdk" in sys.modules:
        sys.modules["sentry_sdk"].flush(10)
