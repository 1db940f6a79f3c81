"""What the form of a story carries beside the story: the names of its hidden inputs and of its buttons.

The templates are given them as `carries`; static/js/desk knows some (a test holds that they are these).
"""

from __future__ import annotations

#: Hidden fields of the form, which a private copy keeps with what was typed: the version that its editor has read, and the next
#: version that saving makes live.
VERSION, MAKES_LIVE = "version", "makes_live"
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

#: Of the page that asks about many stories at once: the number and the version of each, as it was looked at.
SEEN = "_seen"

#: What a private copy leaves out: it never publishes, moves or answers a question.
OF_ONE_SENDING = (CSRF, "_", CHOICE)
