"""The story form of the desk, as a browser has it."""

from __future__ import annotations

import re

from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Version


def url(article, name="change", *args) -> str:
    return reverse(f"admin:articles_article_{name}", args=[article.pk, *args])


def form_of(article: Article, **changed) -> dict:
    """The form as a browser has it after opening the story."""
    article.refresh_from_db()
    moment = timezone.localtime(article.publish_at) if article.publish_at else None
    embargo = timezone.localtime(article.embargo_until) if article.embargo_until else None
    bylines = list(article.bylines.order_by("order", "pk"))
    data = {
        "version": article.version, "version_mark": Version.objects.marks([article]).get(article.pk, ""),
        "headline": article.headline, "short_headline": article.short_headline,
        "standfirst": article.standfirst, "body": article.body, "kind": article.kind, "dateline": article.dateline,
        "slug": article.slug, "section": article.section_id or "", "lead_image": article.lead_image_id or "",
        "tags": [tagged.tag_id for tagged in article.tagged.all()],
        "publish_at_0": f"{moment:%Y-%m-%d}" if moment else "", "publish_at_1": f"{moment:%H:%M:%S}" if moment else "",
        "embargo_until_0": f"{embargo:%Y-%m-%d}" if embargo else "", "embargo_until_1": f"{embargo:%H:%M:%S}" if embargo else "",
        "comment_policy-TOTAL_FORMS": 0, "comment_policy-INITIAL_FORMS": 0,
        "bylines-TOTAL_FORMS": len(bylines), "bylines-INITIAL_FORMS": len(bylines),
    }  # fmt: skip
    for number, byline in enumerate(bylines):
        row = {"id": byline.pk, "article": article.pk, "contributor": byline.contributor_id, "role": byline.role,
               "order": number}  # fmt: skip
        data |= {f"bylines-{number}-{name}": value for name, value in row.items()}
    return data | changed


def with_byline(data: dict, contributor) -> dict:
    number = data["bylines-TOTAL_FORMS"]
    row = {"id": "", "contributor": contributor.pk, "role": "written", "order": number}
    return data | {"bylines-TOTAL_FORMS": number + 1} | {f"bylines-{number}-{k}": v for k, v in row.items()}


def hidden(page: str) -> dict[str, list[str]]:
    """What the page that asks sends along."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page):
        if name != "csrfmiddlewaretoken":
            found.setdefault(name, []).append(value)
    return found
