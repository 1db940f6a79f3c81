"""For who has lost phone and recovery codes, and has no colleague who could take the second factor away at the desk."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError

from newsportal.staff import audit, second_factor, sessions


class Command(BaseCommand):
    help = (
        "Take away all second factors of an account, and log it out everywhere. The password lets its owner in again."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", help="the user name")

    def handle(self, *args, name: str, **options):
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no account “{name}”.")
        if not second_factor.remove_all(user):
            raise CommandError(f"“{name}” has no second factor.")
        audit.note_ended(sessions.end_others(user, None), "the second factor was removed")
        self.stdout.write(f"“{name}” has no second factor any more, and is logged out everywhere.")
