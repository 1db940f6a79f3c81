"""Tell the moderators what waits. For cron or a systemd timer: docs/operations.md."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError
from django.template.defaultfilters import pluralize
from django.urls import reverse

from comments import mail
from comments.decide import MODERATE
from comments.models import Comment, Status


class Command(BaseCommand):
    help = "Mail every moderator how many comments wait and have been reported. Sends nothing when nothing waits."

    def handle(self, *args, **options):
        if not settings.MAIL_ENABLED:
            # Nothing that fails: its timer is there from the first day on, and `manage.py doctor` says what is missing.
            self.stdout.write("Nobody is told: EMAIL_HOST is not set.")
            return
        pending = Comment.objects.filter(status=Status.PENDING)
        waiting = pending.count()
        reported = Comment.objects.filter(reported=True).exclude(status=Status.PENDING).count()
        context = {
            "waiting": waiting,
            "oldest": pending.order_by("created_at", "pk").values_list("created_at", flat=True).first(),
            "reported": reported,
            "url": settings.SITE_URL + reverse("admin:comments_comment_changelist"),
        }
        if not (waiting or reported):
            self.stdout.write("Nothing waits.")
            return
        moderators = get_user_model().objects.with_perm(MODERATE, backend="django.contrib.auth.backends.ModelBackend")
        addresses = sorted(set(moderators.exclude(email="").values_list("email", flat=True)))
        subject = f"{settings.SITE_NAME}: {_told(waiting, reported)}"
        failed = [to for to in addresses if mail.send(to, subject, "digest", context) is not mail.Outcome.SENT]
        self.stdout.write(f"Told {len(addresses) - len(failed)} of {len(addresses)} moderators.")
        if failed:
            raise CommandError(f"{len(failed)} letters could not be sent.")


def _told(waiting: int, reported: int) -> str:
    """Of what there is any: "2 comments wait, 1 is reported"."""
    waits = f"{waiting} comment{pluralize(waiting)} wait{pluralize(waiting, 's,')}" if waiting else ""
    noun = "" if waiting else f" comment{pluralize(reported)}"
    are = f"{reported}{noun} {pluralize(reported, 'is,are')} reported" if reported else ""
    return ", ".join(filter(None, (waits, are)))
