"""What readers say under the stories: threads, decisions, likes and reports, as comments.decide would have left them."""

from __future__ import annotations

import datetime
import random
from array import array

from django.db import connection

from comments.keyed import keyed_hash
from comments.models import Actor, Comment, Commenter, Decision, Flag, Like, Status
from comments.models.comment import MAX_DEPTH, hash_of_words
from comments.privacy import FORGET_HASHES
from newsportal.filling.language import Language
from newsportal.filling.rows import Stored, Table, reserve

#: The most discussed story has so many, or a fiftieth of all.
LONGEST = 10_000
GUESTS_AT_ONCE = 5_000
#: Of a hundred comments so many are not published.
NOT_PUBLISHED = ((1, Status.PENDING), (2, Status.SPAM), (3, Status.REJECTED))


class Talk:
    """`expected`: how many comments there will be in all."""

    def __init__(self, language: Language, *, seed: str, expected: int, now: datetime.datetime) -> None:
        self.chance, self.language, self.now = random.Random(f"{seed} talk"), language, now
        self.remarks = [language.remark(self.chance) for _ in range(min(4_000, max(50, expected // 20)))]
        self.names = [language.name(self.chance) for _ in range(2_000)]
        self.guests = array("q")
        self.expected, self.written = expected, 0
        self.approved, self.refused = array("l"), array("l")
        self.hashes_kept_from = now - FORGET_HASHES
        self.comments = Table(
            Comment, "id", "article_id", "parent_id", "root_id", "answers_id", "ancestors", "depth", "commenter_id", "name",
            "is_proved", "browser", "network", "body", "body_html", "body_hash", "status", "counted_as", "reviewed_at",
            "reported", "open_flags", "listed", "visible_replies", "place", "places", "likes", "picked_at", "created_at",
            "published_at",
        )  # fmt: skip
        self.decisions = Table(
            Decision, "comment_id", "revision", "from_status", "to_status", "made_as", "made_at", "reason"
        )
        self.likes = Table(Like, "comment_id", "person", "created_at")
        self.flags = Table(Flag, "comment_id", "person", "why", "created_at")

    # --- Guests -------------------------------------------------------------------------------------------------------

    def welcome(self, expected: int) -> None:
        """The guests who will write: one for twenty comments."""
        count = min(500_000, max(20, expected // 20))
        table = Table(
            Commenter, "id", "email", "email_hash", "verified_at", "token_version", "wants_mail", "created_at"
        )
        start = Commenter.objects.count()
        for first in range(0, count, GUESTS_AT_ONCE):
            for pk in reserve(Commenter, min(GUESTS_AT_ONCE, count - first)):
                email = f"reader-{start + len(self.guests)}@readers.example"
                since = self.now - datetime.timedelta(days=3_600)
                table.add(pk, email, keyed_hash("email", email), since, 1, True, since)
                self.guests.append(pk)
            table.take().write()
        self.approved, self.refused = array("l", bytes(8 * count)), array("l", bytes(8 * count))

    def standing(self) -> list[tuple[int, int, int]]:
        """Of each guest of whom people have decided anything: how much of what they wrote was published and refused, and who."""
        counted = zip(self.approved, self.refused, self.guests, strict=True)
        return [(approved, refused, pk) for approved, refused, pk in counted if approved or refused]

    # --- A story's talk -----------------------------------------------------------------------------------------------

    def under(self, article: int, since: datetime.datetime, numbers: list[int]) -> int:
        """Comments with these numbers under a story that came out at `since`; how many of them readers see."""
        chance, some = self.chance, self.chance.random
        length = max(1.0, min((self.now - since).total_seconds() - 1, 6 * 86_400))
        ages = sorted(some() ** 3 for _ in numbers)
        told: list[_Said] = []
        visible: list[_Said] = []
        for pk, age in zip(numbers, ages, strict=True):
            at = since + datetime.timedelta(seconds=int(age * length))
            said = _Said(pk, at, self._status())
            if visible and some() < 0.45:
                # What was said last is answered most, and a few beginnings draw all the others.
                place = int(some() * 8) if some() < 0.3 else len(visible) - 1 - int(some() ** 2 * 30)
                said.answer(visible[min(max(place, 0), len(visible) - 1)])
            said.come()
            told.append(said)
            if said.status == Status.PUBLISHED:
                visible.append(said)
            if visible and some() < 0.004:
                # Published, and taken back later: its place stays while answers hang on it.
                visible.pop(int(some() * len(visible))).leave(chance.choice((Status.REJECTED, Status.DELETED)))
        for said in told:
            self._write(article, said)
        return len(visible)

    def _status(self) -> Status:
        drawn = self.chance.random() * 100
        for part, status in NOT_PUBLISHED:
            if drawn < part:
                return status
            drawn -= part
        return Status.PUBLISHED

    def _guest(self) -> int:
        """Readers come and go: who writes most now was not there years ago. A few have always been."""
        count, some = len(self.guests), self.chance.random
        if some() < 0.05:
            return int(some() * count * 0.01)
        return int(count * self.written / max(1, self.expected) * (1 - 0.1 * some() ** 2))

    def _write(self, article: int, said: _Said) -> None:
        chance, some = self.chance, self.chance.random
        n = self._guest()
        parts = [self.remarks[int(some() * len(self.remarks))] for _ in range(1 if some() < 0.6 else 2)]
        body = "\n\n".join(part.body for part in parts)
        by_person = said.status != Status.PENDING and some() < 0.5
        status, proved = said.status, n % 2 == 0
        if len(said.moves) > 1:  # readers saw it, and then it was taken back
            by_person = status == Status.REJECTED
        counted = ""
        if by_person and proved:
            counted = (Status.PUBLISHED if status == Status.PUBLISHED else Status.REJECTED).value
            (self.approved if counted == Status.PUBLISHED else self.refused)[n] += 1
        is_new = said.at > self.hashes_kept_from
        likes = int(chance.paretovariate(1.1)) if status == Status.PUBLISHED and some() < 0.02 else 0
        likes = min(likes, 40)
        is_reported = status == Status.PUBLISHED and not by_person and some() < 0.001
        place = said.place if said.root is not None else None
        self.written += 1
        self.comments.add(
            said.pk, article, said.parent.pk if said.parent else None, said.root.pk if said.root else None,
            said.answers.pk if said.answers else None, said.ancestors, len(said.ancestors), self.guests[n],
            self.names[n % len(self.names)], proved, f"{n * 7_919:032x}" if is_new else "", f"{n // 3:032x}" if is_new else "",
            body, "\n".join(part.html for part in parts), hash_of_words(body), status, counted,
            said.at + datetime.timedelta(hours=1) if by_person else None, is_reported, int(is_reported), said.listed,
            said.visible_replies, place, said.places, likes, said.at if likes > 10 else None, said.at, said.published_at,
        )  # fmt: skip
        for before, after, at in said.moves:
            made_as = Actor.AUTHOR if after == Status.DELETED else Actor.MODERATOR if by_person else Actor.SYSTEM
            self.decisions.add(said.pk, 1, before, after, made_as, at, "")
        for like in range(likes):
            self.likes.add(said.pk, f"by {n + like * 101:029x}", said.at)
        if is_reported:
            self.flags.add(said.pk, f"{n + 1:032x}", Flag.Why.ABUSE, said.at)

    def batch(self) -> list[Stored]:
        """The rows of all that was said since the last time."""
        return [table.take() for table in (self.comments, self.decisions, self.likes, self.flags)]

    def shares(self, stories: int, comments: int) -> array[int]:
        """How many comments each of so many stories gets: most few, some many, one LONGEST."""
        if not stories:
            return array("l")
        longest = min(LONGEST, comments // 50) if stories > 1 else comments
        weights = array("d", (min(self.chance.paretovariate(1.2), 300.0) for _ in range(stories)))
        rest, total = comments - longest, sum(weights)
        counts, before, sofar = array("l"), 0, 0.0
        for weight in weights:
            sofar += weight
            until = min(rest, round(rest * sofar / total))
            counts.append(until - before)
            before = until
        counts[-1] += rest - before
        # Neither the newest, which all look at, nor lost in the archive.
        counts[int(stories * 0.97)] += longest
        return counts


def settle(standing: list[tuple[int, int, int]]) -> None:
    """Write down the guests' standing, as Talk.standing() tells it."""
    if not standing:
        return
    table = connection.ops.quote_name(Commenter._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"UPDATE {table} SET published_count = told.approved, rejected_count = told.refused "  # noqa: S608
                "FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS told (approved, refused, pk) WHERE id = told.pk",
                [list(column) for column in zip(*standing, strict=True)],
            )
            return
        cursor.executemany(
            f"UPDATE {table} SET published_count = %s, rejected_count = %s WHERE id = %s",  # noqa: S608
            standing,
        )


class _Said:
    """A comment on its way: where it hangs, and what becomes of it."""

    __slots__ = (
        "ancestors", "answers", "at", "hangs_on", "listed", "moves", "parent", "pk", "place", "places", "published_at",
        "root", "status", "visible_replies",
    )  # fmt: skip

    def __init__(self, pk: int, at: datetime.datetime, status: Status) -> None:
        self.pk, self.at, self.status = pk, at, status
        self.parent: _Said | None = None
        self.root: _Said | None = None
        self.answers: _Said | None = None
        self.hangs_on: list[_Said] = []
        self.ancestors: list[int] = []
        self.visible_replies = self.places = 0
        self.place: int | None = None
        self.listed = False
        self.published_at: datetime.datetime | None = None
        self.moves: list[tuple[str, str, datetime.datetime]] = []

    def answer(self, target: _Said) -> None:
        line = [*target.hangs_on, target]
        if len(line) >= MAX_DEPTH:
            line = line[: MAX_DEPTH - 1]
            self.answers = target
        self.hangs_on, self.parent, self.root = line, line[-1], line[0]
        self.ancestors = [said.pk for said in line]

    def come(self) -> None:
        if self.status != Status.PENDING:
            self.moves.append((Status.PENDING, self.status, self.at))
        if self.status != Status.PUBLISHED:
            return
        self.listed, self.published_at = True, self.at
        for above in self.hangs_on:
            above.visible_replies += 1
            above.places += 1
            above.listed = True
        if self.root:
            self.place = self.root.places

    def leave(self, status: Status) -> None:
        self.moves.append((self.status, status, self.at + datetime.timedelta(minutes=5)))
        self.status = status
        for above in self.hangs_on:
            above.visible_replies -= 1
            above.listed = above.status == Status.PUBLISHED or above.visible_replies > 0
        self.listed = self.visible_replies > 0
