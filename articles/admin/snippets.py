"""How search results and shared links will show a story, beside its form: as saved, and by script as it is typed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from articles import body, snippets
from articles.http.numbers import number_in
from articles.models import Article, Image, Section
from articles.pictures import share_card
from articles.pictures.files import NotStored
from articles.share_cards import card_of

MOST = Article._meta.get_field("headline").max_length


class SnippetMixin:
    """Two more addresses of the story screen: the card of a story, and of a new one, with what is typed."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.card_view)
        return [
            path("add/card/", view, name="articles_article_card_new"),
            path("<int:pk>/card/", view, name="articles_article_card"),
            *super().get_urls(),
        ]

    def card_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """The card as a JPEG. `headline`, `section`, `kind` and `lead_image` stand in for what is saved. Saves nothing."""
        article = self.get_object(request, str(pk)) if pk else Article(headline="–")
        if article is None:
            raise Http404("There is no such story.")
        if not (self.has_change_permission(request, article) if pk else self.has_add_permission(request)):
            raise PermissionDenied
        typed = request.GET
        article.headline = typed.get("headline", article.headline)[:MOST]
        if typed.get("kind") in Article.Kind.values:
            article.kind = typed["kind"]
        article.section = _row(Section, typed, "section", article.section)
        article.lead_image = _row(Image, typed, "lead_image", article.lead_image)
        card = card_of(article)
        if not card.can_be_drawn:
            card = replace(card, headline="–")
        try:
            content = share_card.render(card, article.lead_image)
        except (OSError, ValueError, NotStored) as error:
            raise Http404("The picture of this card cannot be read.") from error
        response = HttpResponse(content, content_type=share_card.MEDIA_TYPE)
        response["Cache-Control"] = "private, max-age=60"
        return response

    def snippet(self, article: Article) -> dict[str, Any]:
        """For templates/admin/articles/article/snippets.html."""
        limits = snippets
        return {
            "limits": limits,
            "site": urlsplit(settings.SITE_URL).netloc,
            "section": article.section.name if article.section else "",
            "title": limits.cut(article.meta_title, limits.TITLE_LENGTH),
            "description": limits.cut(article.meta_description, limits.DESCRIPTION_LENGTH),
            "headline": limits.cut(article.headline, limits.CARD_LENGTH),
            "text": body.first_sentences(article.body_html, limits.DESCRIPTION_LENGTH),
            "title_told": limits.length_told(article.meta_title, limits.TITLE_LENGTH, limits.TITLE_CUT_BY),
            "headline_told": limits.length_told(article.headline, limits.CARD_LENGTH, limits.CARD_CUT_BY),
            "description_told": limits.length_told(
                article.meta_description, limits.DESCRIPTION_LENGTH, limits.DESCRIPTION_CUT_BY
            ),
            "card": reverse("admin:articles_article_card", args=[article.pk])
            if article.pk
            else reverse("admin:articles_article_card_new"),
        }


def _row(model, typed, name: str, saved):
    """The row that a form's field names now: another one, none, or the saved one where it says nothing."""
    if name not in typed:
        return saved
    return model.objects.filter(pk=number_in(typed[name])).first()
