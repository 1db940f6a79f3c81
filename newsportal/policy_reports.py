"""What browsers say of our Content-Security-Policy: that a page tried what it forbids (https://www.w3.org/TR/CSP3/#reporting).

Anybody can send such a report, with anything in it and as often as they like. So little of each is kept, reports of the same are
one row, and of a network, of an hour and of a day there are only so many.
"""

from __future__ import annotations

import datetime
import json
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from articles.caching import editions
from comments.limits import is_too_often
from comments.network import network_hash
from newsportal.models import PolicyReport

MOST_BYTES = 8 * 2**10
#: Reports that are looked at in an hour: from one network, and from all together.
FROM_ONE, FROM_ALL = 20, 600
#: Rows of a day; what else is reported is counted in the row REST.
ROWS_A_DAY = 100
REST = {"directive": "all others", "blocked": "", "page": ""}
KEPT_FOR = datetime.timedelta(days=30)


@csrf_exempt
@require_POST
@never_cache
def receive(request: HttpRequest) -> HttpResponse:
    """204 whatever is sent: who reports learns nothing."""
    if may_be_heard(request) and (told := read(request.body)):
        record(told)
    return HttpResponse(status=204)


def may_be_heard(request: HttpRequest) -> bool:
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return False
    except ValueError:
        return False
    # Each is a write: those that cannot be counted are not heard.
    return not any(
        is_too_often("csp", whose, an_hour=most, uncounted=True)
        for whose, most in ((network_hash(request), FROM_ONE), ("", FROM_ALL))
    )


def read(body: bytes) -> dict[str, str] | None:
    """The fields of a PolicyReport; None for what is no report. Of addresses queries are left out: they can be about somebody."""
    try:
        report = json.loads(body)["csp-report"]
        directive = report.get("effective-directive") or report["violated-directive"]
        return {
            "directive": _words(directive.split()[0]),
            "blocked": _words(_origin(report.get("blocked-uri", ""))),
            "page": _words(urlsplit(report.get("document-uri", "")).path),
        }
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None


def record(told: dict[str, str]) -> None:
    """Count a report, in a row of its day."""
    today = timezone.localdate()
    with transaction.atomic(), editions.touching():
        if _count(today, told):
            return
        if PolicyReport.objects.filter(day=today).count() >= ROWS_A_DAY:
            told = REST
        PolicyReport.objects.bulk_create([PolicyReport(day=today, **told)], ignore_conflicts=True)
        _count(today, told)


def prune() -> None:
    with editions.touching():
        PolicyReport.objects.filter(day__lt=timezone.localdate() - KEPT_FOR).delete()


def _count(day: datetime.date, told: dict[str, str]) -> int:
    rows = PolicyReport.objects.filter(day=day, **told)
    return rows.update(reports=F("reports") + 1, last_at=timezone.now())


def _origin(address: Any) -> str:
    parts = urlsplit(address)
    # "inline", "eval", "data" are words of the standard in the place of an address.
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else address.partition(":")[0]


def _words(text: str) -> str:
    """Printable, and no longer than its column."""
    return "".join(char for char in text if char.isprintable())[:200]
