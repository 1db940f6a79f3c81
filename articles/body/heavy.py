"""Text over which a parser of HTML can take the square of its length, or worse, is made in a process of its own (articles.apart).

HTML opens again in each paragraph what was left open before it (<b>, <a>), and looks through all that is open for what an end tag
may mean; the cleaner looks, at each character that is to be escaped, through all text that follows. What an editor writes is
nested as it should be, of a usual length, and made where it is.
"""

from __future__ import annotations

import re
import threading

from django.core.exceptions import ValidationError

from articles import apart

#: Of less nothing takes long, whatever it is: half a second at the most, measured.
FEW_TAGS, SHORT, FEW_ESCAPED = 600, 300_000, 50_000
#: What is nested no deeper is soon looked through.
DEEPEST = 100
#: A text of a million letters, all of them “&”, took 27 seconds.
LIMITS = apart.Limits(memory=1000 * 2**20, processor=5, time=15)

#: As editors and cleaners write them. Whatever else begins with "<" is looked at by the parser alone.
TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*+)(?:\s++[^\s"'<>=/]++(?:="[^"<>]*+")?+)*+\s*+/?>""")
#: They hold nothing, and have no end.
VOID = {"br", "hr", "img", "wbr", "col"}
#: HTML opens these again behind what has ended them without an end tag, such as a paragraph that begins.
FORMATTING = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
#: What ends none of them.
WITHIN = FORMATTING | {"br", "img", "wbr", "span", "sub", "sup", "mark", "abbr", "cite", "q", "del", "ins", "time"}
#: All of these begin with the same byte in UTF-8 as a no-break space, which the cleaner looks for.
ESCAPED = re.compile("[&\u0080-\u00bf]")


class BodyRefused(ValidationError):
    """A text that cannot be stored, and why, in a sentence for whoever has typed it."""


def may_take_long(html: str) -> bool:
    """Whether nobody can say that it does not."""
    if len(html) > SHORT or len(ESCAPED.findall(html)) > FEW_ESCAPED:
        return True
    tags = html.count("<")
    return tags > FEW_TAGS and not _is_nested(TAG.findall(html), tags)


def _is_nested(found: list[tuple[str, str]], tags: int) -> bool:
    """Whether these are all tags that there are, each element ends before what it stands in, and nothing is opened again."""
    if len(found) != tags:
        return False
    around: list[str] = []
    formatting = 0
    for is_end, written in found:
        name = written.lower()
        if is_end:
            if not around or around.pop() != name:
                return False
            formatting -= name in FORMATTING
        elif formatting and name not in WITHIN:
            return False
        elif name not in VOID:
            around.append(name)
            formatting += name in FORMATTING
            if len(around) > DEEPEST:
                return False
    return not around


class _Ahead(threading.local):
    """The text that this thread has read ahead, and its stored form; None: it was refused."""

    given: str | None = None
    stored: str | None = None


_ahead = _Ahead()


def read_ahead(html: str) -> None:
    """Make it before a transaction is begun, for the form and the save that are asked within: on SQLite nobody else could write
    for as long.
    """  # fmt: skip
    _ahead.given = None
    try:
        stored = _ask(html)
    except BodyRefused:
        return  # the form asks again, and has a field to say it beside
    _ahead.given, _ahead.stored = html, stored


def made_apart(html: str) -> str:
    """As `sanitise.stored_form`. Raises BodyRefused."""
    is_known = _ahead.given is not None and html in (_ahead.given, _ahead.stored)
    if (stored := _ahead.stored if is_known else _ask(html)) is None:
        raise BodyRefused(
            "This text takes too long to be read: it has very many tags that nothing ends, or very many characters like “&”. "
            "Paste it without formatting, or in parts."
        )
    return stored


def _ask(html: str) -> str | None:
    try:
        return apart.ask("articles.body.apart", html.encode(), LIMITS).decode()
    except apart.TookTooMuch:
        return None
    except apart.NoTurn as error:
        raise BodyRefused(
            "Other texts or pictures are being read just now. Send this one again in a minute."
        ) from error
