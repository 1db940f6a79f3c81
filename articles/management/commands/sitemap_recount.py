from django.core.management.base import BaseCommand

from articles.models import SitemapMonth


class Command(BaseCommand):
    help = "Counts the stories of each month again, for the sitemaps: after an import, or when TIME_ZONE has changed."

    def add_arguments(self, parser):
        parser.add_argument("--fix", action="store_true", help="put right what is wrong")

    def handle(self, *args, fix: bool, **options):
        wrong = SitemapMonth.objects.recount(fix=fix)
        for first in wrong:
            self.stdout.write(f"{first:%Y-%m}: {'put right' if fix else 'wrong'}")
        if not wrong:
            self.stdout.write("All months are right.")
        elif not fix:
            self.stdout.write("Run it again with --fix to put them right.")
