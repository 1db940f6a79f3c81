"""Readers find what they look for, and only what they may see; any input gives a page; and cost does not grow."""

import datetime
import json
import re

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from articles.models import Article, SearchEntry, SearchWord, Tag
from articles.search import Scope, among, analysis, entries, find, newest, parse, query, spelling
from articles.search.highlight import excerpt, highlight
from articles.tests.archive import fill, queries_of
from articles.tests.factories import HOUR, make_article, make_contributor, make_section, make_tag
from articles.workflow import Status
from newsportal.background import drain

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)


def found(text: str, **options) -> list[Article]:
    return [result.article for result in find(parse(text), **options).results]


def ago(minutes: int) -> datetime.datetime:
    return NOW - datetime.timedelta(minutes=minutes)


def page_of(client, text: str, **params) -> str:
    response = client.get("/search/", {"q": text, **params})
    assert response.status_code == 200
    return response.content.decode()


# --- What finds what --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Vladimír Kovařík", "vladimir kovarik"),
        ("Vladimir Kovarik", "VLADIMÍR KOVAŘÍK"),
        ("The Ødeskær ferry", "odeskaer"),
        ("Łódź and Đặng Hữu Lộc", "lodz dang huu loc"),
        ("The judges’ ruling", "judge rulings"),
        ("She published what rents were", "publishing rent"),
        ("The postman’s bicycle", "postman's bicycles"),
        ("O’Brien did not resign", "obrien"),
        ("Leclerc-Thuy writes", "leclerc-thuy"),
        ("Over 1,904 years", "1,904"),
        ("A café", "cafe\u0301"),
        ("Cafe\u0301 society", "café"),
        ("A soft\u00adhyphen", "softhyphen"),
        ("Straße in ﬁne print", "strasse fine"),
        # Other scripts
        ("Новости Киева и ёлка", "НОВОСТИ елка"),
        ("Ο Πρωθυπουργός μίλησε", "πρωθυπουργος"),
        ("إعلان الحكومة", "اعلان"),
        ("שָׁלוֹם", "שלום"),
        ("हिन्दी समाचार", "हिन्दी"),
        ("東京都知事が会見", "東京"),
        ("東京都知事が会見", "知事"),
        ("東京都知事が会見", "見"),
        ("新しいニュース", "ニュース"),
        ("서울에서 만나요", "서울"),
        ("ข่าวด่วนวันนี้", "ด่วน"),
        ("GDP成長率", "成長 gdp"),
        # Beginnings, phrases, without
        ("Oceanographers agree", "oceanog*"),
        ("Floodlights fail", "floodlights*"),
        ("They all say frankly", '"all say frankly"'),
        ("They all say frankly", "“all say frankly”"),
        ("A harbour at night", "harbour -day"),
    ],
)
def test_it_finds(text, query):
    article = make_article(headline=text)
    assert found(query) == [article]
    assert found(query, sort="date") == [article]
    # And the same in a text.
    assert found(query + " zinnia") == []
    article.body += f"<p>Zinnia. {text}</p>"
    article.save()
    assert found(query + " zinnia") == [article]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("A harbour at night", "harbour -night"),
        ("A harbour at night", 'harbour -"at night"'),
        ("The night and the harbour", '"harbour night"'),
        ("A harbour at night", '"night at"'),
        ("A harbour at night", "harbour bay"),
        ("A harbour at night", "-harbour"),
        ("東京都知事", "京東"),
        ("カード", "ガード"),
        ("A harbour", "h*"),
    ],
)
def test_it_does_not_find(text, query):
    make_article(headline=text)
    assert found(query) == found(query, sort="date") == []


def test_without_a_phrase_its_words_may_stand_apart():
    article = make_article(headline="At the harbour, night")
    assert found('harbour -"at night"') == [article]


def test_no_phrase_begins_in_the_headline_and_ends_below_it():
    make_article(headline="Nobody saw the harbour", standfirst="Burning ships were far away")
    assert found('"harbour burning"') == []


def test_the_site_s_language_says_which_endings_are_taken_off(settings):
    settings.LANGUAGE_CODE = "de"
    article = make_article(headline="Die Häuser der Städte")
    assert found("haus stadt") == [article]
    settings.LANGUAGE_CODE = "fr"
    article = make_article(headline="L’élection des présidents")
    assert found("election president") == [article]


# --- What comes first -------------------------------------------------------------------------------------------------


def test_headline_before_standfirst_before_tags_and_bylines_before_text():
    author = make_contributor(name="Amara Comet")
    text = make_article(body="<p>A comet.</p>", publish_at=ago(1))
    byline = make_article(bylines=((author, "written"),), publish_at=ago(2))
    tag = make_article(tags=("Comet",), publish_at=ago(3))
    standfirst = make_article(standfirst="It was a comet.", publish_at=ago(4))
    headline = make_article(headline="Comets again", publish_at=ago(5))
    older = make_article(headline="A comet", publish_at=ago(6))
    assert found("comet") == [headline, older, standfirst, byline, tag, text]
    assert found("comet", sort="date") == [text, byline, tag, standfirst, headline, older]


def test_words_that_stand_together_come_before_words_apart():
    together = make_article(body="<p>The great fire began there.</p>", publish_at=ago(9))
    apart = make_article(body="<p>It was great. There was no fire.</p>", publish_at=ago(1))
    assert found("great fire") == [together, apart]


# --- Who may see it, and when -----------------------------------------------------------------------------------------


def test_a_scheduled_story_is_found_in_its_second(client):
    moment = NOW + HOUR
    article = make_article(headline="Regatta", publish_at=moment)
    with time_machine.travel(moment - datetime.timedelta(seconds=1), tick=False):
        assert found("regatta") == [] and newest(parse("regatta"), 5) == []
        assert "No story has this" in page_of(client, "regatta")
    with time_machine.travel(moment, tick=False):
        assert found("regatta") == newest(parse("regatta"), 5) == [article]
        assert article.get_absolute_url() in page_of(client, "regatta")


@pytest.mark.parametrize("status", [Status.DRAFT, Status.IN_REVIEW, Status.WITHDRAWN])
def test_what_is_not_public_is_not_found(status):
    make_article(headline="Regatta", status=status)
    for sort in ("relevance", "date"):
        assert find(parse("regatta"), sort=sort).total == 0


def test_a_withdrawn_story_is_gone_at_once():
    article = make_article(headline="Regatta")
    article.withdraw(None)
    assert found("regatta") == []


def test_no_suggestion_gives_a_draft_away():
    draft = make_article(headline="Merger of Tarnbeck", status=Status.DRAFT)
    assert find(parse("Tarnbek")).suggestion == ""
    draft.section = make_section()
    draft.publish(None)
    assert find(parse("Tarnbek")).suggestion == "tarnbeck"


# --- Kept true --------------------------------------------------------------------------------------------------------


def test_every_part_of_a_story_is_found_as_it_is_now():
    article = make_article(headline="Old words", standfirst="Former", body="<p>Bygone</p>", dateline="Brzeň")
    assert found("brzen former bygone") == [article]
    article.headline, article.standfirst, article.body = "Fresh", "Recent", "<p>Modern</p>"
    article.save()
    assert found("fresh recent modern") == [article]
    for word in ("old", "former", "bygone"):
        assert found(word) == []


def test_tags_and_bylines_are_found_as_soon_as_they_are_there():
    article, author = make_article(), make_contributor(name="Tereza Holubová")
    article.tags.add("Archaeology", "Fisheries")
    byline = article.bylines.create(contributor=author)
    assert found("archaeology fisheries holubova") == [article]
    article.tags.remove("Archaeology")
    byline.delete()
    assert found("archaeology") == found("holubova") == []
    article.bylines.create(contributor=author)
    article.bylines.all().delete()
    article.tags.clear()
    assert found("holubova") == found("fisheries") == []


def test_a_renamed_tag_and_a_renamed_contributor_take_their_stories_along():
    author, tag = make_contributor(name="Ada Quill"), make_tag(name="Trams")
    article = make_article(tags=("Trams",), bylines=((author, "written"), (author, "photographs")))
    tag.name, author.name = "Ferries", "Ada Pen"
    tag.save()
    author.save()
    assert found("ferries pen") == [article]
    assert found("trams") == found("quill") == []
    Tag.objects.all().delete()
    assert found("ferries") == []


def test_what_else_is_told_of_an_author_or_a_tag_reads_no_story(monkeypatch):
    author, tag = make_contributor(name="Ada Quill"), make_tag(name="Trams")
    make_article(tags=("Trams",), bylines=((author, "written"),))
    read = []
    monkeypatch.setattr(entries, "_index", read.append)
    author.biography, tag.slug = "She writes about trams.", "tramways"
    author.save()
    tag.save()
    assert read == []


@pytest.mark.django_db(transaction=True)
def test_a_large_archive_follows_a_new_name_in_the_background_a_batch_at_a_time(monkeypatch):
    monkeypatch.setattr(entries, "BATCH", 3)
    monkeypatch.setattr(entries, "AT_ONCE", 2)
    author, tag = make_contributor(name="Ada Quill"), make_tag(name="Trams")
    stories = [make_article(tags=("Trams",), bylines=((author, "written"),)) for _ in range(6)]
    drain()
    tag.name, author.name = "Ferries", "Ada Pen"
    tag.save()
    author.save()
    assert set(found("ferries")) == set(found("pen")) == set(stories[4:])
    drain()
    assert set(found("ferries")) == set(found("pen")) == set(stories)
    assert found("trams") == found("quill") == []
    assert not DBTaskResult.objects.ready().exists()


@pytest.mark.django_db(transaction=True)
def test_a_large_archive_forgets_a_deleted_tag_in_the_background(monkeypatch):
    monkeypatch.setattr(entries, "A_JOB", 3)
    monkeypatch.setattr(entries, "AT_ONCE", 2)
    make_tag(name="Trams")
    stories = [make_article(tags=("Trams",)) for _ in range(6)]
    drain()
    Tag.objects.get().delete()
    assert set(found("trams")) == set(stories[:4])
    drain()
    assert found("trams") == []
    assert not DBTaskResult.objects.ready().exists()


def test_what_is_rolled_back_was_never_found():
    article = make_article(headline="Regatta")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        article.headline = "Gala"
        article.save()
        assert found("gala") == [article]
        raise ZeroDivisionError
    assert found("regatta") == [Article.objects.get()]
    assert found("gala") == []


def test_a_deleted_story_leaves_nothing():
    article = make_article(
        headline="Regatta", status=Status.DRAFT, tags=("Sailing",), bylines=((make_contributor(), "written"),)
    )
    article.delete()
    assert not SearchEntry.objects.exists()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM articles_fulltext WHERE articles_fulltext MATCH 'regatta OR sailing'")
            assert cursor.fetchone() == (0,)
            # FTS5 compares its index with the entries, and fails for any difference.
            cursor.execute("INSERT INTO articles_fulltext (articles_fulltext, rank) VALUES ('integrity-check', 1)")


def test_saving_what_has_not_changed_writes_nothing():
    article = make_article(tags=("Sailing",))
    with CaptureQueriesContext(connection) as queries:
        entries.index([article.pk])
    assert len(queries) == 2
    assert not [query for query in queries if not query["sql"].lstrip("(").startswith("SELECT")]


def test_reindex_finds_what_is_missing_goes_on_where_it_was_and_can_begin_anew(monkeypatch, capsys):
    articles = [make_article(headline=f"Regatta {n}") for n in range(5)]
    SearchEntry.objects.all().delete()
    monkeypatch.setattr(entries, "BATCH", 2)
    monkeypatch.setattr("articles.management.commands.reindex.BATCH", 2)
    index, calls = entries.index, []

    def broken_off(numbers):
        calls.append(numbers)
        if len(calls) == 2:
            raise KeyboardInterrupt
        index(numbers)

    monkeypatch.setattr(entries, "index", broken_off)
    with pytest.raises(KeyboardInterrupt):
        call_command("reindex")
    assert SearchEntry.objects.count() == 2
    call_command("reindex")
    assert "3 stories and 0 pictures done" in capsys.readouterr().out
    assert set(found("regatta")) == set(articles)

    call_command("reindex")
    assert "0 stories and 0 pictures done" in capsys.readouterr().out
    SearchWord.objects.all().delete()
    call_command("reindex", "--all")
    assert "5 stories and 0 pictures done" in capsys.readouterr().out
    assert SearchWord.objects.filter(word="regatta").exists()
    assert set(found("regatta")) == set(articles)


def test_another_language_makes_all_entries_outdated(settings):
    make_article()
    assert not entries.outdated().exists()
    settings.LANGUAGE_CODE = "cs"
    assert entries.outdated().count() == 1


def test_a_beginning_is_asked_for_by_the_words_that_it_stands_for():
    """Of a beginning FTS5 and GIN put all stories together before they give the first."""
    headlines = ("Harbour at night", "Harbours sold", "A harbinger", "Harbours")
    sea = [make_article(headline=headline, body="<p>Rain.</p>") for headline in headlines]
    make_article(headline="A herb", body="<p>Sage.</p>")
    asked: list = []

    def remember(execute, sql, params, many, context):
        asked.extend(params if "articles_searchentry" in sql and params else [])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(remember):
        assert (
            set(found("harb*"))
            == set(found("harb*", sort="date"))
            == set(among(Article.objects.all(), "harb"))
            == set(sea)
        )
        assert found("harb* -harbour*") == [sea[2]]
    told = [value for value in asked if isinstance(value, str) and "harb" in value]
    assert told and not [value for value in told if "*" in value], told


def test_of_many_words_that_begin_so_those_are_meant_that_came_first(monkeypatch):
    monkeypatch.setattr("articles.search.beginnings.MOST", 2)
    first, second = (make_article(headline=headline, body="<p>Rain.</p>") for headline in ("Harbour", "Harbinger"))
    make_article(headline="Harbottle", body="<p>Rain.</p>")
    assert set(found("harb*")) == {first}  # with what was typed itself, which may be a word
    monkeypatch.setattr("articles.search.beginnings.MOST", 3)
    assert set(found("harb*")) == {first, second}


def test_beginnings_with_digits_and_of_short_words_are_found(client):
    year, short = make_article(headline="Budget of 2026"), make_article(headline="Cod and chips")
    make_article(headline="Coding")
    assert found("202*") == [year]
    assert short in found("co*") and short in found("cod*")
    assert found("2027*") == found("cox*") == []


def test_a_huge_text_is_saved_and_found_by_its_beginning():
    words = " ".join(f"word{n}x{n * 7919}" for n in range(32_000))
    article = make_article(body=f"<p>Overture {words}</p>")
    assert found("overture word3x23757") == [article]


# --- Narrowed ---------------------------------------------------------------------------------------------------------


def test_filters_narrow_by_section_kind_tag_author_and_days(client):
    section, author = make_section(name="World"), make_contributor(name="Ada Quill", slug="ada-quill")
    wanted = make_article(
        headline="Regatta abroad", section=section, kind="opinion", tags=("Trams",), bylines=((author, "written"),),
        publish_at=datetime.datetime(2024, 5, 4, 23, 30, tzinfo=timezone.get_default_timezone()),
    )  # fmt: skip
    make_article(headline="Regatta here")
    for params in (
        {"section": "world"}, {"kind": "opinion"}, {"tag": "trams"}, {"tag": "Trams"}, {"contributor": "Ada Quill"},
        {"first_day": "2024-05-04", "last_day": "2024-05-04"}, {"last_day": "2024-05-04"},
        {"section": "world", "kind": "opinion", "tag": "trams", "contributor": "ada-quill", "last_day": "2024-12-31"},
    ):  # fmt: skip
        for sort in ("", "date"):
            page = page_of(client, "regatta", sort=sort, **params)
            assert ">1 story<" in page, params
            assert wanted.get_absolute_url() in page
    assert "No story has this here" in page_of(client, "regatta", last_day="2024-05-03")


def test_a_filter_by_an_old_address_is_one_by_the_new(client):
    section, author, tag = make_section(name="World"), make_contributor(name="Ada Quill"), make_tag(name="Trams")
    make_article(headline="Regatta abroad", section=section, tags=("Trams",), bylines=((author, "written"),))
    make_article(headline="Regatta here")
    asked = {"section": section.slug, "contributor": author.slug, "tag": tag.slug}
    for thing in (section, author, tag):
        thing.slug = f"new-{thing.slug}"
        thing.save()
    for name, slug in asked.items():
        assert ">1 story<" in page_of(client, "regatta", **{name: slug}), name
    page = page_of(client, "regatta", section="world")
    assert '<option value="new-world" selected' in page and "section=new-world" in page


def test_a_wrong_filter_is_answered_beside_its_field_with_what_was_typed(client):
    page = page_of(client, "regatta", tag="Nonesuch<b>", first_day="yesterday", section="nowhere", kind="x", sort="y")
    for sentence in ("There is no such tag.", "Enter a valid date.", "There is no such section."):
        assert sentence in page
    assert 'value="Nonesuch&lt;b&gt;"' in page and 'value="yesterday"' in page and "<details" in page
    assert "before the first day" in page_of(client, "x", first_day="2024-02-01", last_day="2024-01-01")
    assert "No story" in page_of(client, "x", first_day="0001-01-01", last_day="9999-12-31")


# --- Pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["relevance", "date"])
def test_pages_by_key_show_every_story_once_and_lead_back(sort):
    for n in range(7):
        make_article(headline=f"Regatta {n}" if n % 2 else "Story", body="<p>Regatta.</p>", publish_at=ago(n % 3))
    pages, before = [], ""
    while True:
        page = find(parse("regatta"), sort=sort, before=before, size=3)
        pages.append(page)
        if not (before := page.before):
            break
    numbers = [result.article.pk for page in pages for result in page.results]
    assert len(numbers) == len(set(numbers)) == 7
    assert numbers == [article.pk for article in found("regatta", sort=sort)]
    assert pages[0].after == "" and all(page.total == 7 for page in pages)
    back = find(parse("regatta"), sort=sort, after=pages[2].after, size=3)
    assert [result.article.pk for result in back.results] == numbers[3:6]
    again = find(parse("regatta"), sort=sort, after=back.after, size=3)
    assert [result.article.pk for result in again.results] == numbers[:3] and again.after == ""


def test_links_to_other_pages_keep_the_filters(client, monkeypatch):
    monkeypatch.setattr("articles.search.face.find.__kwdefaults__", {**find.__kwdefaults__, "size": 1})
    section = make_section(name="World")
    for _ in range(3):
        make_article(headline="Regatta & gala", section=section)
    page = page_of(client, "regatta & gala", section="world", sort="date")
    (older,) = re.findall(r'pager-older" href="([^"]+)"', page)
    older = older.replace("&amp;", "&")
    assert "section=world" in older and "sort=date" in older and "q=regatta+%26+gala" in older
    assert "pager-newer" in client.get("/search/" + older).content.decode()


# --- Marked -----------------------------------------------------------------------------------------------------------


def test_what_was_looked_for_is_marked_and_no_markup_comes_from_a_story(client):
    make_article(
        headline="Judges <b>rule</b> & rest",
        body="<p>"
        + "word " * 60
        + "&lt;script&gt;alert(1)&lt;/script&gt; the judge’s lantern &amp; "
        + "more " * 60
        + "</p>",
    )
    page = page_of(client, "judge rest lantern")
    assert "<mark>Judges</mark> &lt;b&gt;rule&lt;/b&gt; &amp; <mark>rest</mark>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; the <mark>judge’s</mark> <mark>lantern</mark> &amp; more" in page
    assert "… word" in page and "<script>alert" not in page


@example("dying")
@example("skies’")
@example("Ärzte")
@example("Æther")
@example("Vladimír’s")
@example("o'clock")
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_an_english_word_is_looked_at_closely_only_if_it_begins_as_one_that_is_wanted(text):
    """What is passed over could not have been found: a token begins with the first letter of its word, folded."""
    assert analysis.begins_as_its_word("en")
    for word in analysis.WORD.findall(analysis.normalise(text)):
        first = analysis.fold(word[0])[:1]
        if first and not analysis.UNSPACED.search(word):
            assert all(token.startswith(first) for token in analysis.tokens_of(word, "en")), word


@given(text=st.text(max_size=200), query=st.text(max_size=30))
@example(text="ŉ İ ﬁ ½ 東京ガ\u3099 a\u0301\u0327", query="n i fi 1 京 a")
@settings(max_examples=150, deadline=None)
def test_marking_changes_nothing_but_marks(text, query):
    from html import unescape

    from articles.search.analysis import normalise

    marked = highlight(text, parse(query))
    assert unescape(marked.replace("<mark>", "").replace("</mark>", "")) == unescape(str(normalise(text)))
    bare = re.sub("</?mark>", "", excerpt(text, parse(query)))
    assert "<" not in bare and '"' not in bare


# --- Any input --------------------------------------------------------------------------------------------------------

NASTY = [
    "", " ", "-", "--", "*", '"', '""', '"""', "'", "''", "\\", "\0", "a\0b", '"*:-^()', "NEAR(a b)", "a AND", "OR", "NOT a",
    "a OR b", "headline:a", "{words}: a", "^a", "a*b", "-a", '-"', "-*", "%", "_", "%_%", "'; DROP TABLE x; --", "a & b | !c <-> d",
    "'a':*", ":*", "!!", "<->", "😀", "👩‍👩‍👧‍👧 family", "a" * 10_000, "a " * 5_000, '"' * 10_000,
    "-" * 10_000, "(" * 5_000, "東" * 10_000,
    '"' + "東京" * 200 + '"', "\u202e\u200b\ufeff", "\ud7ff\uffff", "ß" * 300, "ﷺ" * 300,
    "½ ² ⅷ", "a\u0301" * 5_000, "_a", "__", "x_y",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY, ids=lambda text: json.dumps(text)[:20])
def test_any_input_gives_a_page(client, text):
    make_article(headline="A quiet day", body="<p>東京 x_y ½ a</p>")
    for sort in ("", "date"):
        assert client.get("/search/", {"q": text, "sort": sort}).status_code == 200
    list(among(Article.objects.all(), text))


@given(
    text=st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("\"*-() :^'\\&|!<>\0")), max_size=40)
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_typed_is_answered(text):
    for sort in ("relevance", "date"):
        find(parse(text), sort=sort)


@pytest.mark.parametrize("cursor", ["x", "1", "1.", ".1", "-1.5", "9.9999999999999999999", "0.0", "٣.٤", "1.2\n", "\0"])
def test_a_cursor_that_is_none_gives_a_page(client, cursor):
    make_article(headline="Regatta")
    for name in ("before", "after"):
        for sort in ("relevance", "date"):
            assert client.get("/search/", {"q": "regatta", name: cursor, "sort": sort}).status_code == 200


def test_long_queries_are_cut_and_say_so(client):
    make_article(body=f"<p>{' '.join(f'w{n}' for n in range(30))}</p>")
    page = page_of(client, " ".join(f"w{n}" for n in range(30)))
    assert "its first words were looked for" in page and ">1 story<" in page


def test_no_more_of_a_query_is_put_in_order_than_is_looked_for(monkeypatch):
    seen = []
    monkeypatch.setattr(query, "normalise", lambda text: seen.append(len(text)) or text)
    assert parse("a\u0301" * 100_000).was_cut
    assert max(seen) <= 4 * query.LONGEST_QUERY


def test_a_name_that_is_longer_than_any_is_refused_beside_its_field(client):
    answer = client.get("/search/", {"q": "harbour", "tag": "a" * 5000})
    assert "at most 300 characters" in answer.content.decode()


def test_no_words_ask_for_some(client):
    make_article()
    assert "at least one word" in page_of(client, "-harbour")
    assert "at least one word" not in page_of(client, "")


# --- Misspelt ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("kovarzik", "kovarik"), ("Kowarik", "kovarik"), ("goverment", "government"), ("acommodation", "accommodation"),
     ("harbuor", "harbour"), ("libary -x", "library -x"), ("tarms", "trams"), ("Виборы", "выборы"),
     ("kovarik goverment", "kovarik government")],
)  # fmt: skip
def test_misspelt_words_are_asked_about(client, typed, meant):
    make_article(headline="Kovařík’s government: accommodation, library, harbour, trams, выборы")
    assert find(parse(typed)).suggestion == meant
    assert f">{meant}</a>?" in page_of(client, typed)


def test_right_words_are_not_asked_about():
    make_article(headline="Harbour"), make_article(headline="Library")
    assert find(parse("harbour library")).suggestion == find(parse("zzzzqqqq")).suggestion == ""


@given(a=st.text("abc", max_size=6), b=st.text("abc", max_size=6))
def test_the_distance_of_words_is_symmetrical_and_zero_for_the_same(a, b):
    assert spelling.distance(a, b) == spelling.distance(b, a)
    assert (spelling.distance(a, b) == 0) == (a == b)
    assert spelling.distance(a, a + "x") == 1


# --- The page ---------------------------------------------------------------------------------------------------------


def test_what_people_look_for_is_kept_nowhere_and_listed_nowhere(client):
    response = client.get("/search/", {"q": "regatta"})
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex"
    assert not response.cookies and "Cookie" not in response.get("Vary", "")
    assert client.post("/search/", {"q": "x"}).status_code == 405


def test_browsers_are_offered_the_search(client):
    page = client.get("/").content.decode()
    (address,) = re.findall(r'<link rel="search" type="application/opensearchdescription\+xml" href="([^"]+)"', page)
    response = client.get(address)
    assert response["Content-Type"].startswith("application/opensearchdescription+xml")
    assert "http://testserver/search/?q={searchTerms}" in response.content.decode()
    assert len(re.search(r"<ShortName>(.*)</ShortName>", response.content.decode())[1]) <= 16


def test_there_is_a_search_box_on_every_page_and_on_a_missing_one(client):
    assert client.get("/").content.decode().count('role="search"') == 1
    missing = client.get("/nowhere/")
    assert missing.status_code == 404 and missing.content.decode().count('role="search"') == 2


# --- The desk ---------------------------------------------------------------------------------------------------------


def test_the_desk_finds_drafts_by_their_text_but_no_colleague_s(client, editor, reporter):
    make_article(headline="Mine", body="<p>Regatta</p>", status=Status.DRAFT, created_by=reporter)
    make_article(headline="Theirs", body="<p>Regatta</p>", status=Status.DRAFT, created_by=editor)
    make_article(headline="Public", body="<p>A regatta</p>")
    address = reverse("admin:articles_article_changelist")
    for user, seen in ((editor, {"Mine", "Theirs", "Public"}), (reporter, {"Mine", "Public"})):
        client.force_login(user)
        for text in ("regatta", "regat", '"regatta'):
            page = client.get(address, {"q": text})
            assert {article.headline for article in page.context["cl"].result_list} == seen
        assert not client.get(address, {"q": "- *"}).context["cl"].result_list


# --- What it costs ----------------------------------------------------------------------------------------------------


def test_a_search_costs_as_many_queries_with_1200_stories_as_with_50(client, newsroom):
    counts = []
    for stories in (50, 1_200):
        fill(newsroom, stories=stories)
        call_command("reindex", verbosity=0)
        searches = {
            "common": "?q=rain", "rare": "?q=story+49", "phrase": '?q="story+49"', "by date": "?q=rain&sort=date",
            "narrowed": f"?q=rain&section={newsroom[0][0].slug}&tag={newsroom[2][0].slug}", "nothing": "?q=zzzz", "none": "",
        }  # fmt: skip
        counts.append(queries_of(client, {name: f"/search/{query}" for name, query in searches.items()}))
    # Of what more stories have than are ranked, those that have it in their head are asked for, too: once more, however many. And
    # PostgreSQL is asked whether that is common.
    more = {name: counts[1][name] - counts[0][name] for name in counts[0]}
    assert {name: number for name, number in more.items() if number} == {
        "common": 2 if connection.vendor == "postgresql" else 1
    }
    # On PostgreSQL three of them begin and end a setting.
    assert max(counts[1].values()) <= (15 if connection.vendor == "postgresql" else 12), counts[1]


@pytest.mark.parametrize("is_analysed", [True, False])
def test_every_question_goes_through_the_index(newsroom, is_analysed):
    fill(newsroom, stories=600)
    call_command("reindex", verbosity=0)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT gin_clean_pending_list('articles_searchentry_words')")
        cursor.execute("ANALYZE")
        if not is_analysed:
            if connection.vendor == "postgresql":
                pytest.skip(
                    "Only SQLite knows nothing of its tables until somebody runs ANALYZE: PostgreSQL gathers it."
                )
            # What SQLite takes tables for of which it knows nothing.
            cursor.execute("DELETE FROM sqlite_stat1")
            cursor.execute("ANALYZE sqlite_schema")
    asked = ["77", "story 77", '"story 77"', "stor*", "story -77", "rain"]
    for text in asked:
        for sort in ("relevance", "date"):
            for plan in plans_of(lambda text=text, sort=sort: find(parse(text), sort=sort)):
                assert not re.search(r"SCAN articles_(article|searchentry)\b|Seq Scan", plan), (text, plan)
                if connection.vendor == "sqlite":
                    assert re.search(r"SCAN articles_fulltext VIRTUAL TABLE INDEX \d+:M", plan), (text, plan)
                    # Given in the order of its rows, so that it can stop when a page is full.
                    assert "TEMP B-TREE FOR ORDER BY" not in plan, (text, plan)
                elif "77" in text and "-" not in text:  # the others find nearly all, for which no index is better
                    assert "articles_searchentry_words" in plan, (text, plan)


@pytest.mark.parametrize("sort", ["relevance", "date"])
@pytest.mark.parametrize("some", [0, 100_000])
def test_what_some_stories_are_asked_for_is_what_many_are(newsroom, monkeypatch, some, sort):
    fill(newsroom, stories=60)
    call_command("reindex", verbosity=0)
    monkeypatch.setattr("articles.search.face.SOME", some)
    sections, contributors, tags = newsroom
    for scope in (
        Scope(contributor=contributors[0]), Scope(tag=tags[1]), Scope(section=sections[2]), Scope(kind="news"),
        Scope(contributor=contributors[1], tag=tags[0]), Scope(section=sections[3], first_day=timezone.localdate()),
    ):  # fmt: skip
        stories, _ = scope.stories()
        low, _ = scope.keys()
        wanted = set(stories.filter(search_entry__key__gte=low).values_list("pk", flat=True))
        result = find(parse("rain"), scope, sort=sort, size=100)
        assert {one.article.pk for one in result.results} == wanted and result.total == len(wanted)
        assert {story.pk for story in newest(parse("rain"), 100, scope)} == wanted
        assert set(among(stories, "rain").values_list("pk", flat=True)) == set(stories.values_list("pk", flat=True))


def is_held_against_the_full_text_alone(plan: str) -> bool:
    first, second = plan.splitlines()[:2]
    return "SCAN articles_fulltext" in first and "LIST SUBQUERY" in second


@pytest.mark.parametrize("sort", ["relevance", "date"])
def test_a_common_word_is_looked_for_in_the_few_stories_of_somebody_and_not_in_all(newsroom, sort):
    """The newest stories were gone through until a page was full, which for somebody with two stories is the whole archive."""
    fill(newsroom, stories=600)
    author = make_contributor()
    for story in Article.objects.order_by("pk")[:2]:
        story.bylines.create(contributor=author, publish_at=story.publish_at)
    call_command("reindex", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for plan in plans_of(lambda: find(parse("rain"), Scope(contributor=author), sort=sort)):
        if connection.vendor == "sqlite":
            assert is_held_against_the_full_text_alone(plan), plan
        else:
            assert "articles_article_pkey" in plan or "Index Cond: (article_id = ANY" in plan, plan


@pytest.mark.skipif(
    connection.vendor != "sqlite",
    reason="This plan is of SQLite's full text; PostgreSQL looks up numbers, as the test before asks",
)
def test_of_a_narrowed_list_of_the_desk_nothing_is_read_that_is_not_in_it(newsroom):
    fill(newsroom, stories=60)
    call_command("reindex", verbosity=0)
    drafts = [make_article(status=Status.DRAFT, headline=f"Rain {number}") for number in range(5)]
    listed = Article.objects.filter(status=Status.DRAFT)
    assert set(among(listed, "rain")) == set(drafts)
    [plan] = plans_of(lambda: among(listed, "rain"))
    assert is_held_against_the_full_text_alone(plan), plan


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's index has its rows in the order of time")
def test_a_rare_word_is_looked_up_and_not_walked_for_in_a_large_archive(newsroom):
    """Of a word that it does not know the server thinks that half a percent has it: it would read a million entries for none."""
    fill(newsroom, stories=600)
    call_command("reindex", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('articles_searchentry_words')")
        cursor.execute("ANALYZE")
        # As if each entry were a thousand.
        cursor.execute("UPDATE pg_class SET reltuples = 600000 WHERE relname ~ '^articles_(searchentry|article)'")
    for word in ("zzzz", "77"):
        for plan in plans_of(lambda word=word: find(parse(word), sort="date")):
            assert "articles_searchentry_words" in plan and "articles_searchentry_key" not in plan, plan
    for plan in plans_of(lambda: find(parse("rain"), sort="date")):
        assert "articles_searchentry_key" in plan, plan


def plans_of(ask) -> list[str]:
    """The plan of each question that reads the words of entries."""
    queries: list[tuple] = []

    def remember(execute, sql, params, many, context):
        if "MATCH" in sql or ("@@" in sql.partition(" WHERE ")[2] and "LIMIT" in sql):
            queries.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(remember):
        ask()
    assert queries
    plans = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Small tables are rightly scanned; this asks whether there is a way without.
            cursor.execute("SET LOCAL enable_seqscan = off")
        for sql, params in queries:
            cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql, params)
            plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
    return plans
