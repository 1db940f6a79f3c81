"""What stands on the front page: the newest stories at the top, then a rail for each section, no story twice."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from articles.models import Article, Section

SECONDARY, LATEST, RAIL = 4, 8, 4


@dataclass(frozen=True)
class Rail:
    section: Section
    articles: list[Article]


@dataclass(frozen=True)
class FrontPage:
    lead: Article | None
    secondary: list[Article]
    latest: list[Article]
    rails: list[Rail]


def compose() -> FrontPage:
    """The front page of this moment, in a fixed number of queries however many stories and sections there are."""
    top = list(Article.objects.public().for_lists().newest_first()[: 1 + SECONDARY + LATEST])
    # A lead without a picture would leave the page without a face: the newest that has one leads.
    lead = next((article for article in top if article.lead_image_id), top[0] if top else None)
    others = [article for article in top if article is not lead]
    return FrontPage(lead, others[:SECONDARY], others[SECONDARY:], _rails(excluding=[article.pk for article in top]))


def _rails(excluding: list[int]) -> list[Rail]:
    # One look-up in the section's index for each place of a rail: it stays as small with a million stories, where a
    # window function would number them all.
    in_section = Article.objects.public().filter(section=OuterRef("pk")).exclude(pk__in=excluding).newest_first()
    places = {f"place_{n}": Subquery(in_section.values("pk")[n : n + 1]) for n in range(RAIL)}
    sections = Section.objects.annotate(**places)
    chosen = {section: [pk for place in places if (pk := getattr(section, place))] for section in sections}
    articles = Article.objects.for_lists().in_bulk([pk for pks in chosen.values() for pk in pks])
    return [Rail(section, [articles[pk] for pk in pks if pk in articles]) for section, pks in chosen.items() if pks]
