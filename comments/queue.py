"""What a moderator looks at: ordered views over indexes, pages by key, counts that stop counting; and what the buttons do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Max, Prefetch, Q, QuerySet

from articles.http.numbers import number_in
from articles.paging import Cursor
from comments.decide import decide_all
from comments.models import Comment, Decision, Flag, Reason, Status
from comments.models.status import TURNED_AWAY

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PAGE_SIZE = 25
#: A tab says "500+" beyond this: nobody needs to know whether it is 390,000.
COUNTED = 500
#: A search for words looks at so many of the last comments.
SEARCHED = 20_000

#: A comment as a moderator saw it: number, revision, status.
SEEN = re.compile(r"(\d{1,18}):(\d{1,9}):(\w{1,10})", re.ASCII)
#: The button pressed → the status it leads to.
BUTTONS = {"approve": Status.PUBLISHED, "reject": Status.REJECTED, "spam": Status.SPAM}
NOTE_AT_MOST = 1_000


class View(models.TextChoices):
    PENDING = "pending", "Waiting"
    REPORTED = "reported", "Reported"
    UNREVIEWED = "unreviewed", "Published, read by nobody"
    ALL = "all", "All"


#: Longest waiting first; "all" is a look back, newest first.
NEWEST_FIRST = {View.ALL}


def comments_in(view: str) -> QuerySet[Comment]:
    match View(view):
        case View.PENDING:
            return Comment.objects.filter(status=Status.PENDING)
        case View.REPORTED:
            return Comment.objects.filter(reported=True)
        case View.UNREVIEWED:
            return Comment.objects.filter(status=Status.PUBLISHED, reviewed_at__isnull=True)
        case _:
            return Comment.objects.all()


@dataclass(frozen=True)
class QueuePage:
    comments: list[Comment]
    next: str = ""


def page_of_queue(comments: QuerySet[Comment], *, after: str = "", newest_first: bool = False) -> QueuePage:
    """Up to PAGE_SIZE comments beyond the cursor, with all that the screen shows of them, in a fixed number of queries.

    Raises Http404 for a cursor that is none of ours.
    """
    if after:
        cursor = Cursor.read(after)
        compare = "lt" if newest_first else "gt"
        comments = comments.filter(**{f"created_at__{compare}e": cursor.publish_at}).filter(
            Q(**{f"created_at__{compare}": cursor.publish_at}) | Q(**{f"pk__{compare}": cursor.pk})
        )
    order = ("-created_at", "-pk") if newest_first else ("created_at", "pk")
    found = list(with_history(comments).order_by(*order)[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return QueuePage(shown, str(Cursor(shown[-1].created_at, shown[-1].pk)) if len(found) > PAGE_SIZE else "")


def with_reports(comments: QuerySet[Comment]) -> QuerySet[Comment]:
    """With the open ones, as `reports`."""
    open_flags = Flag.objects.filter(outcome=Flag.Outcome.OPEN)
    return comments.prefetch_related(Prefetch("flags", open_flags, to_attr="reports"))


def with_history(comments: QuerySet[Comment]) -> QuerySet[Comment]:
    """With story, author, what it answers, reports, earlier texts and decisions."""
    known = with_reports(comments).select_related("article__section", "commenter", "author", "parent", "answers")
    return known.prefetch_related("revisions", Prefetch("decisions", Decision.objects.select_related("made_by")))


def see(comments: Iterable[Comment]) -> list[Comment]:
    """Mark comments of `with_reports` with what their buttons say that was seen."""
    comments = list(comments)
    for comment in comments:
        comment.newest_report_seen = max((report.pk for report in comment.reports), default=0)  # type: ignore[attr-defined]
        comment.seen = f"{comment.pk}:{comment.revision}:{comment.status}"  # type: ignore[attr-defined]
    return comments


def as_seen(values: Iterable[str], posted: Mapping[str, str]) -> list[Comment]:
    """The comments as they were seen, which `decide` compares with what they are now; what `see` did not write is left out.

    The newest report seen of each is a field of its own in `posted`: a page of the version before has none.
    """
    matches = {int(match[1]): match for value in values if (match := SEEN.fullmatch(value))}
    comments = list(Comment.objects.filter(pk__in=list(matches)).order_by("pk"))
    for comment in comments:
        match = matches[comment.pk]
        comment.revision, comment.status = int(match[2]), match[3]
        newest = posted.get(f"report-{comment.pk}")
        comment.newest_report_seen = None if newest is None else number_in(newest)
    return comments


def press(
    comments: Iterable[Comment], button: str, *, by: User, reason: str = "", note: str = "", inform: bool = False
) -> tuple[int, list[str]]:
    """Do what a button of BUTTONS says, in one batch: how many it has decided, and why not the others.

    Reason and note as they were sent: one that is none of ours is none, what is too long is cut. To publish needs no reason.
    """
    status = BUTTONS[button]
    given = reason if status in TURNED_AWAY and reason in Reason.values else ""
    _, count, refused = decide_all(comments, status, by=by, reason=given, note=note[:NOTE_AT_MOST], inform=inform)
    return count, refused


def counts() -> dict[str, str]:
    """How many there are in each view that is worked through, up to COUNTED."""
    numbers = {view: comments_in(view).values("pk")[: COUNTED + 1].count() for view in View if view != View.ALL}
    return {view: f"{COUNTED}+" if number > COUNTED else str(number) for view, number in numbers.items()}


def search(words: str) -> QuerySet[Comment]:
    """By number, or by words in the last SEARCHED comments."""
    words = words.strip()
    if number := number_in(words):
        return Comment.objects.filter(pk=number)
    last = Comment.objects.aggregate(last=Max("pk"))["last"] or 0
    # A bound on what the list is ordered by: a bound on numbers leaves the whole order to be walked, for words that nobody uses.
    since = Comment.objects.filter(pk__gt=last - SEARCHED).order_by("pk").values_list("created_at", flat=True).first()
    recent = Comment.objects.filter(created_at__gte=since) if since else Comment.objects.none()
    return recent.filter(Q(name__icontains=words) | Q(body__icontains=words))
