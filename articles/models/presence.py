"""Who has a story open at the desk: advice for people, on which nothing else depends."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from articles.clocks import lately, long_ago

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from articles.models.article import Article

#: A tab in the background is let to say so once a minute at most, and a sleeping laptop misses one or two.
ALIVE = datetime.timedelta(minutes=3)


class PresenceQuerySet(models.QuerySet["Presence"]):
    def beside(self, user: User, article: Article) -> PresenceQuerySet:
        """The others who have this story open."""
        open_now = self.filter(lately("seen_at", ALIVE, timezone.now()), article=article)
        return open_now.exclude(user=user).select_related("user").order_by("since", "pk")

    def note(self, user: User, article: Article) -> None:
        """This person has the story open. Who was away for long has begun anew."""
        now = timezone.now()
        mine = self.filter(article=article, user=user)
        if mine.filter(lately("seen_at", ALIVE, now)).update(seen_at=now) == 0:
            self.update_or_create(article=article, user=user, defaults={"since": now, "seen_at": now})

    def forget(self) -> None:
        """Who has closed the story without a word."""
        self.filter(long_ago("seen_at", ALIVE, timezone.now())).delete()


class Presence(models.Model):
    article = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects = PresenceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "user"], name="presence_is_one_a_person")]

    def __str__(self) -> str:
        return f"{self.user.get_full_name() or self.user}, since {timezone.localtime(self.since):%H:%M}"
