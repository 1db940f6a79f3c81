"""What the newsroom would notice last: work that is not done, stories that are late, a CDN that shows what was yesterday."""

from __future__ import annotations

import datetime
import time

from django.conf import settings
from django.utils import timezone

from newsportal import backlog
from newsportal.background import LOOK_EVERY, in_process
from newsportal.doctor.finding import Finding, fine, odd, told, wrong
from newsportal.purging import back_end

#: A job is begun within seconds, and what recurs within minutes; after so long nobody is there who does it.
NOBODY_AFTER = datetime.timedelta(minutes=15)
#: Numbers are said up to here.
SAID = 500


def jobs() -> list[Finding]:
    """Whether anybody does what is due."""
    since = backlog.waiting_since()
    waits = (timezone.now() - since).total_seconds() if since else 0.0
    late = max(waits, backlog.recurring_late())
    if late < NOBODY_AFTER.total_seconds():
        return [fine("Work in the background is done.")]
    what = f"Work in the background is not done: some has waited for {told(late)}. Mail and lists of what is read most are late."
    if settings.BACKGROUND_WORKER == "process":
        return [
            wrong(what, "Start manage.py background_worker (systemctl start newsportal-worker), or look into its log.")
        ]
    if not _has_looked():
        # After a quiet night it has begun by the next page; a command cannot know whether somebody reads.
        return [odd(what, "The serving processes do it after the next request: ask for a page, and look again.")]
    return [wrong(what, "Look into the log for “background”, and restart the site.")]


def _has_looked() -> bool:
    """Whether this process has looked for work a while ago, and has not been asked for long since then."""
    ago = time.monotonic() - in_process.looked_at
    return 5 < ago < 3 * LOOK_EVERY


def failed_jobs() -> list[Finding]:
    count = backlog.up_to(backlog.failed_jobs(), SAID)
    if not count:
        return [fine("No work was given up since yesterday.")]
    return [
        wrong(
            f"{_count(count)} since yesterday: {_names()}.",
            "The desk's first page leads to each under “Work that failed since yesterday”, with where it broke. In the list "
            "of all it can be done again.",
        )
    ]


def _count(count: int) -> str:
    return (
        f"{count}{'+' if count == SAID else ''} {'piece of work was' if count == 1 else 'pieces of work were'} given up"
    )


def _names() -> str:
    paths = backlog.failed_jobs().order_by("-finished_at").values_list("task_path", flat=True)[:50]
    return ", ".join(sorted({path.rpartition(".")[2].replace("_", " ") for path in paths})[:4])


def letters() -> list[Finding]:
    found = []
    waiting, alone = backlog.waiting_letters(SAID)
    if waiting:
        found.append(
            wrong(
                f"The mail server did not take {_letters(waiting)} to readers; {_they(waiting)} tried again for a day.",
                "Run manage.py doctor, which asks the mail server; look at EMAIL_HOST, its user and password.",
            )
        )
    if alone:
        found.append(
            odd(
                f"The mail server takes letters, and did not take {_letters(alone)}; {_they(alone)} tried again for a day.",
                "Nothing is to be done where an address was mistyped, as most are; else the mail server's log says why.",
            )
        )
    if lost := backlog.up_to(backlog.letters_given_up(), SAID):
        found.append(
            wrong(
                f"{_letters(lost)} to readers {'was' if lost == 1 else 'were'} given up: the mail server took "
                f"{'it' if lost == 1 else 'none of them'} in a day.",
                "Mend what keeps mail back: manage.py doctor asks the mail server. Then an administrator sends them after all: in "
                "the desk's list of task results, Do again what was given up. Who waits for a link can ask for another, too.",
            )
        )
    return found or [fine("No letter waits for its second attempt, and none was given up.")]


def _letters(count: int) -> str:
    return f"{count}{'+' if count == SAID else ''} {'letter' if count == 1 else 'letters'}"


def _they(count: int) -> str:
    return "it is" if count == 1 else "they are"


def late_stories() -> list[Finding]:
    count = backlog.up_to(backlog.late_stories(), SAID) + backlog.up_to(backlog.late_next_versions(), SAID)
    if not count:
        return [fine("No story is past its time.")]
    return [
        odd(
            "1 story is past its time and not out."
            if count == 1
            else f"{count} stories are past their time and not out.",
            "The desk's first page names them under “Past their time and not out”: publish, or set another time.",
        )
    ]


def purges() -> list[Finding]:
    if back_end() is None:
        return [fine("No CDN has to be told of changes.")]
    count = backlog.up_to(backlog.late_purges(), SAID)
    if not count:
        return [fine("The CDN knows of all changes.")]
    return [
        wrong(
            f"The CDN could not be told of {count}{'+' if count == SAID else ''} "
            f"{'change' if count == 1 else 'changes'}: readers may see old pages, and stories that were withdrawn.",
            f"Look into the log for “The CDN was not told”; until then purge everything by hand at {settings.PURGE.title()}.",
        )
    ]
