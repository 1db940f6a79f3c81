"""Strict readers of the environment, and the first `.env` file.

A value that cannot be read stops the start with the variable's name: a misspelt `DEBUG=flase` must not pass for a decision.
"""

import ipaddress
import os
import re
import secrets
import sys
import zoneinfo
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from newsportal.demo import DEMO_SITE

BASE_DIR = Path(__file__).resolve().parent.parent
ENV_FILE = Path(os.environ.get("NEWSPORTAL_ENV_FILE", BASE_DIR / ".env"))

TRUE, FALSE = {"true", "on", "yes", "1"}, {"false", "off", "no", "0"}
REQUIRED = object()

T = TypeVar("T")


class Environment:
    """Read named variables; each reader raises ImproperlyConfigured naming the variable it could not read."""

    def __init__(self, env_file: Path = ENV_FILE):
        if env_file.is_file():
            environ.Env.read_env(env_file)
        self._urls = environ.Env()

    def text(self, name: str, default: object = REQUIRED) -> str:
        value = os.environ.get(name, "").strip()
        if value:
            return value
        if default is REQUIRED:
            raise ImproperlyConfigured(f"{name} is not set. Set it in the environment or in {ENV_FILE.name}.")
        return str(default)

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in TRUE | FALSE:
            self._refuse(name, value, "true or false")
        return value in TRUE

    def number(self, name: str, default: int, minimum: int = 0) -> int:
        value = self.text(name, default)
        if not value.isascii() or not value.isdigit() or int(value) < minimum:
            self._refuse(name, value, f"a whole number of at least {minimum}")
        return int(value)

    def words(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """A comma-separated list."""
        return [word.strip() for word in self.text(name, ",".join(default)).split(",") if word.strip()]

    def some_of(self, name: str, default: Sequence[str], choices: Sequence[str]) -> frozenset[str]:
        """A comma-separated list of some of the choices; the word `none` for none of them."""
        words = self.words(name, default)
        if words == ["none"]:
            return frozenset()
        for word in words:
            if word not in choices:
                self._refuse(name, word, f"some of {', '.join(choices)}, or none")
        return frozenset(words)

    def networks(self, name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """A comma-separated list of addresses and networks, such as 10.0.0.0/8."""
        try:
            return [_as_addresses_are_read(ipaddress.ip_network(word)) for word in self.words(name)]
        except ValueError:
            self._refuse(name, self.text(name, ""), "addresses or networks such as 10.0.0.0/8, separated by commas")

    def origin(self, name: str, default: object = REQUIRED) -> str:
        """Scheme and host of a site, such as https://news.example.org, without a path."""
        value = self.text(name, default).rstrip("/")
        self._check_origin(name, value)
        return value

    def origins(self, name: str) -> list[str]:
        """A comma-separated list of at least one origin."""
        self.text(name)
        values = [word.rstrip("/") for word in self.words(name)]
        for value in values or [""]:
            self._check_origin(name, value)
        return values

    def secret(self, name: str, minimum: int = 1) -> str:
        """What stands in a header, and never in a message: one word of so many characters at least."""
        value = self.text(name)
        if not value.isascii() or not value.isprintable() or " " in value or len(value) < minimum:
            characters = f" of at least {minimum} characters" if minimum > 1 else ""
            raise ImproperlyConfigured(f"{name} cannot be read: it must be one word of ASCII{characters}.")
        return value

    def name_at(self, name: str) -> str:
        """By what another service knows us: letters, digits and hyphens, for it becomes part of an address."""
        value = self.text(name)
        if not value.isascii() or not value.replace("-", "").isalnum():
            self._refuse(name, value, "letters, digits and hyphens")
        return value

    def address(self, name: str, default: object = REQUIRED) -> str:
        """A whole address on the web, such as https://hub.example.org/publish; "" where that is the default."""
        value = self.text(name, default)
        parts = urlsplit(value)
        plain = value.isascii() and value.isprintable() and not set(value) & set(' "<>')
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment or not plain):
            self._refuse(name, value, "an address such as https://hub.example.org/")
        return value

    def path(self, name: str, default: str, taken: Collection[str]) -> str:
        """A place of its own on the site, such as `admin/` or `newsroom/desk/`: ends with a slash and begins without one."""
        value = self.text(name, default).strip("/")
        parts = value.split("/")
        if not all(re.fullmatch(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?", part) for part in parts) or parts[0].isdecimal():
            self._refuse(name, value, "small letters, digits and hyphens, such as newsroom/")
        if parts[0] in taken:
            self._refuse(name, value, "a place of its own: readers' pages are there")
        return f"{value}/"

    def mail_address(self, name: str, default: object = REQUIRED) -> str:
        """A bare address; names are put before it elsewhere."""
        value = self.text(name, default)
        try:
            validate_email(value)
        except ValidationError:
            self._refuse(name, value, "an address such as comments@news.example.org")
        return value

    def database(self, name: str, default: str) -> dict:
        found = self._url(name, default, self._urls.db_url, {"sqlite", "postgres", "postgresql"})
        # Ours around Django's: they tell the page cache what is written.
        return found | {"ENGINE": found["ENGINE"].replace("django.db.backends", "newsportal.database")}

    def cache(self, name: str, default: str) -> dict:
        return self._url(name, default, self._urls.cache_url, {"locmemcache", "redis", "rediss"})

    def time_zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value not in zoneinfo.available_timezones():
            self._refuse(name, value, "a time zone such as Africa/Lagos")
        return value

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        value = self.text(name, default)
        if value not in choices:
            self._refuse(name, value, f"one of {', '.join(choices)}")
        return value

    def _url(self, name: str, default: str, parse: Callable[..., T], schemes: set[str]) -> T:
        value = self.text(name, default)
        if value.partition("://")[0] not in schemes:
            # The value may hold a password, so it is not repeated in the message.
            raise ImproperlyConfigured(f"{name} must be a URL that starts with one of: {', '.join(sorted(schemes))}.")
        return parse(name, default=default)

    def _check_origin(self, name: str, value: str) -> None:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
            self._refuse(name, value, "an origin such as https://news.example.org")

    def _refuse(self, name: str, value: str, wanted: str) -> NoReturn:
        raise ImproperlyConfigured(f"{name}={value!r} cannot be read: it must be {wanted}.")


def _as_addresses_are_read(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Any:
    """::ffff:10.0.0.0/104 is 10.0.0.0/8 (articles.http.network.read_address)."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    return ipaddress.ip_network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network


FIRST_ENV_FILE = """\
# Written by `manage.py quickstart`. Every variable is explained in docs/operations.md.
SECRET_KEY='{secret}'
SITE_URL=http://127.0.0.1:8000
ALLOWED_HOSTS=127.0.0.1,localhost
"""


def write_first_env_file(env_file: Path = ENV_FILE, *, demo: bool = False) -> bool:
    """Write `.env` with a random secret, readable by its owner alone, unless there is one. Returns whether it did.

    `demo`: name the site after the demo newspaper. Exits with one sentence when the folder cannot be written to.
    """
    try:
        descriptor = os.open(env_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        sys.exit(f"Cannot write {env_file}: {error.strerror}. Run quickstart in a folder that you may write to.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(FIRST_ENV_FILE.format(secret=secrets.token_urlsafe(48)))
        if demo:
            file.writelines(f"{name}='{value}'\n" for name, value in DEMO_SITE.items())
    return True
