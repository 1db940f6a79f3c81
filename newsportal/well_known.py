"""Small text files that machines ask of every site: what stands in them by default, and what an administrator may write instead.

robots.txt: RFC 9309 · ads.txt: iabtechlab.com/ads-txt, version 1.1 · security.txt: RFC 9116 · trust.txt: journallist.net
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

DOMAIN = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE | re.ASCII
)

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")

# The record that the specification prescribes for a site without sellers; an empty file would mean "not said".
NOBODY_SELLS = """\
# Nobody sells advertising on this site but its own newsroom.
placeholder.example.com, placeholder, DIRECT, placeholder
"""
#: How far ahead security.txt is good: always half a year, since each answer says what is true as it is given.
GOOD_FOR = datetime.timedelta(days=180)


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers from 1; comments taken off."""
    for number, line in enumerate(text.split("\n"), start=1):
        if said := line.partition("#")[0].strip():
            yield number, said


# --- robots.txt -------------------------------------------------------------------------------------------------------


def _robots(written: str) -> str:
    """The rules for all come first, and stay; what is written is for particular crawlers."""
    closed = ["/comments/", "/preview/", "/search/"]
    if settings.ADMIN_PATH == "admin/":  # which everybody knows; another one is nobody's to know
        closed.insert(0, "/admin/")
    rules = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    sitemaps = [f"Sitemap: {settings.SITE_URL}{reverse(name)}" for name in ("sitemap_index", "sitemap_news")]
    return "\n\n".join(filter(None, ["\n".join(rules), written, "\n".join(sitemaps)])) + "\n"


def _check_robots(text: str) -> Iterator[str]:
    has_agent = False
    for number, line in lines_of(text):
        field, colon, value = (part.strip() for part in line.partition(":"))
        match field.lower():
            case "user-agent" if colon and re.fullmatch(r"[A-Za-z_-]+|\*", value):
                has_agent = True
                if value == "*":
                    yield f"Line {number}: the rules for all crawlers stand in the file already. Name a crawler."
            case "user-agent":
                yield f"Line {number}: a crawler's name has letters, - and _ only, without a version."
            case "allow" | "disallow":
                if not has_agent:
                    yield f"Line {number}: say first whom it is for: “User-agent: GPTBot”."
                if value and not value.startswith(("/", "*")):
                    yield f"Line {number}: a path begins with “/”."
            case "crawl-delay":
                if not value.replace(".", "", 1).isdecimal():
                    yield f"Line {number}: a number of seconds is missing."
            case _:
                yield f"Line {number}: this is none of User-agent, Allow, Disallow and Crawl-delay."


# --- ads.txt ----------------------------------------------------------------------------------------------------------

ADS_VARIABLES = {"contact", "subdomain", "ownerdomain", "managerdomain", "inventorypartnerdomain"}


def _check_ads(text: str) -> Iterator[str]:
    for number, line in lines_of(text):
        name, equals, value = (part.strip() for part in line.partition("="))
        if equals and "," not in name:
            if name.lower() not in ADS_VARIABLES:
                yield f"Line {number}: “{name}” is no variable of ads.txt."
            elif name.lower() != "contact" and not DOMAIN.fullmatch(value.partition(",")[0].strip()):
                yield f"Line {number}: “{value}” is no domain."
            continue
        fields = [field.strip() for field in line.partition(";")[0].split(",")]
        if len(fields) not in {3, 4} or not all(fields):
            yield f"Line {number}: a record has a domain, an account, DIRECT or RESELLER, and perhaps an id, with commas between."
        elif not DOMAIN.fullmatch(fields[0]):
            yield f"Line {number}: “{fields[0]}” is no domain."
        elif fields[2].upper() not in {"DIRECT", "RESELLER"}:
            yield f"Line {number}: the relation is DIRECT or RESELLER, not “{fields[2]}”."


# --- security.txt -----------------------------------------------------------------------------------------------------

SECURITY_LINKS = {"contact", "encryption", "acknowledgments", "policy", "hiring"}


def _security(written: str) -> str:
    """ "" where there is nobody to write to. Expires and Canonical are ours to say, and always true."""
    if not (written or settings.SITE_EMAIL):
        return ""
    expires = (timezone.now() + GOOD_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    ours = [
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
    ]
    return "\n".join([written or f"Contact: mailto:{settings.SITE_EMAIL}", *ours]) + "\n"


def _check_security(text: str) -> Iterator[str]:
    fields = []
    for number, line in lines_of(text):
        name, colon, value = (part.strip() for part in line.partition(":"))
        fields.append(name.lower())
        match name.lower():
            case "expires" | "canonical":
                yield f"Line {number}: {name} is added by itself, and kept in the future. Leave it out."
            case link if link in SECURITY_LINKS:
                allowed = ("https://", "mailto:", "tel:") if link == "contact" else ("https://", "dns:", "openpgp4fpr:")
                if not value.lower().startswith(allowed):
                    yield f"Line {number}: it must begin with {' or '.join(allowed)}"
            case "preferred-languages":
                if not re.fullmatch(r"[A-Za-z0-9-]+(\s*,\s*[A-Za-z0-9-]+)*", value):
                    yield f"Line {number}: languages are written “en, cs”."
            case "csaf" if colon and value.startswith("https://"):
                pass
            case _:
                yield f"Line {number}: this is no field of security.txt; a signed file cannot be kept here."
    if "contact" not in fields:
        yield "A line “Contact: mailto:…” or “Contact: https://…” is missing."
    if fields.count("preferred-languages") > 1:
        yield "Preferred-Languages may stand there once only."


# --- trust.txt --------------------------------------------------------------------------------------------------------

TRUST_ADDRESSES = {"member", "belongto", "control", "controlledby", "social", "vendor", "customer", "disclosure"}


def _trust(written: str) -> str:
    return f"{written}\n" if written else f"contact=mailto:{settings.SITE_EMAIL}\n" if settings.SITE_EMAIL else ""


def _check_trust(text: str) -> Iterator[str]:
    for number, line in lines_of(text):
        name, equals, value = (part.strip() for part in line.partition("="))
        match name.lower():
            case address if equals and address in TRUST_ADDRESSES:
                if not _is_web_address(value):
                    yield f"Line {number}: “{value}” is no address such as https://www.example.org/."
            case "contact" if equals:
                if not (_is_web_address(value) or value.startswith(("mailto:", "tel:"))):
                    yield f"Line {number}: write “contact=mailto:…”, “contact=tel:…” or “contact=https://…”."
            case "datatrainingallowed" if equals:
                if value.lower() not in {"yes", "no"}:
                    yield f"Line {number}: datatrainingallowed is yes or no."
            case _:
                yield f"Line {number}: this is no attribute of trust.txt."


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(DOMAIN.fullmatch(parts.hostname or "")) and " " not in value


# --- All of them ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rules:
    """`serve`: what is written ("" for nothing) → the whole file, "" for none. `check`: → what is wrong, in sentences."""

    serve: Callable[[str], str]
    check: Callable[[str], Iterator[str]]


RULES = {
    "robots": Rules(_robots, _check_robots),
    "ads": Rules(lambda written: f"{written}\n" if written else NOBODY_SELLS, _check_ads),
    "security": Rules(_security, _check_security),
    "trust": Rules(_trust, _check_trust),
}


def problems(name: str, text: str) -> list[str]:
    """What is wrong with a text for a file, in sentences with their lines."""
    found = list(RULES[name].check(text))
    return ["It has control characters.", *found] if CONTROL.search(text) else found
