"""The story screen: what an editor does there, what a reporter may, and what happens to bad input."""

import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from articles.admin.asks_first import said
from articles.models import Article, FrontPageStory, Tag
from articles.tests.factories import make_article, make_contributor, make_section
from articles.tests.story_form import form_of
from articles.workflow import Status
from comments.models import Policy
from newsportal.tests.browsing import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"
ADD = f"{LIST}add/"


def change(article: Article) -> str:
    return reverse("admin:articles_article_change", args=[article.pk])


def form_data(*, bylines=(), **fields) -> dict:
    data = {
        "headline": "Vladimír's “long” walk & other stories",
        "standfirst": "He walked.",
        "body": "<p>He walked for a day.</p>",
        "kind": "news",
        "dateline": "",
        "short_headline": "",
        "slug": "",
        "publish_at_0": "",
        "publish_at_1": "",
        "comment_policy-TOTAL_FORMS": 0,
        "comment_policy-INITIAL_FORMS": 0,
        "bylines-TOTAL_FORMS": len(bylines),
        "bylines-INITIAL_FORMS": 0,
    } | fields
    for number, (contributor, role) in enumerate(bylines):
        data |= {
            f"bylines-{number}-contributor": contributor.pk,
            f"bylines-{number}-role": role,
            f"bylines-{number}-order": number + 1,
        }
    return data


def test_a_story_is_written_and_published_in_one_go(desk, client, editor):
    section, contributor, known = make_section(), make_contributor(), Tag.objects.create(name="Known")
    data = form_data(
        section=section.pk,
        tags=[known.pk, "new: Brand  new ", "new:known"],
        bylines=((contributor, "reported"),),
        _move="publish",
    )
    response = desk.post(ADD, data, follow=True)
    assert "Published:" in response.content.decode()
    article = Article.objects.get()
    assert article.is_public()
    assert article.created_by == editor
    assert article.slug == "vladimirs-long-walk-other-stories"
    assert sorted(tag.name for tag in article.tags.all()) == ["Brand new", "Known"]
    assert client.get(article.get_absolute_url()).status_code == 200
    assert article.headline.split(" ")[-1] in client.get(contributor.get_absolute_url()).content.decode()


def test_a_space_that_does_not_break_stays_in_a_headline_and_in_a_caption(desk):
    figure = '<figure data-image="7"><figcaption>{}</figcaption></figure>'
    typed = "Page\u00a07,  part\r\n1\u202f000 of\u3000it "
    desk.post(ADD, form_data(headline=typed, body=figure.format(typed)))
    article = Article.objects.get()
    assert article.headline == "Page\u00a07, part 1\u202f000 of\u3000it"
    assert article.body == figure.format(article.headline.replace("\u00a0", "&nbsp;"))
    assert article.slug == "page-7-part-1-000-of-it"


@pytest.mark.parametrize("slug", ["", "हिन्दी-समाचार", "हनद-समचर"])
def test_an_address_with_vowel_signs_may_be_typed_and_an_old_one_without_stays(desk, slug):
    response = desk.post(ADD, form_data(headline="हिन्दी समाचार", slug=slug))
    assert response.status_code == 302
    assert Article.objects.get().slug == (slug or "हिन्दी-समाचार")


def test_a_draft_needs_no_more_than_a_headline(desk):
    desk.post(ADD, form_data(body="", standfirst=""))
    assert Article.objects.get().status == Status.DRAFT


def test_what_cannot_be_published_is_kept_as_a_draft_with_the_reason(desk):
    response = desk.post(ADD, form_data(body="", _move="publish"), follow=True)
    assert "needs a section" in response.content.decode()
    assert Article.objects.get().status == Status.DRAFT


def test_bad_input_is_answered_beside_the_field_and_nothing_is_lost(desk):
    data = form_data(
        headline="", publish_at_0="tomorrow", tags=["new:" + "x" * 101, "new:Kept"], standfirst="Kept too."
    )
    response = desk.post(ADD, data)
    form = response.context["adminform"].form
    assert set(form.errors) == {"headline", "publish_at", "tags"}
    page = response.content.decode()
    for kept in ("He walked for a day.", "Kept too.", "tomorrow", 'value="new:Kept"'):
        assert kept in page
    assert not Article.objects.exists()


def test_a_story_is_scheduled_in_the_newsrooms_time(desk):
    data = form_data(section=make_section().pk, publish_at_0="2099-11-24", publish_at_1="06:00", _move="publish")
    response = desk.post(ADD, data, follow=True)
    assert "Scheduled:" in response.content.decode()
    article = Article.objects.get()
    assert article.publish_at == datetime.datetime(2099, 11, 24, 5, 0, tzinfo=datetime.UTC)
    assert "Africa/Lagos" in desk.get(change(article)).content.decode()


def test_a_long_form_can_be_saved_at_its_top_as_at_its_end(desk):
    for address in ("/admin/articles/article/add/", change(make_article())):
        page = desk.get(address).content.decode()
        for name in ("_save", "_continue"):
            assert page.count(f'name="{name}"') == 2
        assert page.index('name="_save"') < page.index('id="id_headline"') < page.rindex('name="_save"')


def test_the_button_says_what_it_will_do(desk):
    draft = make_article(status=Status.DRAFT)
    assert "Publish now" in desk.get(change(draft)).content.decode()
    draft.publish_at = datetime.datetime(2099, 11, 24, 5, 0, tzinfo=datetime.UTC)
    draft.save()
    assert "Schedule for Tue 24 Nov 2099 06:00 WAT" in desk.get(change(draft)).content.decode()
    public = desk.get(change(make_article())).content.decode()
    assert "Withdraw" in public
    assert "Publish now" not in public


@pytest.mark.parametrize("typed", ["as it was", "emptied", "another time"])
def test_a_scheduled_story_is_published_at_once_whatever_time_is_typed(desk, typed):
    ahead = timezone.now().replace(microsecond=0) + datetime.timedelta(days=1)
    article = make_article(publish_at=ahead, headline="The ferry")
    assert 'value="publish_now"' in desk.get(change(article)).content.decode()
    sent = form_of(article, standfirst="Typed, too", _move="publish_now")
    match typed:
        case "emptied":
            sent |= {"publish_at_0": "", "publish_at_1": ""}
        case "another time":
            sent |= {"publish_at_0": "2099-11-24", "publish_at_1": "06:00"}
    answer = desk.post(change(article), sent, follow=True)
    assert said_by(answer)[-1] == "Published: “The ferry”."
    article.refresh_from_db()
    assert article.is_public() and article.standfirst == "Typed, too"
    assert 'value="publish_now"' not in desk.get(change(article)).content.decode()


def test_what_blocks_a_story_blocks_it_before_its_time_as_well(desk, settings):
    settings.PREFLIGHT_BLOCKS = frozenset({"standfirst"})
    article = make_article(publish_at=timezone.now() + datetime.timedelta(days=1))
    answer = desk.post(change(article), form_of(article, _move="publish_now"), follow=True)
    assert "Mend it, or say under “Publish anyway”" in answer.content.decode()
    article.refresh_from_db()
    assert article.is_scheduled()


def test_a_scheduled_story_without_a_time_is_told_how_it_goes_out_at_once(desk):
    article = make_article(publish_at=timezone.now() + datetime.timedelta(days=1))
    answer = desk.post(change(article), form_of(article, _save="Save") | {"publish_at_0": "", "publish_at_1": ""})
    assert "For readers to see it at once, give the present one." in answer.content.decode()


def test_stories_without_a_section_are_listed_by_words(desk):
    make_article(status=Status.DRAFT)
    page = desk.get(LIST).content.decode()
    assert re.search(r'<a href="\?section__isnull=True">\s*No section\s*</a>', page)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_date_has_one_order_whoever_writes_it(watch, editor):
    later = timezone.now() + datetime.timedelta(days=40)
    page = watch.page()
    log_in(page, "editor")
    page.goto(change(make_article(publish_at=later)))
    field = page.locator("#id_publish_at_0")
    ours = re.compile(r"^\d{4}-\d\d-\d\d$")
    expect(field).to_have_value(ours)
    page.locator(".field-publish_at .datetimeshortcuts a").first.click()
    expect(field).to_have_value(ours)
    page.click("#calendarlink0")
    page.locator("#calendarin0 td a", has_text="15").first.click()
    expect(field).to_have_value(re.compile(r"^\d{4}-\d\d-15$"))


@pytest.mark.parametrize("typed", ["2099-11-24", "24/11/2099"])
def test_a_date_is_read_as_it_is_shown_and_as_it_is_said(desk, typed):
    data = form_data(section=make_section().pk, publish_at_0=typed, publish_at_1="06:00", _move="publish")
    desk.post(ADD, data)
    assert Article.objects.get().publish_at == datetime.datetime(2099, 11, 24, 5, 0, tzinfo=datetime.UTC)


def said_by(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_a_move_is_told_of_once_and_in_its_own_words(desk):
    ahead = {"publish_at_0": "2099-11-24", "publish_at_1": "06:00"}
    data = form_data(headline="The ferry", section=make_section().pk, _move="publish", **ahead)
    told = said_by(desk.post(ADD, data, follow=True))
    assert told[-1] == "Scheduled: “The ferry”." and "successfully" not in " ".join(told)
    article = Article.objects.get()
    answer = desk.post(change(article), form_of(article, _move="unschedule"), follow=True)
    assert said_by(answer) == ["Taken off the schedule: “The ferry” is a draft again."]
    # What was refused has been saved all the same, and both are said.
    answer = desk.post(change(article), form_of(article, _move="withdraw", _sure="withdraw"), follow=True)
    told = said_by(answer)
    assert len(told) == 2 and "is not possible" in told[0] and "was changed successfully" in told[1]


def test_a_story_is_withdrawn_with_its_note(desk):
    article = make_article()
    data = form_data(headline=article.headline, section=article.section.pk, slug=article.slug, note="Forged.",
                     version=article.version, _move="withdraw", _sure="withdraw",
                     publish_at_0=f"{timezone.localtime(article.publish_at):%Y-%m-%d}",
                     publish_at_1=f"{timezone.localtime(article.publish_at):%H:%M:%S}")  # fmt: skip
    desk.post(change(article), data)
    article.refresh_from_db()
    assert (article.status, article.withdrawal_note) == (Status.WITHDRAWN, "Forged.")


def test_a_correction_is_made_from_the_form(desk, client):
    article = make_article()
    moment = timezone.localtime(article.publish_at)
    data = form_data(section=article.section.pk, slug=article.slug, correction="Five, not four.",
                     publish_as="correction", version=article.version,
                     publish_at_0=f"{moment:%Y-%m-%d}", publish_at_1=f"{moment:%H:%M:%S}")  # fmt: skip
    desk.post(change(article), data)
    assert "Five, not four." in client.get(article.get_absolute_url()).content.decode()


def test_an_address_that_is_taken_is_said_beside_the_slug(desk):
    first, second = make_article(headline="Fog"), make_article(headline="Rain")
    moment = timezone.localtime(second.publish_at)
    data = form_data(section=second.section.pk, slug=first.slug, version=second.version,
                     publish_at_0=f"{moment:%Y-%m-%d}", publish_at_1=f"{moment:%H:%M:%S}")  # fmt: skip
    response = desk.post(change(second), data)
    assert "slug" in response.context["adminform"].form.errors


def test_many_are_published_and_withdrawn_at_once_and_counted(desk):
    articles = [make_article(status=Status.DRAFT) for _ in range(3)]
    articles[2].section = None
    articles[2].save()
    chosen = {"_selected_action": [article.pk for article in articles]}
    asked = desk.post(LIST, {"action": "publish_selected", **chosen}).content.decode()
    assert "Publish 3 stories?" in asked
    assert "has no standfirst" in asked
    assert not Article.objects.exclude(status=Status.DRAFT).exists()
    chosen["_sure"] = "1"
    page = desk.post(LIST, {"action": "publish_selected", **chosen}, follow=True).content.decode()
    assert "2 stories published." in page
    assert "needs a section" in page
    page = desk.post(LIST, {"action": "withdraw_selected", **chosen}, follow=True).content.decode()
    assert "2 stories withdrawn." in page
    assert [Article.objects.get(pk=article.pk).status for article in articles] == ["withdrawn", "withdrawn", "draft"]


@pytest.mark.parametrize(
    ("state", "shown"),
    [("draft", "Draft one"), ("scheduled", "Scheduled one"), ("public", "Public one"), ("withdrawn", "Withdrawn one")],
)
def test_the_list_is_filtered_by_what_a_desk_calls_status(desk, state, shown):
    make_article(headline="Draft one", status=Status.DRAFT)
    make_article(headline="Scheduled one", publish_at=timezone.now() + datetime.timedelta(days=1))
    make_article(headline="Public one")
    make_article(headline="Withdrawn one", status=Status.WITHDRAWN)
    headlines = [a.headline for a in desk.get(f"{LIST}?state={state}").context["cl"].result_list]
    assert headlines == [shown]


def test_the_list_is_searched_also_by_author_and_filtered_by_section(desk):
    section = make_section()
    author = make_contributor(name="Tereza Holubová")
    article = make_article(headline="The heron", section=section, bylines=((author, "written"),))
    make_article()
    for query in ("q=heron", "q=holubova", f"section__id__exact={section.pk}"):
        assert [a.pk for a in desk.get(f"{LIST}?{query}").context["cl"].result_list] == [article.pk], query


def test_the_list_costs_the_same_for_two_stories_and_for_fifty(desk, django_assert_max_num_queries):
    for _ in range(50):
        make_article(bylines=((make_contributor(), "written"),), tags=("Trams",))
    with django_assert_max_num_queries(20):
        desk.get(LIST)


def test_view_on_site_is_offered_for_what_readers_can_see_alone(desk):
    public, draft = make_article(), make_article(status=Status.DRAFT)
    assert f'href="{public.get_absolute_url()}"' in desk.get(change(public)).content.decode()
    assert "View on site" not in desk.get(change(draft)).content.decode()


@pytest.mark.parametrize("along", ["a place on the front page", "a policy"])
def test_what_goes_along_keeps_no_draft_from_being_deleted_and_is_not_deleted_by_itself(client, editor, along):
    client.force_login(editor)
    article = make_article(status=Status.DRAFT)
    if along == "a policy":
        thing = Policy.objects.create(article=article, mode="all")
    else:
        thing = FrontPageStory.objects.create(article=article, slot="lead")
    address = reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_changelist")
    client.post(address, {"action": "delete_selected", "_selected_action": [thing.pk], "post": "yes"})
    client.post(f"{address}{thing.pk}/delete/", {"post": "yes"})
    assert type(thing).objects.exists()
    assert client.post(f"{LIST}{article.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Article.objects.exists() and not type(thing).objects.exists()


def test_a_story_that_readers_have_seen_is_not_deleted(desk):
    article = make_article()
    assert desk.post(f"{LIST}{article.pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(LIST, {"action": "delete_selected", "_selected_action": [article.pk], "post": "yes"})
    assert Article.objects.filter(pk=article.pk).exists()


def test_a_story_that_readers_have_seen_is_not_deleted_by_way_of_the_schedule(desk, client):
    article = make_article(headline="Seen")
    address = article.get_absolute_url()
    ahead = timezone.localtime(timezone.now() + datetime.timedelta(days=1))
    data = form_data(
        headline=article.headline, section=article.section.pk, slug=article.slug, version=article.version,
        publish_at_0=f"{ahead:%Y-%m-%d}", publish_at_1=f"{ahead:%H:%M:%S}", _sure=said(ahead),
    )  # fmt: skip
    desk.post(change(article), data)
    article.refresh_from_db()
    assert article.is_scheduled()
    page = desk.get(change(article)).content.decode()
    assert 'value="unschedule"' not in page
    assert 'value="withdraw"' in page
    answer = desk.post(change(article), data | {"version": article.version, "_move": "unschedule"}, follow=True)
    assert "is scheduled, and readers have seen it before." in answer.content.decode()
    article.refresh_from_db()
    assert article.is_scheduled()
    # As it could be left before.
    Article.objects.filter(pk=article.pk).update(status=Status.DRAFT)
    assert desk.post(f"{LIST}{article.pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(LIST, {"action": "delete_selected", "_selected_action": [article.pk], "post": "yes"})
    Article.objects.filter(pk=article.pk).update(status=Status.PUBLISHED)
    desk.post(
        change(article),
        data | {"version": article.version, "_move": "withdraw", "note": "It was wrong.", "_sure": "withdraw"},
    )
    gone = client.get(address, follow=True)
    assert (gone.status_code, "It was wrong." in gone.content.decode()) == (410, True)


@pytest.mark.parametrize("days", [None, 1])
def test_a_withdrawn_story_keeps_its_note_whatever_becomes_of_its_time(desk, client, days):
    article = make_article(status=Status.WITHDRAWN, note="It was wrong.")
    address = article.get_absolute_url()
    data = form_data(headline=article.headline, section=article.section.pk, slug=article.slug, version=article.version)
    if days:
        ahead = timezone.localtime(timezone.now() + datetime.timedelta(days=days))
        data |= {"publish_at_0": f"{ahead:%Y-%m-%d}", "publish_at_1": f"{ahead:%H:%M:%S}"}
    desk.post(change(article), data)
    gone = client.get(address, follow=True)
    assert (gone.status_code, "It was wrong." in gone.content.decode()) == (410, True)
    # Published again, the new address is led to.
    article.refresh_from_db()
    article.publish(None, at=timezone.now())
    assert client.get(address, follow=True).status_code == 200


def test_a_reporter_writes_own_drafts_and_reads_what_readers_read(client, reporter, editor):
    client.force_login(reporter)
    own = make_article(status=Status.DRAFT, created_by=reporter)
    others = make_article(status=Status.DRAFT, created_by=editor)
    published = make_article(created_by=reporter)
    assert "Send to review" in client.get(change(own)).content.decode()
    page = client.get(change(published))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    # What they may have typed before it went out is kept as theirs, and changes nothing.
    answer = client.post(change(published), form_data(headline="Taken over"))
    assert (answer.status_code, Article.objects.get(pk=published.pk).headline) == (302, published.headline)
    assert client.get(change(others)).status_code == 302
    client.post(change(others), form_data(headline="Taken over"))
    others.refresh_from_db()
    assert others.headline != "Taken over"


def test_a_reporter_cannot_publish_by_any_button(client, reporter):
    client.force_login(reporter)
    own = make_article(status=Status.DRAFT, created_by=reporter)
    client.post(change(own), form_data(section=own.section.pk, _move="publish"))
    client.post(LIST, {"action": "publish_selected", "_selected_action": [own.pk]})
    assert Article.objects.get(pk=own.pk).status == Status.DRAFT


def test_nobody_else_reaches_the_desk(client, outsider, moderator):
    make_article()
    for person in (outsider, moderator):
        client.force_login(person)
        assert client.get(LIST).status_code in {302, 403}
        assert client.post(ADD, form_data()).status_code in {302, 403}
    assert Article.objects.count() == 1


@pytest.mark.parametrize("screen", ["article", "section", "contributor", "tag", "image"])
def test_every_screen_opens(desk, screen):
    make_article(tags=("Trams",), bylines=((make_contributor(), "written"),))
    assert desk.get(f"/admin/articles/{screen}/").status_code == 200
    assert desk.get(f"/admin/articles/{screen}/add/").status_code == 200


@pytest.mark.parametrize(("model", "field", "term"), [
    ("article", "section", "World"), ("article", "lead_image", "x"),
    ("byline", "contributor", "Zora"), ("taggedarticle", "tag", "Tra"),
])  # fmt: skip
def test_everything_is_looked_up_by_autocomplete(desk, model, field, term):
    make_section(name="World"), make_contributor(name="Zora"), Tag.objects.create(name="Trams")
    url = f"/admin/autocomplete/?app_label=articles&model_name={model}&field_name={field}&term={term}"
    response = desk.get(url)
    assert response.status_code == 200
    assert field == "lead_image" or response.json()["results"]


def test_a_published_story_cannot_lose_its_time(desk):
    article = make_article()
    data = form_data(headline=article.headline, section=article.section.pk, slug=article.slug, version=article.version)
    response = desk.post(change(article), data)
    assert response.status_code == 200
    assert "needs a time" in response.content.decode()
    article.refresh_from_db()
    assert article.publish_at


def test_a_form_that_comes_back_leads_to_each_field_that_is_wrong(desk):
    article = make_article(status=Status.DRAFT)
    data = form_data(
        headline="x", slug="no address", version=article.version, publish_at_0="2099-01-01", publish_at_1="soon"
    )
    page = desk.post(change(article), data).content.decode()
    told = page[page.index("errors-told") : page.index("<fieldset")]
    links = re.findall(r'<li><a href="#(\w+)">([^<]+)</a> \S', told)
    assert links == [
        ("id_headline_error", "Headline"), ("id_publish_at_error", "Publication time"), ("id_slug_error", "Slug"),
    ]  # fmt: skip
    assert all(page.count(f'id="{place}"') == 1 for place, _ in links)
    assert "errors-told" not in desk.get(change(article)).content.decode()


def test_a_row_that_is_wrong_is_led_to_as_well(desk):
    rows = {"links-TOTAL_FORMS": 1, "links-INITIAL_FORMS": 0, "links-0-label": "Her page", "links-0-url": "nowhere"}
    page = desk.post("/admin/articles/contributor/add/", {"name": "Ada", "slug": "ada", **rows}).content.decode()
    assert '<a href="#id_links-0-url_error">Contributor link 1, address</a>' in page
    assert page.count('id="id_links-0-url_error"') == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["add", "change"])
def test_the_keyboard_is_on_the_first_of_what_is_wrong(watch, editor, place):
    address = (
        "/admin/articles/section/add/" if place == "add" else f"/admin/articles/section/{make_section().pk}/change/"
    )
    page = watch.page()
    log_in(page, "editor")
    page.goto(address)
    page.fill("#id_name", "Harbour")
    page.fill("#id_slug", "no address")
    page.click("[name=_save] >> nth=0")
    expect(page.locator(".errors-told a")).to_be_focused()
