"""Words that can be saved nowhere any more are given back to who typed them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from comments import origin


def words_back(request: HttpRequest, why: str) -> HttpResponse:
    """404 with what was typed, to be copied. Raises Http404 where there is nothing, or where another site may have typed it."""
    words = request.POST.get("body", "")
    if not words or not (origin.is_ours(request) or origin.has_token(request)):
        raise Http404(why)
    context = {"title": "It could not be saved", "why": why, "words": words}
    return render(request, "comments/words_back.html", context, status=404)
