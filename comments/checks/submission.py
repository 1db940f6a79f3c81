from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from comments.models import Commenter, Rules, Sanction


@dataclass(frozen=True)
class Submission:
    """What a check may ask besides the comment itself (which is not saved yet, or holds the text it is edited to)."""

    rules: Rules = field(default_factory=Rules)
    sanctions: Sequence[Sanction] = ()
    #: The guest that the cookie proves, whoever the comment says it is by.
    proved: Commenter | None = None
    #: What was in the field that people do not see.
    honeypot: str = ""
    #: When the form was made, where it says so: the form under a story is the same for everyone, and does not.
    form_made_at: datetime.datetime | None = None
    is_edit: bool = False
    now: datetime.datetime = field(default_factory=timezone.now)
