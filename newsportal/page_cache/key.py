"""Which requests ask for the same page, and what such a page may depend on: nothing else reaches Django."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from urllib.parse import unquote_plus, urlencode

from django.conf import settings

from newsportal.staff.networks import may_come_from

#: Of the two cursors of a list the first that is there says which page it is (articles.paging.Window).
CURSORS = ("before", "after")
#: No cursor of ours is longer.
LONGEST_QUERY = 2_000

#: A host as Django takes it, and what may stand behind it and names the same: a last dot, a port.
HOST = re.compile(r"([a-z0-9.-]*[a-z0-9-]|\[[a-f0-9:.]+\])\.?(?::[0-9]+)?", re.IGNORECASE)

#: What is passed to a page that is kept beside what is in its key: what the server says of itself, and who asks by which way, for
#: the log and for the gate of the desk, which is no page. Whatever else a request brings, known or not, reaches none: one reader
#: would say what all others are sent.
PASSED = (
    "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "wsgi.errors", "wsgi.input", "wsgi.input_terminated",
    "wsgi.multiprocess", "wsgi.multithread", "wsgi.run_once", "wsgi.version",
    "REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "HTTP_X_REQUEST_ID",
)  # fmt: skip

Key = tuple[str, str, str, str, bool]


@cache
def passed_on() -> re.Pattern[str]:
    """What is answered by itself each time: the desk, what depends on who asks, files. Settings are not there at import."""
    desk = re.escape(settings.ADMIN_PATH.rstrip("/"))
    return re.compile(
        rf"/(?:(?P<desk>{desk})|static|media|search|preview|read)(?:/|$)|/healthz|/readyz|/metrics"
        r"|/comments/(?!on/|replies/|\d|feed/)"
    )


def key_of(environ: dict) -> Key | None:
    """What tells pages apart; None for a request that no kept page answers.

    Cookies are not in it, and so in no page: who works here sees what readers see.
    """
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or "HTTP_RANGE" in environ or "HTTP_AUTHORIZATION" in environ:
        return None
    path = environ.get("PATH_INFO", "")
    found = passed_on().match(path)
    # For who may not come there the desk is what is nowhere, and is answered by the same way, to the last header.
    if found and not (found["desk"] and not may_come_from(environ)):
        return None
    query = environ.get("QUERY_STRING", "")
    if query:
        if len(query) > LONGEST_QUERY:
            return None
        query = _of_the_page(path, query)
    scheme = environ["wsgi.url_scheme"]
    if settings.SECURE_PROXY_SSL_HEADER and (said := environ.get("HTTP_X_FORWARDED_PROTO")) is not None:
        # As Django reads it.
        scheme = "https" if said == "https" or said.partition(",")[0].strip() == "https" else "http"
    saves_data = "HTTP_SAVE_DATA" in environ and environ["HTTP_SAVE_DATA"].strip().lower() == "on"
    return scheme, _host(environ.get("HTTP_HOST", "")), path, query, saves_data


# Few hosts are asked for, each with every page.
@lru_cache(256)
def _host(said: str) -> str:
    """In one spelling; as it is said where Django will refuse it. No page depends on it, nor on a port: addresses begin with
    SITE_URL, or with none.
    """  # fmt: skip
    host = HOST.fullmatch(said)
    return host[1].lower() if host else said


# What is asked for again and again is read once: it was a sixth of what a kept page of a list costs.
@lru_cache(256)
def _of_the_page(path: str, query: str) -> str:
    """What of a query makes another page of this path, in one order."""
    names, given = parameters_of(path), _given(query)
    found = [(name, given[name]) for name in names if given.get(name)]
    return urlencode(found[:1] if names is CURSORS else found, encoding="latin-1")


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


@cache
def _with_parameters() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    """The addresses whose pages a query tells apart, also without their last slash, from where readers are led on."""
    from articles.lists import KINDS

    kinds = "|".join(kind.folder for kind in KINDS)
    return tuple(
        (re.compile(pattern), names)
        for pattern, names in (
            (rf"/latest/?|/(?:{kinds})/[^/]+/?|/[0-9]{{4}}(?:/[0-9]{{2}}){{0,2}}/?", CURSORS),
            (r"/corrections/?|/[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]+/versions/?", ("before",)),
            (r"/comments/on/[0-9]+/?", ("from", "sort")),
            (r"/comments/replies/[0-9]+/?", ("after",)),
        )
    )


def parameters_of(path: str) -> tuple[str, ...]:
    """The names in a query that make another page of this path, in the order of the key. All else (utm_source…) makes none."""
    return next((names for pattern, names in _with_parameters() if pattern.fullmatch(path)), ())


def asked_by_nobody(environ: dict, key: Key) -> dict:
    """The request as Django gets it: with what is in the key, and nothing of who asks."""
    scheme, host, path, query, saves_data = key
    bare = {name: environ[name] for name in PASSED if name in environ}
    bare |= {"REQUEST_METHOD": "GET", "wsgi.url_scheme": scheme, "PATH_INFO": path, "QUERY_STRING": query}
    if host:
        bare["HTTP_HOST"] = host
    if saves_data:
        bare["HTTP_SAVE_DATA"] = "on"
    return bare
