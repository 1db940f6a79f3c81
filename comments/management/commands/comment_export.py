import json

from django.core.management.base import BaseCommand, CommandError

from comments.privacy import export, guest_of


class Command(BaseCommand):
    help = "Tells all that is known of a reader's e-mail address, as JSON."

    def add_arguments(self, parser):
        parser.add_argument("email")

    def handle(self, *args, email: str, **options):
        if (guest := guest_of(email)) is None:
            raise CommandError("Nothing is known of this address.")
        self.stdout.write(json.dumps(export(guest), ensure_ascii=False, indent=2))
