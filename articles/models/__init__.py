"""Journalism: one file a noun."""

from articles.models.address import PreviousSlug
from articles.models.article import Article
from articles.models.autosave import Autosave, SentForm
from articles.models.banner import Banner
from articles.models.changed_feed import ChangedFeed
from articles.models.contributor import Byline, Contributor, ContributorLink
from articles.models.correction import Correction
from articles.models.front_page import FrontPageStory
from articles.models.image import Image
from articles.models.in_use import IN_USE, SHOWN_IN
from articles.models.next_version import NextVersion
from articles.models.presence import Presence
from articles.models.preview_link import PreviewLink, PreviewOpening
from articles.models.ranked import RankedStory
from articles.models.reads import DailySalt, Reads, Visit
from articles.models.related import RelatedArticle
from articles.models.search_entry import PictureEntry, SearchEntry, SearchWord
from articles.models.section import Colour, Section
from articles.models.sitemap_month import SitemapMonth
from articles.models.slug import PreviousListSlug, make_slug
from articles.models.status_change import StatusChange
from articles.models.tag import Tag, TaggedArticle
from articles.models.version import Text, Version

__all__ = [
    "IN_USE",
    "SHOWN_IN",
    "Article",
    "Autosave",
    "Banner",
    "Byline",
    "ChangedFeed",
    "Colour",
    "Contributor",
    "ContributorLink",
    "Correction",
    "DailySalt",
    "FrontPageStory",
    "Image",
    "NextVersion",
    "PictureEntry",
    "Presence",
    "PreviewLink",
    "PreviewOpening",
    "PreviousListSlug",
    "PreviousSlug",
    "RankedStory",
    "Reads",
    "RelatedArticle",
    "SearchEntry",
    "SearchWord",
    "Section",
    "SentForm",
    "SitemapMonth",
    "StatusChange",
    "Tag",
    "TaggedArticle",
    "Text",
    "Version",
    "Visit",
    "make_slug",
]
