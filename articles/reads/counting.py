"""Reads are counted aside: a page says that it has been on the screen for some seconds, and nobody has to wait for the count.

What comes in is hashed at once, kept in this process for some seconds, and then written down in one short transaction. A process
that is killed loses those seconds; one that is stopped in order writes them down first.
"""

from __future__ import annotations

import datetime
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from crawleruseragents import is_crawler
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections, transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from articles import newsroom_time
from articles.clocks import long_ago
from articles.http.network import network_of
from articles.http.origin import is_ours
from articles.models import Article, DailySalt, Reads, Visit

logger = logging.getLogger(__name__)

#: From one network within half an hour, of one story and in all: a school is one network and may read; a script is one too.
LIMITS = {"story": 20, "network": 300}
#: As much is kept in memory while the database cannot be reached.
MOST_PENDING = 20_000
BATCH = 500
LONGEST_AGENT = 400
#: As articles/urls.py has it, for every number that a story can have.
ADDRESS, ROUTE = re.compile(r"/read/([0-9]{1,18})/"), "read/<int:pk>/"


def answer_beacons(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a beacon goes a short way. It comes with every story that is read, and from no cache.

    To be inside of what every answer gets: its name, its line in the log, its number, its headers. What lies behind, as sessions
    and forms, has nothing to say to a request without a cookie and an answer without a word, and was more than half of the cost.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        beacon = ADDRESS.fullmatch(request.path_info) if request.method == "POST" else None
        if beacon is None:
            return get_response(request)
        request.get_host()  # Raises DisallowedHost, as it does behind.
        pk = int(beacon[1])
        request.resolver_match = ResolverMatch(count_read, (), {"pk": pk}, url_name="read", route=ROUTE)
        response = count_read(request, pk)
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        return response

    return middleware


@csrf_exempt  # It has no token to send: pages are the same for everyone. What counts is who vouches for its origin.
@require_POST
def count_read(request: HttpRequest, pk: int) -> HttpResponse:
    """A story has been on somebody's screen. Answers 204 whatever is made of it: nobody learns what counts."""
    if settings.COUNT_READS and pk < 2**63 and is_a_reader(request):
        tally.add(request, pk)
    return HttpResponse(status=204)


def is_a_reader(request: HttpRequest) -> bool:
    """Sent by a page of ours that somebody sees, in a browser that is not known to be a robot's."""
    # https://wicg.github.io/nav-speculation/prefetch.html#sec-purpose-header; Purpose is its older name.
    if "Sec-Purpose" in request.headers or "Purpose" in request.headers:
        return False
    return is_ours(request) and not _is_robot(request.headers.get("User-Agent", "")[:LONGEST_AGENT])


@lru_cache(maxsize=2_000)
def _is_robot(user_agent: str) -> bool:
    return not user_agent or is_crawler(user_agent)


@dataclass(frozen=True, slots=True)
class Seen:
    """One read that has come in; `reader` and `network` are hashes."""

    reader: str
    network: str
    article: int
    at: datetime.datetime


class Tally:
    """What this process has not written down yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[str, Seen] = {}
        self._thread: threading.Thread | None = None
        self._salt: tuple[datetime.date | None, str] = (None, "")

    def add(self, request: HttpRequest, article: int) -> None:
        now, network = timezone.now(), network_of(request)
        key = "articles.counting" + self._salt_of(timezone.localdate(now))
        reader = f"{network}\0{request.headers.get('User-Agent', '')}\0{article}"
        seen = Seen(_hashed(key, reader), _hashed(key, network), article, now)
        with self._lock:
            if len(self._pending) < MOST_PENDING:
                self._pending.setdefault(seen.reader, seen)
            # One that has died of what nobody foresaw is followed by another.
            if settings.READS_BATCH_SECONDS and not (self._thread and self._thread.is_alive()):
                # No daemon, though a server's own threads may be: an orderly stop of the process waits for what is pending.
                self._thread = threading.Thread(target=self._work, name="reads", daemon=False)
                self._thread.start()
        if not settings.READS_BATCH_SECONDS:
            self.flush()

    def flush(self) -> int | None:
        """Write down what is pending; returns how many reads were counted. What the database does not take stays pending: None."""
        with self._lock:
            seen, self._pending = self._pending, {}
        try:
            return write_down(list(seen.values()))
        except (DatabaseError, InterfaceError) as error:
            logger.error("Reads could not be written down (%s); they are tried again.", type(error).__name__)
            with self._lock:
                self._pending = seen | self._pending
            return None

    def wait(self, seconds: float) -> bool:
        """Whether nothing is pending any more by then."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        failed_before = False
        while True:
            threading.Event().wait(settings.READS_BATCH_SECONDS)
            try:
                has_failed = self.flush() is None
            finally:
                connections.close_all()
            with self._lock:
                # After a failure once more; then the next read begins anew, so that a process can always end.
                if not self._pending or (has_failed and failed_before):
                    self._thread = None
                    return
            failed_before = has_failed

    def _salt_of(self, day: datetime.date) -> str:
        if self._salt[0] != day:
            self._salt = day, DailySalt.of(day)
        return self._salt[1]


tally = Tally()


def write_down(seen: list[Seen]) -> int:
    """Count what was not counted within the half-hour before, is a public story, and is not more than one network may add."""
    counted = 0
    for start in range(0, len(seen), BATCH):
        counted += _write_down(seen[start : start + BATCH])
    return counted


@transaction.atomic
def _write_down(seen: list[Seen]) -> int:
    # One process at a time looks and writes; it takes milliseconds, every few seconds.
    DailySalt.hold()
    forget_visits()
    known = set(Visit.objects.filter(reader__in=[one.reader for one in seen]).values_list("reader", flat=True))
    public = set(Article.objects.public().filter(pk__in={one.article for one in seen}).values_list("pk", flat=True))
    rows = Visit.objects.filter(network__in={one.network for one in seen}).values_list("network", "article")
    of_story: Counter[tuple[str, int]] = Counter()
    of_network: Counter[str] = Counter()
    for network, article, count in rows.annotate(count=Count("pk")).order_by():
        of_story[network, article] = count
        of_network[network] += count
    taken: list[Seen] = []
    for one in seen:
        if one.reader in known or one.article not in public:
            continue
        if of_story[one.network, one.article] >= LIMITS["story"] or of_network[one.network] >= LIMITS["network"]:
            continue
        of_story[one.network, one.article] += 1
        of_network[one.network] += 1
        taken.append(one)
    Visit.objects.bulk_create(
        Visit(reader=one.reader, network=one.network, article=one.article, seen_at=one.at) for one in taken
    )
    by_hour: dict[datetime.datetime, Counter[int]] = {}
    for one in taken:
        by_hour.setdefault(newsroom_time.hour_of(one.at), Counter())[one.article] += 1
    for hour, counts in by_hour.items():
        Reads.objects.add(counts, at=hour)
    return len(taken)


def forget_visits(now: datetime.datetime | None = None) -> None:
    """What is over says nothing any more, and goes."""
    Visit.objects.filter(long_ago("seen_at", Visit.LASTS, now or timezone.now())).delete()


def _hashed(key: str, value: str) -> str:
    return salted_hmac(key, value, secret=settings.PRIVACY_KEY, algorithm="sha256").hexdigest()[:32]
