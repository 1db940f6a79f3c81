"""Which requests ask for the same page, and what such a page may depend on: nothing else reaches Django."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from urllib.parse import unquote_plus, urlencode

from django.conf import settings

#: What a page may depend on: of the readers' talk, and of lists. All else in a query (utm_source, fbclid…) makes no other page.
OF_COMMENTS, OF_LISTS = ("after", "from", "sort"), ("after", "before")
#: Pages that are one, whatever is asked of them.
WHOLE = re.compile(r"/|/most-read/|/pages/.*|.*\.xml|.*/feed/(?:\w+/)?")
#: No cursor of ours is longer.
LONGEST_QUERY = 2_000

#: Of what a browser sends, this reaches no page that is kept: it would be one person's, or another encoding of the same.
KEPT_FROM_PAGES = (
    "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH",
    "HTTP_SAVE_DATA",
)  # fmt: skip

Key = tuple[str, str, str, str, bool]


@cache
def passed_on() -> re.Pattern[str]:
    """What is answered by itself each time: the desk, what depends on who asks, files. Settings are not there at import."""
    return re.compile(
        rf"/{re.escape(settings.ADMIN_PATH)}"
        r"|/(?:static|media|search|preview|read)(?:/|$)|/healthz|/readyz|/metrics|/comments/(?!on/|replies/|\d|feed/)"
    )


def key_of(environ: dict) -> Key | None:
    """What tells pages apart; None for a request that no kept page answers.

    Cookies are not in it, and so in no page: who works here sees what readers see.
    """
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or "HTTP_RANGE" in environ or "HTTP_AUTHORIZATION" in environ:
        return None
    path = environ.get("PATH_INFO", "")
    if passed_on().match(path):
        return None
    query = environ.get("QUERY_STRING", "")
    if query:
        if len(query) > LONGEST_QUERY:
            return None
        query = _of_the_page(path, query)
    scheme = environ.get("HTTP_X_FORWARDED_PROTO", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    saves_data = environ.get("HTTP_SAVE_DATA", "").strip().lower() == "on"
    return scheme or environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""), path, query, saves_data


# What is asked for again and again is read once: it was a sixth of what a kept page of a list costs.
@lru_cache(256)
def _of_the_page(path: str, query: str) -> str:
    """What of a query makes another page of this path, in one order."""
    given = _given(query)
    return urlencode([(name, given[name]) for name in parameters_of(path) if given.get(name)], encoding="latin-1")


def _given(query: str) -> dict[str, str]:
    """Parameters by name, as nginx has them in `$arg_…`: of several the first, its name in any case and not decoded.

    Its cache tells pages apart by these. Read otherwise, an address could be made that brings one page and is kept there as another
    (https://nginx.org/en/docs/http/ngx_http_core_module.html#var_arg_).
    """
    given: dict[str, str] = {}
    for part in query.split("&"):
        name, has_value, value = part.partition("=")
        if has_value:
            given.setdefault(name.lower(), unquote_plus(value, encoding="latin-1"))
    return given


def parameters_of(path: str) -> tuple[str, ...]:
    """The names in a query that make another page of this path, in the order of the key."""
    if path.startswith("/comments/"):
        return OF_COMMENTS
    return () if WHOLE.fullmatch(path) else OF_LISTS


def asked_by_nobody(environ: dict, key: Key) -> dict:
    """The request as Django gets it: with what is in the key, and nothing of who asks."""
    bare = {name: value for name, value in environ.items() if name not in KEPT_FROM_PAGES}
    _, _, _, query, saves_data = key
    if saves_data:
        bare["HTTP_SAVE_DATA"] = "on"
    return bare | {"REQUEST_METHOD": "GET", "QUERY_STRING": query}
