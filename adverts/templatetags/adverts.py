from __future__ import annotations

import datetime
from collections.abc import Callable

from django import template
from django.db.models import Model
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils import timezone

from adverts.models import Booking, BookingQuerySet, Placement
from adverts.rotation import whose_turn

register = template.Library()

#: How wide a picture is shown, as in the `sizes` of HTML.
PICTURE_SIZES = {
    Placement.BELOW_STORY: "(min-width: 48em) 42rem, 100vw",
    Placement.SIDEBAR: "(min-width: 64em) 20rem, 100vw",
    Placement.FRONT_PAGE: "(min-width: 80em) 76rem, 100vw",
}


def running(now: datetime.datetime) -> BookingQuerySet:
    return Booking.objects.running(now).for_pages()


#: How that is asked: newsportal/apps.py puts a prepared query in its place, which adverts know nothing of.
ask: Callable[..., list[Booking]] = lambda now: list(running(now))  # noqa: E731


@register.simple_tag(takes_context=True)
def advert_slot(context: Context, placement: str, section: Model | None = None) -> str:
    """The advert whose turn it is in this place of a page of `section`; nothing at all when none is booked.

    All slots of a page together cost one query. `{% advert_slot "sidebar" as advert %}{% if advert %}` leaves out what
    stands around an empty slot.
    """
    placement = Placement(placement)
    section_id = section.pk if section else None
    candidates = [
        booking
        for booking in _running_bookings(context.get("request"))
        if booking.placement == placement and booking.only_section in (None, section_id)
    ]
    booking = whose_turn(candidates, slot=placement, now=timezone.now())
    if booking is None:
        return ""
    return render_to_string("adverts/slot.html", {"booking": booking, "picture_sizes": PICTURE_SIZES[placement]})


def _running_bookings(request: HttpRequest | None) -> list[Booking]:
    """What runs now, asked for once a request; each time in a template that is rendered without one."""
    if request is None:
        return ask(now=timezone.now())
    asked = vars(request)
    if "_running_bookings" not in asked:
        asked["_running_bookings"] = ask(now=timezone.now())
    return asked["_running_bookings"]
