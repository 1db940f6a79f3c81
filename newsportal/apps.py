from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class DeskConfig(AdminConfig):
    """Django's admin, under our own site object."""

    default_site = "newsportal.desk.Desk"


class NewsportalConfig(AppConfig):
    name = "newsportal"

    def ready(self) -> None:
        from newsportal import (
            background,
            checks,  # noqa: F401  (registers the deploy checks)
        )
        from newsportal.roles import create_roles

        background.connect()
        post_migrate.connect(create_roles, sender=self)
