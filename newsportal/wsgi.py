import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from newsportal.content_type import told_plainly
from newsportal.database import patience
from newsportal.page_cache.wrapper import around
from newsportal.turns import in_turn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsportal.settings")

patience.serve()
application = around(in_turn(told_plainly(get_wsgi_application())))

from newsportal.security import pictures_from  # noqa: E402  (needs the apps)

# Before the first request, which would wait for it. What has been loaded now stays: Python's collector, which stops all threads for
# as long as it looks, need not look there again and again (64 ms each time, and 2 without it).
_ = get_resolver().url_patterns
# Without it there is no policy, and no page: it is said now, and to whoever has set it up.
pictures_from()
gc.collect()
gc.freeze()
