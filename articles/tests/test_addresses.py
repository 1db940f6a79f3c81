"""A story's address is a promise: it never leads nowhere."""

import datetime
from urllib.parse import unquote

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from articles.models import Article, Contributor, PreviousSlug, Section, Tag
from articles.models.slug import MAX_LENGTH, make_slug
from articles.tests.factories import make_article, make_section
from articles.workflow import Status

pytestmark = pytest.mark.django_db

MORNING = datetime.datetime(2026, 3, 14, 9, 0, tzinfo=datetime.UTC)

VOWEL_SIGNS = ["हिन्दी समाचार", "ภาษาไทย ข่าววันนี้", "น้ำท่วม", "தமிழ்"]


@pytest.mark.parametrize(
    ("headline", "slug"),
    [
        ("Vladimír Kovařík wins", "vladimir-kovarik-wins"),
        ("Ľubomír Šťastný, Ødeskær & Łódka", "lubomir-stastny-odeskaer-lodka"),
        ("Straße, þing, œuvre", "strasse-thing-oeuvre"),
        ("Vĩnh Sa: phở đặc biệt", "vinh-sa-pho-dac-biet"),
        ("Новости дня", "новости-дня"),
        ("Йод и ёж", "йод-и-ёж"),
        ("港の朝", "港の朝"),
        ("İstanbul'da Ağrı", "istanbulda-agri"),
        ("\ufb01ne \ufb02ags, ǽon, 5 ㎏", "fine-flags-aeon-5-kg"),
        ("за\u0301мок и замо\u0301к", "замок-и-замок"),
        ("हिन्दी समाचार", "हिन्दी-समाचार"),
        ("ภาษาไทย ข่าววันนี้", "ภาษาไทย-ข่าววันนี้"),
        ("น้ำท่วม", "น้ำท่วม"),
        ("தமிழ்", "தமிழ்"),
        ("র\u200d্যাব", "র্যাব"),
        ("葛\U000e0100飾 ❤\ufe0f", "葛飾"),
        ("\u093f \u0301", ""),
        ("!!!", ""),
    ],
)
def test_latin_script_gives_ascii_and_other_scripts_keep_their_letters(headline, slug):
    assert make_slug(headline) == slug


@pytest.mark.parametrize("words", VOWEL_SIGNS)
def test_words_of_which_vowel_signs_are_part_make_addresses_that_answer(client, words):
    section, author = make_section(name=words), Contributor.objects.create(name=words)
    article = make_article(headline=words, section=section, tags=(words,), bylines=((author, "written"),))
    for thing in (article, section, author, article.tags.get()):
        thing.full_clean()
        assert thing.slug == words.replace(" ", "-")
    url = article.get_absolute_url()
    assert client.get(url).status_code == 200
    places = [thing.get_absolute_url() for thing in (section, author, article.tags.get())]
    for place in ("/", "/latest/", *places, *(f"{place}feed/" for place in places), f"{url[:12]}"):
        response = client.get(place)
        assert response.status_code == 200 and url in response.content.decode(), place
    assert url in client.get(f"/sitemap-{article.published_on:%Y-%m}.xml").content.decode()
    article.slug = "renamed"
    article.save()
    assert client.get(url)["Location"] == article.get_absolute_url()
    article.slug = words.replace(" ", "-")
    article.save()
    assert client.get(f"{url[:12]}renamed/")["Location"] == url


@pytest.mark.parametrize(
    "path", ["/tags/%E0%A4%BF/", "/tags/a%20b/", "/tags/a.b/", "/tags/%00/", "/tags/a%0A/", "/tags/%FF/"]
)
def test_what_is_no_slug_is_404_and_leads_to_no_list(client, path):
    with pytest.raises(Resolver404):
        resolve(unquote(path))
    assert client.get(path).status_code == 404


def test_an_old_address_without_vowel_signs_stays(client):
    article = make_article(headline="हिन्दी", slug="हनद")
    article.full_clean()
    article.save()
    assert article.slug == "हनद"
    assert client.get(article.get_absolute_url()).status_code == 200


def test_a_long_slug_is_cut_between_words():
    slug = make_slug("word " * 60)
    assert len(slug) <= MAX_LENGTH
    assert set(slug.split("-")) == {"word"}


def test_a_story_without_any_letter_still_has_an_address(client):
    article = make_article(headline="!!! ???")
    assert client.get(article.get_absolute_url()).status_code == 200


def test_the_day_in_the_address_is_the_newsrooms(client):
    # 23:30 in UTC is half past midnight of the next day in Lagos.
    article = make_article(publish_at=datetime.datetime(2026, 3, 14, 23, 30, tzinfo=datetime.UTC), headline="Late")
    assert article.get_absolute_url() == "/2026/03/15/late/"
    assert client.get("/2026/03/15/").status_code == 200
    assert client.get("/2026/03/14/").status_code == 404


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("America/Santiago", "2026-04-05T03:30Z", "2026/04/04"),
        ("Africa/Cairo", "2026-10-29T21:30Z", "2026/10/29"),
        ("Asia/Beirut", "2026-10-24T21:30Z", "2026/10/24"),
    ],
)
def test_the_hour_that_a_day_has_twice_at_its_end_is_of_that_day(client, settings, zone, moment, day):
    settings.TIME_ZONE = zone
    with time_machine.travel("2026-11-05T12:00Z", tick=False):
        article = make_article(publish_at=datetime.datetime.fromisoformat(moment), headline="Late")
        assert article.get_absolute_url() == f"/{day}/late/"
        response = client.get(f"/{day}/")
        assert response.status_code == 200 and article.get_absolute_url() in response.content.decode()


def test_a_renamed_story_redirects_once_from_each_address_it_ever_had(client):
    article = make_article(headline="First", publish_at=MORNING)
    for slug in ("second", "third"):
        article.slug = slug
        article.save()
    for old in ("first", "second"):
        response = client.get(f"/2026/03/14/{old}/")
        assert (response.status_code, response["Location"]) == (301, "/2026/03/14/third/")


def test_a_story_moved_to_another_day_redirects(client):
    article = make_article(headline="Moved", publish_at=MORNING)
    article.publish_at = MORNING + datetime.timedelta(days=2)
    article.save()
    assert client.get("/2026/03/14/moved/")["Location"] == "/2026/03/16/moved/"


def test_a_story_renamed_back_does_not_redirect_to_itself(client):
    article = make_article(headline="First", publish_at=MORNING)
    for slug in ("second", "first"):
        article.slug = slug
        article.save()
    assert client.get("/2026/03/14/first/").status_code == 200
    assert client.get("/2026/03/14/second/")["Location"] == "/2026/03/14/first/"


def test_a_draft_leaves_no_trace_of_its_slugs():
    article = make_article(status=Status.DRAFT)
    article.slug = "another"
    article.save()
    assert not PreviousSlug.objects.exists()


def test_two_stories_of_a_day_with_the_same_headline_get_two_addresses():
    first, second = (make_article(headline="Fog", publish_at=MORNING) for _ in range(2))
    assert (first.slug, second.slug) == ("fog", "fog-2")


def test_a_long_address_that_was_numbered_stays_where_it_is():
    # Cut for its number, it would end between two words.
    slug = "a" * (MAX_LENGTH - 3) + "-bb"
    second = [make_article(slug=slug) for _ in range(2)][1]
    address = second.slug
    second.full_clean()
    second.save()
    assert (address, second.slug) == ("a" * (MAX_LENGTH - 3) + "-2", address)


def test_a_new_story_cannot_take_the_old_address_of_another(client):
    first = make_article(headline="Fog", publish_at=MORNING)
    first.slug = "thick-fog"
    first.save()
    second = make_article(headline="Fog", publish_at=MORNING)
    assert second.slug == "fog-2"
    second.slug = "fog"
    with pytest.raises(ValidationError) as refusal:
        second.full_clean()
    assert "slug" in refusal.value.message_dict


def test_the_old_address_of_a_withdrawn_story_leads_to_its_note(client):
    article = make_article(headline="First", publish_at=timezone.now() - datetime.timedelta(hours=1))
    old = article.get_absolute_url()
    article.slug = "second"
    article.save()
    article.withdraw(None, note="The document was forged.")
    response = client.get(old, follow=True)
    assert response.status_code == 410
    assert "The document was forged." in response.content.decode()


def test_the_old_address_of_a_rescheduled_story_says_nothing_of_it(client):
    article = make_article(headline="Secret", publish_at=timezone.now() + datetime.timedelta(days=1))
    old = article.get_absolute_url()
    article.slug = "very-secret"
    article.save()
    assert client.get(old).status_code == 404


def test_an_address_that_nobody_has_seen_is_free_again():
    ahead = timezone.now() + datetime.timedelta(days=1)
    article = make_article(headline="Fog", publish_at=ahead)
    article.slug = "thick-fog"
    article.save()
    assert not PreviousSlug.objects.exists()
    assert make_article(headline="Fog", publish_at=ahead).slug == "fog"


def test_an_address_that_readers_have_seen_is_kept_for_a_story_that_is_hidden_meanwhile(client):
    article = make_article(headline="Fog", publish_at=timezone.now() - datetime.timedelta(hours=1))
    old, later = article.get_absolute_url(), timezone.now() + datetime.timedelta(days=1)
    for moment in (later, later - datetime.timedelta(hours=3)):
        article.publish_at = moment
        article.save()
        article.record(None)
    article.publish_at = timezone.now()
    article.save()
    assert client.get(old, follow=True).status_code == 200


@pytest.mark.parametrize("moved", [datetime.timedelta(days=2), datetime.timedelta(days=-2)])
def test_a_story_published_again_stands_at_the_day_of_its_archive(client, moved):
    article = make_article(headline="Back", publish_at=MORNING)
    old = article.get_absolute_url()
    article.withdraw(None)
    article.publish_at = MORNING + moved
    article.save()
    assert client.get(old).status_code == 410
    article.publish(None)
    day = f"/{MORNING + moved:%Y/%m/%d}/"
    assert article.get_absolute_url() == f"{day}back/"
    assert f"{day}back/" in client.get(day).content.decode()
    assert client.get(old)["Location"] == f"{day}back/"


# --- Lists ------------------------------------------------------------------------------------------------------------

LISTS = {Section: "sections", Tag: "tags", Contributor: "authors"}


@pytest.fixture(params=LISTS, ids=LISTS.values())
def listed(request):
    """Something with a list of one story, at /…/first/."""
    thing = request.param.objects.create(name="First")
    match request.param.__name__:
        case "Section":
            make_article(section=thing)
        case "Tag":
            make_article(tags=("First",))
        case _:
            make_article(bylines=((thing, "written"),))
    return thing


def renamed(thing, *slugs: str) -> None:
    for slug in slugs:
        thing.slug = slug
        thing.save()


def formsets(kind) -> dict[str, str]:
    """What the forms of the desk say of the rows beside them: there are none."""
    prefixes = {Section: ["comment_policy"], Contributor: ["links"]}.get(kind, [])
    return {f"{prefix}-{name}": "0" for prefix in prefixes for name in ("TOTAL_FORMS", "INITIAL_FORMS")}


@pytest.mark.parametrize(
    "end", ["", "?after=MTc3MzQ4OTYwMDAwMDAwMC40Mg", "feed/", "feed/atom/", "feed/json/?utm_source=letter"]
)
def test_a_list_and_its_feeds_redirect_once_from_each_address_they_ever_had(client, listed, end):
    place = f"/{LISTS[type(listed)]}"
    renamed(listed, "second", "third")
    for old in ("first", "second"):
        response = client.get(f"{place}/{old}/{end}")
        assert (response.status_code, response["Location"]) == (301, f"{place}/third/{end}")
    assert client.get(f"{place}/third/{end}").status_code == 200
    assert client.get(f"{place}/fourth/{end}").status_code == 404


def test_whoever_has_a_slug_has_it_whoever_had_it_before(client, listed):
    place = f"/{LISTS[type(listed)]}/first/"
    renamed(listed, "second")
    other = type(listed).objects.create(name="Another", slug="first")
    if isinstance(other, Tag):
        assert client.get(place).status_code == 404  # nothing has been published about it
        make_article(tags=("Another",))
    assert client.get(place).status_code == 200
    renamed(other, "third")
    assert client.get(place, follow=True).redirect_chain == [(place.replace("first", "third"), 301)]


def test_only_a_person_takes_over_a_slug_that_another_had(client, listed):
    place = f"/{LISTS[type(listed)]}"
    listed.name = "Second"
    renamed(listed, "second")
    other = type(listed).objects.create(name="First")
    assert other.slug in {"first-2", "first_1"}
    assert client.get(f"{place}/first/")["Location"] == f"{place}/second/"


def test_who_adds_another_of_that_name_at_the_desk_leaves_the_old_address_where_it_leads(client, editor, listed):
    place, kind = f"/{LISTS[type(listed)]}", type(listed)
    listed.name = "Second"
    renamed(listed, "second")
    client.force_login(editor)
    # The slug as the script of the desk has it.
    data = {"name": "First", "slug": "first", "colour": "ink"} | formsets(kind)
    client.post(reverse(f"admin:articles_{kind._meta.model_name}_add"), data)
    other = kind.objects.get(name="First")
    assert other.slug.startswith("first") and other.slug != "first"
    assert client.get(f"{place}/first/")["Location"] == f"{place}/second/"
    other.delete()
    assert client.get(f"{place}/first/")["Location"] == f"{place}/second/"


@pytest.mark.parametrize("who", ["reporter", "editor"])
def test_an_old_address_that_is_typed_is_taken_over_by_who_publishes_alone(client, request, who):
    tag = Tag.objects.create(name="Old")
    make_article(tags=("Old",))
    renamed(tag, "new")
    client.force_login(request.getfixturevalue(who))
    response = client.post("/admin/articles/tag/add/", {"name": "Another matter", "slug": "old"})
    if who == "editor":
        assert Tag.objects.get(name="Another matter").slug == "old"
        return
    page = response.content.decode()
    assert "Readers who come to this address are led to “Old”" in page and 'value="Another matter"' in page
    assert client.get("/tags/old/")["Location"] == "/tags/new/"


def test_a_list_renamed_back_does_not_redirect_to_itself(client, listed):
    place = f"/{LISTS[type(listed)]}"
    renamed(listed, "second", "first")
    assert client.get(f"{place}/first/").status_code == 200
    assert client.get(f"{place}/first/?before=x").status_code == 404
    assert client.get(f"{place}/second/")["Location"] == f"{place}/first/"


def test_nobody_learns_the_new_name_of_what_only_drafts_are_about(client):
    tag = Tag.objects.create(name="Merger")
    make_article(tags=("Merger",), status=Status.DRAFT)
    renamed(tag, "merger-of-tarnbeck")
    assert client.get("/tags/merger/").status_code == client.get("/tags/merger/feed/").status_code == 404


def test_a_deleted_tag_leads_nowhere(client):
    tag = Tag.objects.create(name="First")
    renamed(tag, "second")
    tag.delete()
    assert client.get("/tags/first/").status_code == 404
    assert Tag.objects.create(name="First").slug == "first"


@pytest.mark.parametrize(
    "url",
    ["/2026/02/30/x/", "/2026/13/", "/2026/02/30/", "/0000/", "/0001/", "/0001/01/", "/0001/01/01/", "/0999/12/31/x/",
     "/9999/12/31/", "/9999/", "/tags/none/"],
)  # fmt: skip
def test_days_that_do_not_exist_are_404(client, url):
    assert client.get(url).status_code == 404


def test_a_story_in_another_script_can_be_read(client):
    article = make_article(headline="Новости дня", section=make_section(name="Мир"))
    assert client.get(article.get_absolute_url()).status_code == 200
    assert client.get(article.section.get_absolute_url()).status_code == 200


def test_the_database_itself_refuses_two_stories_at_one_address():
    first, second = make_article(headline="A", publish_at=MORNING), make_article(headline="B", publish_at=MORNING)
    with pytest.raises(IntegrityError):
        Article.objects.filter(pk=second.pk).update(slug=first.slug)


@pytest.mark.parametrize("model", [Contributor, Section, Tag])
def test_an_address_that_the_desk_offers_has_no_diacritics_and_old_ones_stay(model):
    new = model(name="Tereza Holubová", slug="tereza-holubová")
    new.full_clean(exclude=["colour"])
    assert new.slug == "tereza-holubova"
    signs = model(name="हिन्दी समाचार", slug="हनद-समचर")
    signs.full_clean(exclude=["colour"])
    assert signs.slug == "हिन्दी-समाचार"
    old = model.objects.create(name="Vladimír", slug="vladimír")
    old.full_clean(exclude=["colour"])
    assert old.slug == "vladimír"


@pytest.mark.parametrize("model", [Contributor, Section, Tag])
def test_a_name_without_any_letter_still_has_an_address_of_its_own(model):
    addresses = {model.objects.create(name=name).get_absolute_url() for name in ("!!!", "???")}
    assert len(addresses) == 2


def test_two_people_of_one_name_have_an_address_each():
    assert [Contributor.objects.create(name="Ada Quill").slug for _ in range(2)] == ["ada-quill", "ada-quill-2"]


def test_an_author_is_found_by_name_whatever_the_address(client):
    author = Contributor.objects.create(name="Tereza Holubová", slug="tereza-holubová")
    make_article(headline="About the harbour", bylines=((author, "written"),))
    page = client.get("/search/", {"q": "harbour", "contributor": "Tereza Holubová"}).content.decode()
    assert "Nobody of this name" not in page and "About the" in page
