"""Pages that are not stories, the small files that machines ask for, and what the site itself has to remember."""

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from articles import body
from articles.body.field import BodyField
from newsportal import well_known
from newsportal.staff.models import AuditAddress, AuditEntry, Guesses, StaffSession

__all__ = [
    "AuditAddress", "AuditEntry", "Edition", "Guesses", "LastDone", "Page", "PolicyReport", "Purge", "Recurring", "StaffSession",
    "WellKnownFile",
]  # fmt: skip


class Page(models.Model):
    """A page of its own at /pages/<slug>/, linked from the foot of every page."""

    title = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    body = BodyField(blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    modified_at = models.DateTimeField("last saved", auto_now=True)

    class Meta:
        ordering = ["order", "title"]

    def __str__(self) -> str:
        return self.title

    def save(self, *args, **kwargs):
        self.body = body.sanitise(self.body)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("page", args=[self.slug])


class WellKnownFile(models.Model):
    """What an administrator has written for a file that machines ask for; without a row the default stands."""

    class Name(models.TextChoices):
        ROBOTS = "robots", "robots.txt: rules for particular crawlers"
        ADS = "ads", "ads.txt: who may sell our advertising"
        SECURITY = "security", "security.txt: whom to tell of a hole"
        TRUST = "trust", "trust.txt: whom we belong to"

    name = models.CharField("file", max_length=8, choices=Name, unique=True)
    text = models.TextField(max_length=100_000)
    modified_at = models.DateTimeField("last saved", auto_now=True)

    class Meta:
        verbose_name = "file for machines"
        verbose_name_plural = "files for machines"
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name}.txt"

    def clean(self) -> None:
        if self.name in well_known.RULES and (problems := well_known.problems(self.name, self.text)):
            raise ValidationError({"text": problems})
        self.text = "\n".join(line.rstrip() for line in self.text.strip().split("\n"))


class Recurring(models.Model):
    """When something that is done again and again is due next (newsportal/recurring.py)."""

    name = models.CharField(max_length=40, unique=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class LastDone(models.Model):
    """When something that is done from outside, by a timer or cron, was last done well (newsportal/nightly.py)."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    place = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.name


class Edition(models.Model):
    """How often what a key stands for has been touched (newsportal.page_cache.counters), counted by the transactions that do."""

    key = models.CharField(max_length=40, primary_key=True)
    number = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.key} {self.number}"


class Purge(models.Model):
    """A key that the CDN has yet to be told of (newsportal.purging.waiting). Its times are Unix times."""

    key = models.CharField(max_length=40)
    touched_at = models.FloatField()
    due_at = models.FloatField(db_index=True)
    # It has been told, and is told once more.
    is_repeat = models.BooleanField()

    def __str__(self) -> str:
        return self.key


class PolicyReport(models.Model):
    """What browsers have reported on a day of the Content-Security-Policy: one row for the same (newsportal/policy_reports.py)."""

    day = models.DateField()
    directive = models.CharField("what was forbidden", max_length=200)
    blocked = models.CharField("from where", max_length=200)
    page = models.CharField("on which page", max_length=200)
    reports = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField("last reported", auto_now_add=True)

    class Meta:
        ordering = ["-day", "-pk"]
        verbose_name = "blocked by the browser"
        verbose_name_plural = "blocked by browsers"
        constraints = [
            models.UniqueConstraint("day", "directive", "blocked", "page", name="policy_report_is_counted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.directive} {self.blocked}".strip()
