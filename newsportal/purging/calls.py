"""One call to a CDN, and what is made of its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.client import HTTPException
from urllib.error import HTTPError

from articles.http.attempts import LATER
from articles.http.outbound import send
from newsportal.purging import NotPurged

#: In seconds, for each step of a call.
TIMEOUT = 5.0


def call(url: str, headers: Mapping[str, str], body: bytes = b"", *, method: str = "POST") -> bytes:
    """The beginning of the answer. Raises NotPurged."""
    try:
        return send(url, body, headers, timeout=TIMEOUT, read=10_000, method=method)
    except HTTPError as failure:
        refused = failure.code < 500 and failure.code not in LATER
        raise NotPurged(f"it answered {failure.code}", refused=refused) from None
    except (OSError, HTTPException) as failure:
        raise NotPurged(f"it cannot be reached, {type(failure).__name__}") from None


def chunks(keys: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
