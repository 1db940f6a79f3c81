import datetime

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate, post_save
from django_tasks_db.apps import TasksAppConfig


class DeskConfig(AdminConfig):
    """Django's admin, under our own site object."""

    default_site = "newsportal.desk.Desk"


class BackgroundWorkConfig(TasksAppConfig):
    """What is done after an answer, by a name that says so."""

    verbose_name = "Background work"


class NewsportalConfig(AppConfig):
    name = "newsportal"
    verbose_name = "The site"

    def ready(self) -> None:
        from adverts.models import Booking
        from adverts.templatetags import adverts as slots
        from articles import body
        from articles.caching import planned
        from articles.caching.planned import Planned
        from articles.caching.prepared import Prepared
        from articles.editing.preflight import DESTINATIONS
        from articles.models import IN_USE, SHOWN_IN, Image, Section
        from comments.signals import forgotten_in_time
        from newsportal import (
            background,
            checks,  # noqa: F401  (registers the deploy checks)
            nightly,
        )
        from newsportal.database.observed import settle_saved
        from newsportal.models import Page
        from newsportal.page_cache.schedule import next_change
        from newsportal.roles import create_roles
        from newsportal.staff import audit
        from newsportal.watching import errors

        audit.connect()
        background.connect()
        errors.connect()
        slots.ask = Planned(Prepared(slots.running, now=datetime.datetime))
        planned.next_change = next_change
        DESTINATIONS["page"] = lambda named, moment: Page.objects.filter(slug=named["slug"]).exists()

        def pages_with(images: list[Image]) -> list[Page]:
            numbers = {image.pk for image in images}
            return [page for page in Page.objects.all() if numbers.intersection(body.image_ids(page.body))]

        IN_USE[Section].append(lambda sections: Booking.objects.not_ended().filter(sections__in=sections))
        IN_USE[Image].append(lambda images: Booking.objects.filter(picture__in=images))
        for users in (IN_USE[Image], SHOWN_IN):
            users.append(pages_with)
        forgotten_in_time.connect(nightly.on_forgotten, dispatch_uid="newsportal.nightly")
        post_save.connect(settle_saved, dispatch_uid="newsportal.page_cache")
        post_migrate.connect(create_roles, sender=self)
