"""A version of a story as readers will see it: the same page, made of a snapshot, saving nothing."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from articles import body
from articles.editing.snapshot import PLAIN, Snapshot
from articles.models import Article, Byline, Contributor, Image, Section, Tag


def as_story(article: Article, snapshot: Snapshot) -> Article:
    """The story with the content of a snapshot, for rendering alone."""
    shown = Article.objects.get(pk=article.pk)
    for name in PLAIN:
        setattr(shown, name, snapshot[name])
    shown.section = Section.objects.filter(pk=snapshot["section"]).first()
    shown.lead_image = Image.objects.filter(pk=snapshot["lead_image"]).first()
    shown.publish_at = parse_datetime(snapshot["publish_at"]) if snapshot["publish_at"] else timezone.now()
    shown.body = body.sanitise(shown.body)
    shown.body_html = body.render(shown.body, Image.objects.in_bulk(body.image_ids(shown.body)))
    shown.reading_minutes = body.reading_minutes(shown.body)
    people = Contributor.objects.in_bulk([pk for pk, _ in snapshot["bylines"]])
    bylines = [
        Byline(article=shown, contributor=people[pk], role=role) for pk, role in snapshot["bylines"] if pk in people
    ]
    # What the page asks for is answered from here, and not from the story as the database has it.
    shown._prefetched_objects_cache = {"bylines": bylines}  # type: ignore[attr-defined]
    return shown


def preview_context(article: Article, snapshot: Snapshot) -> dict[str, Any]:
    """For templates/articles/story.html."""
    from articles.views import story_context

    shown = as_story(article, snapshot)
    context = story_context(shown)
    return context | {"tags": list(Tag.objects.filter(name__in=snapshot["tags"])), "canonical_url": "", "preview": True}
