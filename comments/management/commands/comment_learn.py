from django.core.management.base import BaseCommand
from tqdm import tqdm

from comments import classifier
from comments.models import Actor, Comment, Decision, WordCount


class Command(BaseCommand):
    help = "Teaches the comment classifier anew from all that moderators have decided."

    def handle(self, *args, **options):
        WordCount.objects.all().delete()
        Comment.objects.exclude(learned="").update(learned="")
        last = {}
        decisions = Decision.objects.filter(made_as=Actor.MODERATOR).order_by("pk").values_list("comment", "pk")
        for comment, pk in decisions.iterator():
            last[comment] = pk
        for pk in tqdm(sorted(last.values()), unit=" decisions", disable=None, file=self.stderr):
            decision = Decision.objects.select_related("comment").get(pk=pk)
            classifier.learn_from(decision.comment, decision)
        self.stdout.write(f"Learned from {len(last)} comments.")
