"""After another SECRET_KEY, before the old one is taken out of SECRET_KEY_FALLBACKS."""

from __future__ import annotations

from django.core.management import BaseCommand, CommandError

from newsportal.staff import encryption


class Command(BaseCommand):
    help = (
        "Encrypt the secrets of authenticator apps and recovery codes with SECRET_KEY, where they are encrypted with one of "
        "SECRET_KEY_FALLBACKS. To be run once all processes have the new key."
    )

    def handle(self, *args, **options):
        done, unreadable = encryption.reencrypt()
        self.stdout.write(f"Second factors that were encrypted anew: {done}.")
        if unreadable:
            names = ", ".join(f"“{name}”" for name in sorted(set(unreadable)))
            raise CommandError(
                f"No key reads those of {names}: name the key that was there before in SECRET_KEY_FALLBACKS, or take them away "
                "with remove_second_factor."
            )
