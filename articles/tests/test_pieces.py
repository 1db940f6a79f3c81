"""Pieces of pages are made once for the same values, and anew for any others."""

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.safestring import SafeString

from articles.caching import pieces
from articles.caching.pieces import Given, content, kept, piece
from articles.caching.prepared import Prepared
from articles.models import Article, Section
from articles.templatetags.articles import picture
from articles.tests.factories import make_article, make_contributor, make_image, make_section

CARD = "components/card.html"


@pytest.fixture(autouse=True)
def nothing_kept():
    pieces.forget()
    yield
    pieces.forget()


@pytest.fixture
def made(monkeypatch):
    """The names of the templates that were rendered, in order."""
    names = []

    def get_template(name):
        names.append(name)
        return original(name)

    original = pieces.get_template
    monkeypatch.setattr(pieces, "get_template", get_template)
    return names


def card(article: Article) -> str:
    found = Article.objects.for_lists().get(pk=article.pk)
    found.authors  # noqa: B018 (as a list has them)
    return piece(CARD, article=found, level="2")


@pytest.mark.django_db
def test_the_same_story_read_again_is_the_same_piece(made):
    article = make_article(bylines=((make_contributor(name="A. Writer"), "written"),))
    assert card(article) == card(article)
    assert "A. Writer" in card(article)
    assert made == [CARD]


@pytest.mark.django_db
def test_whatever_changes_in_a_story_or_beside_it_is_shown_at_once():
    author = make_contributor(name="A. Writer")
    article = make_article(headline="Fog", bylines=((author, "written"),))
    card(article)
    Article.objects.filter(pk=article.pk).update(headline="Rain", comment_count=7)
    assert "Rain" in card(article)
    assert "7 comments" in card(article)
    Section.objects.filter(pk=article.section_id).update(name="Weather")
    assert "Weather" in card(article)
    type(author).objects.filter(pk=author.pk).update(name="B. Author")
    assert "B. Author" in card(article)


@pytest.mark.django_db
def test_a_page_shows_what_was_changed_behind_its_back(client):
    """By no verb of ours, and in no process of ours."""
    article = make_article(headline="Fog", standfirst="In the morning.")
    other = make_article(section=article.section)
    for url in ("/", article.get_absolute_url(), article.section.get_absolute_url()):
        assert "Fog" in client.get(url).content.decode()
        Article.objects.filter(pk=article.pk).update(headline=f"Snow on {url}")
        assert f"Snow on {url}" in client.get(url).content.decode()
        Article.objects.filter(pk=article.pk).update(headline="Fog")
    Section.objects.filter(pk=article.section_id).update(name="Sky", colour="moss")
    page = client.get(other.get_absolute_url()).content.decode()
    assert 'data-colour="moss"' in page
    assert ">Sky</a>" in page


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        ("<b>", SafeString("<b>")),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": 2}),
        (None, ""),
    ],
)
def test_what_looks_different_is_another_piece(one, other):
    assert content(one) != content(other)
    assert content(one) == content(one)


@pytest.mark.django_db
def test_a_text_never_gets_the_markup_of_one_that_was_html_already():
    image = make_image(alt="Fog & rain")
    assert 'alt="Fog & rain"' in picture(image, sizes="100vw", alt=SafeString("Fog & rain"))
    assert 'alt="Fog &amp; rain"' in picture(image, sizes="100vw")


def test_of_what_cannot_be_compared_there_is_no_piece():
    with pytest.raises(TypeError, match="cannot be told"):
        piece(CARD, article=object())


@pytest.mark.django_db
def test_a_piece_that_asked_the_database_is_not_kept(made):
    """It shows what its values do not say."""
    article = make_article()
    for _ in range(2):
        found = Article.objects.only("slug").get(pk=article.pk)
        assert article.headline in piece(CARD, article=found)
    assert made == [CARD, CARD]


@pytest.mark.django_db
def test_nor_is_one_that_asked_a_copy_of_the_database(monkeypatch):
    monkeypatch.setitem(connections.settings, "replica", connections.settings["default"])
    made = []

    def make() -> SafeString:
        made.append(1)
        # As a cursor does, which there is none of for a database that is no test's own.
        connections["replica"].execute_wrappers[-1](lambda *args: None, "SELECT 1", None, False, {})
        return SafeString("<p>")

    try:
        for _ in range(2):
            kept(("asks a copy", 1), make)
    finally:
        del connections["replica"]
    assert made == [1, 1]


@pytest.mark.django_db
def test_what_a_prepared_query_has_read_may_not_be_changed():
    article = make_article(headline="Fog", section=make_section())
    ask = Prepared(lambda pk: Article.objects.for_lists(bylines=False).filter(pk=pk), pk=int)
    [found] = ask(pk=article.pk)
    found.headline = "Rain"
    with pytest.raises(ValueError, match="has been changed"):
        piece(CARD, article=found, without_bylines=True)
    [found] = ask(pk=article.pk)
    found.section.name = "Weather"
    with pytest.raises(ValueError, match="has been changed"):
        piece(CARD, Given(article=found), without_bylines=True)


@pytest.mark.django_db
def test_there_is_room_for_so_much_and_the_oldest_go(monkeypatch, made):
    first, second, third = make_article(), make_article(), make_article()
    card(first)
    monkeypatch.setattr(pieces, "ROOM", len(card(first)) + 10)
    card(second)
    card(third)
    card(third)
    card(first)
    assert made == [CARD, CARD, CARD, CARD]


def test_the_last_of_a_kind_is_told_from_what_equals_it_and_looks_otherwise():
    shown = [
        kept(("a number", content(value)), lambda value=value: SafeString(value)) for value in (1, True, 1.0, 1, True)
    ]
    assert shown == ["1", "True", "1.0", "1", "True"]


def test_the_last_of_a_kind_is_of_its_time_zone():
    def clock():
        return kept(("clock",), lambda: SafeString(timezone.get_current_timezone_name()))

    with timezone.override("Africa/Lagos"):
        assert clock() == "Africa/Lagos"
    with timezone.override("Asia/Tokyo"):
        assert clock() == "Asia/Tokyo"


@pytest.mark.django_db
def test_settings_and_time_zones_are_not_mixed_up(settings):
    article = make_article()
    lagos = card(article)
    settings.TIME_ZONE = "Asia/Tokyo"
    assert card(article) != lagos


@pytest.mark.django_db
def test_a_known_story_costs_its_page_queries_and_nothing_else(client, made):
    article = make_article()
    client.get(article.get_absolute_url())
    del made[:]
    with CaptureQueriesContext(connection):
        client.get(article.get_absolute_url())
    assert made == []
