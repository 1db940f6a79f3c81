"""What the page of search needs beyond its form."""

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from articles.caching.pieces import content, kept
from articles.search import Result
from articles.search.forms import SearchForm

register = template.Library()


@register.simple_tag(takes_context=True)
def search_filters(context: Context, form: SearchForm) -> SafeString:
    """The fields beside the words. Nearly everybody leaves them as they are: they are made once for what stands in them."""
    sections = context["around"].sections
    form.fields["section"].choices = [("", "All sections"), *((section.slug, section.name) for section in sections)]  # type: ignore[attr-defined]

    def make() -> SafeString:
        return render_to_string("components/search_filters.html", {"form": form})

    if form.errors:
        return make()
    typed = tuple(form.sent.get(name, "") for name in form.FILTERS)
    return kept(("search-filters", typed, content(sections)), make)


@register.simple_tag
def result_card(result: Result, *, eager: bool = False) -> SafeString:
    """The card of a story that was found: made once for what is looked for and what the story says."""

    def make() -> SafeString:
        told = {
            "article": result.article,
            "marked_headline": result.headline,
            "marked_words": result.words,
            "level": "2",
            "sizes": "(min-width: 40rem) 14rem, 6rem",
            "eager": eager,
        }
        return render_to_string("components/card.html", told)

    return kept(("result", content(result), eager), make)
