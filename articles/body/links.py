"""Where links may lead."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

SCHEMES = frozenset({"http", "https", "mailto"})
MAX_LENGTH = 2000

SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):", re.IGNORECASE)
#: What browsers read as "//" where a host is expected (https://url.spec.whatwg.org/#special-authority-slashes-state).
SLASHES = re.compile(r"^[/\\]*")
NETWORK_PATH = re.compile(r"^[/\\]{2}")
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def safe_href(href: str) -> str:
    """An address to link to, written plainly; "" for one that must not be linked to.

    http, https, mailto, and addresses of this site ("/…", "#…", "?…", "page"). Whatever a browser would pass over before
    it looks for the scheme (white space, control and other invisible characters) is taken out first, and what it would
    take for a host is written as one: "//host", "/\\\\host" and "https:host" all become "https://host".
    """
    href = "".join(c for c in href if unicodedata.category(c) not in INVISIBLE).strip()
    if not href or len(href) > MAX_LENGTH:
        return ""
    href = re.sub(r"\s", "%20", href)
    if NETWORK_PATH.match(href):
        href = f"https:{href}"
    elif href.lower().startswith("www."):
        href = f"https://{href}"
    found = SCHEME.match(href)
    if not found:
        return href
    scheme, rest = found[1].lower(), href[found.end() :]
    if scheme not in SCHEMES:
        return ""
    if scheme == "mailto":
        return f"mailto:{rest}" if rest else ""
    href = f"{scheme}://{SLASHES.sub('', rest)}"
    return href if host_of(href) else ""


def host_of(url: str) -> str:
    """The host of an http(s) address in lower case, "" when it has none."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in {"http", "https"} else ""
    except ValueError:
        return ""
