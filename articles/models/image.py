"""Pictures with what readers are told about them. The work on their files is in articles/pictures/."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.files import File
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django_tasks import task

from articles import workflow
from articles.caching.editions import touching
from articles.clocks import lately
from articles.pictures import files, renditions
from articles.pictures.files import NewFiles, NotStored
from articles.pictures.ingest import IngestedPicture, ingest
from articles.pictures.renditions import JPEG, Size, make_renditions
from articles.share_cards import order_for_image

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

#: What the text of a story repeats of a picture in it.
WORDS_IN_TEXTS = frozenset({"alt", "caption", "credit"})
#: So many stories are rendered anew in one go.
BATCH = 25

RIGHTS_END_SOON = datetime.timedelta(days=7)

FRACTION = [MinValueValidator(0), MaxValueValidator(1)]


class ImageQuerySet(models.QuerySet["Image"]):
    def rights_end_before(self, day: datetime.date) -> ImageQuerySet:
        """Those that we may not use from that day on any more, over an index."""
        return self.filter(rights_until__isnull=False, rights_until__lt=day)

    def taken_in_a_day(self, uploader: User) -> int:
        """How many this person has added within the last 24 hours."""
        of_a_day = lately("created_at", datetime.timedelta(days=1), timezone.now())
        return self.filter(of_a_day, uploaded_by=uploader).count()

    def without_newest_sizes(self) -> ImageQuerySet:
        return self.filter(size_set__lt=renditions.newest_set())


class Image(models.Model):
    """A picture of the library. Its row and its files come together: see `ingest`, `keep` and `refocus`.

    Rows of the same picture share its files, which go with the last of them.
    """

    # A plain FileField: an ImageField would open the file in order to know what `width` and `height` say.
    file = models.FileField(max_length=120, editable=False)
    title = models.CharField(max_length=200, help_text="What the newsroom calls it. Readers never see it.")
    alt = models.CharField(
        "alternative text",
        max_length=300,
        help_text="What can be seen, in a sentence, for readers who cannot see it.",
    )
    caption = models.TextField(max_length=600, blank=True, help_text="Shown under the picture: who, what, where, when.")
    credit = models.CharField(max_length=150, blank=True, help_text="Who made it, as it should be printed.")
    source = models.CharField(
        max_length=150,
        blank=True,
        help_text="Where we have it from: an agency, the photographer, an archive, a reader.",
    )
    licence = models.CharField(max_length=150, blank=True, help_text="On what terms we may use it.")
    rights_until = models.DateField(
        null=True, blank=True, help_text="The last day on which we may use it. Empty: no end."
    )
    focal_x = models.FloatField("focal point, across", default=0.5, validators=FRACTION)
    focal_y = models.FloatField("focal point, down", default=0.5, validators=FRACTION)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    digest = models.CharField(max_length=64, editable=False, db_index=True)
    size_set = models.PositiveSmallIntegerField(
        "which sizes there are", default=renditions.newest_set, db_default=1, editable=False
    )  # a key of renditions.SIZE_SETS
    created_at = models.DateTimeField("added", auto_now_add=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(models.F("created_at").desc(), models.F("id").desc(), name="image_library"),
            # Those without either are asked for, to be mended.
            models.Index(models.F("credit"), models.F("created_at").desc(), models.F("id").desc(), name="image_credit"),
            models.Index(
                models.F("licence"), models.F("created_at").desc(), models.F("id").desc(), name="image_licence"
            ),
            models.Index("rights_until", name="image_rights_end", condition=models.Q(rights_until__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(focal_x__range=(0, 1), focal_y__range=(0, 1)), name="image_focal_point_is_inside"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def ingest(
        cls,
        upload: File,
        *,
        title: str,
        alt: str,
        caption: str = "",
        credit: str = "",
        source: str = "",
        licence: str = "",
        rights_until: datetime.date | None = None,
        uploaded_by: User | None = None,
        focal_x: float = 0.5,
        focal_y: float = 0.5,
    ) -> Self:
        """Take an upload into the library, with all renditions. Raises PictureRefused, and then nothing is kept."""
        image = cls(
            title=title,
            alt=alt,
            caption=caption,
            credit=credit,
            source=source,
            licence=licence,
            rights_until=rights_until,
            uploaded_by=uploaded_by,
            focal_x=focal_x,
            focal_y=focal_y,
        )
        image.keep(ingest(upload))
        return image

    def keep(self, picture: IngestedPicture) -> None:
        """Store a new image with its picture and all renditions: the files first, so that a row never lacks them.

        When a file or the row cannot be written, neither is kept. Sent again by the same person with the same words, as who
        was not told that it is there does, it is the row that it was.
        """
        self.digest, self.width, self.height = picture.digest, picture.width, picture.height
        if before := self._sent_before():
            self.pk, self._state.adding = before.pk, False
            self.refresh_from_db()
            return
        self.file = f"pictures/{picture.digest[:2]}/{picture.digest[2:]}.{picture.extension}"
        with NewFiles() as new_files:
            new_files.put(str(self.file), picture.content)
            make_renditions(self, new_files, renditions.all_sizes(self), picture.content)
            with transaction.atomic():
                self.save(force_insert=True)
            try:
                # Files that were there may have gone meanwhile with the last row of before; from now on they stay.
                new_files.put_again()
            except NotStored:
                self.delete()
                raise

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Stories that repeat its words say the new ones."""
        saved = kwargs.get("update_fields")
        if self._state.adding or (saved is not None and WORDS_IN_TEXTS.isdisjoint(saved)):
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            # Who only names it in a story need not wait.
            stored = Image.objects.select_for_update(no_key=True).filter(pk=self.pk)
            before = stored.values(*WORDS_IN_TEXTS).first()
            super().save(*args, **kwargs)
            if before and any(getattr(self, name) != words for name, words in before.items()):
                self.renew_stories()

    def _sent_before(self) -> Image | None:
        said = (
            "digest",
            "title",
            "alt",
            "caption",
            "credit",
            "source",
            "licence",
            "rights_until",
            "focal_x",
            "focal_y",
        )
        if self.uploaded_by_id is None:
            return None
        return Image.objects.filter(
            uploaded_by=self.uploaded_by_id, **{name: getattr(self, name) for name in said}
        ).first()

    @contextmanager
    def crops_made(self) -> Iterator[frozenset[Size]]:
        """The crops around its focal point, which is not stored yet, made for a `refocus` within: it then encodes nothing in
        its transaction. Those of them that no row needs afterwards are removed.
        """  # fmt: skip
        made = frozenset(renditions.crop_sizes(self))
        with NewFiles() as new_files:
            make_renditions(self, new_files, made)
        try:
            yield made
            # Files that were there may have gone meanwhile with another row; what is committed is not taken back for one.
            with suppress(NotStored):
                new_files.put_again()
        finally:
            try:
                remove_unused(new_files.added, self.digest)
            except Exception:  # each back end has its own
                logger.exception("Crops of a picture that were not needed could not be removed.")

    def refocus(self, focal_x: float, focal_y: float, *, made: frozenset[Size] = frozenset()) -> None:
        """Move the focal point: make the crops around the new one, but those `made` already, and remove the old ones once that is
        committed.
        """  # fmt: skip
        self.focal_x, self.focal_y = focal_x, focal_y
        with NewFiles() as new_files:
            if missing := set(renditions.crop_sizes(self)) - made:
                make_renditions(self, new_files, missing)
            with transaction.atomic():
                # Who only names it in a story need not wait: they hold that story, which is rendered again below.
                before = Image.objects.select_for_update(no_key=True).get(pk=self.pk)
                # With the sizes that have been made around it: others may have come since this was read.
                self.save(update_fields=["focal_x", "focal_y", "size_set"])
                order_for_image(self)
                if before.size_set != self.size_set:
                    self.renew_stories()  # their text names files of the other set
                obsolete = before.file_names() - self.file_names()
                transaction.on_commit(partial(remove_unused, obsolete, self.digest), robust=True)

    def add_newest_sizes(self) -> bool:
        """Make the sizes that pictures taken in today have beyond this one's; False where its focal point has moved meanwhile.

        Raises what the storage raises where its file is lost or nothing can be written; it then stays as it was.
        """
        before = set(renditions.all_sizes(self))
        self.size_set = renditions.newest_set()
        added = set(renditions.all_sizes(self)) - before
        with NewFiles() as new_files:
            make_renditions(self, new_files, added)
            unmoved = Image.objects.filter(pk=self.pk, focal_x=self.focal_x, focal_y=self.focal_y)
            # Pages that are kept stay true without it: all that they name is still there.
            with touching():
                if unmoved.update(size_set=self.size_set):
                    return True
        remove_unused({size.name(format) for size in added for format in renditions.FORMATS}, self.digest)
        return False

    def is_shown(self) -> bool:
        """Whether readers may see it: in a story that is out or in what it will be, beside a name, in an advert, on a page. Or are
        about to: what an editor reviews is what goes out.
        """  # fmt: skip
        from articles.models.in_use import SHOWN_IN

        relations: list[Any] = self._meta.get_fields(include_hidden=True)
        for relation in relations:
            # Without the rows between stories and pictures, of which drafts have some, too.
            if relation.concrete or not relation.auto_created or relation.related_model._meta.auto_created:
                continue
            uses = relation.related_model._default_manager.filter(**{relation.field.name: self.pk})
            if relation.related_model._meta.label == "articles.Article":
                uses = uses.exclude(status=workflow.Status.DRAFT)
            if uses.exists():
                return True
        return any(True for users in SHOWN_IN for _ in users([self]))

    def renew_stories(self) -> None:
        """Render the stories with it in their text anew, after its WORDS_IN_TEXTS have changed: BATCH of them at once, in the
        transaction that changes it, and the others in the background. What only leads a story is not part of its text.
        """  # fmt: skip
        renew_stories.call(self.pk)

    def file_names(self) -> set[str]:
        """All files that this row needs."""
        return {str(self.file), *renditions.names(self)}

    def thumbnail_url(self) -> str:
        """The smallest square crop, for the desk."""
        return renditions.sizes(self, "1:1")[0].url(JPEG)


@task
def renew_stories(image: int, below: int | None = None) -> None:
    """Render the next BATCH of the stories with this picture in their text anew, the last that got it first; and the others
    after them. `below`: the number of the last row between the two that has been done.
    """  # fmt: skip
    from articles.models.article import Article

    uses = Article.body_images.through.objects.filter(image=image).order_by("-pk")
    batch = list((uses.filter(pk__lt=below) if below else uses).values_list("pk", "article")[:BATCH])
    # In one order, lest two pictures wait for each other's stories.
    for story in sorted(story for _, story in batch):
        Article(pk=story).render_again()
    if len(batch) == BATCH:
        renew_stories.enqueue(image, below=batch[-1][0])


@receiver(post_delete, sender=Image)
def remove_files(instance: Image, **kwargs: object) -> None:
    transaction.on_commit(partial(remove_unused, instance.file_names(), instance.digest), robust=True)


def remove_unused(names: Iterable[str], digest: str) -> None:
    """Delete those of the files of one picture that no row needs (any more)."""
    needed = {name for image in Image.objects.filter(digest=digest) for name in image.file_names()}
    files.remove(set(names) - needed)
