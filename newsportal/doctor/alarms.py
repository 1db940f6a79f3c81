"""What is wrong, on every page of the desk: for administrators all of it, for others what concerns them.

It is looked at while somebody waits for a page, so only by checks that are quick, and at most once in a while by each process.
"""

from __future__ import annotations

import threading
import time

from django.contrib.auth.models import AnonymousUser, User

from newsportal.doctor import CHECKS, Check
from newsportal.doctor.finding import Finding, Level

#: For how many seconds a process believes what it has seen.
KEPT_FOR = 60
#: Who may see what fails in the background sees everything that is wrong.
ADMINISTER = "django_tasks_database.view_dbtaskresult"

Seen = list[tuple[Check, Finding]]


class Alarms:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Seen = []
        self._looked_at = -float("inf")

    def of(self, user: User | AnonymousUser) -> list[Finding]:
        """What this person is told, the worst first."""
        if not (user.is_active and user.is_staff):
            return []
        seen = self._look()
        if not seen:
            return []
        sees_all = user.has_perm(ADMINISTER)
        told = [
            finding
            for check, finding in seen
            if sees_all or any(user.has_perm(permission) for permission in check.concerns)
        ]
        return sorted(told, key=lambda finding: finding.level is not Level.WRONG)

    def kept(self, seen: Seen) -> None:
        """Believe this for a while."""
        self._seen, self._looked_at = seen, time.monotonic()

    def forget(self) -> None:
        """Look again when somebody asks."""
        self._looked_at = -float("inf")

    def _look(self) -> Seen:
        # Whoever finds another one looking takes what was seen before.
        if time.monotonic() - self._looked_at >= KEPT_FOR and self._lock.acquire(blocking=False):
            try:
                self.kept(
                    [
                        (check, finding)
                        for check in CHECKS
                        if check.on_desk
                        for finding in check.findings()
                        if finding.level is not Level.FINE
                    ]
                )
            finally:
                self._lock.release()
        return self._seen


alarms = Alarms()
