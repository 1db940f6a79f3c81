"""Varnish with its module xkey, as deploy/varnish.vcl sets it up: https://github.com/varnish/varnish-modules/blob/master/src/vmod_xkey.vcc

A *soft* purge makes a page old and keeps it: it is asked for anew at once, and shown only while nobody answers.
"""

from __future__ import annotations

from django.conf import settings

from newsportal.purging import NotPurged
from newsportal.purging.calls import call, chunks

TAGS, CONTROL = "xkey", ""

#: Varnish takes header lines of 8 KB (https://varnish-cache.org/docs/7.1/reference/varnishd.html, http_req_hdr_len).
KEYS_A_CALL = 200


def purge(keys: list[str]) -> None:
    header = "xkey-softpurge" if settings.PURGE_SOFT else "xkey-purge"
    failures = []
    # One that is down keeps none of the others from being told.
    for url in settings.VARNISH_URLS:
        try:
            for some in chunks(keys, KEYS_A_CALL):
                call(f"{url}/", {header: " ".join(some)}, method="PURGE")
        except NotPurged as failure:
            failures.append(failure)
    if failures:
        raise NotPurged(str(failures[0]), refused=all(failure.refused for failure in failures))
