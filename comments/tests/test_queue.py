"""The queue: what waits comes first and oldest first, every page and query is small, and a press can be taken back."""

import dataclasses
import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.tests.factories import make_article
from articles.workflow import Status as ArticleStatus
from comments.decide import DecisionRefused, decide, decide_all, last_batch, undo
from comments.edit import edit
from comments.models import Batch, Comment, Commenter, Decision, Flag, GuestNote, Sanction, Status
from comments.privacy import forget_text
from comments.queue import COUNTED, NOTE_AT_MOST, PAGE_SIZE, View, comments_in, counts, page_of_queue, search
from comments.reactions import flag
from comments.tests.factories import make_comment, make_reader
from comments.tests.plans import crowd, plans_of, sorts, wasteful

pytestmark = pytest.mark.django_db

QUEUE = "/admin/comments/comment/"


def seen(comment: Comment) -> str:
    return f"{comment.pk}:{comment.revision}:{comment.status}"


@pytest.fixture
def desk(client, moderator):
    client.force_login(moderator)
    return client


@pytest.fixture
def article():
    return make_article()


def page(desk, **which) -> str:
    return desk.get(QUEUE, which).content.decode()


def test_each_view_shows_what_it_says(desk, article, moderator):
    words = {
        "pending": make_comment(article=article, body="It waits.").body,
        "published": make_comment(article=article, body="Nobody read it.", status=Status.PUBLISHED).body,
    }
    read = make_comment(article=article, body="A moderator read it.")
    decide(read, Status.PUBLISHED, by=moderator)
    flag(read, make_reader(), why="hate", words="Look at this.")
    shown = {
        view: {text for text in (*words.values(), read.body) if text in page(desk, view=view)} for view in View.values
    }
    assert shown == {
        "pending": {"It waits."},
        "reported": {"A moderator read it."},
        "unreviewed": {"Nobody read it."},
        "all": {"It waits.", "Nobody read it.", "A moderator read it."},
    }
    assert "Look at this." in page(desk, view="reported")
    assert "hateful" in page(desk, view="reported")


def test_an_entry_tells_what_a_moderator_needs(desk, article):
    reader = make_reader(email="known@example.org", approved=2)
    Commenter.objects.update(rejected_count=1)
    parent = make_comment(article=article, name="Marit", body="It was snowing.", status=Status.PUBLISHED)
    make_comment(parent=parent, reader=reader, name="Dagmar", body="It was ash.")
    text = page(desk)
    for told in (
        "It was ash.",
        "Marit",
        "It was snowing.",
        article.headline,
        "2 published, 1 turned away",
        "Confirmed",
    ):
        assert told in text
    assert "first 3 comments" in text
    assert "known@example.org" not in text


def test_pages_go_on_by_key_and_miss_nothing(desk, article):
    comments = [make_comment(article=article, body=f"Text <{n:03}>") for n in range(PAGE_SIZE * 2 + 3)]
    found, after = [], ""
    while True:
        part = page_of_queue(comments_in(View.PENDING), after=after)
        found += [comment.pk for comment in part.comments]
        if not part.next:
            break
        after = part.next
    assert found == [comment.pk for comment in comments]
    assert "Next page" in page(desk)
    assert desk.get(QUEUE, {"after": "nonsense"}).status_code == 404
    assert desk.get(QUEUE, {"view": "nonsense"}).status_code == 404


def test_counts_stop_counting():
    crowd(comments=8_000)
    assert counts()[View.PENDING] == f"{COUNTED}+"


def test_a_page_costs_as_many_queries_with_many_comments_as_with_few(desk, article):
    costs = []
    for count in (2, 30):
        for _ in range(count):
            comment = make_comment(article=article, reader=make_reader(email="x@example.org"), body=f"Text {count} {_}")
            Comment.objects.update(created_at=comment.article.publish_at)
            flag(comment, make_reader(), why="abuse")
        with CaptureQueriesContext(connection) as queries:
            page(desk)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 14


def test_every_view_and_search_goes_over_an_index():
    # Of a story with a tenth of all comments PostgreSQL may as well pass over the others.
    roots = crowd(stories=200)
    after = page_of_queue(comments_in(View.PENDING)).next
    asked = {
        view: lambda v=view: page_of_queue(comments_in(v), after=after, newest_first=v == View.ALL) for view in View
    }
    asked |= {
        "counts": counts,
        "words": lambda: page_of_queue(search("Comment"), newest_first=True),
        "guest": lambda: page_of_queue(Comment.objects.filter(commenter=roots[0].commenter), newest_first=True),
        "story": lambda: page_of_queue(Comment.objects.filter(article=roots[0].article), newest_first=True),
    }
    plans = {str(name): plans_of(question) for name, question in asked.items()}
    assert all(plans.values())
    # What is reported is counted by walking the index of what is reported, which has an end.
    walks = {"counts": "comment_reported"}
    assert not [
        (name, plan)
        for name, found in plans.items()
        for plan in found
        if wasteful(plan, walks=walks.get(name, "no index"))
    ]
    assert not [(name, plans[name][0]) for name in (*View.values, "guest", "story") if sorts(plans[name][0])]


# --- Deciding ---


def test_a_bulk_decision_refuses_what_has_moved_on_and_names_it(desk, article):
    fine, edited, decided = (make_comment(article=article, name=name) for name in ("Fine", "Edited", "Decided"))
    values = [seen(comment) for comment in (fine, edited, decided)]
    Comment.objects.filter(pk=edited.pk).update(revision=2, body="Not what you have read.")
    decide(decided, Status.SPAM, by=None)
    text = desk.post(QUEUE, {"_bulk": "approve", "selected": values}, follow=True).content.decode()
    assert "Published: the comment by Fine." not in text
    assert "Published: 1 comment." in text
    assert "by Edited has changed in the meantime" in text
    assert "by Decided has changed in the meantime: it is spam" in text
    assert set(Comment.objects.visible()) == {fine}


@pytest.mark.parametrize(
    ("button", "sent", "kept"),
    [("reject", "libel", "libel"), ("spam", "libel", "libel"), ("approve", "libel", ""), ("spam", "forged", "")],
)
def test_a_button_says_the_same_at_the_queue_and_beside_the_comment(desk, article, button, sent, kept):
    here, beside = make_comment(article=article), make_comment(article=article)
    note = "n" * (NOTE_AT_MOST + 1)
    desk.post(QUEUE, {f"_{button}": seen(here), f"reason-{here.pk}": sent, f"note-{here.pk}": note})
    desk.post("/comments/moderate/", {"to": button, "seen": seen(beside), "reason": sent, "note": note})
    for comment in (here, beside):
        decision = comment.decisions.get()
        assert (decision.reason, decision.note, decision.inform) == (kept, note[:NOTE_AT_MOST], False)


def test_the_last_press_is_undone_as_one(desk, article, moderator):
    comments = [make_comment(article=article) for _ in range(3)]
    text = desk.post(QUEUE, {"_bulk": "spam", "selected": [seen(c) for c in comments]}, follow=True).content.decode()
    assert "can be taken back" in text
    desk.post(QUEUE, {"_undo": str(Batch.objects.get().pk)})
    assert {comment.status for comment in Comment.objects.all()} == {Status.PENDING}
    assert Decision.objects.count() == 6
    assert last_batch(moderator) is None
    assert "nothing to undo" in desk.post(QUEUE, {"_undo": "999"}, follow=True).content.decode()


def test_undoing_leaves_alone_what_has_moved_on(moderator, desk, article):
    first, second = make_comment(article=article), make_comment(article=article, name="Second")
    desk.post(QUEUE, {"_bulk": "approve", "selected": [seen(first), seen(second)]})
    decide(Comment.objects.get(pk=second.pk), Status.SPAM, by=None)
    undone = undo(Batch.objects.get(), by=moderator)
    assert undone.count == 1
    assert "by Second has changed" in undone.refused[0]
    assert undo(Batch.objects.get(), by=moderator).refused == ["This has been undone already."]


def test_a_press_is_undone_within_an_hour_and_not_later(desk, article, moderator, time_machine):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    desk.post(QUEUE, {"_reject": seen(comment)})
    time_machine.move_to(timezone.now() + datetime.timedelta(minutes=61))
    text = desk.post(QUEUE, {"_undo": str(Batch.objects.get().pk)}, follow=True).content.decode()
    assert "too late" in text
    assert last_batch(moderator) is None
    comment.refresh_from_db()
    assert comment.status == Status.REJECTED


def test_undoing_publishes_no_text_that_was_erased(article, moderator):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    batch, *_ = decide_all([comment], Status.REJECTED, by=moderator)
    forget_text(comment)
    assert "nothing left to publish" in undo(batch, by=moderator).refused[0]
    comment.refresh_from_db()
    assert comment.status == Status.REJECTED
    with pytest.raises(DecisionRefused):
        comment.body = "What a moderator still has on the screen."
        decide(comment, Status.PUBLISHED, by=moderator)


@pytest.mark.parametrize("number", ["²", "١", "x", "9" * 30, "-1"])
def test_a_forged_number_undoes_nothing(desk, number):
    assert "nothing to undo" in desk.post(QUEUE, {"_undo": number}, follow=True).content.decode()


def test_a_number_is_the_same_with_a_nought_before_it(desk, article):
    comment = make_comment(article=article)
    desk.post(QUEUE, {"_approve": f"0{comment.pk}:1:pending"})
    assert Comment.objects.get().status == Status.PUBLISHED


def test_nobody_undoes_what_another_has_done(desk, article, administrator):
    comment = make_comment(article=article)
    desk.post(QUEUE, {"_approve": seen(comment)})
    desk.force_login(administrator)
    desk.post(QUEUE, {"_undo": str(Batch.objects.get().pk)})
    assert Comment.objects.get().status == Status.PUBLISHED


def test_the_eye_goes_on_to_the_next_comment(desk, article):
    first, second = make_comment(article=article), make_comment(article=article)
    response = desk.post(QUEUE, {"_approve": seen(first), "order": [first.pk, second.pk]})
    assert response["Location"].endswith(f"#entry-{second.pk}")


def test_what_has_been_edited_or_taken_away_since_it_was_seen_is_not_picked(desk, article):
    author = make_reader(email="trusted@example.org", approved=5)
    comment = make_comment(article=article, reader=author, body="The tram is late.")
    as_it_was = seen(comment)
    edit(comment, "Something else altogether.", author)
    assert comment.is_visible
    page = desk.post(QUEUE, {"_pick": as_it_was}, follow=True).content.decode()
    assert "its author has edited it, and it is published now" in page
    as_it_was = seen(comment)
    decide(comment, Status.REJECTED, by=None)
    page = desk.post(QUEUE, {"_pick": as_it_was}, follow=True).content.decode()
    assert "it is rejected now" in page
    assert not Comment.objects.exclude(picked_at=None).exists()


def test_a_published_comment_is_let_stand_and_picked(desk, article):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    assert "Let it stand" in page(desk, view="unreviewed")
    desk.post(QUEUE, {"_keep": seen(comment)})
    desk.post(QUEUE, {"_pick": seen(comment)})
    comment.refresh_from_db()
    assert comment.reviewed_at and comment.picked_at
    assert "Nothing here" in page(desk, view="unreviewed")


def test_who_may_only_pick_finds_that_button_and_no_other(client, article, editor):
    client.force_login(editor)
    comment = make_comment(article=article, status=Status.PUBLISHED)
    text = page(client, view="unreviewed")
    buttons = set(re.findall(r'name="(_\w+)"', text))
    assert buttons == {"_search", "_pick"}
    assert client.post(QUEUE, {"_pick": seen(comment)}).status_code == 302
    comment.refresh_from_db()
    assert comment.picked_at
    assert "_unpick" in page(client, view="unreviewed")
    for forged in ({"_reject": seen(comment)}, {"_pick": seen(comment), "_spam": seen(comment)}, {"_undo": "1"}, {}):
        assert client.post(QUEUE, forged).status_code == 403
    client.post(f"{QUEUE}{comment.pk}/change/", {"_unpick": seen(comment)})
    comment.refresh_from_db()
    assert (comment.picked_at, comment.status) == (None, Status.PUBLISHED)


@pytest.mark.parametrize(("button", "status"), [("keep", Status.PUBLISHED), ("approve", Status.PENDING)])
def test_a_report_that_came_after_the_page_was_loaded_is_not_settled_unread(desk, article, button, status):
    comment = make_comment(article=article, status=status if status == Status.PUBLISHED else None)
    first, second = make_reader(email="first@example.org"), make_reader(email="second@example.org")
    flag(comment, first, why="abuse")
    text = page(desk, view="reported")
    assert f'name="_{button}" value="{seen(comment)}"' in text, "servers of the version before understand it"
    pressed = dict(re.findall(rf'name="(_{button}|report-\d+)" value="([^"]+)"', text))
    flag(comment, second, why="privacy", words="It names my child.")
    desk.post(QUEUE, pressed)
    outcomes = dict(Flag.objects.values_list("commenter__email", "outcome"))
    assert outcomes == {"first@example.org": Flag.Outcome.DISMISSED, "second@example.org": Flag.Outcome.OPEN}
    second.commenter.refresh_from_db()
    comment.refresh_from_db()
    assert second.commenter.flags_dismissed == 0
    assert (comment.status, comment.reported, comment.open_flags) == (Status.PUBLISHED, True, 1)
    assert "It names my child." in page(desk, view="reported")
    value = re.search(r'name="_reject" value="([^"]+)"', page(desk, view="reported"))[1]
    desk.post(QUEUE, {"_reject": value})
    assert not Flag.objects.filter(outcome=Flag.Outcome.OPEN).exists()


def test_what_is_turned_away_settles_every_report(desk, article):
    comment = make_comment(article=article)
    value = re.search(r'name="_reject" value="([^"]+)"', page(desk))[1]
    flag(comment, make_reader(email="late@example.org"), why="abuse")
    desk.post(QUEUE, {"_reject": value})
    assert Flag.objects.get().outcome == Flag.Outcome.UPHELD
    assert "Nothing here" in page(desk, view="reported")


def test_letting_it_stand_leaves_a_row_and_teaches_nothing(desk, article, moderator):
    comment = make_comment(article=article, reader=make_reader(email="a@example.org", approved=5))
    desk.post(QUEUE, {"_keep": seen(comment)})
    kept = comment.decisions.first()
    assert (kept.from_status, kept.to_status, kept.made_by) == ("published", "published", moderator)
    assert "Let stand" in page(desk, view="all")
    desk.post(QUEUE, {"_keep": seen(comment)})
    assert comment.decisions.first() == kept, "pressed twice it is said once"
    flag(comment, make_reader(), why="abuse")
    desk.post(QUEUE, {"_keep": seen(comment), f"report-{comment.pk}": "0"})
    assert comment.decisions.first() == kept, "of the report nobody has seen anything"
    assert Comment.objects.get().reported
    desk.post(QUEUE, {"_keep": seen(comment)})
    assert comment.decisions.first() != kept
    assert not Comment.objects.get().reported
    comment.refresh_from_db()
    assert (comment.learned, comment.counted_as) == ("", "")


def test_searching(desk, article):
    known = make_comment(article=article, email="known@example.org", body="About harbours")
    other = make_comment(article=article, body="About trams")
    for words, found in (
        ("harbour", known), (str(known.pk), known), ("Known@Example.org", known), ("TRAMS", other), ("nobody@example.org", None),
    ):  # fmt: skip
        response = desk.post(QUEUE, {"_search": "1", "q": words})
        assert "example.org" not in response["Location"].lower(), "the addresses of requests are logged"
        text = desk.get(response["Location"]).content.decode()
        assert ("About harbours" in text, "About trams" in text) == (found == known, found == other), words


def test_the_comments_of_one_story(desk, article):
    make_comment(article=article, body="On this one.")
    make_comment(body="On another.")
    text = page(desk, story=article.pk)
    assert "On this one." in text and "On another." not in text
    assert f'All comments on “<span dir="auto">{article.headline}</span>”, the newest first.' in text
    assert '<a href="?">Back to the queue</a>' in text
    assert "Back to the queue" not in page(desk)


def test_a_story_without_comments_is_no_work_done(desk, article):
    text = page(desk, story=article.pk)
    assert "No comments yet." in text and "well done" not in text
    for which in ({"q": "nowhere"}, {"guest": "999"}, {"story": "999"}):
        assert "Nothing was found." in page(desk, **which), which
    assert "well done" in page(desk)


def test_a_moderator_does_not_learn_of_a_draft_by_its_number(desk, client, editor):
    draft = make_article(status=ArticleStatus.DRAFT, headline="Minister resigns")
    for number in (draft.pk, 999):
        text = page(desk, story=number)
        assert "All comments on one story" in text and "Nothing was found." in text
        assert "Minister resigns" not in text
    client.force_login(editor)
    assert "Minister resigns" in page(client, story=draft.pk)


@pytest.mark.parametrize("number", ["²", "x", "9" * 30, "0"])
def test_the_comments_of_no_number_are_none(desk, number):
    make_comment(body="Somebody's.")
    for which in ("story", "guest"):
        assert "Somebody&#x27;s." not in page(desk, **{which: number}), which
    assert desk.get(f"{QUEUE}{number}/change/").status_code == 404
    assert desk.get(f"/admin/comments/commenter/{number}/change/").status_code == 404


# --- Authors ---


def test_an_author_is_banned_and_all_of_theirs_rejected(desk, article, moderator):
    reader = make_reader(email="rude@example.org", approved=5)
    comments = [make_comment(article=article, reader=reader) for _ in range(3)]
    other = make_comment(article=article, status=Status.PUBLISHED)
    text = desk.get(f"{QUEUE}{comments[0].pk}/sanction/").content.decode()
    assert "3 of theirs" in text
    data = {"measure": "ban", "target": "author", "reason": "Threats.", "reject_all": "on"}
    text = desk.post(f"{QUEUE}{comments[0].pk}/sanction/", data, follow=True).content.decode()
    assert "Rejected: 3 comments." in text
    assert Sanction.objects.get().commenter == reader.commenter
    assert list(Comment.objects.visible()) == [other]
    undo(last_batch(moderator), by=moderator)
    assert Comment.objects.visible().count() == 4


@pytest.mark.parametrize("screen", ["guest", "sanction"])
def test_of_many_that_are_rejected_at_once_it_is_told_which_have_moved_on(desk, article, monkeypatch, screen):
    reader = make_reader(email="rude@example.org")
    comments = [make_comment(article=article, reader=reader, name=name) for name in ("Rude", "Crude")]

    def meanwhile(decided, decision):
        Comment.objects.exclude(pk=decided.pk).update(revision=2)

    monkeypatch.setattr("comments.decide.notifications.note", meanwhile)
    if screen == "guest":
        url, data = f"/admin/comments/commenter/{reader.commenter.pk}/change/", {"_reject_pending": "1"}
    else:
        url = f"{QUEUE}{comments[0].pk}/sanction/"
        data = {"measure": "warn", "target": "author", "reason": "Rude.", "reject_all": "on"}
    text = desk.post(url, data, follow=True).content.decode()
    assert "Rejected: 1 comment." in text
    assert "has changed in the meantime: its author has edited it" in text


def test_a_press_that_is_refused_for_many_reasons_tells_a_page_of_them(desk, article):
    comments = [make_comment(article=article, body=f"Text {n}") for n in range(PAGE_SIZE + 2)]
    values = [seen(comment) for comment in comments]
    Comment.objects.update(revision=2)
    text = desk.post(QUEUE, {"_bulk": "spam", "selected": values}, follow=True).content.decode()
    assert text.count("has changed in the meantime") == PAGE_SIZE
    assert "And 2 comments more" in text


def test_the_buttons_say_how_many_they_reject(desk, article, monkeypatch):
    for module in ("guest", "queue"):
        monkeypatch.setattr(f"comments.admin.{module}.AT_ONCE", 2)
    reader = make_reader(email="rude@example.org")
    guest = f"/admin/comments/commenter/{reader.commenter.pk}/change/"
    for button, theirs in (
        ("Reject the one that waits", "1 of theirs waits or is published."),
        ("Reject all 2 that wait", "2 of theirs wait or are published."),
        ("Reject the first 2 that wait", "More than 2 of theirs wait or are published."),
    ):
        comment = make_comment(article=article, reader=reader)
        assert button in desk.get(guest).content.decode()
        assert theirs in desk.get(f"{QUEUE}{comment.pk}/sanction/").content.decode()


def test_rejecting_all_of_an_unconfirmed_guest_spares_the_owner_of_the_address(desk, article):
    owner = make_reader(email="victim@example.org", approved=5)
    fine = make_comment(article=article, reader=owner)
    stranger = make_reader()
    rude = make_comment(article=article, reader=stranger, email="victim@example.org")
    data = {"measure": "warn", "target": "author", "reason": "Rude.", "reject_all": "on"}
    desk.post(f"{QUEUE}{rude.pk}/sanction/", data)
    fine.refresh_from_db()
    rude.refresh_from_db()
    assert (fine.status, rude.status) == (Status.PUBLISHED, Status.REJECTED)


def test_rejecting_all_of_a_stranger_spares_guests_and_staff_of_the_same_browser(desk, article, administrator):
    stranger = make_reader()
    rude = make_comment(article=article, reader=stranger)
    guest = make_reader(email="guest@example.org", approved=5)
    fine = [
        make_comment(article=article, reader=dataclasses.replace(stranger, commenter=guest.commenter)),
        make_comment(article=article, reader=dataclasses.replace(stranger, user=administrator)),
    ]
    data = {"measure": "warn", "target": "author", "reason": "Rude.", "reject_all": "on"}
    text = desk.post(f"{QUEUE}{rude.pk}/sanction/", data, follow=True).content.decode()
    assert "Rejected: 1 comment." in text
    assert set(Comment.objects.visible()) == set(fine)


def test_who_lays_a_sanction_is_told_who_reads_the_reason(desk, article):
    text = desk.get(f"{QUEUE}{make_comment(article=article).pk}/sanction/").content.decode()
    assert "reads this, word for word, whatever the measure" in text
    assert "note on the guest" in text


@pytest.mark.parametrize("target", ["author", "network"])
def test_the_same_measure_sent_twice_is_one(desk, article, target):
    comment = make_comment(article=article)
    data = {"measure": "ban", "target": target, "reason": "Threats."}
    for _ in range(2):
        assert "Ban: " in desk.post(f"{QUEUE}{comment.pk}/sanction/", data, follow=True).content.decode()
    desk.post(f"{QUEUE}{comment.pk}/sanction/", data | {"measure": "warn"})
    assert list(Sanction.objects.values_list("measure", flat=True)) == ["warn", "ban"]
    Sanction.objects.get(measure="ban").lift(None)
    desk.post(f"{QUEUE}{comment.pk}/sanction/", data)
    assert Sanction.objects.active().filter(measure="ban").count() == 1


def test_a_suspension_needs_an_end(desk, article):
    comment = make_comment(article=article)
    data = {"measure": "suspend", "target": "author", "reason": "Rude."}
    text = desk.post(f"{QUEUE}{comment.pk}/sanction/", data).content.decode()
    assert "A suspension ends" in text
    assert text.index('name="reason"') > text.index("A suspension ends") > text.index('name="target"')
    assert "Rude." in text
    assert not Sanction.objects.exists()


def test_a_network_is_sanctioned_for_thirty_days_at_most(desk, article):
    comment = make_comment(article=article)
    data = {"measure": "ban", "network": "203.0.113.7", "reason": "Threats."}
    for until in ({}, {"until_0": "2099-01-01", "until_1": "00:00"}):
        assert "30 days at most" in desk.post("/admin/comments/sanction/add/", data | until).content.decode()
    desk.post(f"{QUEUE}{comment.pk}/sanction/", {"measure": "ban", "target": "network", "reason": "Threats."})
    assert Sanction.objects.get().until <= timezone.now() + datetime.timedelta(days=30)


def test_a_sanction_ends_in_either_of_two_hours_of_the_same_name(desk, settings):
    settings.TIME_ZONE = "Europe/Prague"
    timezone.deactivate()
    add, data = "/admin/comments/sanction/add/", {"measure": "ban", "mail_domain": "spam.example", "reason": "Threats."}
    night = {"until_0": "2030-10-27", "until_1": "02:30"}
    assert "comes twice that night" in desk.post(add, data | night).content.decode()
    assert desk.post(add, data | night | {"until_1": "02:30 CET"}).status_code == 302
    assert Sanction.objects.get().until == datetime.datetime(2030, 10, 27, 1, 30, tzinfo=datetime.UTC)


def test_a_guests_page_tells_history_and_takes_notes(desk, article, moderator):
    reader = make_reader(email="known@example.org")
    comment = make_comment(article=article, reader=reader, body="My only comment.")
    url = f"/admin/comments/commenter/{reader.commenter.pk}/change/"
    text = desk.get(url).content.decode()
    assert "known@example.org" in text and "My only comment." in text
    desk.post(url, {"_note": "1", "text": "Writes at night."})
    assert GuestNote.objects.get().made_by == moderator
    assert "Writes at night." in desk.get(url).content.decode()
    desk.post(url, {"_reject_pending": "1"})
    comment.refresh_from_db()
    assert comment.status == Status.REJECTED
    before = reader.commenter.token_version
    desk.post(url, {"_forget": "1"})
    reader.commenter.refresh_from_db()
    assert reader.commenter.token_version != before
    assert "This field is required" in desk.post(url, {"_note": "1", "text": ""}).content.decode()


def test_a_guest_is_found_by_the_whole_address_or_number_alone(desk):
    guest = Commenter.objects.by_email("known@example.org")
    url = "/admin/comments/commenter/"
    Commenter.objects.by_email("other@example.org")
    for words, is_found in (
        ("KNOWN@example.org", True),
        (str(guest.pk), True),
        ("known", False),
        ("", False),
        ("²", False),
    ):
        response = desk.post(f"{url}?_popup=1", {"who": words})
        assert "example.org" not in response["Location"].lower() and "_popup=1" in response["Location"]
        text = desk.get(response["Location"]).content.decode()
        assert (f"/{guest.pk}/change/" in text, "other@example.org" in text) == (is_found, False), words
        assert ("There is no guest with this address or number." in text) is not is_found, words
        assert '<a href="?_popup=1">All guests</a>' in text
    assert "All guests" not in desk.get(url).content.decode()
    assert "There is no guest" in desk.post(url, {"who": str(guest.pk + 99)}, follow=True).content.decode()


def test_a_sanction_is_added_and_lifted_and_never_rewritten(desk, moderator):
    guest = Commenter.objects.by_email("rude@example.org")
    url = "/admin/comments/sanction/"
    text = desk.post(f"{url}add/", {"measure": "ban", "reason": "Threats."}).content.decode()
    assert "Name one of" in text and "Threats." in text
    desk.post(f"{url}add/", {"measure": "ban", "reason": "Threats.", "commenter": guest.pk})
    sanction = Sanction.objects.get()
    assert sanction.made_by == moderator
    assert desk.post(f"{url}{sanction.pk}/change/", {"measure": "warn"}).status_code == 403
    assert desk.post(f"{url}{sanction.pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(url, {"action": "lift", "_selected_action": [sanction.pk]})
    sanction.refresh_from_db()
    assert not sanction.is_active and sanction.lifted_by == moderator


# --- Who ---


SCREENS = ["comment/", "commenter/", "sanction/", "term/", "policy/", "term/many/", "sanction/add/", "term/add/"]


def test_moderators_reach_their_screens_and_nothing_else(desk):
    comment = make_comment()
    own = [*SCREENS, f"comment/{comment.pk}/change/", f"comment/{comment.pk}/sanction/",
           f"commenter/{comment.commenter.pk}/change/"]  # fmt: skip
    for screen in own:
        assert desk.get(f"/admin/comments/{screen}").status_code in {200, 302}, screen
    for screen in ("articles/article/", "articles/section/", "auth/user/", "adverts/booking/", "newsportal/page/"):
        assert desk.get(f"/admin/{screen}").status_code == 403, screen


@pytest.mark.parametrize("who", ["reporter", "outsider"])
def test_others_reach_none_of_them(client, request, who):
    client.force_login(request.getfixturevalue(who))
    comment = make_comment()
    for screen in (*SCREENS, f"comment/{comment.pk}/change/", f"comment/{comment.pk}/sanction/",
                   f"commenter/{comment.commenter.pk}/change/"):  # fmt: skip
        for answer in (
            client.get(f"/admin/comments/{screen}"),
            client.post(f"/admin/comments/{screen}", {"_approve": seen(comment)}),
        ):
            assert answer.status_code in {302, 403}, screen
            assert "/admin/login/" in answer.get("Location", "/admin/login/"), screen
    assert Comment.objects.get().status == Status.PENDING


def test_an_editor_cannot_find_out_what_belongs_to_an_address(client, editor):
    client.force_login(editor)
    comment = make_comment(email="known@example.org", body="Read me.")
    response = client.post(QUEUE, {"_search": "1", "q": "known@example.org"})
    assert "guest" not in response["Location"]
    for url in (response["Location"], f"{QUEUE}?q=known@example.org"):
        assert "Read me." not in client.get(url).content.decode()
    make_comment(body="Somebody else's.")
    text = client.get(QUEUE, {"guest": comment.commenter.pk}).content.decode()
    assert "Somebody else&#x27;s." in text, "as if it were not there"
    assert "e-mail" not in text


def test_an_editor_reads_the_queue_and_decides_nothing(client, editor):
    client.force_login(editor)
    comment = make_comment(body="Read me.")
    text = client.get(QUEUE).content.decode()
    assert "Read me." in text and "Approve" not in text
    assert client.post(QUEUE, {"_approve": seen(comment)}).status_code == 403
    for forged in ({}, {"_pick": "x"}):
        assert client.post(f"{QUEUE}{comment.pk}/sanction/", forged).status_code == 403
    assert client.get(f"{QUEUE}{comment.pk}/sanction/").status_code == 403


# --- In place ---


def test_a_moderator_decides_beside_the_comment(desk, article):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    waits = make_comment(article=article, body="It waits here.")
    make_comment(body="It waits elsewhere.")
    response = desk.get("/comments/moderate/", {"story": article.pk, "comments": f"{comment.pk},{waits.pk},999,x,²"})
    text = response.content.decode()
    assert re.findall(r'data-beside="(\d+)"', text) == [str(comment.pk)]
    assert "It waits here." in text and "It waits elsewhere." not in text
    assert "nobody has confirmed" in text, "why it waits"
    assert "no-store" in response["Cache-Control"]
    data = {"seen": seen(comment), "to": "reject", "reason": "libel", "note": "Ask the lawyer."}
    script = {"accept": "application/json"}
    assert (
        desk.post("/comments/moderate/", data, headers=script).json()["message"] == "Rejected: the comment by Ottilie."
    )
    decision = comment.decisions.first()
    assert (decision.to_status, decision.reason, decision.note) == ("rejected", "libel", "Ask the lawyer.")
    again = desk.post("/comments/moderate/", data | {"to": "spam"}, headers=script)
    assert again.status_code == 409
    assert "has changed in the meantime" in again.json()["message"]
    desk.post("/comments/moderate/", {"seen": seen(waits), "to": "approve"}, headers=script)
    waits.refresh_from_db()
    assert (waits.status, waits.reviewed_at is not None) == (Status.PUBLISHED, True)
    for forged in ({"seen": "x", "to": "spam"}, {"seen": seen(waits), "to": "delete"}):
        assert desk.post("/comments/moderate/", forged).status_code == 404


def test_what_readers_have_reported_stands_beside_the_comment_and_what_came_later_stays_open(desk, article):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    flag(comment, make_reader(), why="privacy", words="It names my child.")
    text = desk.get("/comments/moderate/", {"story": article.pk, "comments": comment.pk}).content.decode()
    assert "Reported: It tells private things of someone" in text and "It names my child." in text
    flag(comment, make_reader(), why="abuse")
    pressed = dict(re.findall(r'name="(seen|report-\d+)" value="([^"]+)"', text))
    desk.post("/comments/moderate/", pressed | {"to": "keep"})
    assert list(Flag.objects.values_list("outcome", flat=True)) == ["dismissed", "open"]


def test_a_moderator_without_scripts_decides_on_a_page_of_the_storys_comments(desk, article, moderator):
    shown = make_comment(article=article, status=Status.PUBLISHED, body="Nobody has read this.")
    waits = make_comment(article=article, body="It waits here.")
    url = f"/comments/moderate/{article.pk}/"
    assert url in desk.get(article.get_absolute_url()).content.decode()
    response = desk.get(url)
    assert "no-store" in response["Cache-Control"]
    text = response.content.decode()
    assert "Nobody has read this." in text and "It waits here." in text and "Let it stand" in text
    response = desk.post("/comments/moderate/", {"seen": seen(shown), "to": "keep"})
    assert response["Location"] == f"{url}?done=keep#comment-{shown.pk}"
    assert "It stays" in desk.get(response["Location"]).content.decode()
    shown.refresh_from_db()
    assert shown.reviewed_at
    assert last_batch(moderator) is None, "there is nothing to undo"
    stale = seen(waits)
    decide(waits, Status.SPAM, by=None)
    response = desk.post("/comments/moderate/", {"seen": stale, "to": "approve"})
    assert response.status_code == 409
    assert "has changed in the meantime" in response.content.decode()


def test_the_page_of_a_storys_comments_is_for_moderators(client, article, editor, outsider):
    url = f"/comments/moderate/{article.pk}/"
    assert client.get(url)["Location"].startswith("/admin/login/")
    for person in (outsider, editor):
        client.force_login(person)
        assert client.get(url).status_code == 403


def test_others_are_given_no_buttons(client, article, editor, outsider):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    for person in (None, outsider, editor):
        if person:
            client.force_login(person)
        assert client.get("/comments/moderate/", {"comments": comment.pk}).status_code == 204
        assert client.post("/comments/moderate/", {"seen": seen(comment), "to": "reject"}).status_code == 204
    assert Comment.objects.get().status == Status.PUBLISHED
