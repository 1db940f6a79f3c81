from django.core.management.base import BaseCommand, CommandError

from comments.privacy import erase, guest_of


class Command(BaseCommand):
    help = "Erases what is known of a reader's e-mail address. This cannot be undone."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("--keep-comments", action="store_true", help="keep the texts, under no name")

    def handle(self, *args, email: str, keep_comments: bool, **options):
        if (guest := guest_of(email)) is None:
            raise CommandError("Nothing is known of this address.")
        touched = erase(guest, keep_comments=keep_comments)
        self.stdout.write(f"Erased. Comments {'kept without a name' if keep_comments else 'deleted'}: {touched}.")
