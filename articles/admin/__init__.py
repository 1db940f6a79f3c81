"""The desk screens: one file a screen, each thin. They call verbs; they decide nothing."""

from articles.admin.article import ArticleAdmin
from articles.admin.banner import BannerAdmin
from articles.admin.contributor import ContributorAdmin
from articles.admin.front_page import FrontPageStoryAdmin
from articles.admin.image import ImageAdmin
from articles.admin.section import SectionAdmin
from articles.admin.tag import TagAdmin

__all__ = [
    "ArticleAdmin",
    "BannerAdmin",
    "ContributorAdmin",
    "FrontPageStoryAdmin",
    "ImageAdmin",
    "SectionAdmin",
    "TagAdmin",
]
