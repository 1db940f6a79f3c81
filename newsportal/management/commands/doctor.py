"""Look a running installation over."""

from __future__ import annotations

import sys

from django.core.management import BaseCommand

from newsportal.doctor import examine
from newsportal.doctor.finding import Level


class Command(BaseCommand):
    help = "Say what is wrong with this installation and how it is mended. Ends with 1 when something is, else with 0."
    # It says so itself, and looks at everything else, too.
    requires_system_checks = []
    requires_migrations_checks = False

    def handle(self, *args, **options):
        worst = dict.fromkeys(Level, 0)
        paint = {Level.FINE: self.style.SUCCESS, Level.ODD: self.style.WARNING, Level.WRONG: self.style.ERROR}
        for check, findings in examine():
            for finding in findings:
                worst[finding.level] += 1
                mend = f" → {finding.mend}" if finding.mend else ""
                self.stdout.write(
                    f"{paint[finding.level](f'{finding.level.value:<5}')} {check.name}: {finding.what}{mend}"
                )
        if worst[Level.WRONG]:
            self.stdout.write(f"\nWrong: {worst[Level.WRONG]}. To look at: {worst[Level.ODD]}.")
            sys.exit(1)
        self.stdout.write(f"\nNothing is wrong. To look at: {worst[Level.ODD]}.")
