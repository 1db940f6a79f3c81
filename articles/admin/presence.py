"""Who else has this story open, and whether one is still logged in: asked by its screen every few seconds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path

from articles.models import Article, Presence


class PresenceMixin:
    """Two more addresses of the story screen, beside those of AutosaveMixin: who may keep a copy may ask."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.presence_view)
        return [
            path("add/presence/", view, name="articles_article_presence_new"),
            path("<int:pk>/presence/", view, name="articles_article_presence"),
            *super().get_urls(),
        ]

    def presence_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """GET tells who is here; POST says that one is, and with `left` that one is no more.

        `token` is the one that forms need from now on: a new login has made those of open pages worthless. `refusal` says why
        the story takes nothing any more from who has it open, if so.
        """
        article, refusal = self._autosaved_story(request, pk)
        if article and not refusal and request.method == "POST":
            if "left" in request.POST:
                Presence.objects.filter(article=article, user=request.user).delete()
            else:
                Presence.objects.note(request.user, article)
        return JsonResponse(
            {
                "user": request.user.get_username(),
                "token": get_token(request),
                "others": [] if refusal else self.others(request, article),
                "version": article.version if article and not refusal else None,
                "refusal": refusal,
            }
        )

    def others(self, request: HttpRequest, article: Article | None) -> list[str]:
        return [str(presence) for presence in Presence.objects.beside(request.user, article)] if article else []
