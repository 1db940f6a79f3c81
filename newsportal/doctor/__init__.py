"""What is wrong with this installation, and how it is mended: `manage.py doctor` says all of it, the desk what cannot wait.

finding        what a check found
configuration  the deploy checks, DEBUG, the proxy, old keys
database       reachable, takes writes, version and settings, migrations, clock
files          pictures can be written and shown, static files are collected, the disk
machines       cache, mail server, the site itself, its pages and pictures as the world reaches them
newsroom       jobs, letters, late stories, the CDN
nightly        backups, and what is forgotten in time
alarms         which of these stand on the pages of the desk, and for whom

A check is a function without arguments that returns findings; one that is added to CHECKS is asked by both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from articles import workflow
from newsportal.doctor import configuration, database, files, machines, newsroom, nightly
from newsportal.doctor.finding import Finding, Level, wrong


@dataclass(frozen=True)
class Check:
    """`name`: one or two words. `on_desk`: it is quick enough to be asked while somebody waits for a page of the desk.

    `concerns`: who holds one of these permissions is told at the desk; who administrates is told everything.
    """

    name: str
    look: Callable[[], list[Finding]]
    on_desk: bool = False
    asks_database: bool = False
    concerns: tuple[str, ...] = ()

    def findings(self) -> list[Finding]:
        """Never raises: what cannot be looked at is a finding, too."""
        try:
            return self.look()
        except Exception as problem:
            what = f"This could not be looked at ({type(problem).__name__})."
            return [wrong(what, "Mend what else is wrong first, and look again.")]


MODERATE = "comments.moderate_comment"

CHECKS = [
    Check("debug", configuration.debug, on_desk=True),
    Check("settings", configuration.deploy_checks),
    Check("proxy", configuration.proxy),
    Check("database", database.answers),
    Check("writes", database.takes_writes, on_desk=True, asks_database=True, concerns=(workflow.CHANGE, MODERATE)),
    Check("migrations", database.migrations, on_desk=True, asks_database=True),
    Check("clock", database.clock, on_desk=True, asks_database=True),
    Check("second factors", configuration.old_keys, asks_database=True),
    Check("pictures", files.pictures_can_be_written, on_desk=True, concerns=(workflow.CHANGE,)),
    Check("picture storage", files.pictures_round_trip),
    Check("pictures' host", files.pictures_are_shown, asks_database=True),
    Check("picture sizes", files.picture_sizes, asks_database=True),
    Check("static files", files.static_files_are_collected),
    Check("disk", files.disk, on_desk=True),
    Check("cache", machines.cache, on_desk=True),
    Check("mail server", machines.mail_server),
    Check("site", machines.site),
    Check("newest story", machines.newest_story, asks_database=True),
    Check("newest picture", machines.newest_picture, asks_database=True),
    Check("jobs", newsroom.jobs, on_desk=True, asks_database=True),
    Check("failed jobs", newsroom.failed_jobs, on_desk=True, asks_database=True),
    Check("mail", newsroom.letters, on_desk=True, asks_database=True, concerns=(MODERATE,)),
    Check("late stories", newsroom.late_stories, on_desk=True, asks_database=True, concerns=(workflow.PUBLISH,)),
    Check("CDN", newsroom.purges, on_desk=True, asks_database=True, concerns=(workflow.PUBLISH,)),
    Check("every night", nightly.every_night, on_desk=True, asks_database=True),
    Check("backups' disk", nightly.room_for_backups, asks_database=True),
]


def examine() -> Iterator[tuple[Check, list[Finding]]]:
    """All checks, one after the other, with what each found; without those that nobody can answer while the database is away."""
    is_away = False
    for check in CHECKS:
        if not (is_away and check.asks_database):
            found = check.findings()
            is_away = is_away or (check.look is database.answers and found[0].level is Level.WRONG)
            yield check, found
