"""Journalism: one file a noun."""

from articles.models.article import Article
from articles.models.contributor import Byline, Contributor, ContributorLink
from articles.models.correction import Correction
from articles.models.image import Image
from articles.models.preview_link import PreviewLink, PreviewOpening
from articles.models.section import Colour, Section
from articles.models.slug import PreviousSlug, make_slug
from articles.models.status_change import StatusChange
from articles.models.tag import Tag, TaggedArticle
from articles.models.version import Text, Version

__all__ = [
    "Article",
    "Byline",
    "Colour",
    "Contributor",
    "ContributorLink",
    "Correction",
    "Image",
    "PreviewLink",
    "PreviewOpening",
    "PreviousSlug",
    "Section",
    "StatusChange",
    "Tag",
    "TaggedArticle",
    "Text",
    "Version",
    "make_slug",
]
