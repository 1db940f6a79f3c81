"""Do the jobs in a process of its own: what BACKGROUND_WORKER=process counts on."""

from __future__ import annotations

import logging
import signal
import threading
import time

from django.core.management import BaseCommand
from django.db import Error, connections
from django_tasks_db.models import DBTaskResult

from newsportal.background import drain, put_back_abandoned
from newsportal.database import troubles
from newsportal.recurring import do_what_is_due

logger = logging.getLogger(__name__)

PAUSE = 2.0
#: What is broken is told of once in so many seconds.
TELL_EVERY = 60.0


class Command(BaseCommand):
    help = "Do jobs as they come in, and what is done again and again, until it is told to stop by SIGTERM or Ctrl+C."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="do what is due, and end")

    def handle(self, *args, once: bool, **options):
        stopped = threading.Event()
        if not once:
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: stopped.set())
        done, told_at = 0, -TELL_EVERY
        while not stopped.is_set():
            try:
                put_back_abandoned()
                do_what_is_due()
                done += drain(stopped)
            except Error as error:
                if once:
                    raise
                if troubles.is_away(error):
                    self.stderr.write(f"The database cannot be reached ({type(error).__name__}); trying again.")
                elif troubles.is_busy(error):
                    self.stderr.write(f"The database is busy ({type(error).__name__}); trying again.")
                elif time.monotonic() - told_at >= TELL_EVERY:
                    told_at = time.monotonic()
                    # Such as a table that is not there yet: whoever looks why nothing is done must find it.
                    logger.exception("No job could be done; trying again.")
                connections.close_all()
            if once and not DBTaskResult.objects.ready().exists():
                break
            if once:
                continue
            stopped.wait(PAUSE)
        self.stdout.write(f"Jobs done: {done}.")
