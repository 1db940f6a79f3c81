"""Fastly: https://www.fastly.com/documentation/reference/api/purging/#bulk-purge-tag

It reads Surrogate-Control before Cache-Control, and takes it off
(https://www.fastly.com/documentation/reference/http/http-headers/Surrogate-Control/).
"""

from __future__ import annotations

from django.conf import settings

from newsportal.purging.calls import call, chunks

TAGS, CONTROL = "Surrogate-Key", "Surrogate-Control"

KEYS_A_CALL = 256


def purge(keys: list[str]) -> None:
    headers = {"Fastly-Key": settings.FASTLY_TOKEN, "Accept": "application/json"}
    if settings.PURGE_SOFT:
        # https://www.fastly.com/documentation/guides/full-site-delivery/purging/soft-purges
        headers["Fastly-Soft-Purge"] = "1"
    for some in chunks(keys, KEYS_A_CALL):
        call(
            f"{settings.FASTLY_URL}/service/{settings.FASTLY_SERVICE_ID}/purge",
            headers | {"Surrogate-Key": " ".join(some)},
        )
