"""A story keeps what it was; two editors lose nothing to each other; and any version comes back whole."""

import datetime
import itertools
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles.admin import article as screen
from articles.editing.diff import changes
from articles.editing.merge import MINE, THEIRS, merge
from articles.editing.snapshot import LABELS, TAG_NUMBERS, opened, put, take, told
from articles.models import Article, Byline, PreviousSlug, Tag, Text, Version
from articles.tests.factories import make_article, make_contributor, make_section
from articles.tests.story_form import form_of, url, with_byline
from articles.workflow import Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def article(editor):
    article = make_article(
        status=Status.DRAFT, headline="The headline", tags=("one", "two"), bylines=((make_contributor(), "written"),)
    )
    Article.objects.filter(pk=article.pk).update(created_by=editor)
    article.record(editor)
    return article


def names(article) -> list[str]:
    return sorted(article.tags.names())


# --- Versions ---


def test_every_save_is_one_version_with_its_parent_and_author(desk, article, editor):
    first = article.version
    desk.post(url(article), form_of(article, headline="Second", note="Sharper."))
    desk.post(url(article), form_of(article, headline="Third"))
    versions = list(Version.objects.of(article))
    assert [(v.number, v.content["headline"], v.made_by) for v in versions[:2]] == [
        (first + 2, "Third", editor),
        (first + 1, "Second", editor),
    ]
    assert versions[0].parent == versions[1]
    assert versions[1].reason == "Sharper."


def test_saving_what_has_not_changed_makes_no_version(desk, article):
    before = Version.objects.count()
    desk.post(url(article), form_of(article))
    assert Version.objects.count() == before


def test_moves_updates_and_corrections_are_versions(editor):
    article = make_article(status=Status.DRAFT)
    article.publish(editor)
    article.mark_updated(editor, reason="Two witnesses more.")
    article.correct(editor, "The year was wrong.")
    article.correct(editor, "None of it stands.", "retraction")
    article.withdraw(editor, "Gone.")
    told = [(version.kind, version.reason) for version in Version.objects.of(article)]
    assert told == [
        ("moved", "Withdraw. Gone."),
        ("retracted", "None of it stands."),
        ("corrected", "The year was wrong."),
        ("updated", "Two witnesses more."),
        ("first", "Publish."),
    ]


def test_what_an_edit_is_declared_to_be_stands_in_the_history(desk, editor):
    article = make_article(headline="Nine judges")
    changed = {"headline": "Seven judges", "publish_as": "correction", "correction": "Seven, not nine."}
    desk.post(url(article), form_of(article, **changed))
    newest = Version.objects.of(article).first()
    assert (newest.kind, newest.headline, newest.reason) == ("corrected", "Seven judges", "Seven, not nine.")
    assert Version.objects.of(article).count() == 2, "one version a save"


def test_a_text_that_stays_is_stored_once(desk, article):
    for number in range(5):
        desk.post(url(article), form_of(article, headline=f"Headline {number}"))
    assert Version.objects.of(article).count() >= 6
    assert Text.objects.count() == 1


def test_a_deleted_story_leaves_its_versions(article):
    pk, count = article.pk, Version.objects.count()
    article.delete()
    assert Version.objects.filter(story=pk, article=None).count() == count


def test_what_was_taken_is_put_back_whole(article):
    other = make_article(status=Status.DRAFT, headline="Another")
    snapshot = take(article)
    put(other, snapshot | {"slug": "elsewhere"})
    other.refresh_from_db()
    assert take(other) == snapshot | {"slug": "elsewhere"}


# --- Conflicts ---


def test_an_editor_who_is_second_overwrites_nothing(desk, colleague, article):
    stale = form_of(article, standfirst="Mine.")
    colleague.post(url(article), form_of(article, headline="Theirs."))
    page = desk.post(url(article), stale, follow=True).content.decode()
    article.refresh_from_db()
    assert (article.headline, article.standfirst) == ("Theirs.", "Mine.")
    assert "Taken over from theirs: headline" in page


def test_the_history_says_which_saves_were_put_together_of_two(desk, colleague, article):
    stale = form_of(article, standfirst="Mine.")
    colleague.post(url(article), form_of(article, headline="Theirs."))
    desk.post(url(article), stale)
    desk.post(url(article), form_of(article, standfirst="Mine alone."))
    kinds = [version.get_kind_display() for version in Version.objects.of(article).order_by("number")]
    assert kinds[1:] == ["Saved", "Saved, merged with another's changes", "Saved"]
    stale = form_of(article, headline="Mine.")
    colleague.post(url(article), form_of(article, headline="Theirs again."))
    desk.post(url(article), stale | {"choose-headline": "mine"})
    assert Version.objects.of(article).order_by("number").last().kind == "merged"


def test_what_both_have_changed_is_asked_about_and_nothing_typed_is_lost(desk, colleague, article):
    stale = form_of(article, headline="Mine <b>", standfirst="Also mine.", note="My note.")
    colleague.post(url(article), form_of(article, headline="Theirs"))
    response = desk.post(url(article), stale)
    page = response.content.decode()
    assert response.status_code == 409
    assert "administrator" in page
    for words in ("<ins>Mine", "&lt;b&gt;", "Theirs", "Also mine.", "My note."):
        assert words in page
    article.refresh_from_db()
    assert (article.headline, article.standfirst) == ("Theirs", "")


@pytest.mark.parametrize(("choice", "headline"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_the_answer_is_saved_with_all_else(desk, colleague, article, choice, headline):
    stale = form_of(article, headline="Mine", standfirst="Also mine.")
    colleague.post(url(article), form_of(article, headline="Theirs", dateline="Brzeň"))
    desk.post(url(article), stale | {"choose-headline": choice})
    article.refresh_from_db()
    assert (article.headline, article.standfirst, article.dateline) == (headline, "Also mine.", "Brzeň")


def test_a_third_save_while_being_asked_is_not_overwritten_either(desk, colleague, article):
    stale = form_of(article, headline="Mine")
    colleague.post(url(article), form_of(article, headline="Theirs"))
    assert desk.post(url(article), stale).status_code == 409
    colleague.post(url(article), form_of(article, standfirst="Later."))
    desk.post(url(article), stale | {"choose-headline": "mine"})
    article.refresh_from_db()
    assert (article.headline, article.standfirst) == ("Mine", "Later.")


def test_tags_of_both_are_kept_and_taken_off(desk, colleague, article):
    two = article.tags.get(name="two").pk
    stale = form_of(article, tags=[two, "new:mine"])  # without "one", with "mine"
    colleague.post(url(article), form_of(article, tags=[*form_of(article)["tags"], "new:theirs"]))
    desk.post(url(article), stale)
    assert names(article) == ["mine", "theirs", "two"]


def test_a_byline_that_only_they_added_stays(desk, colleague, article):
    stale = form_of(article, headline="Mine")
    colleague.post(url(article), with_byline(form_of(article), make_contributor(name="Zora")))
    desk.post(url(article), stale)
    article.refresh_from_db()
    assert article.headline == "Mine"
    assert article.bylines.count() == 2
    assert article.bylines.order_by("order").last().contributor.name == "Zora"


def test_bylines_that_both_have_changed_are_asked_about(desk, colleague, article):
    first = article.bylines.get().contributor
    stale = with_byline(form_of(article), make_contributor(name="Mine"))
    colleague.post(url(article), with_byline(form_of(article), make_contributor(name="Theirs")))
    assert desk.post(url(article), stale).status_code == 409
    desk.post(url(article), stale | {"choose-bylines": "mine"})
    assert [b.contributor.name for b in article.bylines.order_by("order", "pk")] == [first.name, "Mine"]
    assert Byline.objects.count() == 2


def test_a_story_that_was_moved_meanwhile_is_told_of_and_keeps_its_time(desk, article, editor):
    stale = form_of(article, headline="Mine")
    Article.objects.get(pk=article.pk).publish(editor)
    desk.post(url(article), stale)
    article.refresh_from_db()
    assert (article.status, article.headline) == (Status.PUBLISHED, "Mine")
    assert article.publish_at


def test_a_form_without_a_version_saves_nothing_that_differs(desk, article):
    data = form_of(article, headline="From an old page")
    del data["version"]
    assert desk.post(url(article), data).status_code == 409
    article.refresh_from_db()
    assert article.headline == "The headline"


@pytest.mark.parametrize("version", ["-1", "x", "99999999999999999999", "0", "٣"])
def test_a_forged_version_saves_nothing_that_differs(desk, article, version):
    desk.post(url(article), form_of(article, headline="Forged", version=version))
    article.refresh_from_db()
    assert article.headline == "The headline"


@pytest.mark.parametrize("name", ["TOTAL_FORMS", "0-contributor", "0-order"])
def test_a_number_that_is_none_in_a_byline_is_answered(desk, colleague, article, name):
    mine = form_of(article, headline="Mine", **{f"bylines-{name}": "²"})
    colleague.post(url(article), form_of(article, standfirst="Theirs."))
    assert desk.post(url(article), mine).status_code in {200, 302, 409}


def test_an_error_in_the_form_is_shown_before_anything_is_asked(desk, colleague, article):
    stale = form_of(article, headline="x")
    colleague.post(url(article), form_of(article, headline="Theirs"))
    response = desk.post(url(article), stale)
    assert response.status_code == 200
    assert "at least 3 characters" in response.content.decode()


def test_who_saves_in_the_same_moment_is_merged_too(desk, article, monkeypatch):
    """Between looking and saving, somebody else saves: the transaction is given up, and all is put together anew."""
    real, moments = screen.settle, iter([True])

    def settle(admin, request, story):
        answer = real(admin, request, story)
        if next(moments, False):
            theirs = Article.objects.get(pk=article.pk)
            theirs.dateline = "Brzeň"
            theirs.save()
            theirs.record(None)
        return answer

    monkeypatch.setattr(screen, "settle", settle)
    desk.post(url(article), form_of(article, headline="Mine"))
    article.refresh_from_db()
    assert (article.headline, article.dateline) == ("Mine", "Brzeň")


WORDS = st.sampled_from(["a", "b", "c", "d"])
FIELDS = st.sampled_from(["headline", "standfirst", "dateline", "tags"])
EDITS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["open", "save"]), FIELDS, WORDS), max_size=30)
EMPTY = dict.fromkeys(LABELS, "") | {
    "tags": [], "bylines": [], "lead_image": None, "section": None, "publish_at": None,
    "embargo_until": None,
}  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_three_editors_lose_no_change_in_any_order(edits):
    """Each changes a field of what they have open. What is saved and not chosen against later is in the story."""
    history, open_at, serial = [dict(EMPTY)], {}, itertools.count()
    for editor, act, field, word in edits:
        if act == "open":
            open_at[editor] = (len(history) - 1, dict(history[-1]))
            continue
        if editor not in open_at:
            continue
        seen, mine = open_at[editor]
        typed = f"{word}{next(serial)}"
        mine[field] = sorted({*mine[field], typed}) if field == "tags" else typed
        theirs, base = history[-1], history[seen]
        merged = merge(base, mine, theirs)
        for name in merged.conflicts:
            assert base[name] != theirs[name] != mine[name] != base[name], "only what both have changed is asked about"
        merged = merge(base, mine, theirs, dict.fromkeys(merged.conflicts, MINE))
        assert not merged.conflicts
        for name in LABELS:
            if theirs[name] != base[name] and mine[name] == base[name]:
                assert merged.result[name] == theirs[name], "a change of theirs alone stays"
        assert merged.result[field] == mine[field] or (field == "tags" and typed in merged.result["tags"])
        assert set(theirs["tags"]) <= set(merged.result["tags"]), "nobody took a tag off"
        history.append(merged.result)
        open_at[editor] = (len(history) - 1, dict(merged.result))


def test_without_a_common_version_everything_that_differs_is_asked():
    base = dict.fromkeys(LABELS, "")
    merged = merge(None, base | {"headline": "a", "tags": ["x"]}, base | {"headline": "b", "tags": ["y"]})
    assert merged.conflicts == ["headline", "tags"]
    assert merge(None, base | {"tags": ["x"]}, base | {"tags": ["y"]}, {"tags": THEIRS}).result["tags"] == ["y"]


# --- History ---


def test_the_history_tells_who_when_and_why(desk, article):
    desk.post(url(article), form_of(article, headline="Second", note="Sharper <b>."))
    page = desk.get(url(article, "history")).content.decode()
    for words in ("Version 2", "Version 1", "by editor", "Sharper &lt;b&gt;."):
        assert words in page


def test_a_version_shows_what_it_has_changed_word_by_word(desk, article):
    body = "<p>The ruling came at four.</p><p>The square filled.</p>"
    desk.post(url(article), form_of(article, body=body))
    desk.post(
        url(article),
        form_of(article, body=body.replace("four", "five"), tags=["new:three"], standfirst="<script>alert(1)</script>"),
    )
    article.refresh_from_db()
    page = desk.get(url(article, "version", article.version)).content.decode()
    assert "came at <del>four.</del><ins>five.</ins>" in page
    assert "<p>The square filled.</p>" in page
    assert "<del>one</del>" in page and "<ins>three</ins>" in page
    assert "<ins>&lt;script&gt;" in page
    assert "Headline" not in page.split("<h2>", 1)[1]


def test_any_version_comes_back_whole_as_a_new_one(desk, article, editor):
    before = take(article)
    desk.post(
        url(article), form_of(article, headline="Second", body="<p>Other.</p>", tags=["new:three"], slug="second")
    )
    article.refresh_from_db()
    desk.post(url(article, "version", 1), {"seen": article.version})
    article.refresh_from_db()
    assert take(article) == before
    assert article.version == 3
    assert Version.objects.of(article).first().kind == "restored"


def restored(desk, article, number=1) -> set[str]:
    desk.post(url(article, "version", number), {"seen": Article.objects.get(pk=article.pk).version})
    article.refresh_from_db()
    return set(names(article))


def test_a_restore_brings_back_no_tag_that_is_gone_or_has_another_name(desk, article):
    made = Tag.objects.create(name="three")
    desk.post(url(article), form_of(article, headline="Second", tags=[made.pk]))
    Tag.objects.filter(name="one").update(name="first")
    Tag.objects.get(name="two").delete()
    assert restored(desk, article) == {"first"}
    assert not Tag.objects.filter(name__in=["one", "two"]).exists()


def test_a_restore_of_what_knows_tags_by_name_takes_those_that_are_there(desk, article):
    version = Version.objects.of(article).get(number=1)
    del version.content[TAG_NUMBERS]
    version.save()
    assert article.record(None) is None
    desk.post(url(article), form_of(article, headline="Second", tags=[]))
    Tag.objects.get(name="two").delete()
    assert restored(desk, article) == {"one"}


def test_a_tag_that_was_newly_typed_is_made_when_the_next_version_goes_live(desk, editor):
    article = make_article(tags=("one", "two"))
    article.record(editor)
    typed = [*form_of(article)["tags"], "new:three"]
    desk.post(url(article), form_of(article, tags=typed, _next="1"))
    Tag.objects.filter(name="one").update(name="first")
    Tag.objects.get(name="two").delete()
    assert not Tag.objects.filter(name="three").exists()
    desk.post(url(article, "next"), {"live": article.next_version.version.number})
    assert set(names(article)) == {"first", "three"}


def test_a_restore_brings_back_that_there_was_no_section(desk, article):
    Article.objects.filter(pk=article.pk).update(section=None)
    article.refresh_from_db()
    number = article.record(None).number
    desk.post(url(article), form_of(article, section=make_section().pk))
    restored(desk, article, number)
    assert article.section is None
    # Not of a story that readers see.
    section = make_section()
    desk.post(url(article), form_of(article, section=section.pk, body="<p>Text.</p>", headline="Out"))
    article.refresh_from_db()
    article.publish(None)
    restored(desk, article, number)
    assert (article.section, article.headline) == (section, "The headline")


def test_restoring_a_published_story_keeps_its_time_and_leads_from_its_address(client, editor):
    article = make_article(headline="First")
    article.record(editor)
    address, moment = article.get_absolute_url(), article.publish_at
    first = Version.objects.of(article).last()
    article.headline, article.slug = "Second", "second"
    article.save()
    article.record(editor)
    second = article.get_absolute_url()
    article.restore(first, editor, seen=article.version)
    article.refresh_from_db()
    assert (article.get_absolute_url(), article.publish_at) == (address, moment)
    assert client.get(second).status_code == 301
    assert PreviousSlug.objects.filter(slug="second").exists()


def test_only_who_may_edit_a_story_sees_and_restores_what_it_was(client, reporter, outsider, moderator, article):
    for person in (reporter, outsider, moderator):
        client.force_login(person)
        for place in (url(article, "history"), url(article, "version", 1)):
            assert client.get(place).status_code in {302, 403, 404}
        assert client.post(url(article, "version", 1)).status_code in {302, 403, 404}
    with pytest.raises(Exception, match="may not change"):
        article.restore(Version.objects.of(article).first(), reporter, seen=article.version)


def test_who_may_not_read_what_a_story_was_has_no_button_for_it(client, reporter, editor):
    """A reporter looks at a public story of a colleague, and does not change it."""
    article = make_article(created_by=editor)
    buttons = {reporter: (False, True), editor: (True, True)}
    for person, has in buttons.items():
        client.force_login(person)
        page = client.get(url(article)).content.decode()
        assert (url(article, "history") in page, "View on site" in page) == has


def test_a_story_of_2000_versions_stays_usable(desk, article):
    first = Version.objects.of(article).select_related("text").get()
    Version.objects.bulk_create(
        Version(article=article, story=article.pk, number=n, kind="saved", content=first.content, text=first.text,
                made_at=timezone.now() - datetime.timedelta(minutes=n))
        for n in range(2, 2_001)
    )  # fmt: skip
    Article.objects.filter(pk=article.pk).update(version=2_000)
    with CaptureQueriesContext(connection) as queries:
        page = desk.get(url(article, "history")).content.decode()
    assert page.count("<li><a") <= 50 + 10
    assert "Older versions" in page
    assert len(queries) <= 12
    assert desk.get(url(article, "history") + "?before=51").status_code == 200
    assert desk.get(url(article, "version", 2_000)).status_code == 200


@pytest.mark.parametrize("number", [0, 999])
def test_a_version_that_is_not_there_is_missing(desk, article, number):
    assert desk.get(url(article, "version", number)).status_code == 404


def test_diffs_of_everything(article):
    snapshot = take(article)
    assert changes(snapshot, snapshot) == []
    told = {change.name for change in changes(None, snapshot)}
    assert {"headline", "body", "tags", "bylines", "section"} <= told
    gone = snapshot | {"section": 999_999, "bylines": [[999_999, "written"]]}
    assert "section that is gone" in str(changes(snapshot, gone))


def test_one_changed_cell_is_all_that_differs_in_a_table_that_the_editor_has_written_anew(article):
    """Also where the text was stored before its cells were plain."""
    rows = [f"<tr><th>Ship {n}</th><td>{n} masts, and crew of {n}0</td></tr>" for n in range(1, 4)]
    before = take(article) | {"body": f"<p>One.</p><table><tbody>{''.join(rows)}</tbody></table>"}
    edited = before["body"].replace("<th>", "<th><p>").replace("</th>", "</p></th>")
    edited = edited.replace("<td>", "<td><p>").replace("</td>", "</p></td>")
    [change] = changes(before, before | {"body": edited})
    assert "Only the form has changed" in change.html
    for one, other in ((before["body"], edited), (edited, before["body"])):
        [change] = changes(before | {"body": one}, before | {"body": other.replace("2 masts", "5 masts")})
        assert re.findall(r"<(?:ins|del)>(.*?)</(?:ins|del)>", change.html, re.DOTALL) == ["2 ", "5 "]


def test_times_are_told_as_the_newsrooms_clock_shows_them(article):
    moment = datetime.datetime(2026, 3, 14, 9, 30, tzinfo=datetime.UTC)
    before = take(article) | {"publish_at": told(moment), "embargo_until": None}
    after = before | {"publish_at": told(moment + datetime.timedelta(seconds=5)), "embargo_until": told(moment)}
    at, embargo = changes(before, after)
    assert "14 Mar 2026, " in at.html and "10:30 " in at.html and "10:30:05 " in at.html and "WAT" in at.html
    assert embargo.html == "<p><ins>14 Mar 2026, 10:30 WAT</ins></p>"


def test_parts_of_a_second_are_no_change(desk, article, editor):
    """A form has none; stories of commands, and versions from before times were kept to the second, do."""
    article.publish(editor, at=timezone.now().replace(microsecond=123_456) - datetime.timedelta(days=1))
    assert article.publish_at.microsecond == 0
    exact = article.publish_at + datetime.timedelta(microseconds=123_456)
    Article.objects.filter(pk=article.pk).update(publish_at=exact)
    article.refresh_from_db()
    version = article.record(editor) or Version.objects.current(article).get()
    Version.objects.filter(pk=version.pk).update(content=version.content | {"publish_at": exact.isoformat()})
    version.refresh_from_db()
    assert changes(opened(version), take(article)) == []
    put(article, opened(version))
    article.refresh_from_db()
    assert article.publish_at == exact
    page = desk.post(url(article), form_of(article, headline="The next", _next="1"), follow=True).content.decode()
    assert "Kept as the next version" in page and "stay as they were" not in page


# --- Migration ---


def test_stories_that_were_there_before_get_their_first_version(history):
    old = history.at(("articles", "0002_comment_count"))
    section = old.get_model("articles", "Section").objects.create(name="World", slug="world")
    person = old.get_model("articles", "Contributor").objects.create(name="Zora", slug="zora")
    story = old.get_model("articles", "Article").objects.create(
        headline="Rain", slug="rain", section=section, body="<p>Rain.</p>", body_html="<p>Rain.</p>",
        publish_at=timezone.now(),
    )  # fmt: skip
    moment = timezone.now()
    old.get_model("articles", "Article").objects.create(
        headline="Snow", slug="snow", section=section, body="<p>Snow.</p>", body_html="<p>Snow.</p>", publish_at=moment,
        published_on=moment.date(), status="published",
    )  # fmt: skip
    old.get_model("articles", "Byline").objects.create(article=story, contributor=person, role="written", order=0)
    history.today()
    assert Version.objects.public().get().headline == "Snow"
    article = Article.objects.get(headline="Rain")
    version = Version.objects.of(article).get()
    assert article.version == version.number == 1
    snapshot = take(article)
    told = opened(version)
    assert {name: told[name] for name in LABELS} == {name: snapshot[name] for name in LABELS}
    assert article.record(None) is None, "the migration says of a story what take() says"


def test_a_version_of_an_older_schema_still_opens(article):
    version = Version.objects.current(article).get()
    for schema, missing in ((2, ["search_title", "search_description"]), (1, ["embargo_until"])):
        version.schema = schema
        version.content = {name: value for name, value in version.content.items() if name not in missing}
        told = opened(version)
        assert set(told) == {*LABELS, TAG_NUMBERS}
        assert (told["search_title"], told["search_description"], told["embargo_until"]) == ("", "", None)


def test_sections_of_the_form_carry_the_version(desk, article):
    assert f'name="version" value="{article.version}"' in desk.get(url(article)).content.decode()
    make_section()
