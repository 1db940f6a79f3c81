"""Which share card a story has: ordered when what it shows changes, made in the background, gone with the story.

The story's row holds the name of the file that is there; the name of the one that should be there follows from the story. A
page names a card only where both are the same: a card never says what the story no longer says.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django_tasks import task

from articles.caching import editions
from articles.pictures import files
from articles.pictures.files import NewFiles
from articles.pictures.share_card import Card, picture_key, render
from articles.signals import article_changed
from articles.workflow import Status

if TYPE_CHECKING:
    from articles.models import Article, Image, Section

#: After a section or a lead picture has changed, the cards of so many of its stories are made anew at once; older ones by
#: `make_share_cards`.
AT_ONCE = 200


def card_of(article: Article) -> Card:
    """What the card of a story shows, as it is now."""
    section = article.section
    return Card(
        headline=article.headline,
        masthead=settings.SITE_NAME,
        kicker=" · ".join(filter(None, [section.name if section else "", article.label])),
        colour=section.colour if section else "ink",
        picture=picture_key(article.lead_image),
        language=settings.LANGUAGE_CODE,
        story=article.pk,
    )


def site_card() -> Card:
    """The card of pages that are not stories."""
    return Card(headline=settings.SITE_NAME, masthead=settings.SITE_TAGLINE, language=settings.LANGUAGE_CODE)


def wanted_name(article: Article) -> str:
    """The name of the card that the story should have; "" for one that readers will not see, or that cannot be drawn."""
    if article.status != Status.PUBLISHED:
        return ""
    card = card_of(article)
    return card.name if card.can_be_drawn else ""


def current_card_url(article: Article) -> str:
    """The address of the story's card if it shows what the story is now; else ""."""
    name = article.share_card
    return default_storage.url(name) if name and name == card_of(article).name else ""


def order_share_card(article: Article, present: str) -> None:
    """Have the card made, or taken away, if `present` is not the name of what is wanted: part of the transaction that saves."""
    if wanted_name(article) != present:
        make_share_card.enqueue(article.pk)


def order_for_section(section: Section) -> None:
    # Scheduled ones, too: nothing else is saved when their time comes.
    for pk in section.articles.filter(status=Status.PUBLISHED).newest_first().values_list("pk", flat=True)[:AT_ONCE]:
        make_share_card.enqueue(pk)


def order_for_image(image: Image) -> None:
    for pk in image.leads.filter(status=Status.PUBLISHED).newest_first().values_list("pk", flat=True)[:AT_ONCE]:
        make_share_card.enqueue(pk)


@task
def make_share_card(article: int) -> None:
    """Bring the card of a story to what the story is; nothing where it is that already."""
    from articles.models import Article

    story = (
        Article.objects.select_related("section", "lead_image").defer("body", "body_html").filter(pk=article).first()
    )
    if story is not None:
        renew(story)


def renew(article: Article) -> bool:
    """Make the card that the story should have and delete the one that it had; whether that was done."""
    present, wanted = article.share_card, wanted_name(article)
    if present == wanted:
        return False
    with NewFiles() as new_files:
        if wanted:
            new_files.put(wanted, render(card_of(article), article.lead_image))
        with transaction.atomic():
            rows = type(article)._default_manager.filter(pk=article.pk, share_card=present)
            held = (
                rows.select_for_update(of=("self",)).select_related("section", "lead_image").defer("body", "body_html")
            )
            stored = held.first()
            # Of two processes that make it at once, one says so; the file is the same. And who has changed the story meanwhile has
            # had the card made that it should have now.
            if stored is None:
                return False
            if wanted_name(stored) != wanted:
                if wanted and wanted not in {present, stored.share_card}:
                    files.remove([wanted])
                return False
            # Lists do not show it.
            with editions.touching(*stored.shown_in_place() & {editions.of_story(article.pk)}):
                rows.update(share_card=wanted)
            article.share_card = wanted
            if present:
                transaction.on_commit(partial(files.remove, [present]), robust=True)
            transaction.on_commit(partial(article_changed.send_robust, sender=type(article), article=article))
    return True


@receiver(post_delete, sender="articles.Article")
def remove_file(instance: Article, **kwargs: object) -> None:
    if instance.share_card:
        transaction.on_commit(partial(files.remove, [instance.share_card]), robust=True)
