"""What must not be deleted because something shows it: it would be missing there without a word. No foreign key says it of
texts and next versions; and where one does, it loads all that it protects from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from articles import body
from articles.models.article import Article
from articles.models.contributor import Byline, Contributor
from articles.models.image import Image
from articles.models.next_version import NextVersion
from articles.models.section import Section

if TYPE_CHECKING:
    from articles.editing.snapshot import Snapshot

#: Of a story that something names: what nobody asks for who only says its headline.
TEXTS = ("article__body", "article__body_html")
#: As many users an error names.
NAMED = 20
#: What shows any of these, which are of one kind.
Users = Callable[[list[Any]], Iterable[models.Model]]


def _next_versions(named: Callable[[Snapshot], Iterable[int | None]]) -> Users:
    """Those in whose content one of the numbers is named. Few wait at any time."""

    def users(instances: list[models.Model]) -> Iterable[models.Model]:
        from articles.editing.snapshot import opened

        numbers = {instance.pk for instance in instances}
        waiting = NextVersion.objects.select_related("article", "version__text").defer(*TEXTS)
        return [found for found in waiting if not numbers.isdisjoint(named(opened(found.version)))]

    return users


_pictures_of_next_versions = _next_versions(lambda content: [content["lead_image"], *body.image_ids(content["body"])])


def _stories(**which: Any) -> models.QuerySet[Article]:
    """For their names: without their texts."""
    return Article.objects.filter(**which).only("headline")


#: An app of which this one knows nothing adds its own (newsportal.apps).
IN_USE: dict[type[models.Model], list[Users]] = {
    Section: [
        lambda sections: _stories(section__in=sections),
        _next_versions(lambda content: [content["section"]]),
    ],
    Contributor: [
        lambda people: _stories(pk__in=Byline.objects.filter(contributor__in=people).values("article")),
        _next_versions(lambda content: [person for person, _ in content["bylines"]]),
    ],
    Image: [
        lambda images: _stories(lead_image__in=images),
        lambda images: _stories(body_images__in=images),
        lambda images: Contributor.objects.filter(photo__in=images),
        _pictures_of_next_versions,
    ],
}
#: In what readers see a picture, or will without anybody's looking at it again, where no foreign key says so (Image.is_shown).
#: Here, too, others add their own.
SHOWN_IN: list[Users] = [_pictures_of_next_versions]


def users_of(instances: list[Any], *, most: int) -> list[models.Model]:
    """The first that show any of these, which are of one kind: `most` of them, in as many queries as for one."""
    found: dict[models.Model, None] = {}
    for users in IN_USE[type(instances[0])] if instances else []:
        some = users(instances)
        found |= dict.fromkeys(some[:most] if isinstance(some, models.QuerySet) else some)
    return list(found)[:most]


@receiver(pre_delete, sender=Section)
@receiver(pre_delete, sender=Contributor)
@receiver(pre_delete, sender=Image)
def refuse_while_in_use(instance: models.Model, **kwargs: object) -> None:
    if users := users_of([instance], most=NAMED):
        raise models.ProtectedError(f"“{instance}” is in use: {', '.join(map(str, users))}.", set(users))
