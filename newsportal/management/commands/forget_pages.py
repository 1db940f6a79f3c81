"""For after an upgrade, and for who is not sure."""

from __future__ import annotations

from django.core.management import BaseCommand
from django.db import connection, transaction

from articles.editions import SITE


class Command(BaseCommand):
    help = (
        "Has every page that is kept made anew when it is next asked for: in all processes, on all machines, and at the CDN, "
        "which has pages of the version before an upgrade."
    )

    def handle(self, *args, **options):
        with transaction.atomic():
            connection.touched |= {SITE}  # type: ignore[attr-defined]
        self.stdout.write("All pages are made anew when they are next asked for.")
