"""What must not be deleted because something shows it that no foreign key says: it would be missing there without a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from articles import body
from articles.models.contributor import Contributor
from articles.models.image import Image
from articles.models.next_version import NextVersion
from articles.models.section import Section

if TYPE_CHECKING:
    from articles.editing.snapshot import Snapshot

#: What shows this one.
Users = Callable[[Any], Iterable[models.Model]]


def _next_versions(names: Callable[[Snapshot, int], bool]) -> Users:
    """Those in whose content the number is named. Few wait at any time."""

    def users(instance: models.Model) -> Iterable[models.Model]:
        from articles.editing.snapshot import opened

        waiting = NextVersion.objects.select_related("article", "version__text")
        return [found for found in waiting if names(opened(found.version), instance.pk)]

    return users


#: An app of which this one knows nothing adds its own (newsportal.apps).
IN_USE: dict[type[models.Model], list[Users]] = {
    Section: [_next_versions(lambda content, pk: content["section"] == pk)],
    Contributor: [_next_versions(lambda content, pk: any(pk == person for person, _ in content["bylines"]))],
    Image: [
        lambda image: image.used_in.all(),
        lambda image: image.portrait_of.all(),
        _next_versions(lambda content, pk: pk == content["lead_image"] or pk in body.image_ids(content["body"])),
    ],
}


def users_of(instance: models.Model) -> list[models.Model]:
    return list(dict.fromkeys(user for users in IN_USE[type(instance)] for user in users(instance)))


@receiver(pre_delete, sender=Section)
@receiver(pre_delete, sender=Contributor)
@receiver(pre_delete, sender=Image)
def refuse_while_in_use(instance: models.Model, **kwargs: object) -> None:
    if users := users_of(instance):
        raise models.ProtectedError(f"“{instance}” is in use: {', '.join(map(str, users))}.", set(users))
