"""What is counted, and where Prometheus reads it.

Each process counts for itself; prometheus_client adds up the processes of one machine from files in METRICS_FOLDER, which they
share (https://prometheus.github.io/client_python/multiprocess/). So it does not matter which is asked. What waits in the database
is not counted but looked up when it is asked for, by newsportal.backlog. Without METRICS_TOKEN nothing of this is loaded.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

GetResponse = Callable[[HttpRequest], HttpResponse]

#: In seconds: a kept list takes 5 ms, and nobody waits for 10 s.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def is_on() -> bool:
    return bool(settings.METRICS_TOKEN)


class Counted:
    """The counters of this process."""

    def __init__(self) -> None:
        Path(settings.METRICS_FOLDER).mkdir(parents=True, exist_ok=True)
        # Read when the library is loaded, and by nobody else.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = settings.METRICS_FOLDER
        from prometheus_client import CollectorRegistry, Counter, Histogram

        registry = CollectorRegistry()
        self.requests = Counter(
            "newsportal_requests", "Requests that Django answered.", ["view", "status"], registry=registry
        )
        self.seconds = Histogram(
            "newsportal_request_seconds", "How long Django took.", ["view"], buckets=BUCKETS, registry=registry
        )
        self.pages = Counter(
            "newsportal_page_cache",
            "Requests for pages that may be kept: hit, sent from memory; miss, made; wait, waited for another that made it.",
            ["outcome"],
            registry=registry,
        )


_lock = threading.Lock()
_counted: list[Counted] = []


def counted() -> Counted:
    # Two of them in one process would write over each other's numbers.
    with _lock:
        if not _counted:
            _counted.append(Counted())
    return _counted[0]


def page_cache_outcome() -> Callable[[str], None]:
    """For newsportal.page_cache.wrapper: called with hit, miss or wait."""
    outcomes: dict[str, Callable[[], None]] = {}

    def count(outcome: str) -> None:
        if outcome not in outcomes:
            outcomes[outcome] = counted().pages.labels(outcome).inc
        outcomes[outcome]()

    return count


def count_requests(get_response: GetResponse) -> GetResponse:
    """Middleware: by view and status. A view is named as newsportal/urls.py names it, so there are only so many."""
    if not is_on():
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        view = (match.view_name or "unnamed") if match else "none"
        counted().requests.labels(view, response.status_code).inc()
        counted().seconds.labels(view).observe(time.perf_counter() - began)
        return response

    return middleware


def metrics(request: HttpRequest) -> HttpResponse:
    """Everything, for who has the token (`Authorization: Bearer …`); 401 for others."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(token.strip(), settings.METRICS_TOKEN):
        return HttpResponse("METRICS_TOKEN is asked for.\n", "text/plain", 401, headers={"WWW-Authenticate": "Bearer"})
    counted()
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, settings.METRICS_FOLDER)
    registry.register(FromDatabase())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class FromDatabase:
    """What waits, each by one small question (newsportal.backlog), and whether the database answers at all."""

    def describe(self) -> list[Any]:
        return []

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        from newsportal import backlog, nightly
        from newsportal.watching.health import PATIENCE, readiness

        answers = "database" not in readiness.missing(within=PATIENCE)
        found: dict[str, tuple[float, str]] = {}
        if answers:
            try:
                found = backlog.look().numbers() | nightly.ages()
            except DatabaseError:
                answers = False
        yield Gauge("newsportal_database_up", "Whether the database answers.", value=int(answers))
        for name, (value, words) in found.items():
            yield Gauge(f"newsportal_{name}", words, value=value)
