"""What the form of a story carries beside the story: its hidden inputs and buttons, by name, and what the steps that answer it
tell each other.

The templates are given the names as `carries`; static/js/desk knows some (a test holds that they are these).
"""  # fmt: skip

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from articles.models import Autosave

#: Hidden fields of the form, which a private copy keeps with what was typed: the version that its editor has read, by number and
#: mark, and the next version that saving makes live.
VERSION, MARK, MAKES_LIVE = "version", "version_mark", "makes_live"
#: What the rows of its bylines begin with.
BYLINES = "bylines"

#: Which opened form it is; who typed into it, and when by their own clock.
SLOT, TYPIST, TYPED_AT = "_slot", "_typist", "_typed_at"
#: The time that its publishing button named ("" for now), and the one to which somebody said yes.
SAID, SURE = "_said", "_sure"
#: Of each field that both have changed: whose words are kept.
CHOICE = "choose-"

#: Buttons. MOVE says which verb; KEEP keeps the form as the next version of a live story; ENTER is what Enter in a field presses,
#: and saves and stays; BACK leads from a question to the form as it was sent.
MOVE, KEEP, ENTER, BACK = "_move", "_next", "_enter", "_back"
#: Django's own.
CSRF = "csrfmiddlewaretoken"
SAVE, CONTINUE, ADD_ANOTHER = "_save", "_continue", "_addanother"

#: Of the page that asks about many stories at once: of each the number, the version and its mark, as it was looked at.
SEEN = "_seen"

#: Of the address: what the form is filled with in place of the story. A private copy, the newest or by number; the next version.
UNSAVED, EDITING = "unsaved", "next"

#: What a private copy leaves out: it never publishes, moves or answers a question.
OF_ONE_SENDING = (CSRF, "_", CHOICE)


@dataclass
class Carried:
    """What the steps of one request for the form tell each other; all else they read off the form itself, `request.POST`.

    A form that was sent goes through these (`ArticleAdmin.changeform_view`); the first that answers is the last:

    1. `set_aside` (autosave): where the story takes nothing any more from who has typed it, it is kept as a private copy.
    2. `sent_again` (autosave): a new story's form that has made its story already leads there.
    3. `put_together` (article): where nothing is kept apart from what readers see, KEEP and its time go (next_version). Then the
       form becomes one that begins from the story as it is now, and says which next version it makes live; or a page asks
       (conflicts).
    4. `ask_first` (asks_first): a page asks where the form would do something else than its button has said.
    5. Django's own, in one transaction: a form that only looks is never valid. `save_model` claims the version that was seen,
       `save_related` keeps the form as the next version (next_version), or records what was saved and makes the move. Who finds
       that somebody has saved since 3 raises SavedMeanwhile: the transaction is given up, and all begins anew.

    A form that is asked for is filled by `show_unsaved` (autosave) or `show_next` (next_version), and only looks.
    """

    #: Nothing is saved: the form is shown as `request.POST` has it.
    only_looks: bool = False
    #: The private copy that it is filled with.
    unsaved: Autosave | None = None
    #: The number of the story's version with which the form has been put together.
    live_seen: int = 0
    #: The form was put together with what others have saved since it was opened.
    is_merged: bool = False
    #: What is not kept of a next version, of a story that readers do not see any more: told once the form has been saved.
    not_apart: str = ""
    #: A move has said what became of the story.
    has_moved: bool = False
    #: The fields that said so, by which a form that is asked about is told of it when it comes again.
    left_out: list[tuple[str, str]] = field(default_factory=list)


def by(request: HttpRequest) -> Carried:
    """What this request carries: nothing, until a step says something."""
    if not hasattr(request, "carried"):
        request.carried = Carried()
    return request.carried
