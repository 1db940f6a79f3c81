"""A date and a time as the newsroom's clock shows them, also in the hour that comes twice and in the one that is left out."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminDateWidget, AdminSplitDateTime, AdminTimeWidget
from django.core.exceptions import ValidationError
from django.http import QueryDict

from articles import newsroom_time

#: 02:30, 02:30:15, and 02:30 CET where that is needed: the name of the zone tells one of two hours from the other.
TIME = re.compile(r"(?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?:\s+(?P<zone>[A-Za-z]{2,6}|[+-]\d{2,4}))?")


class ZonedTimeField(forms.TimeField):
    """Cleans to (time, name of its zone or "")."""

    def to_python(self, value: Any):
        match = TIME.fullmatch(str(value or "").strip())
        if not match:
            return super().to_python(value) and (super().to_python(value), "")
        return super().to_python(match["time"]), match["zone"] or ""


class ZonedSplitDateTime(AdminSplitDateTime):
    def __init__(self, attrs=None):
        forms.MultiWidget.__init__(self, [AdminDateWidget, AdminTimeWidget(format="%H:%M:%S")], attrs)

    def decompress(self, value: Any) -> list[Any]:
        if not value:
            return [None, None]
        if isinstance(value, str):  # from the address of a form for something new
            day, _, time = value.partition(" ")
            return [day, time]
        local = newsroom_time.local(value)
        shown = f"{local:%H:%M:%S %Z}" if len(_readings(local.replace(tzinfo=None))) > 1 else f"{local:%H:%M:%S}"
        return [f"{local:%Y-%m-%d}", shown]


def type_in(data: QueryDict, name: str, moment: datetime.datetime | None) -> None:
    """Fill the two inputs of a moment in what a browser sends."""
    widget = ZonedSplitDateTime()
    for end, part in zip(widget.widgets_names, widget.decompress(moment), strict=True):
        data[f"{name}{end}"] = part or ""


def typed_in(data: QueryDict, name: str) -> datetime.datetime | None:
    """What the two inputs say. Raises ValidationError where that is no moment."""
    return MomentField(required=False).clean(ZonedSplitDateTime().value_from_datadict(data, {}, name))


class MomentField(forms.MultiValueField):
    """Cleans to an aware datetime. A time that comes twice that night is asked about; one that is left out is refused."""

    widget = ZonedSplitDateTime

    def __init__(self, **kwargs):
        fields = (forms.DateField(), ZonedTimeField())
        # What a hidden field says of a default that is a function would be text, and is not needed: has_changed() compares moments.
        super().__init__(fields, require_all_fields=False, **kwargs | {"show_hidden_initial": False})

    def clean(self, value):
        if value and len(value) == 2 and bool(value[0]) != bool(value[1]):
            raise ValidationError("Give both a date and a time, or neither.")
        return super().clean(value)

    def compress(self, data_list) -> datetime.datetime | None:
        if not data_list or not data_list[0] or not data_list[1]:
            return None
        day, (time, zone) = data_list
        # No address has an earlier year (articles.urls), and at the ends of time no zone can be told from another.
        if not 1000 <= day.year < datetime.MAXYEAR:
            raise ValidationError("Give a year from 1000 to 9998.")
        naive = datetime.datetime.combine(day, time)
        readings = _readings(naive)
        names = [f"{naive:%H:%M} {reading:%Z}" for reading in readings]
        if not readings:
            raise ValidationError(
                f"{naive:%H:%M} does not exist on {naive:%-d %B %Y} in {settings.TIME_ZONE}: the clocks jump over it."
            )
        if zone:
            readings = [reading for reading in readings if zone.upper() == f"{reading:%Z}".upper()]
            if not readings:
                raise ValidationError(f"It is {' or '.join(names)} then, in {settings.TIME_ZONE}.")
        if len(readings) > 1:
            raise ValidationError(f"This time comes twice that night. Write {names[0]} or {names[1]}.")
        # In UTC: Python holds a time that comes twice for unequal to every time of another zone (PEP 495).
        return readings[0].astimezone(datetime.UTC)

    def has_changed(self, initial, data) -> bool:
        try:
            return self.clean(data) != (initial and initial.replace(microsecond=0))
        except ValidationError:
            return True


def _readings(naive: datetime.datetime) -> list[datetime.datetime]:
    """The moments at which the newsroom's clock shows this: one; two where an hour is repeated; none where it is left out."""
    zone = newsroom_time.zone()
    found = {}
    for fold in (0, 1):
        moment = naive.replace(tzinfo=zone, fold=fold)
        exact = moment.astimezone(datetime.UTC)
        if exact.astimezone(zone).replace(tzinfo=None) == naive:
            found[exact] = moment
    return list(found.values())
