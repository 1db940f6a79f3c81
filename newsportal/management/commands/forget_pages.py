"""For after an upgrade, for after a failover, and for who is not sure."""

from __future__ import annotations

from django.core.management import BaseCommand

from newsportal.page_cache import restored


class Command(BaseCommand):
    help = (
        "Has every page that is kept made anew when it is next asked for: in all processes, on all machines, and at the CDN, "
        "which has pages of the version before an upgrade."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--after-failover",
            action="store_true",
            help="also believe nothing of what Redis knows: for a standby that has taken over and may lack the last commits",
        )

    def handle(self, *args, after_failover: bool, **options):
        restored.raise_here(every_key=after_failover)
        self.stdout.write("All pages are made anew when they are next asked for.")
