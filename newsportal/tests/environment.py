"""The environment of the tests, set before Django reads its settings: conftest.py imports it first.

A developer's own `.env` never changes what the tests see. DATABASE_URL and CACHE_URL may be given: CI runs all tests
again on PostgreSQL and Redis.
"""

import os
import tempfile

os.environ["DJANGO_SETTINGS_MODULE"] = "newsportal.settings"
os.environ["NEWSPORTAL_ENV_FILE"] = os.devnull
os.environ |= {
    "SECRET_KEY": "for tests only, and long enough to be accepted by every check",
    "SITE_URL": "http://testserver",
    "SITE_NAME": "The Test Post",
    "SITE_EMAIL": "desk@post.example",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "DEBUG": "false",
    "TIME_ZONE": "Africa/Lagos",
    "LOG_LEVEL": "ERROR",
    "MEDIA_ROOT": tempfile.gettempdir(),
    # Tests that are about it let work be done; in all others none goes on beside them.
    "BACKGROUND_WORKER": "process",
    "READS_BATCH_SECONDS": "0",
}

# Playwright's event loop runs in the thread of the test, which uses the database as any test does.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
