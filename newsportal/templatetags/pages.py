"""The site's own pages, for templates of other apps and for letters, which know of no request."""

from __future__ import annotations

from django import template

from newsportal.models import Page

register = template.Library()


@register.simple_tag
def page_at(slug: str) -> Page | None:
    """The page at /pages/<slug>/, with its title alone; None where there is none."""
    return Page.objects.only("slug", "title").filter(slug=slug).first()
