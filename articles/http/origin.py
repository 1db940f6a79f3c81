"""Did this request come from a page of ours, and for whom?"""

from __future__ import annotations

from django.http import HttpRequest


def is_ours(request: HttpRequest) -> bool:
    """Whether the browser vouches that one of our own pages sent this (W3C Fetch Metadata; the Origin header, RFC 6454)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and origin == f"{request.scheme}://{request.get_host()}"


def is_for_a_script(request: HttpRequest) -> bool:
    """Whether a script of an open page asks, and not a person who goes somewhere (W3C Fetch Metadata)."""
    return request.headers.get("Sec-Fetch-Dest", "document") != "document"
