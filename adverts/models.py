"""Sponsors, and what they have booked. Pictures and sections are named, not imported: adverts know no journalism."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.utils import timezone

MAX_WEIGHT = 10


class Sponsor(models.Model):
    """Who pays for adverts. Readers see the name beside each of them."""

    name = models.CharField(max_length=100, unique=True)
    contact = models.CharField(max_length=200, blank=True, help_text="Whom to write to. Readers never see it.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Placement(models.TextChoices):
    BELOW_STORY = "below_story", "Below the story"
    SIDEBAR = "sidebar", "Sidebar"
    FRONT_PAGE = "front_page", "Front page"


class State(models.TextChoices):
    """Where a booking stands in time. It follows from the clock and is never stored."""

    COMING = "coming", "Coming"
    RUNNING = "running", "Running"
    ENDED = "ended", "Ended"


class BookingQuerySet(models.QuerySet["Booking"]):
    """Each booking is in exactly one of coming, running and ended at any moment; `Booking.state()` says the same."""

    def coming(self, now: datetime.datetime | None = None) -> BookingQuerySet:
        return self.filter(starts_at__gt=now or timezone.now())

    def running(self, now: datetime.datetime | None = None) -> BookingQuerySet:
        now = now or timezone.now()
        return self.filter(starts_at__lte=now, ends_at__gt=now)

    def not_ended(self, now: datetime.datetime | None = None) -> BookingQuerySet:
        return self.filter(ends_at__gt=now or timezone.now())

    def ended(self, now: datetime.datetime | None = None) -> BookingQuerySet:
        return self.filter(ends_at__lte=now or timezone.now())

    def for_pages(self) -> BookingQuerySet:
        """All that pages show of bookings, in one query.

        A booking for three sections comes three times, its `only_section` being the primary key of each in turn; one
        for all sections comes once, with None.
        """
        return self.select_related("sponsor", "picture").annotate(only_section=models.F("sections")).order_by("pk")


class Booking(models.Model):
    """One advert in one place for one time: words or a picture or both, and where they lead."""

    sponsor = models.ForeignKey(Sponsor, on_delete=models.PROTECT, related_name="bookings")
    placement = models.CharField(max_length=11, choices=Placement)
    sections = models.ManyToManyField(
        "articles.Section",
        blank=True,
        related_name="+",
        help_text="None: all. Pages of no section, such as the front page, show only what is booked for all.",
    )
    headline = models.CharField(max_length=80, blank=True)
    text = models.CharField(max_length=240, blank=True)
    call_to_action = models.CharField(
        max_length=40, blank=True, help_text="What the reader can do, such as “See the programme”."
    )
    picture = models.ForeignKey(
        "articles.Image",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Shown whole, as wide as its place. Words in it belong in its alternative text too.",
    )
    url = models.URLField("link", max_length=500, validators=[URLValidator(schemes=["http", "https"])])
    starts_at = models.DateTimeField("from", default=timezone.now)
    ends_at = models.DateTimeField("until", help_text="From this moment on it is not shown any more.")
    weight = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_WEIGHT)],
        help_text=f"1 to {MAX_WEIGHT}: where several share a place, how many minutes of each round are its own.",
    )

    #: Only on what `for_pages()` brings.
    only_section: int | None

    objects = BookingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="booking_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=~models.Q(headline="") | models.Q(picture__isnull=False),
                name="booking_has_words_or_a_picture",
            ),
            models.CheckConstraint(
                condition=models.Q(weight__range=(1, MAX_WEIGHT)), name="booking_weight_is_in_range"
            ),
            # Also for those who save without a form: this is the one address on the page that an outsider chooses.
            models.CheckConstraint(
                condition=models.Q(url__istartswith="https://") | models.Q(url__istartswith="http://"),
                name="booking_link_is_a_web_address",
            ),
        ]
        indexes = [
            # What runs is a short tail of all that was ever booked.
            models.Index(fields=["ends_at"], name="booking_end"),
        ]

    def __str__(self) -> str:
        return self.headline or f"Picture for {self.sponsor}"

    def clean(self) -> None:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "It must end after it starts."})
        if not self.headline and not self.picture_id:
            raise ValidationError({"headline": "An advert needs a headline or a picture."})

    def state(self, now: datetime.datetime | None = None) -> State:
        now = now or timezone.now()
        if now < self.starts_at:
            return State.COMING
        return State.RUNNING if now < self.ends_at else State.ENDED
