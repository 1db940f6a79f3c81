"""The addresses of what readers see: a public contract."""

from django.urls import path, register_converter

from articles import feeds, sitemaps
from articles.feeds import feed_paths
from articles.lists import KINDS
from articles.models.slug import is_slug
from articles.reads.counting import count_read
from articles.views import front, lists, search, story, versions
from articles.views.preview import preview


class YearConverter:
    """From 1000 on: no newspaper is older, and east of Greenwich the first midnight of the year 1 is before all time."""

    regex = "[1-9][0-9]{3}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int | str) -> str:
        return f"{int(value):04}"


class TwoDigitConverter(YearConverter):
    regex = "[0-9]{2}"

    def to_url(self, value: int | str) -> str:
        return f"{int(value):02}"


class SlugConverter:
    """Slugs in any script: no pattern knows its marks."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        if not is_slug(value):
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(YearConverter, "year")
register_converter(TwoDigitConverter, "two")
register_converter(SlugConverter, "uslug")

urlpatterns = [
    path("", front.front, name="front"),
    path("latest/", lists.LatestList.as_view(), name="latest"),
    # sections/…/, tags/…/, authors/…/
    *(path(f"{of.kind.folder}/<uslug:slug>/", of.as_view(), name=of.kind.name) for of in lists.PAGES),
    path("<year:year>/", lists.ArchiveList.as_view(), name="archive_year"),
    path("<year:year>/<two:month>/", lists.ArchiveList.as_view(), name="archive_month"),
    path("<year:year>/<two:month>/<two:day>/", lists.ArchiveList.as_view(), name="archive_day"),
    path("<year:year>/<two:month>/<two:day>/<uslug:slug>/", story.story, name="story"),
    path("<year:year>/<two:month>/<two:day>/<uslug:slug>/versions/", versions.versions, name="story_versions"),
    path(
        "<year:year>/<two:month>/<two:day>/<uslug:slug>/versions/<int:number>/",
        versions.version,
        name="story_version",
    ),
    path("site-card-<slug:key>.jpg", front.site_card_image, name="site_card"),
    path("most-read/", lists.most_read_lists, name="most_read"),
    path("read/<int:pk>/", count_read, name="read"),
    path("search/", search.search, name="search"),
    path("opensearch.xml", search.opensearch, name="opensearch"),
    path("corrections/", lists.corrections, name="corrections"),
    path("preview/<str:token>/", preview, name="preview"),
    *feed_paths("", "site", feeds.site),
    *(feed for kind in KINDS for feed in feed_paths(f"{kind.folder}/<uslug:slug>/", kind.name, feeds.of_kind(kind))),
    *feed_paths("search/", "search", feeds.search),
    path("sitemap.xml", sitemaps.index, name="sitemap_index"),
    path("sitemap-pages.xml", sitemaps.pages, name="sitemap_pages"),
    path("sitemap-<year:year>-<two:month>.xml", sitemaps.month, name="sitemap_month"),
    path("sitemap-<year:year>-<two:month>-<number:part>.xml", sitemaps.month, name="sitemap_month"),
    *(
        path(f"sitemap-{name}-<number:part>.xml", sitemaps.lists, {"name": name}, name=f"sitemap_{name}")
        for name in sitemaps.LISTS
    ),
    path("news-sitemap.xml", sitemaps.news, name="sitemap_news"),
]
