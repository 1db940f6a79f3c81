"""What was typed and not saved is kept for who typed it, offered again, and changes nothing by itself."""

import datetime
import threading
import time
from dataclasses import replace

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from articles import apart
from articles.body.heavy import LIMITS
from articles.editing.snapshot import PLAIN
from articles.models import Article, Autosave, Presence, Version
from articles.models.autosave import AutosaveQuerySet
from articles.tests.factories import make_article, make_contributor, make_image, make_section
from articles.tests.story_form import form_of, url, with_byline
from articles.workflow import Status
from newsportal.tests.browsing import choose, choose_lead_picture, log_in

pytestmark = pytest.mark.django_db

NEW = reverse("admin:articles_article_autosave_new")


def test_a_copy_is_kept_and_the_story_stays_as_it_is(desk, article):
    answer = desk.post(url(article, "autosave"), form_of(article, headline="Typed", _move="publish", _save="Save"))
    assert answer.status_code == 200
    article.refresh_from_db()
    assert (article.headline, article.status) == ("The headline", Status.DRAFT)
    assert Version.objects.of(article).count() == 1
    data = Autosave.objects.get().data
    assert data["headline"] == ["Typed"]
    assert not [name for name in data if name.startswith(("_", "csrf"))]


def test_there_is_one_copy_an_opened_form(desk, article):
    for words in ("One", "Two"):
        desk.post(url(article, "autosave"), form_of(article, headline=words, _slot="first-tab"))
    assert Autosave.objects.get().data["headline"] == ["Two"]
    desk.post(url(article, "autosave"), form_of(article, headline="Three", _slot="second-tab"))
    page = desk.get(url(article)).content.decode()
    assert page.count("You left unsaved changes") == 2
    desk.post(url(article), form_of(article, headline="Three", _slot="second-tab"))
    assert Autosave.objects.get().data["headline"] == ["Two"]


def test_of_one_form_the_newest_stays_whatever_arrives_last(desk, article):
    for words, typed_at in (("Later", 2000), ("Earlier, sent late", 1000)):
        desk.post(url(article, "autosave"), form_of(article, headline=words, _slot="tab", _typed_at=typed_at))
    assert Autosave.objects.get().data["headline"] == ["Later"]


@pytest.fixture
def meanwhile(monkeypatch):
    """What another process does once the next copy has been looked for, and before it is written."""

    def happens(act):
        real, done = AutosaveQuerySet.of_form, []

        def of_form(self, *form):
            found = real(self, *form)
            if not done:
                done.append(True)
                act()
            return found

        monkeypatch.setattr(AutosaveQuerySet, "of_form", of_form)

    return happens


def test_of_one_form_the_newest_stays_though_both_arrive_at_once(meanwhile, editor, article):
    keep = Autosave.objects.keep
    for story in (article.pk, None):
        keep(editor, "tab", story, {"headline": ["One"]}, 1)
        meanwhile(lambda story=story: keep(editor, "tab", story, {"headline": ["One, two, three"]}, 3))
        keep(editor, "tab", story, {"headline": ["One, two"]}, 2)
        assert Autosave.objects.get(story=story).headline == "One, two, three"


def test_what_is_saved_while_a_copy_of_it_arrives_does_not_come_back(meanwhile, editor, article):
    keep = Autosave.objects.keep
    keep(editor, "tab", article.pk, {"headline": ["One"]}, 1)
    meanwhile(Autosave.objects.all().delete)
    keep(editor, "tab", article.pk, {"headline": ["One, two"]}, 2)
    assert not Autosave.objects.exists()


def test_a_form_that_does_not_say_when_it_was_typed_is_the_newest(editor, article):
    for words, typed_at in (("Typed", 2000), ("Sent", 0)):
        Autosave.objects.keep(editor, "tab", article.pk, {"headline": [words]}, typed_at)
    assert Autosave.objects.get().headline == "Sent"


def test_who_has_left_many_unsaved_is_told_before_any_is_lost(desk, administrator, article, monkeypatch):
    monkeypatch.setattr("articles.models.autosave.MANY", 2)
    Autosave.objects.create(user=administrator, story=article.pk, slot="theirs", data={})

    def typed(slot: str, words: str):
        return desk.post(url(article, "autosave"), form_of(article, headline=words, _slot=slot))

    assert [typed(slot, slot).status_code for slot in ("one", "two")] == [200, 200]
    refused = typed("three", "three")
    assert refused.status_code == 413
    assert "as many as are kept" in refused.json()["message"]
    assert typed("one", "One, and on").status_code == 200
    mine = Autosave.objects.exclude(user=administrator)
    assert {copy.data["headline"][0] for copy in mine} == {"One, and on", "two"}
    desk.post(url(article, "autosave"), {"discard": mine.get(slot="two").pk})
    assert typed("three", "three").status_code == 200


def test_a_form_that_is_sent_in_vain_is_kept_however_many_there_are(client, reporter, editor, monkeypatch):
    monkeypatch.setattr("articles.models.autosave.MANY", 2)
    article = make_article(status=Status.DRAFT, created_by=reporter)
    article.record(reporter)
    forms = [form_of(article, headline=words, _slot=words) for words in ("one", "two", "three")]
    article.publish(editor)
    client.force_login(reporter)
    for form in forms:
        assert form["headline"] in client.post(url(article), form, follow=True).content.decode()
    assert {copy.slot for copy in Autosave.objects.all()} == {"two", "three"}


def test_what_another_has_typed_is_not_kept_as_ones_own(desk, article):
    answer = desk.post(url(article, "autosave"), form_of(article, headline="Theirs", _typist="administrator"))
    assert answer.status_code == 409
    assert "administrator" in answer.json()["message"]
    assert not Autosave.objects.exists()
    assert desk.post(url(article, "autosave"), form_of(article, _typist="editor")).status_code == 200


def test_a_character_that_no_database_keeps_is_left_out(desk, article):
    assert desk.post(url(article, "autosave"), form_of(article, headline="Ty\x00ped")).status_code == 200
    assert Autosave.objects.get().data["headline"] == ["Typed"]


def test_it_is_offered_again_whole_and_saves_nothing_by_being_looked_at(desk, article):
    person = make_contributor(name="Zora")
    desk.post(
        url(article, "autosave"), with_byline(form_of(article, headline="Typed <b>", tags=["new:Harbour"]), person)
    )
    page = desk.get(url(article)).content.decode()
    assert "You left unsaved changes" in page
    shown = desk.get(url(article) + "?unsaved=yes").content.decode()
    for words in ("Typed &lt;b&gt;", "Harbour", "Zora", "typed and not saved"):
        assert words in shown
    article.refresh_from_db()
    assert article.headline == "The headline"
    assert not article.bylines.exists()


def test_saving_forgets_the_copy(desk, article):
    desk.post(url(article, "autosave"), form_of(article, headline="Typed"))
    desk.post(url(article), form_of(article, headline="Saved"))
    assert not Autosave.objects.exists()


def test_a_new_story_is_kept_before_it_is_saved_once(desk, article):
    data = form_of(article, headline="Brand new")
    assert desk.post(NEW, data).status_code == 200
    add = reverse("admin:articles_article_add")
    page = desk.get(add).content.decode()
    assert "begun and not saved" in page and "Brand new" in page
    assert "Brand new" in desk.get(add + "?unsaved=yes").content.decode()
    assert Article.objects.count() == 1
    data |= {"bylines-INITIAL_FORMS": 0, "slug": "", "version": ""}
    assert desk.post(add, data).status_code == 302
    assert not Autosave.objects.exists()


def test_two_new_stories_do_not_overwrite_each_other(desk, article):
    new = form_of(article, version="", slug="") | {"bylines-INITIAL_FORMS": 0}
    add = reverse("admin:articles_article_add")
    desk.post(NEW, new | {"headline": "First new story", "_slot": "one"})
    desk.post(NEW, new | {"headline": "Second new story", "_slot": "two"})
    page = desk.get(add).content.decode()
    assert "First new story" in page and "Second new story" in page
    first, second = (Autosave.objects.get(slot=slot) for slot in ("one", "two"))
    shown = desk.get(add, {"unsaved": first.pk}).content.decode()
    assert "First new story" in shown and 'name="_slot" value="one"' in shown
    assert desk.post(add, new | {"headline": "Second new story", "_slot": "two"}).status_code == 302
    assert list(Autosave.objects.all()) == [first]
    assert 'name="_slot" value="two"' not in desk.get(add, {"unsaved": second.pk}).content.decode()


def test_a_new_story_whose_form_is_sent_twice_is_one(desk, article):
    new = form_of(article, version="", slug="", headline="Brand new", _slot="tab", _move="publish")
    new |= {"bylines-INITIAL_FORMS": 0}
    add = reverse("admin:articles_article_add")
    for _ in range(2):
        page = desk.post(add, new, follow=True)
        assert page.status_code == 200
        made = Article.objects.get(headline="Brand new")
    assert (page.redirect_chain[-1][0], made.status) == (url(made), Status.PUBLISHED)
    assert not Autosave.objects.exists()

    # What has been typed into it since, such as after the browser's “back”, is not lost.
    desk.post(NEW, new | {"headline": "Newer"})
    page = desk.post(add, new | {"headline": "Newer"}, follow=True).content.decode()
    assert "has been saved before" in page and ">Newer" in page
    assert [(copy.story, copy.headline) for copy in Autosave.objects.all()] == [(made.pk, "Newer")]
    assert Article.objects.count() == 2

    # Once it is gone, the form makes another one.
    Article.objects.all().delete()
    desk.post(add, new | {"headline": "Newest"})
    assert Article.objects.get().headline == "Newest"


@pytest.mark.parametrize(
    ("sent_again", "said"),
    [
        ({"_move": "publish"}, "“Publish” has not been done"),
        ({"publish_at_0": "2031-05-04", "publish_at_1": "06:00:00"}, "What you have typed since is not saved yet"),
        ({"slug": "an-address-of-its-own"}, "What you have typed since is not saved yet"),
    ],
)
def test_what_a_new_story_is_sent_again_with_is_not_dropped(desk, article, sent_again, said):
    new = form_of(article, version="", slug="", headline="Brand new", _slot="tab") | {"bylines-INITIAL_FORMS": 0}
    add = reverse("admin:articles_article_add")
    desk.post(add, new)
    page = desk.post(add, new | sent_again, follow=True).content.decode()
    made = Article.objects.get(headline="Brand new")
    assert (made.status, made.publish_at, made.slug) == (Status.DRAFT, None, "brand-new")
    assert "has been saved before" in page and said in page
    copy = Autosave.objects.get()
    assert copy.story == made.pk
    assert all(copy.data[name] == [value] for name, value in sent_again.items() if name != "_move")


@pytest.mark.django_db(transaction=True)
def test_a_new_story_whose_form_is_sent_twice_at_once_is_one(desk, article, editor):
    new = form_of(article, version="", slug="", headline="Brand new", _slot="tab") | {"bylines-INITIAL_FORMS": 0}
    answers = []

    def send():
        mine = Client()
        mine.force_login(editor)
        try:
            answers.append(mine.post(reverse("admin:articles_article_add"), new).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302, 302]
    assert Article.objects.filter(headline="Brand new").count() == 1


def test_a_form_with_an_error_stays_the_same_form(desk, article):
    page = desk.post(url(article), form_of(article, headline="", _slot="tab")).content.decode()
    assert 'name="_slot" value="tab"' in page


def test_what_was_typed_outlives_its_story(desk, article, administrator):
    desk.post(url(article, "autosave"), form_of(article, headline="Hours of work", _slot="tab"))
    typing_on = form_of(article, headline="Hours and hours", _slot="tab")
    story, change, autosave = article.pk, url(article), url(article, "autosave")
    administrator_there = Client()
    administrator_there.force_login(administrator)
    administrator_there.post(url(article, "delete"), {"post": "yes"})
    assert not Article.objects.exists()

    answer = desk.post(autosave, typing_on)
    assert (answer.status_code, answer.json()["may_save"]) == (200, False)
    assert "deleted" in answer.json()["message"]
    links = dict(answer.json()["links"])
    assert "Hours and hours" in desk.get(links["Open my copy"]).content.decode()
    assert (
        "Hours" not in (recoverable := desk.get(links["Deleted stories"]).content.decode()) and "Recover" in recoverable
    )
    page = desk.post(change, typing_on, follow=True).content.decode()
    assert "Hours and hours" in page and "deleted meanwhile" in page

    # Saved as a new story, it has served; until then it would come back with the old one.
    new = typing_on | {"bylines-INITIAL_FORMS": 0, "version": ""}
    add = reverse("admin:articles_article_add")
    assert "Hours and hours" in desk.get(add).content.decode()
    kept = Autosave.objects.values().get()
    administrator_there.post("/admin/articles/article/deleted/", {"recover": story})
    assert "You left unsaved changes" in desk.get(change).content.decode()
    assert "begun and not saved" not in desk.get(add).content.decode()
    administrator_there.post(f"/admin/articles/article/{story}/delete/", {"post": "yes"})
    assert Autosave.objects.values().get() == kept
    assert desk.post(add, new).status_code == 302
    assert Article.objects.get().headline == "Hours and hours"
    assert not Autosave.objects.exists()


def test_a_reporter_whose_draft_is_published_meanwhile_loses_no_word(client, article, reporter, editor):
    Article.objects.filter(pk=article.pk).update(created_by=reporter)
    client.force_login(reporter)
    typed = form_of(article, standfirst="Typed <b>", body="<p>An hour of work.</p>", _slot="tab")
    article.refresh_from_db()
    article.publish(editor)
    answer = client.post(url(article, "autosave"), typed)
    assert answer.status_code == 200
    assert answer.json()["may_save"] is False and "published now" in answer.json()["message"]
    [(label, address)] = answer.json()["links"]
    assert label == "Open my copy" and "An hour of work." in client.get(address).content.decode()
    assert client.post(url(article, "presence")).json()["refusal"]

    page = client.post(url(article), typed, follow=True).content.decode()
    assert "has not been saved in the story" in page
    assert "Typed &lt;b&gt;" in page and "An hour of work." in page
    article.refresh_from_db()
    assert article.standfirst == ""
    assert "unsaved changes" in client.get(url(article)).content.decode()
    copy = Autosave.objects.get()
    assert "An hour of work." in client.get(url(article), {"unsaved": copy.pk}).content.decode()
    client.post(url(article, "autosave"), {"discard": copy.pk})
    assert not Autosave.objects.exists()


def test_looking_at_the_copy_of_a_deleted_story_keeps_no_other(desk, article):
    desk.post(url(article, "autosave"), form_of(article, headline="Hours of work", _slot="tab"))
    address, kept = url(article), Autosave.objects.values().get()
    article.delete()
    for number in (kept["id"], "yes"):
        page = desk.get(address, {"unsaved": number}, follow=True).content.decode()
        assert "Hours of work" in page and 'name="_slot" value="tab"' in page
        assert "Save it as a new story" in page
    assert Autosave.objects.values().get() == kept


def test_nobody_is_asked_about_a_form_that_the_story_does_not_take(client, article, reporter, editor):
    Article.objects.filter(pk=article.pk).update(created_by=reporter)
    client.force_login(reporter)
    typed = form_of(article, standfirst="Typed.", publish_at_0="2026-01-05", publish_at_1="06:00:00", _slot="tab")
    article.refresh_from_db()
    article.publish(editor, at=timezone.now() + datetime.timedelta(days=1))
    page = client.post(url(article), typed, follow=True).content.decode()
    assert "has not been saved in the story" in page and "Typed." in page
    assert Autosave.objects.get().story == article.pk


@pytest.mark.parametrize("name", sorted({*PLAIN, "note"} - {"kind", "slug"}))
def test_what_was_typed_into_any_text_can_be_copied_when_it_cannot_be_saved(client, article, reporter, editor, name):
    Article.objects.filter(pk=article.pk).update(created_by=reporter)
    client.force_login(reporter)
    typed = form_of(article, _slot="tab") | {name: "Typed for an hour"}
    article.refresh_from_db()
    article.publish(editor)
    assert "Typed for an hour" in client.post(url(article), typed, follow=True).content.decode()


@pytest.fixture
def impatient(monkeypatch):
    """What takes a second is given up."""
    monkeypatch.setattr("articles.body.heavy.LIMITS", replace(LIMITS, processor=1))


def test_a_text_that_cannot_be_read_can_be_copied_too(client, article, reporter, editor, impatient):
    Article.objects.filter(pk=article.pk).update(created_by=reporter)
    client.force_login(reporter)
    typed = form_of(
        article, _slot="tab", body="<p>Typed &amp; kept" + "".join(f"<b x={n}></y><p>" for n in range(8_000))
    )
    article.refresh_from_db()
    article.publish(editor)
    page = client.post(url(article), typed, follow=True)
    assert "&lt;p&gt;Typed &amp;amp; kept&lt;b x=0&gt;" in page.content.decode()


def test_a_text_that_cannot_be_read_is_refused_beside_its_field_and_nothing_is_lost(desk, article, impatient):
    typed = form_of(
        article, headline="Typed, too", body="<p>Typed" + "".join(f"<b x={n}></y><p>" for n in range(8_000))
    )
    page = desk.post(url(article), typed)
    form = page.context["adminform"].form
    assert "takes too long to be read" in form.errors["body"][0]
    assert form["body"].value() == typed["body"] and form["headline"].value() == "Typed, too"
    article.refresh_from_db()
    assert article.headline == "The headline"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("text", "status"),
    [("<ul><li>one<li>two</ul>" * 400, 302), ("<p>«&»</p>" * 17_000, 302), ("&" * 900_000, 200)],
    ids=["not nested", "large", "refused"],
)
def test_nobody_who_writes_waits_for_a_text_to_be_read(desk, article, impatient, monkeypatch, text, status):
    asked = []

    def ask(*given):
        asked.append(connection.in_atomic_block)
        return ask_really(*given)

    ask_really = apart.ask
    typed = form_of(article, body=text)
    monkeypatch.setattr("articles.apart.ask", ask)
    assert desk.post(url(article), typed).status_code == status
    assert asked == [False]


def test_a_colleagues_public_story_takes_no_copy_and_tells_nothing(client, reporter, editor, moderator):
    article = make_article(headline="Theirs", created_by=editor)
    Presence.objects.note(editor, article)
    for person in (reporter, moderator):
        client.force_login(person)
        for name in ("presence", "autosave"):
            assert client.post(url(article, name), {"headline": "x"}).status_code in {302, 403, 404}
    assert client.get(url(article, "presence")).status_code in {302, 403}
    assert not Autosave.objects.exists() and Presence.objects.count() == 1


def test_it_can_be_forgotten(desk, article):
    desk.post(url(article, "autosave"), form_of(article, headline="Typed"))
    assert desk.post(url(article, "autosave"), {"discard": Autosave.objects.get().pk}).status_code == 302
    assert not Autosave.objects.exists()
    assert "unsaved changes" not in desk.get(url(article)).content.decode()
    assert desk.get(url(article) + "?unsaved=yes").status_code == 200


def test_an_old_copy_over_a_newer_story_becomes_a_question_when_it_is_saved(desk, article, administrator):
    stale = form_of(article, headline="Mine")
    desk.post(url(article, "autosave"), stale)
    colleague = Client()
    colleague.force_login(administrator)
    colleague.post(url(article), form_of(article, headline="Theirs"))
    assert 'name="version" value="1"' in desk.get(url(article) + "?unsaved=yes").content.decode()
    assert desk.post(url(article), stale).status_code == 409


def test_nobody_sees_or_writes_anothers_copy(desk, article, administrator, reporter, outsider):
    desk.post(url(article, "autosave"), form_of(article, headline="Private words"))
    other = Client()
    other.force_login(administrator)
    for query in ("", "?unsaved=yes"):
        assert "Private words" not in other.get(url(article) + query).content.decode()
    for person in (reporter, outsider):
        other.force_login(person)
        assert other.post(url(article, "autosave"), {"headline": "x"}).status_code in {302, 403, 404}
    assert Autosave.objects.count() == 1


def test_too_much_is_refused_with_a_sentence(desk, article):
    answer = desk.post(url(article, "autosave"), {"body": "x" * (2 * 2**20 + 1)})
    assert answer.status_code == 413
    assert "too long" in answer.json()["message"]


def test_it_needs_a_token(article, editor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    assert client.post(url(article, "autosave"), {"headline": "Forged"}).status_code == 403
    assert not Autosave.objects.exists()


def test_copies_that_were_there_before_stay_with_their_stories(history):
    old = history.at(("articles", "0013_front_page"))
    editor = old.get_model("auth", "User").objects.create(username="editor")
    section = old.get_model("articles", "Section").objects.create(name="World", slug="world")
    article = old.get_model("articles", "Article").objects.create(headline="Rain", slug="rain", section=section)
    copies = old.get_model("articles", "Autosave").objects
    copies.create(user=editor, article=article, data={"headline": ["Of the story"]})
    copies.create(user=editor, article=None, data={"headline": ["Of none yet"]})
    history.today()
    assert {copy.headline: copy.story for copy in Autosave.objects.all()} == {
        "Of the story": article.pk,
        "Of none yet": None,
    }


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_closed_tab_loses_nothing(watch, article, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto(url(article))
    page.fill("#id_standfirst", "Nearly lost.")
    page.locator(".ProseMirror[contenteditable=true]").click()
    page.keyboard.type("And a sentence. ")
    expect(page.locator("[data-autosave]")).to_contain_text("private copy", timeout=15_000)
    again = page.context.new_page()
    page.close(run_before_unload=False)
    again.goto(url(article))
    again.click("text=Look at them")
    expect(again.locator("#id_standfirst")).to_have_value("Nearly lost.")
    expect(again.locator(".ProseMirror[contenteditable=true]")).to_contain_text("And a sentence.")
    again.click("[name=_continue] >> nth=0")
    expect(again.locator(".messagelist .success")).to_be_visible()
    saved = Article.objects.get()
    assert saved.standfirst == "Nearly lost."
    assert "And a sentence." in saved.body
    assert not Autosave.objects.exists()


@pytest.fixture
def page(watch, article, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto(url(article))
    return page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_story_that_is_deleted_meanwhile_is_warned_of_with_the_ways_on(page, article):
    page.fill("#id_standfirst", "Nearly lost.")
    article.delete()
    page.click("[name=_save] >> nth=0")
    warning = page.locator("[data-autosave].preflight")
    expect(warning).to_contain_text("has been deleted meanwhile")
    expect(warning.get_by_role("link", name="Deleted stories")).to_have_attribute(
        "href", "/admin/articles/article/deleted/"
    )
    # Nobody is asked whether to leave what is kept.
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    warning.get_by_role("link", name="Open my copy").click()
    expect(page.locator("#id_standfirst")).to_have_value("Nearly lost.")


def choose_a_section(page):
    choose(page, "section", make_section(name="Harbour").name)


def choose_a_picture(page):
    choose_lead_picture(page, make_image(title="Boats").title)


def choose_a_contributor(page):
    choose(page, "bylines-0-contributor", make_contributor(name="Zora").name)


def take_the_time_now(page):
    page.locator(".field-publish_at .datetimeshortcuts a").first.click()


def leave(page) -> list[str]:
    """What is asked of who closes the page: nothing, or whether they mean it."""
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    return asked


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("act", "name"),
    [
        (choose_a_section, "section"),
        (choose_a_picture, "lead_image"),
        (choose_a_contributor, "bylines-0-contributor"),
        (take_the_time_now, "publish_at_0"),
    ],
)
def test_what_is_chosen_and_not_typed_is_kept_and_asked_about_as_well(page, act, name):
    before = page.locator(f"[name={name}]").input_value()
    act(page)
    expect(page.locator("[data-autosave]")).to_contain_text("private copy", timeout=15_000)
    [kept] = Autosave.objects.get().data[name]
    assert kept and kept != before
    assert leave(page) == ["beforeunload"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_who_leaves_at_once_after_choosing_is_asked(page):
    choose_a_section(page)
    assert leave(page) == ["beforeunload"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_form_that_was_only_looked_at_keeps_no_copy_and_asks_nothing(page):
    page.locator(".ProseMirror[contenteditable=true]").click()
    page.wait_for_timeout(5_000)
    assert leave(page) == []
    assert not Autosave.objects.exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_second_press_while_a_new_story_is_being_saved_makes_no_second_story(page, article):
    add = reverse("admin:articles_article_add")
    page.goto(add)
    page.fill("#id_headline", "Once")
    choose(page, "section", article.section.name)
    sent = []
    page.route(f"**{add}", lambda route: (sent.append(route.request.method), time.sleep(3), route.continue_()))
    # By the page's own clock: Playwright itself would wait for what is on its way.
    page.evaluate(
        """() => {
            const press = () => document.querySelector("[name=_continue]").click();
            const told = () => sessionStorage.setItem("told", document.querySelector("[data-autosave]").textContent);
            press();
            for (const moment of [1000, 1500]) setTimeout(() => { press(); told(); }, moment);
        }"""
    )
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('told')") == "It is being saved."
    assert sent == ["POST"]
    assert Article.objects.filter(headline="Once").count() == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_saving_while_a_copy_is_on_its_way_waits_for_it(page, article):
    page.route("**/autosave/", lambda route: (time.sleep(2), route.continue_()))
    page.fill("#id_standfirst", "Typed.")
    with page.expect_request("**/autosave/", timeout=15_000):
        pass
    page.fill("#id_standfirst", "Typed on.")
    page.click("[name=_continue] >> nth=0", no_wait_after=True)
    expect(page.locator(".messagelist .success")).to_be_visible(timeout=20_000)
    assert Article.objects.get().standfirst == "Typed on."
    assert not Autosave.objects.exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", [500, 403, 404])
def test_a_copy_that_the_server_refuses_keeps_nobody_from_saving(page, watch, article, status):
    page.route("**/autosave/", lambda route: route.fulfill(status=status, body="x"))
    heard = len(watch.problems)
    page.fill("#id_standfirst", "Typed.")
    expect(page.locator("[data-autosave]")).to_contain_text(f"({status})", timeout=15_000)
    page.click("[name=_continue] >> nth=0")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert Article.objects.get().standfirst == "Typed."
    page.close()  # another copy may be on its way
    del watch.problems[heard:]  # the browser notes what was refused


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_what_one_could_not_send_another_does_not_send(page, watch, article, administrator):
    heard = len(watch.problems)
    page.route("**/autosave/", lambda route: route.abort())
    page.fill("#id_standfirst", "The editor's private words")
    expect(page.locator("[data-autosave]")).to_contain_text("kept in this browser", timeout=15_000)
    context = page.context
    page.close(run_before_unload=False)
    context.clear_cookies()
    other = context.new_page()
    log_in(other, "administrator")
    other.goto(url(article))
    other.wait_for_timeout(1500)
    assert not Autosave.objects.exists()
    context.clear_cookies()
    log_in(other, "editor")
    other.goto(url(make_article(headline="Another story")))
    expect(other.locator("[data-autosave]")).to_contain_text("has been kept", timeout=15_000)
    copy = Autosave.objects.get()
    assert (copy.user.username, copy.story) == ("editor", article.pk)
    assert copy.data["standfirst"] == ["The editor's private words"]
    del watch.problems[heard:]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_reporters_open_form_says_that_the_story_has_gone_out(watch, article, reporter, editor):
    Article.objects.filter(pk=article.pk).update(created_by=reporter)
    page = watch.page()
    log_in(page, "reporter")
    page.goto(url(article))
    article.refresh_from_db()
    article.publish(editor)
    page.fill("#id_standfirst", "Too late.")
    page.click("[name=_continue] >> nth=0", no_wait_after=True)
    expect(page.locator("[data-autosave]")).to_contain_text("published now", timeout=15_000)
    expect(page.locator("#id_standfirst")).to_have_value("Too late.")
    expect(page.locator("[data-away]")).to_be_hidden()
    assert Autosave.objects.get().data["standfirst"] == ["Too late."]
    page.close(run_before_unload=False)
