import os

from django.core.wsgi import get_wsgi_application

from newsportal.page_cache.wrapper import around

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsportal.settings")

application = around(get_wsgi_application())
