"""A log that can be kept, sent elsewhere and read by anyone on the night shift: it names no person.

One line an event. Of a request it says the method and the *route*, as newsportal/urls.py has it, never the address that was asked
for: that may hold what somebody searches for, or a link that only one person has. Of an exception it says the kind and where it
came from; its message is scrubbed of what it quotes, and left out where a database or a form quotes what it refuses.
Of a database that cannot do what it is asked to, it says the words, and never the lines after them, which have rows and statements.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import re
import traceback
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import Error as DatabaseError
from django.db import OperationalError
from django.http import HttpRequest

from newsportal.database import troubles
from newsportal.watching import request_id

#: In this order: an address of mail before what looks like a host in it.
SCRUBBED = [
    (re.compile(r"(?<![^\s@<>\"'(),;:=])[^\s@<>\"'(),;:=]+@(?:[\w-]+\.)+[\w-]+"), "[mail]"),
    (re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?::|[0-9a-fA-F]{1,4})(?:\.\d+){0,3}(?:/\d+)?(?![\w:])"), "[address]"),
    (re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"), "[address]"),
    # A query, and what was signed for one person: https://docs.djangoproject.com/en/5.2/topics/signing/
    (re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*"), "?[query]"),
    (re.compile(r"(?<![\w-])[\w-]{8,}:[\w-]{5,}:[\w-]{20,}"), "[token]"),
]  # fmt: skip
#: A message is no place for a text that somebody wrote.
LONGEST = 500
#: So much of a message is looked through: patterns take as long as the square of what they search, and strangers choose addresses.
LOOKED_AT = 4 * LONGEST
#: These quote the values that they refuse.
QUOTE_VALUES = (DatabaseError, ValidationError, UnicodeError)
#: What these quote are names in the code.
NAME_THE_CODE = (AttributeError, ImportError, KeyError, NameError)
#: Of a database, what says what it is asked for and lacks, by names of classes: Django's, psycopg's and sqlite3's are alike.
SAY_WHAT_BROKE = {"OperationalError", "ProgrammingError"}
#: States of PostgreSQL that quote names of tables, columns, functions and the like.
NAME_THE_SCHEMA = {"42501", "42701", "42703", "42704", "42883", "42P01", "42P07"}
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”")
#: A time of the day is no IPv6 address.
CLOCK = re.compile(r"\d{1,2}:\d{2}:\d{2}")


def _replaced(by: str, found: re.Match[str]) -> str:
    return found[0] if CLOCK.fullmatch(found[0]) else by


def scrubbed(text: str) -> str:
    """Without addresses of mail and of networks, queries and signed tokens."""
    if len(text) > LOOKED_AT:
        # What is cut in two may be an address that is known by its end.
        whole, _, _ = text[:LOOKED_AT].rpartition(" ")
        text = f"{whole} …".lstrip()
    for pattern, by in SCRUBBED:
        text = pattern.sub(partial(_replaced, by), text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def message_of(error: BaseException) -> str:
    """What an exception says of itself, without the values that it is about."""
    if (driver := troubles.of_driver(error)) is not None:
        return _of_database(driver)
    if isinstance(error, QUOTE_VALUES) and not isinstance(error, OperationalError):
        return ""
    text = str(error)
    return scrubbed(text if isinstance(error, NAME_THE_CODE) else QUOTED.sub("'…'", text))


def _of_database(error: BaseException) -> str:
    """What psycopg or sqlite3 says, without DETAIL, CONTEXT and the LINE of a statement, in which values stand."""
    state = getattr(error, "sqlstate", None)
    ending = f" ({state})" if state else ""
    if SAY_WHAT_BROKE.isdisjoint(kind.__name__ for kind in type(error).__mro__):
        return ending.strip()
    text = (error.diag.message_primary or "") if state else str(error)  # type: ignore[attr-defined]
    return scrubbed(text if state in NAME_THE_SCHEMA else QUOTED.sub("'…'", text)) + ending


def told(record: logging.LogRecord) -> dict[str, Any]:
    """What a log says of an event: plain values by name."""
    request = getattr(record, "request", None)
    # Django's own messages about a request name its whole path.
    message = record.getMessage() if not isinstance(request, HttpRequest) else _of_request(record)
    event: dict[str, Any] = {
        "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": scrubbed(message),
    }
    if name := getattr(record, "request_id", "") or request_id.current():
        event["request_id"] = name
    if isinstance(request, HttpRequest):
        event["method"], event["route"] = request.method, route_of(request)
    for name in ("status_code", "milliseconds"):
        if isinstance(value := getattr(record, name, None), int | float):
            event[name] = value
    if record.exc_info and record.exc_info[1]:
        event["exception"] = chain(record.exc_info[1])
    return event


def _of_request(record: logging.LogRecord) -> str:
    is_djangos = record.name.startswith("django.") and record.args
    # "Not Found: %s", "Internal Server Error: %s", "Forbidden (%s): %s": the words without the path, which comes last.
    if is_djangos and isinstance(record.args, tuple):
        arguments = [*record.args[:-1], ""]
        return (str(record.msg) % tuple(arguments)).rstrip(" :")
    return record.getMessage()


def route_of(request: HttpRequest) -> str:
    """Such as `comments/confirm/<str:token>/`; "" where no route was found."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else ""


def chain(error: BaseException) -> list[dict[str, Any]]:
    """The exception and what it came of, the last one first: kind, message, and `file:line in function` for each frame."""
    return [
        {
            "kind": f"{type(cause).__module__}.{type(cause).__qualname__}".removeprefix("builtins."),
            "message": message_of(cause),
            "frames": [
                f"{frame.filename}:{frame.lineno} in {frame.name}"
                for frame in traceback.extract_tb(cause.__traceback__, limit=-30)
            ],
        }
        for cause in causes_of(error)
    ]


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what it came of, as Python prints them, the last one first; five at most."""
    for _ in range(5):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class Once(logging.Filter):
    """Of a database that is away every request says the same, with all its frames, as of one that is busy.

    Each place in the code says it once a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not (troubles.is_away(error) or troubles.is_busy(error)):
            return True
        place = record.pathname, record.lineno
        if record.created - self._said.get(place, 0.0) < 1:
            return False
        self._said[place] = record.created
        return True


class Json(logging.Formatter):
    """A line of JSON, for whatever collects logs."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(told(record), ensure_ascii=False, default=str)


def of_server() -> logging.Formatter:
    """For what granian says of itself (deploy/granian_log.json), before there are settings: of them it has LOG_FORMAT alone."""
    return Text() if os.environ.get("LOG_FORMAT") == "text" else Json()


class Text(logging.Formatter):
    """The same for a person at a terminal; while DEBUG is on with the exception as Python prints it."""

    def __init__(self, *, whole_exceptions: bool = False):
        super().__init__()
        self._whole_exceptions = whole_exceptions

    def format(self, record: logging.LogRecord) -> str:
        event = told(record)
        words = [event["time"][11:23], event["level"].upper(), event["logger"], event["message"]]
        words += [str(event[name]) for name in ("method", "route", "status_code") if event.get(name)]
        if "milliseconds" in event:
            words.append(f"{event['milliseconds']} ms")
        if "request_id" in event:
            words.append(f"[{event['request_id']}]")
        text = " ".join(words)
        if self._whole_exceptions and record.exc_info:
            return f"{text}\n{self.formatException(record.exc_info)}"
        for error in event.get("exception", []):
            text += "".join(f"\n  {frame}" for frame in error["frames"]) + f"\n{error['kind']}: {error['message']}"
        return text
