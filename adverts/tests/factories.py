"""Keyword-only makers of sponsors and bookings, and of the sections and pictures that bookings name."""

from __future__ import annotations

import datetime
import io
import itertools
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image as Pillow

from adverts.models import Booking, Placement, Sponsor

numbers = itertools.count(1)

DAY = datetime.timedelta(days=1)


def make_sponsor(*, name: str | None = None, **fields) -> Sponsor:
    return Sponsor.objects.create(name=name or f"Sponsor {next(numbers)}", **fields)


def make_booking(
    *,
    sponsor: Sponsor | None = None,
    placement: str = Placement.BELOW_STORY,
    headline: str = "Sail to the lighthouse",
    url: str = "https://sponsor.example/",
    starts_at: datetime.datetime | None = None,
    ends_at: datetime.datetime | None = None,
    sections: tuple = (),
    **fields,
) -> Booking:
    """A booking that runs from yesterday until tomorrow, unless told otherwise."""
    now = timezone.now()
    booking = Booking.objects.create(
        sponsor=sponsor or make_sponsor(),
        placement=placement,
        headline=headline,
        url=url,
        starts_at=starts_at or now - DAY,
        ends_at=ends_at or now + DAY,
        **fields,
    )
    booking.sections.set(sections)
    return booking


# Of the other app, whose code adverts do not import.


def make_section(*, name: str | None = None) -> Any:
    return apps.get_model("articles.Section").objects.create(name=name or f"Section {next(numbers)}")


def make_picture(*, width: int = 600, height: int = 200, alt: str = "A ferry under way") -> Any:
    content = io.BytesIO()
    Pillow.new("RGB", (width, height), "teal").save(content, "PNG")
    upload = ContentFile(content.getvalue(), name="ferry.png")
    return apps.get_model("articles.Image").ingest(upload, title="Ferry", alt=alt)
