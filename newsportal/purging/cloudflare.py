"""Cloudflare: https://developers.cloudflare.com/cache/how-to/purge-cache/purge-by-tags/

It reads Cloudflare-CDN-Cache-Control before Cache-Control, and takes it off
(https://developers.cloudflare.com/cache/concepts/cdn-cache-control/).
Purges are never soft here: what is purged is not shown again.
"""

from __future__ import annotations

import json

from django.conf import settings

from newsportal.purging import NotPurged
from newsportal.purging.calls import call, chunks

TAGS, CONTROL = "Cache-Tag", "Cloudflare-CDN-Cache-Control"

#: https://developers.cloudflare.com/cache/how-to/purge-cache/#availability-and-limits (free: 25 calls at once, then 5 a minute)
KEYS_A_CALL = 100


def purge(keys: list[str]) -> None:
    headers = {"Authorization": f"Bearer {settings.CLOUDFLARE_TOKEN}", "Content-Type": "application/json"}
    for some in chunks(keys, KEYS_A_CALL):
        url = f"{settings.CLOUDFLARE_URL}/client/v4/zones/{settings.CLOUDFLARE_ZONE_ID}/purge_cache"
        answer = call(url, headers, json.dumps({"tags": some}).encode())
        try:
            done = json.loads(answer)["success"] is True
        except (ValueError, KeyError, TypeError):
            done = False
        if not done:
            raise NotPurged("its answer does not say that it did")
