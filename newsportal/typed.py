"""What somebody has typed and sent, to be given back where it could not be saved."""

from __future__ import annotations

from typing import NamedTuple

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.request import RawPostDataException, UnreadablePostError

from articles.http import origin

#: From this length on, or with more than one line, a value is something that somebody wrote, and is shown to them.
WRITTEN = 60
#: In names of fields whose values are not sent back: they are typed once more.
SECRET = ("password", "code")
#: What a form carries of itself, however long: nobody has written that.
CARRIED = ("_", "csrfmiddlewaretoken", "seen")


class Typed(NamedTuple):
    name: str
    value: str
    is_written: bool

    @property
    def is_carried(self) -> bool:
        return self.name.startswith(CARRIED)

    @property
    def label(self) -> str:
        return self.name.rpartition("-")[2].replace("_", " ").capitalize()


def sent_in(request: HttpRequest) -> list[Typed]:
    """What one of our own forms has sent. What another site sends is not shown: its button would then be one of ours."""
    if request.method != "POST" or not origin.is_ours(request):
        return []
    try:
        sent = request.POST
    except (RawPostDataException, UnreadablePostError, SuspiciousOperation, BadRequest):
        return []
    return fields_of(sent)


def fields_of(sent: QueryDict) -> list[Typed]:
    """What a form has sent, without its secrets."""
    return [
        Typed(name, value, not name.startswith(CARRIED) and (len(value) >= WRITTEN or "\n" in value))
        for name, values in sent.lists()
        if not any(word in name.lower() for word in SECRET)
        for value in values
    ]
