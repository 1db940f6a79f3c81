"""The next version of a live story: readers see the old one until its time, and then the new one, whole."""

import datetime
import re
import threading
from unittest.mock import Mock

import lxml.html
import pytest
from django.db import IntegrityError, OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.editing import next_version
from articles.editing.next_version import apply_due, keep_next
from articles.editing.snapshot import opened
from articles.models import Article, NextVersion, Version
from articles.tests.factories import make_article, make_contributor, make_section
from articles.tests.next_versions import HOUR, at, in_an_hour, keep
from articles.tests.story_form import form_of, hidden, url, with_byline
from articles.workflow import MoveRefused, Status

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def article(editor):
    article = make_article(headline="As readers see it", tags=("one",), section=make_section())
    article.record(editor)
    return article


def form_of_next(article, **changed) -> dict:
    version = NextVersion.objects.get(article=article).version
    return form_of(article) | {"version": version.number, "version_mark": version.mark} | changed


def press(desk, article, verb: str):
    """“Make it live now”, or “Drop”: of the one that waits as the page is opened."""
    number = NextVersion.objects.get(article=article).version.number
    return desk.post(url(article, "next"), {verb: number}, follow=True).content.decode()


def live(article) -> str:
    return Client().get(article.get_absolute_url()).content.decode()


def test_what_is_kept_is_not_what_readers_see(desk, article):
    before = live(article)
    waiting = keep(desk, article, headline="Not yet", tags=["new:Two"], _save="")
    assert live(article) == before
    article.refresh_from_db()
    assert (article.headline, list(article.tags.names())) == ("As readers see it", ["one"])
    assert waiting.version.headline == "Not yet"
    assert not waiting.version.was_public
    assert article.version != waiting.version.number


def test_it_goes_live_in_its_second_with_the_first_request(desk, article, time_machine):
    due = in_an_hour()
    person = make_contributor(name="Zora Tamm")
    data = with_byline(form_of(article, headline="The morning after", tags=["new:Two"], _next="1", **at(due)), person)
    assert desk.post(url(article), data).status_code == 302
    time_machine.move_to(due - SECOND, tick=False)
    assert "The morning after" not in live(article)
    assert "The morning after" not in Client().get("/latest/").content.decode()
    time_machine.move_to(due, tick=False)
    assert "The morning after" in Client().get("/latest/").content.decode()
    page = live(Article.objects.get())
    assert "Zora Tamm" in page and "Two" in page
    assert not NextVersion.objects.exists()
    newest = Version.objects.of(article).first()
    assert (newest.kind, newest.was_public) == ("went_live", True)


@pytest.mark.parametrize("asked", ["front", "latest", "section", "news", "desk"])
def test_whatever_is_asked_first_shows_it(desk, article, time_machine, asked):
    due = in_an_hour()
    keep(desk, article, headline="The morning after", **at(due))
    addresses = {
        "front": "/", "latest": "/latest/", "section": article.section.get_absolute_url(), "news": "/news-sitemap.xml",
        "desk": url(article),
    }  # fmt: skip
    time_machine.move_to(due + HOUR)
    assert "The morning after" in desk.get(addresses[asked]).content.decode()


def test_an_update_is_dated_by_its_time_and_not_by_the_first_reader(desk, article, time_machine):
    due = in_an_hour()
    keep(desk, article, headline="Sharper", publish_as="update", **at(due))
    time_machine.move_to(due + 3 * HOUR)
    live(article)
    article.refresh_from_db()
    assert article.updated_at == due


def test_a_correction_is_told_when_it_goes_live(desk, article, editor):
    keep(desk, article, headline="Right", publish_as="correction", correction="It was wrong.")
    assert "It was wrong." not in live(article)
    press(desk, article, "live")
    assert "It was wrong." in live(article)
    assert article.corrections.get().made_by == editor


def test_the_form_of_the_next_version_holds_it_and_saves_nothing_by_being_looked_at(desk, article):
    person = make_contributor(name="Zora Tamm")
    due = in_an_hour()
    data = with_byline(form_of(article, headline="Later <b>", _next="1", tags=["new:Two"], **at(due)), person)
    desk.post(url(article), data)
    page = desk.get(url(article) + "?next=yes").content.decode()
    for words in (
        "Later &lt;b&gt;",
        "Zora Tamm",
        "You are editing the next version",
        f"{timezone.localtime(due):%H:%M:%S}",
    ):
        assert words in page, words
    assert "errornote" not in page
    article.refresh_from_db()
    assert article.headline == "As readers see it"
    assert not article.bylines.exists()


def test_saving_the_next_version_makes_it_live_with_what_was_saved_meanwhile(desk, article, administrator):
    keep(desk, article, headline="Later")
    colleague = Client()
    colleague.force_login(administrator)
    colleague.post(url(article), form_of(article, standfirst="Saved on the live story."))
    answer = desk.post(url(article), form_of_next(article, headline="Later", standfirst=""))
    assert answer.status_code == 302
    article.refresh_from_db()
    assert (article.headline, article.standfirst) == ("Later", "Saved on the live story.")
    assert not NextVersion.objects.exists()


def test_it_is_made_live_also_where_the_desk_has_asked_first(desk, article):
    keep(desk, article, headline="Later")
    tomorrow = timezone.localtime(timezone.now() + 24 * HOUR)
    hides_it = {"publish_at_0": f"{tomorrow:%Y-%m-%d}", "publish_at_1": f"{tomorrow:%H:%M:%S}"}
    asked = desk.post(url(article), form_of_next(article, headline="Later", _save="Save") | hides_it).content.decode()
    assert "Is this what you want?" in asked
    back = desk.post(url(article), hidden(asked) | {"_back": "1"}).content.decode()
    assert "You are editing the next version" in back
    assert desk.post(url(article), hidden(asked) | {"_save": "Save"}).status_code == 302
    article.refresh_from_db()
    assert (article.headline, article.is_scheduled()) == ("Later", True)
    assert not NextVersion.objects.exists()


def test_it_is_made_live_also_where_the_form_came_back_with_an_error(desk, article):
    keep(desk, article, headline="Later")
    typed = form_of_next(article, headline="Later", section="")
    page = desk.post(url(article), typed).content.decode()
    assert "A published story needs a section" in page and "You are editing the next version" in page
    carried = dict(re.findall(r'<input type="hidden" name="(version|version_mark|makes_live)" value="([^"]*)"', page))
    assert len(carried) == 3
    assert desk.post(url(article), typed | carried | {"section": article.section_id}).status_code == 302
    article.refresh_from_db()
    assert article.headline == "Later"
    assert not NextVersion.objects.exists()


def test_at_its_time_it_is_merged_with_what_was_saved_meanwhile(desk, article, administrator, time_machine):
    due = in_an_hour()
    keep(desk, article, headline="Later", **at(due))
    colleague = Client()
    colleague.force_login(administrator)
    colleague.post(url(article), form_of(article, standfirst="Meanwhile."))
    time_machine.move_to(due)
    live(article)
    article.refresh_from_db()
    assert (article.headline, article.standfirst) == ("Later", "Meanwhile.")


def test_it_never_reverts_what_was_corrected_meanwhile(desk, article, administrator, time_machine):
    due = in_an_hour()
    keep(desk, article, headline="Nine judges, and what follows", **at(due))
    colleague = Client()
    colleague.force_login(administrator)
    corrected = form_of(article, headline="Seven judges", publish_as="correction", correction="It was seven.")
    told = colleague.post(url(article), corrected, follow=True).content.decode()
    assert "changed in the same place (headline)" in told, "whoever corrects is told at once"
    assert "cannot go live as it is" in desk.get(url(article)).content.decode()
    time_machine.move_to(due)
    assert "Seven judges" in live(article)
    waiting = NextVersion.objects.get()
    assert waiting.due_at is None and "headline" in waiting.refusal
    assert "changed in the same place" in press(desk, article, "live"), "nor by the button"


def test_keeping_it_again_asks_what_shall_be_kept_of_both(desk, article, administrator, time_machine):
    keep(desk, article, headline="Nine judges, and what follows", standfirst="New.")
    colleague = Client()
    colleague.force_login(administrator)
    colleague.post(url(article), form_of(article, headline="Seven judges", dateline="Brzeň"))
    mine = form_of_next(article, headline="Nine judges, and what follows", standfirst="New.", dateline="", _next="1")
    asked = desk.post(url(article), mine)
    assert asked.status_code == 409
    assert "Seven judges" in asked.content.decode() and "Nine judges, and what follows" in asked.content.decode()
    assert desk.post(url(article), mine | {"choose-headline": "theirs"}).status_code == 302
    content = NextVersion.objects.get().version.content
    assert [content[n] for n in ("headline", "standfirst", "dateline")] == ["Seven judges", "New.", "Brzeň"]
    assert "live: readers see it now" in press(desk, article, "live")
    assert "Seven judges" in live(article)


def test_a_button_acts_on_what_its_presser_has_seen(desk, article, administrator):
    seen = keep(desk, article, headline="Finished").version.number
    colleague = Client()
    colleague.force_login(administrator)
    colleague.post(url(article), form_of_next(article, headline="Half a sen", _next="1"))
    for verb in ("live", "drop"):
        told = desk.post(url(article, "next"), {verb: seen}, follow=True).content.decode()
        assert "another one by now" in told
    assert NextVersion.objects.get().version.headline == "Half a sen"
    assert "Half a sen" not in live(article)


def test_a_time_typed_into_it_is_said_to_be_the_live_storys(desk, article):
    data = form_of(article, headline="Later", _next="1", publish_at_1="00:00:01")
    assert "they stay as they were" in desk.post(url(article), data, follow=True).content.decode()


def test_two_who_edit_the_next_version_lose_nothing(desk, article, administrator):
    keep(desk, article, headline="First")
    colleague = Client()
    colleague.force_login(administrator)
    stale = form_of_next(article, headline="First", standfirst="Mine.")
    colleague.post(url(article), form_of_next(article, headline="Theirs", _next="1"))
    assert desk.post(url(article), stale | {"_next": "1"}).status_code == 302
    content = NextVersion.objects.get().version.content
    assert (content["headline"], content["standfirst"]) == ("Theirs", "Mine.")
    stale = form_of_next(article, headline="One", standfirst="Mine.")
    colleague.post(url(article), form_of_next(article, headline="Two", standfirst="Mine.", _next="1"))
    asked = desk.post(url(article), stale | {"_next": "1"})
    assert asked.status_code == 409
    assert "Two" in asked.content.decode() and "One" in asked.content.decode()


def test_the_live_form_over_a_waiting_version_is_merged_or_asked(desk, article):
    keep(desk, article, headline="Later")
    asked = desk.post(url(article), form_of(article, headline="Otherwise", _next="1"))
    assert asked.status_code == 409
    kept = form_of(article, standfirst="Only this.", _next="1")
    assert desk.post(url(article), kept).status_code == 302
    content = NextVersion.objects.get().version.content
    assert (content["headline"], content["standfirst"]) == ("Later", "Only this.")


def test_an_ordinary_save_leaves_it_waiting(desk, article):
    keep(desk, article, headline="Later")
    desk.post(url(article), form_of(article, standfirst="A small thing."))
    assert NextVersion.objects.get().version.headline == "Later"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"_save": "Save"}, "Saving shows it to readers at once"),
        ({"_next": "1"}, "This time has passed"),
    ],
)
def test_a_time_that_would_surprise_is_answered_beside_the_field(desk, article, data, sentence):
    moment = in_an_hour() if "_save" in data else timezone.now() - HOUR
    answer = desk.post(url(article), form_of(article, headline="Typed", **data, **at(moment)))
    assert sentence in answer.content.decode()
    assert "Typed" in answer.content.decode()
    article.refresh_from_db()
    assert article.headline == "As readers see it"


def test_a_draft_has_no_next_version_and_is_saved(desk, editor):
    draft = make_article(status=Status.DRAFT)
    desk.post(url(draft), form_of(draft, headline="Typed", _next="1"))
    draft.refresh_from_db()
    assert draft.headline == "Typed"
    assert not NextVersion.objects.exists()


@pytest.mark.parametrize(("button", "has_time"), [("_next", True), ("_next", False), ("_save", True)])
def test_a_story_that_was_withdrawn_meanwhile_is_saved_and_only_then_told_of(desk, article, editor, button, has_time):
    typed = form_of(article, headline="Typed", **{button: "1"}, **(at(in_an_hour()) if has_time else {}))
    article.withdraw(editor, "Gone.")
    refused = desk.post(url(article), typed | {"headline": ""}).content.decode()
    assert "This field is required" in refused and "it has been saved" not in refused
    answer = desk.post(url(article), typed, follow=True)
    page = answer.content.decode()
    article.refresh_from_db()
    assert (article.headline, article.status) == ("Typed", Status.WITHDRAWN)
    assert ("it has been saved, not kept apart" in page) == (button == "_next")
    assert ("The time at which it was to go live is not kept" in page) == has_time
    assert not NextVersion.objects.exists()


def test_a_story_that_was_withdrawn_and_changed_meanwhile_is_asked_about_and_then_told_of(
    desk, colleague, article, editor
):
    typed = form_of(article, headline="Typed", _next="1", **at(in_an_hour()))
    colleague.post(url(article), form_of(article, headline="Theirs"))
    article.refresh_from_db()
    article.withdraw(editor, "Gone.")
    question = desk.post(url(article), typed)
    assert question.status_code == 409
    page = lxml.html.fromstring(question.content)
    (form,) = page.xpath('//form[contains(@class, "conflict")]')
    told = desk.post(url(article), dict(form.form_values()), follow=True).content.decode()
    article.refresh_from_db()
    assert (article.headline, article.status) == ("Typed", Status.WITHDRAWN)
    assert "it has been saved, not kept apart" in told
    assert "The time at which it was to go live is not kept" in told


def test_a_withdrawn_story_does_not_come_back_with_it(desk, article, editor, time_machine):
    due = in_an_hour()
    keep(desk, article, headline="Later", **at(due))
    article.refresh_from_db()
    article.withdraw(editor, "Gone.")
    time_machine.move_to(due + SECOND)
    apply_due()
    article.refresh_from_db()
    assert article.headline == "As readers see it"
    assert NextVersion.objects.get().due_at is None


def test_a_story_that_was_withdrawn_and_is_published_again_changes_at_no_time(desk, article, editor, time_machine):
    due = in_an_hour()
    keep(desk, article, headline="Later", **at(due))
    article.refresh_from_db()
    article.withdraw(editor, "Gone.")
    article.publish(editor)
    time_machine.move_to(due + SECOND)
    assert "As readers see it" in live(article)
    assert NextVersion.objects.values("due_at", "refusal").get() == {"due_at": None, "refusal": ""}


def test_a_correction_is_told_at_its_time_also_where_who_planned_it_has_left(desk, article, editor, time_machine):
    due = in_an_hour()
    keep(desk, article, headline="Right", publish_as="correction", correction="It was wrong.", **at(due))
    editor.groups.clear()
    time_machine.move_to(due)
    assert "It was wrong." in live(article)
    assert article.corrections.get().made_by is None


def test_nothing_is_kept_over_a_live_story_that_its_editor_has_not_seen(desk, article, editor):
    waiting = keep(desk, article, headline="Later").version
    article.refresh_from_db()
    seen, content = article.version, opened(waiting)
    desk.post(url(article), form_of(article, standfirst="Meanwhile."))
    article.refresh_from_db()
    assert keep_next(article, content, editor, seen=waiting.number, live=seen) is None
    assert NextVersion.objects.get().version == waiting
    assert keep_next(article, content, editor, seen=waiting.number, live=article.version) is not None


def test_saving_it_leaves_what_somebody_keeps_in_that_moment(desk, article, administrator, monkeypatch):
    waiting = keep(desk, article, headline="Later").version
    typed = form_of_next(article, headline="Later")
    claim = Article.claim

    def claim_late(story, *seen):
        monkeypatch.setattr(Article, "claim", claim)
        theirs = opened(waiting) | {"headline": "Later, and longer"}
        assert keep_next(article, theirs, administrator, seen=waiting.number, live=story.version)
        return claim(story, *seen)

    monkeypatch.setattr(Article, "claim", claim_late)
    assert desk.post(url(article), typed).status_code == 302
    article.refresh_from_db()
    assert article.headline == "Later"
    assert NextVersion.objects.get().version.headline == "Later, and longer"


def test_dropping_it_leaves_it_in_the_history(desk, article):
    number = keep(desk, article, headline="Later").version.number
    press(desk, article, "drop")
    assert not NextVersion.objects.exists()
    assert "Dropped the next version" in article.status_changes.first().note
    assert "Later" in desk.get(url(article, "version", number)).content.decode()


def test_the_desk_says_that_it_waits_and_what_it_changes(desk, article):
    keep(desk, article, headline="As readers will see it")
    page = desk.get(url(article)).content.decode()
    assert "A next version waits" in page
    assert "<ins>will" in page or "<ins>will see" in page


def test_nobody_else_reaches_it(article, desk, reporter, outsider):
    keep(desk, article, headline="Secret words")
    other = Client()
    for person in (reporter, outsider):
        other.force_login(person)
        assert "Secret words" not in other.get(url(article)).content.decode()
        assert "Secret words" not in other.get(url(article) + "?next=yes").content.decode()
        assert other.post(url(article, "next"), {"live": "1"}).status_code in {302, 403, 404}
        other.post(url(article), form_of_next(article, headline="Forged", _next="1"))
    assert NextVersion.objects.get().version.headline == "Secret words"
    assert other.get(url(article, "next")).status_code in {302, 403, 404}


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (IntegrityError("duplicate key"), "The error is in the log"),
        (KeyError("a snapshot of another age"), "The error is in the log"),
        (MoveRefused("The editor is told why."), "The editor is told why."),
    ],
)
def test_what_cannot_go_live_is_tried_once_and_shown(desk, article, monkeypatch, time_machine, problem, sentence):
    due = in_an_hour()
    keep(desk, article, headline="Later", **at(due))
    other = make_article(section=article.section)
    tries = []

    def refuse(*args, **kwargs):
        tries.append(args)
        raise problem

    monkeypatch.setattr(next_version, "put", refuse)
    time_machine.move_to(due)
    for _ in range(3):
        assert Client().get(other.get_absolute_url()).status_code == 200
    assert len(tries) == 1
    assert NextVersion.objects.get().due_at is None
    assert sentence in desk.get(url(article)).content.decode()
    article.refresh_from_db()
    assert article.headline == "As readers see it"


def test_a_refusal_leaves_what_was_planned_meanwhile(desk, article, monkeypatch, time_machine):
    due = in_an_hour()
    keep(desk, article, headline="Later", **at(due))

    def plan(*args):
        NextVersion.objects.update(due_at=due + HOUR)

    # Between giving it up and saying so.
    monkeypatch.setattr(next_version.logger, "exception", plan)
    monkeypatch.setattr(next_version, "put", Mock(side_effect=MoveRefused("No.")))
    time_machine.move_to(due)
    live(article)
    assert NextVersion.objects.values("due_at", "refusal").get() == {"due_at": due + HOUR, "refusal": ""}


def test_a_database_that_fails_is_asked_again_with_the_next_page(desk, article, monkeypatch, time_machine):
    due = in_an_hour()
    keep(desk, article, headline="Later", **at(due))
    time_machine.move_to(due)
    with monkeypatch.context() as broken:
        broken.setattr(next_version, "put", Mock(side_effect=OperationalError("database is locked")))
        assert "As readers see it" in live(article)
    assert "Later" in live(article)


def test_nothing_due_costs_one_small_query(article, django_assert_num_queries):
    with django_assert_num_queries(1):
        apply_due()
    with CaptureQueriesContext(connection) as queries:
        Client().get("/healthz")
    assert not queries


def test_the_question_is_asked_of_the_index(article):
    with CaptureQueriesContext(connection) as queries:
        apply_due()
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"{explain} {queries[0]['sql']}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "next_version_due" in plan


@pytest.mark.django_db(transaction=True)
def test_ten_requests_at_once_apply_it_once(desk, article, editor):
    due = in_an_hour()
    keep(desk, article, headline="Once", publish_as="correction", correction="Told once.", **at(due))
    NextVersion.objects.update(due_at=timezone.now() - SECOND)
    pages, start = [], threading.Barrier(10)

    def read():
        try:
            start.wait()
            pages.append(live(article))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=read) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pages) == 10
    assert all("Once" in page for page in pages)
    assert article.corrections.count() == 1
    assert Version.objects.of(article).filter(kind="went_live").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_and_a_due_change_do_not_wait_for_each_other_for_ever(desk, article, editor):
    """All who lock both lock the story first: PostgreSQL would end one of them with "deadlock detected"."""
    for number in range(8):
        keep(desk, article, headline=f"Version {number}")
        NextVersion.objects.update(due_at=timezone.now() - SECOND)
        problems, start = [], threading.Barrier(2)

        def do(what, start=start, problems=problems):
            try:
                start.wait()
                what()
            except MoveRefused:
                pass
            except Exception as problem:
                problems.append(problem)
            finally:
                connections.close_all()

        moves = (apply_due, lambda: Article.objects.get(pk=article.pk).withdraw(editor))
        threads = [threading.Thread(target=do, args=(move,)) for move in moves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        NextVersion.objects.all().delete()
        article.refresh_from_db()
        article.publish(editor)
