"""Whatever is pressed, nobody's save is undone by who had not seen it: lists, restores, pictures, and three editors at random."""

import datetime
import itertools
import re
import threading

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles.admin import article as screen
from articles.editing.preflight import Around
from articles.models import Article, Byline, NextVersion, Version
from articles.tests.factories import make_article, make_contributor, make_image, make_section
from articles.tests.story_form import form_of, url, with_byline
from articles.workflow import MoveRefused, Status
from comments.models import Policy

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"


# --- Verbs and lists ---


@pytest.mark.parametrize("verb", ["publish", "submit"])
def test_a_move_takes_the_story_as_it_is_stored(article, editor, verb):
    stale = Article.objects.get(pk=article.pk)
    Article.objects.filter(pk=article.pk).update(headline="Saved by a colleague")
    getattr(stale, verb)(editor)
    article.refresh_from_db()
    assert article.headline == stale.headline == "Saved by a colleague"


def test_a_correction_takes_the_story_as_it_is_stored(editor):
    article = make_article()
    stale = Article.objects.get(pk=article.pk)
    Article.objects.filter(pk=article.pk).update(headline="Saved by a colleague")
    stale.correct(editor, "The year was wrong.")
    article.refresh_from_db()
    assert article.headline == "Saved by a colleague"


@pytest.mark.parametrize(("status", "verb"), [(Status.DRAFT, "publish"), (Status.PUBLISHED, "withdraw")])
def test_many_at_once_are_moved_as_they_were_looked_at(desk, administrator, monkeypatch, status, verb):
    """A colleague saves between the moment that the list was read and that at which a story's turn comes."""
    first, second = (make_article(status=status, headline=headline) for headline in ("The ferry", "The bridge"))

    def meanwhile(stories):
        story = Article.objects.get(pk=second.pk)
        story.headline = "Saved by a colleague"
        story.save()
        story.record(administrator)
        return Around(stories)

    monkeypatch.setattr(screen, "Around", meanwhile)
    sent = {"action": f"{verb}_selected", "_selected_action": [first.pk, second.pk], "_sure": "yes"}
    told = desk.post(LIST, sent, follow=True).content.decode()
    assert "Somebody has saved it since" in told and "1 story" in told
    moved = dict(Article.objects.values_list("headline", "status"))
    assert moved["Saved by a colleague"] == status
    assert moved["The ferry"] != status


def test_a_story_that_was_deleted_is_moved_by_nobody(article, editor):
    stale = Article.objects.get(pk=article.pk)
    article.delete()
    with pytest.raises(MoveRefused, match="has been deleted"):
        stale.publish(editor)
    assert not Article.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_save_does_not_undo_a_withdrawal_of_that_moment(desk, administrator, monkeypatch):
    article = make_article(headline="It was not so")
    article.record(None)
    real, withdrawals = screen.ArticleAdmin.save_model, []

    def withdraw():
        try:
            Article.objects.get(pk=article.pk).withdraw(administrator, "It was not so.")
        finally:
            connections.close_all()

    def save_model(self, request, obj, form, change):
        if not withdrawals:
            withdrawals.append(threading.Thread(target=withdraw))
            withdrawals[0].start()
            withdrawals[0].join(timeout=3)  # SQLite lets it in only after the save
        return real(self, request, obj, form, change)

    monkeypatch.setattr(screen.ArticleAdmin, "save_model", save_model)
    desk.post(url(article), form_of(article, standfirst="Typed meanwhile."))
    withdrawals[0].join()
    article.refresh_from_db()
    assert (article.status, article.standfirst) == (Status.WITHDRAWN, "Typed meanwhile.")
    assert article.status_changes.first().to_status == "withdrawn"


# --- Restoring ---


def test_a_restore_replaces_what_its_presser_has_seen_and_no_more(desk, colleague, article):
    desk.post(url(article), form_of(article, headline="Second"))
    article.refresh_from_db()
    seen = article.version
    colleague.post(url(article), form_of(article, body="<p>An hour of work.</p>"))
    told = desk.post(url(article, "version", 1), {"seen": seen}, follow=True).content.decode()
    assert "Somebody has saved the story since" in told
    article.refresh_from_db()
    assert "An hour of work" in article.body


@pytest.mark.parametrize("posted", [{}, {"seen": "x"}, {"seen": "²"}, {"seen": "99999999999999999999"}])
def test_a_restore_that_does_not_say_what_it_has_seen_is_none(desk, article, posted):
    desk.post(url(article), form_of(article, headline="Second"))
    desk.post(url(article, "version", 1), posted)
    article.refresh_from_db()
    assert article.headline == "Second"


def test_an_embargo_outlives_a_restore(editor, article):
    first = Version.objects.of(article).first()
    article.embargo_until = timezone.now() + datetime.timedelta(days=2)
    article.headline = "Second"
    article.save()
    article.record(editor)
    article.restore(first, editor, seen=article.version)
    assert article.headline == "The headline"
    assert article.embargo_until is not None


def test_readers_are_not_left_without_a_text_by_a_restore(desk, editor):
    article = Article.objects.create(headline="Only a headline", section=make_section())
    article.record(editor)
    empty = Version.objects.of(article).first().number
    article.body = "<p>Words.</p>"
    article.save()
    article.publish(editor)
    told = desk.post(url(article, "version", empty), {"seen": article.version}, follow=True).content.decode()
    assert "A published story needs a text" in told
    article.refresh_from_db()
    assert "Words." in article.body


def test_a_restore_that_changes_nothing_leaves_open_forms_whole(desk, editor, article):
    Byline.objects.create(article=article, contributor=make_contributor(), role="written")
    article.record(editor)
    opened = form_of(article, standfirst="Typed meanwhile.")
    current = Version.objects.current(article).get()
    assert article.restore(current, editor, seen=article.version) is None
    assert desk.post(url(article), opened).status_code == 302


# --- What stands beside the text ---


def test_bylines_keep_their_order_through_a_merge(desk, colleague, article):
    ant, bee = make_contributor(name="Ant"), make_contributor(name="Bee")
    Byline.objects.create(article=article, contributor=ant, role="written", order=0)
    article.record(None)
    mine = with_byline(form_of(article), bee)
    mine |= {"bylines-0-order": 2, "bylines-1-order": 1}
    colleague.post(url(article), form_of(article, headline="Theirs"))
    assert desk.post(url(article), mine).status_code == 302
    article.refresh_from_db()
    assert article.headline == "Theirs"
    assert [byline.contributor.name for byline in article.bylines.order_by("order")] == ["Bee", "Ant"]


def policy_form(page: str, article: Article, **changed) -> dict:
    """The part of the story's form that says how it may be commented on, as the page has it."""
    fields = re.findall(r'<input type="hidden" name="(comment_policy-0-opened)" value="([^"]*)"', page)
    policy = Policy.objects.filter(article=article).first()
    data = {
        "comment_policy-TOTAL_FORMS": 1, "comment_policy-INITIAL_FORMS": int(policy is not None),
        "comment_policy-0-id": policy.pk if policy else "", "comment_policy-0-article": article.pk,
    }  # fmt: skip
    for name in Policy.RULES:
        value = getattr(policy, name, None)
        data[f"comment_policy-0-{name}"] = "" if value is None else value
    return data | {name: value.replace("&quot;", '"') for name, value in fields} | changed


def test_comments_that_a_colleague_has_closed_are_not_opened_by_who_did_not_know(desk, colleague, article):
    Policy.objects.create(article=article, mode="open")
    opened = desk.get(url(article)).content.decode()
    stale = form_of(article, standfirst="Only this.") | policy_form(opened, article)
    Policy.objects.filter(article=article).update(mode="closed")
    assert desk.post(url(article), stale).status_code == 302
    assert Policy.objects.get(article=article).mode == "closed"
    article.refresh_from_db()
    assert article.standfirst == "Only this."


def test_two_who_change_how_a_story_may_be_commented_on_are_asked(desk, article):
    Policy.objects.create(article=article, mode="open")
    opened = desk.get(url(article)).content.decode()
    stale = form_of(article) | policy_form(opened, article, **{"comment_policy-0-mode": "all"})
    Policy.objects.filter(article=article).update(mode="closed")
    answer = desk.post(url(article), stale)
    assert answer.status_code == 200
    assert "Somebody else has changed this meanwhile" in answer.content.decode()
    assert Policy.objects.get(article=article).mode == "closed"


def test_new_words_of_a_picture_leave_the_story_as_its_editor_has_it(desk):
    image = make_image(alt="Old words")
    article = make_article(body=f'<p>x</p><figure data-image="{image.pk}"></figure>')
    stale = Article.objects.get(pk=article.pk)
    Article.objects.filter(pk=article.pk).update(headline="Saved meanwhile")
    image.alt = "New words"
    image.save()
    article.refresh_from_db()
    assert "New words" in article.body_html
    assert article.headline == "Saved meanwhile" != stale.headline


# --- Three editors at random, through the screens of the desk ---

FIELDS = ("headline", "standfirst", "dateline", "body")
ACTS = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["open", "type", "type", "save", "save", "save", "publish", "withdraw", "restore", "next", "live"]),
    st.sampled_from(FIELDS),
)
serial = itertools.count()


@pytest.fixture
def clients(db):
    """Those of three editors who are logged in."""
    clients = [Client() for _ in range(3)]
    for number, client in enumerate(clients):
        user = User.objects.create_user(f"editor-{number}", is_staff=True)
        user.groups.add(Group.objects.get(name="Editor"))
        client.force_login(user)
    return clients


class Editor:
    def __init__(self, client: Client):
        self.client = client
        self.form: dict = {}
        self.saw: dict = {}

    def open(self, article: Article) -> None:
        self.form, self.saw = form_of(article), stored(article)

    def save(self, article: Article, **button) -> set[str]:
        """Press a button; answer what is asked by insisting. Returns the fields that were asked about."""
        asked: set[str] = set()
        for _ in range(3):
            answer = self.client.post(
                url(article), self.form | dict.fromkeys((f"choose-{n}" for n in asked), "mine") | button
            )
            if answer.status_code != 409:
                break
            asked |= {question.name for question in answer.context["questions"]}
        assert answer.status_code == 302, answer.context["errors"]
        return asked


def stored(article: Article) -> dict:
    return Article.objects.filter(pk=article.pk).values(*FIELDS).get()


# What is decided here is decided in Python: a few walks show that PostgreSQL does as it is told.
@settings(
    max_examples=80 if connection.vendor == "sqlite" else 30, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(st.lists(ACTS, min_size=3, max_size=10))
def test_three_editors_replace_nothing_that_they_have_not_seen(clients, acts):
    """However they open, type, save, publish, withdraw and restore: what changes was seen, or asked about, by who changed it."""
    with transaction.atomic():  # the stories of earlier examples would make the lists of the desk longer and longer
        _work_at_one_story([Editor(client) for client in clients], acts)
        transaction.set_rollback(True)


def _work_at_one_story(editors: list[Editor], acts) -> None:
    article = make_article(headline="The beginning")
    for editor in editors:
        editor.open(article)
    for number, act, field in acts:
        editor, before = editors[number], stored(article)
        match act:
            case "open":
                editor.open(article)
            case "type":
                word = f"word {next(serial)}"
                editor.form[field] = f"<p>{word}</p>" if field == "body" else word
            case "save":
                asked = editor.save(article)
                after = stored(article)
                for name in FIELDS:
                    if after[name] != before[name]:
                        assert before[name] == editor.saw[name] or name in asked, (name, before, after)
                        assert after[name] == editor.form[name]
                editor.open(article)
            case "publish" | "withdraw":
                data = {"action": f"{act}_selected", "_selected_action": [article.pk], "_sure": "yes"}
                editor.client.post(LIST, data)
                assert stored(article) == before
            case "restore":
                editor.client.post(url(article, "version", 1), {"seen": editor.form["version"]})
                if stored(article) != before:
                    assert editor.saw == before
                    editor.open(article)
            case "next":
                article.refresh_from_db()
                if article.is_public():
                    editor.save(article, _next="1")
                    assert stored(article) == before
                    editor.open(article)
            case "live":
                _make_live(editor, article, before)


def _make_live(editor: Editor, article: Article, before: dict) -> None:
    waiting = NextVersion.objects.filter(article=article).select_related("version__parent__text").first()
    if waiting is None:
        return
    began = waiting.version.parent.content | {"body": waiting.version.parent.text.text}
    editor.client.post(url(article, "next"), {"live": waiting.version.number})
    after = stored(article)
    for name in FIELDS:
        if after[name] != before[name]:
            assert before[name] == began[name], "what was saved after it had been kept stays"
