"""A CDN is told what has changed: it keeps pages for a day, and shows no old one. See docs/decisions/0022-purging.md.

waiting     the keys that it has yet to be told of: written with the change, gone once it was told
sender      who tells it: at once, once more, and again when it could not be told
varnish, fastly, cloudflare
            a CDN each: how it is told, and which headers it reads

nginx, as it stands before the application, is told nothing: it asks each time whether a page is still true.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from django.conf import settings


class NotPurged(Exception):
    """The CDN was not told; the text says why, without any secret. `refused`: it will say the same tomorrow."""

    def __init__(self, why: str, *, refused: bool = False):
        super().__init__(why)
        self.refused = refused


class BackEnd(Protocol):
    """A module for each CDN."""

    #: The header of a page that names its keys to the CDN.
    TAGS: str
    #: The header in which the CDN alone reads for how long it may keep a page; "": Cache-Control.
    CONTROL: str

    def purge(self, keys: list[str]) -> None:
        """Have every page forgotten that shows one of these keys. Raises NotPurged; may be done twice."""


def back_end() -> BackEnd | None:
    """The CDN of the settings; None when there is none."""
    if settings.PURGE == "none":
        return None
    return cast(BackEnd, import_module(f"newsportal.purging.{settings.PURGE}"))
