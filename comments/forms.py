from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.template.defaultfilters import pluralize
from django.utils import timezone

from comments import text
from comments.checks.honeypot import FIELD as HONEYPOT
from comments.decide import GONE
from comments.identity import Reader
from comments.models import Comment, Flag
from comments.models.comment import MAX_LENGTH, MAX_NAME_LENGTH, MIN_LENGTH
from comments.models.commenter import normal_email

STAMP_SALT = "comments.form"
#: So many times as much as fits is not even looked at.
BEYOND = 4
#: Of an e-mail address (RFC 3696, erratum 1690).
LONGEST_ADDRESS = 254


class TextField(forms.CharField):
    """Readers' text, cleaned before it is judged. Says what is wrong with it; never shortens it."""

    def __init__(self, *, longest: int, shortest: int = 1, **kwargs: Any):
        super().__init__(strip=False, **kwargs)
        # Not as max_length: that would put maxlength into the HTML, with which browsers cut what is pasted.
        self.longest, self.shortest = longest, shortest

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        # Before anything is done with it: to clean it takes the longer the longer it is.
        if len(typed) > BEYOND * self.longest:
            raise forms.ValidationError(
                f"This is far too long: at most {self.longest:,} characters fit. Nothing has been cut."
            )
        if text.is_heaped(typed):
            raise forms.ValidationError(f"A letter here has more than {text.MOST_MARKS} accents. Please take some off.")
        return text.clean(typed)

    def validate(self, value: str) -> None:
        super().validate(value)
        if text.is_broken(value):
            raise forms.ValidationError(
                "Some characters arrived damaged (they look like \N{REPLACEMENT CHARACTER}). Please mend them and send it again."
            )
        if value and text.is_empty(value):
            raise forms.ValidationError(self.error_messages["required"])
        if len(value) < self.shortest:
            raise forms.ValidationError(f"Please write at least {self.shortest} characters.")
        if len(value) > self.longest:
            over = len(value) - self.longest
            raise forms.ValidationError(
                f"This is {over:,} character{pluralize(over)} too long: at most {self.longest:,} fit. "
                "Nothing has been cut; please shorten it."
            )


class AddressField(forms.EmailField):
    """An e-mail address as it is kept, judged as that: small letters can be more than the capitals that were typed."""

    def __init__(self, **kwargs: Any):
        super().__init__(max_length=LONGEST_ADDRESS, **kwargs)

    def to_python(self, value: Any) -> str:
        return normal_email(super().to_python(value) or "")


class CommentForm(forms.Form):
    """The form under a story. Made without a reader it is the same for everyone, so that the page around it can be kept."""

    name = TextField(
        longest=MAX_NAME_LENGTH,
        error_messages={"required": "Please give a name."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = AddressField(
        label="E-mail",
        help_text="Never shown.",
        error_messages={
            "required": "Please give an e-mail address. It is never shown.",
            "invalid": "This does not look like an e-mail address.",
            "max_length": f"This address is too long: at most {LONGEST_ADDRESS} characters fit.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    body = TextField(
        label="Comment",
        longest=MAX_LENGTH,
        shortest=MIN_LENGTH,
        error_messages={"required": "Please write something first."},
        widget=forms.Textarea(attrs={"rows": 6, "data-count": MAX_LENGTH}),
    )
    wants_replies = forms.BooleanField(label="Mail me when somebody replies", required=False)
    # Not brought back by browsers: a page that has just been drawn answers nobody.
    parent = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput(attrs={"autocomplete": "off"})
    )
    stamp = forms.CharField(required=False, widget=forms.HiddenInput)

    HIDDEN = ("parent", "stamp", HONEYPOT)
    use_required_attribute = False

    def __init__(self, *args, reader: Reader | None = None, stamped: bool = False, **kwargs):
        super().__init__(*args, **{"auto_id": "comment-%s", **kwargs})
        self.reader = reader
        # Added here for its odd name: a field called `website` invites programs, and people never see it.
        self.fields[HONEYPOT] = forms.CharField(
            required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"})
        )
        if stamped:
            self.initial["stamp"] = new_stamp()
        if not settings.MAIL_ENABLED or (reader and reader.user):
            del self.fields["wants_replies"]
        if reader and reader.user:
            del self.fields["name"], self.fields["email"]
        elif reader and reader.commenter:
            # Who is known need not say it again; who types another address writes as that one, unconfirmed.
            self.fields["email"].required = False
            self.fields["email"].help_text = "Empty: the address you have confirmed here."

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_stamp(self) -> datetime.datetime | None:
        return read_stamp(self.cleaned_data["stamp"])

    def clean_parent(self) -> Comment | None:
        """The comment that is answered. Whether it can be, `post` says."""
        if not (pk := self.cleaned_data["parent"]):
            return None
        if (parent := Comment.objects.filter(pk=pk).first()) is None:
            raise forms.ValidationError(GONE)
        return parent

    def said(self) -> dict[str, Any]:
        """What `post` wants to know of a valid form."""
        data = self.cleaned_data
        return {
            "body": data["body"],
            "name": data.get("name", ""),
            "email": data.get("email", ""),
            "parent": data["parent"],
            "wants_replies": data.get("wants_replies", False),
            "honeypot": data[HONEYPOT],
            "form_made_at": data["stamp"],
        }

    def put_stamp(self) -> None:
        """Give a form that is shown again the time from which on it was shown, unless it has one."""
        data: Any = self.data
        if not data.get("stamp"):
            self.data = data.copy()
            self.data["stamp"] = new_stamp()  # type: ignore[index]  # what was sent is a QueryDict

    def refuse(self, sentences: list[str]) -> None:
        """Say why it is not taken: of none of the fields, since other words would be taken no more than these."""
        self.add_error(None, sentences)

    def answer_nobody_gone(self) -> None:
        """Where it is said that the answered comment is gone, the next press is a new comment."""
        if any(GONE in sentences for sentences in self.errors.values()):
            data: Any = self.data
            self.data = data.copy()
            self.data["parent"] = ""  # type: ignore[index]  # what was sent is a QueryDict

    @property
    def needed(self) -> str:
        """What cannot be left empty, in words; nothing where it goes without saying."""
        if self.reader is None:
            return (
                "Name and comment are needed, and the e-mail until you have confirmed it in this browser. "
                "Staff need only the comment."
            )
        if self.reader.user:
            return ""
        return "Name and comment are needed." if self.reader.commenter else "Name, e-mail and comment are needed."

    @property
    def shown_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in self.HIDDEN]

    @property
    def hidden(self) -> list[forms.BoundField]:
        return [self["parent"], self["stamp"]]

    @property
    def honeypot(self) -> forms.BoundField:
        return self[HONEYPOT]


class EditForm(forms.Form):
    """The text of one's own comment."""

    body = CommentForm.base_fields["body"]
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"auto_id": "comment-%s", **kwargs})

    @property
    def shown_fields(self) -> list[forms.BoundField]:
        return [self["body"]]

    @property
    def hidden(self) -> list[forms.BoundField]:
        return [self["revision"]]


class FlagForm(forms.Form):
    """Why a reader reports a comment."""

    why = forms.ChoiceField(
        label="What is wrong with it?",
        choices=Flag.Why.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Please say what is wrong with it."},
    )
    words = TextField(
        label="Anything the moderator should know",
        help_text="Optional. Only moderators see it.",
        required=False,
        longest=500,
        shortest=0,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"auto_id": "flag-%s", **kwargs})


class AddressForm(forms.Form):
    """Where a link is to be sent."""

    email = CommentForm.base_fields["email"]

    use_required_attribute = False


def new_stamp() -> str:
    return signing.dumps(int(timezone.now().timestamp()), salt=STAMP_SALT)


def read_stamp(stamp: str) -> datetime.datetime | None:
    """When a form was made; a stamp that we did not make counts as one of this moment, which is too fast."""
    if not stamp:
        return None
    try:
        return datetime.datetime.fromtimestamp(signing.loads(stamp, salt=STAMP_SALT), datetime.UTC)
    except signing.BadSignature:
        return timezone.now()
