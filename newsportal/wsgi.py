import os

from django.core.wsgi import get_wsgi_application

from newsportal.database import patience
from newsportal.page_cache.wrapper import around
from newsportal.turns import in_turn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsportal.settings")

patience.serve()
application = around(in_turn(get_wsgi_application()))
