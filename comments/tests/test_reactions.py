"""Reports and likes: one a person, one a browser; reports bring a moderator, and never outvote one."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.test import Client
from django.utils import timezone

from comments.decide import confirm, decide, delete_own
from comments.keyed import keyed_hash
from comments.models import Comment, Commenter, Flag, Like, Sanction, Status
from comments.privacy import forget_in_time
from comments.reactions import FLAGS_A_DAY, ReactionRefused, flag, pick, toggle_like, weight_of
from comments.tests.browsers import browser, press
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def comment():
    return make_comment(status=Status.PUBLISHED)


def guests(count: int, network: str | None = None):
    return [make_reader(email=f"flagger{n}@example.org", network=network) for n in range(count)]


def status_of(comment) -> str:
    comment.refresh_from_db()
    return comment.status


def test_three_people_take_an_unread_comment_back_into_the_queue(comment):
    first, second, third = guests(3)
    flag(comment, first, why="abuse")
    flag(comment, second, why="hate")
    assert status_of(comment) == Status.PUBLISHED
    flag(comment, third, why="abuse")
    assert status_of(comment) == Status.PENDING
    assert comment.decisions.first().note == "Reported by 3 readers."


def test_reports_by_one_person_count_once(comment):
    guest = make_reader(email="angry@example.org")
    for _ in range(10):
        flag(comment, guest, why="abuse")
    assert comment.flags.count() == 1
    assert status_of(comment) == Status.PUBLISHED
    assert comment.open_flags == 1


def test_many_browsers_of_one_network_are_one_person(comment):
    for _ in range(10):
        flag(comment, make_reader(network="the same flat"), why="abuse")
    assert comment.flags.count() == 1
    assert status_of(comment) == Status.PUBLISHED


def test_two_people_never_hide_a_comment_however_trusted(comment, editor, moderator):
    flag(comment, make_reader(user=editor), why="abuse")
    flag(comment, make_reader(user=moderator), why="abuse")
    assert status_of(comment) == Status.PUBLISHED


def test_guests_of_one_network_are_one_however_many_addresses_they_confirm(comment):
    for guest in guests(5, network="one flat"):
        flag(comment, guest, why="abuse")
    assert status_of(comment) == Status.PUBLISHED
    assert comment.flags.count() == 5
    for guest in (make_reader(), make_reader(email="another@example.org")):
        flag(comment, guest, why="abuse")
    assert status_of(comment) == Status.PENDING


@pytest.mark.parametrize(
    ("addresses", "status"),
    [("2001:db8:1:2{:02x}::7", Status.PUBLISHED), ("2001:db8:1:{:x}00::7", Status.PENDING)],
    ids=["one line", "many lines"],
)
def test_who_has_many_networks_of_one_line_is_one(comment, addresses, status):
    for number in range(1, 5):
        reader = Client(REMOTE_ADDR=addresses.format(number))
        press(reader, f"/comments/report/{comment.pk}/", why="abuse")
    assert comment.flags.count() == 4
    assert status_of(comment) == status


def test_nobody_reports_a_comment_of_their_own(comment):
    author = make_reader(email="author@example.org", approved=5)
    own = make_comment(reader=author)
    with pytest.raises(ReactionRefused, match="your own"):
        flag(own, author, why="abuse")


def test_what_an_author_deletes_says_nothing_of_who_reported_it(comment):
    (guest,) = guests(1)
    flag(comment, guest, why="abuse")
    delete_own(Comment.objects.get(pk=comment.pk))
    guest.commenter.refresh_from_db()
    assert Flag.objects.get().outcome == Flag.Outcome.MOOT
    assert guest.commenter.reports_settled == 0


@pytest.mark.parametrize("target", ["guest", "network", "account"])
def test_who_is_banned_neither_likes_nor_reports(comment, target, editor):
    reader = make_reader(user=editor) if target == "account" else make_reader(email="rude@example.org")
    targets = {
        "guest": {"commenter": reader.commenter},
        "network": {"network": reader.network},
        "account": {"user": editor},
    }
    Sanction.objects.create(measure="ban", reason="Threats.", **targets[target])
    with pytest.raises(ReactionRefused, match="You cannot report comments: Threats"):
        flag(comment, reader, why="abuse")
    with pytest.raises(ReactionRefused, match="You cannot like comments: Threats"):
        toggle_like(comment, reader)
    assert not Flag.objects.exists() and not Like.objects.exists()


def test_reports_of_long_ago_hide_nothing(comment):
    for guest in guests(2):
        flag(comment, guest, why="abuse")
    Flag.objects.update(created_at=timezone.now() - datetime.timedelta(days=31))
    flag(comment, make_reader(email="third@example.org"), why="abuse")
    assert status_of(comment) == Status.PUBLISHED


def test_a_comment_that_a_moderator_has_read_is_never_hidden_by_reports(comment, moderator):
    confirm(comment, by=moderator)
    for guest in guests(12):
        flag(comment, guest, why="abuse")
    assert status_of(comment) == Status.PUBLISHED
    assert comment.reported


def test_who_was_right_before_weighs_more(comment, moderator):
    right, wrong, new = guests(3)
    for number in range(3):
        other = make_comment(status=Status.PUBLISHED, body=f"Other {number}")
        flag(other, right, why="spam")
        decide(other, Status.SPAM, by=moderator)
        fine = make_comment(status=Status.PUBLISHED, body=f"Fine {number}")
        flag(fine, wrong, why="spam")
        confirm(fine, by=moderator)
    for reader in (right, wrong, new):
        reader.commenter.refresh_from_db()
    assert weight_of(right) > weight_of(new) > weight_of(wrong)
    assert weight_of(make_reader()) < weight_of(new)
    assert Commenter.objects.get(pk=right.commenter.pk).flags_upheld == 3


def test_reports_that_were_always_wrong_weigh_too_little_to_hide(comment):
    for guest in guests(3):
        Commenter.objects.filter(pk=guest.commenter.pk).update(flags_dismissed=20)
        guest.commenter.refresh_from_db()
        flag(comment, guest, why="abuse")
    assert status_of(comment) == Status.PUBLISHED


def test_a_decision_settles_the_open_reports(comment, moderator):
    (guest,) = guests(1)
    flag(comment, guest, why="abuse")
    assert Comment.objects.filter(reported=True).exists()
    decide(comment, Status.REJECTED, by=moderator)
    assert Flag.objects.get().outcome == Flag.Outcome.UPHELD
    assert not Comment.objects.filter(reported=True).exists()


def test_a_great_many_reports_in_a_day_are_not_taken(comment):
    (guest,) = guests(1)
    Flag.objects.bulk_create(
        Flag(comment=make_comment(body=f"n{n}"), person=guest.person, why="other") for n in range(FLAGS_A_DAY)
    )
    with pytest.raises(ReactionRefused, match="a lot"):
        flag(comment, guest, why="abuse")


def test_a_reader_reports_with_a_reason_on_a_page(comment):
    page = press(
        browser(), f"/comments/report/{comment.pk}/", why="privacy", words="My <b>street</b>."
    ).content.decode()
    assert "moderators have been told" in page
    assert Flag.objects.values_list("why", "words").get() == ("privacy", "My <b>street</b>.")


def test_a_report_without_a_reason_is_asked_for_it(comment):
    page = press(browser(), f"/comments/report/{comment.pk}/", words="Something.")
    assert page.status_code == 400
    assert "say what is wrong" in page.content.decode()
    assert "Something." in page.content.decode()


def test_a_report_without_a_token_is_not_taken(comment):
    assert browser().post(f"/comments/report/{comment.pk}/", {"why": "abuse"}).status_code == 403
    assert not Flag.objects.exists()


@pytest.mark.parametrize("act", ["report", "like", "reply"])
def test_what_is_not_visible_cannot_be_reacted_to(act):
    hidden = make_comment()
    assert Client().get(f"/comments/{act}/{hidden.pk}/").status_code in {404, 405}
    assert browser().post(f"/comments/like/{hidden.pk}/").status_code == 404


# --- Likes ---


def test_a_browser_likes_once_and_takes_it_back(comment):
    reader = browser()
    for liked in (1, 0, 1):
        assert reader.post(f"/comments/like/{comment.pk}/").status_code == 302
        comment.refresh_from_db()
        assert comment.likes == Like.objects.count() == liked
    browser().post(f"/comments/like/{comment.pk}/")
    comment.refresh_from_db()
    assert comment.likes == 2


def test_what_one_browser_likes_cannot_be_told_from_what_others_like(comment):
    reader = make_reader()
    for liked in (comment, make_comment(status=Status.PUBLISHED)):
        assert toggle_like(liked, reader)
    assert len(set(Like.objects.values_list("person", flat=True))) == 2
    assert not Like.objects.filter(person=keyed_hash("like", reader.browser_id)).exists()


def test_a_like_of_the_version_before_is_taken_back_like_any(comment):
    reader = make_reader()
    Like.objects.create(comment=comment, person=keyed_hash("like", reader.browser_id))
    Comment.objects.filter(pk=comment.pk).update(likes=1)
    for liked in (False, True):
        assert toggle_like(comment, reader) is liked
        assert comment.likes == Like.objects.count() == liked


def test_old_likes_of_the_version_before_are_told_apart_and_young_ones_stay_known_to_it(comment):
    reader, young, twice = make_reader(), make_comment(status=Status.PUBLISHED), make_comment(status=Status.PUBLISHED)
    raw = keyed_hash("like", reader.browser_id)
    toggle_like(twice, reader)
    for liked in (comment, young, twice):
        Like.objects.create(comment=liked, person=raw, created_at=timezone.now() - datetime.timedelta(days=31))
        Comment.objects.filter(pk=liked.pk).update(likes=F("likes") + 1)
    Like.objects.filter(comment=young).update(created_at=timezone.now() - datetime.timedelta(days=29))
    assert forget_in_time()["hashes of likes"] == 2
    assert forget_in_time()["hashes of likes"] == 0
    assert [like.comment for like in Like.objects.filter(person=raw)] == [young]
    for liked in (comment, young, twice):
        liked.refresh_from_db()
        assert liked.likes == liked.likings.count() == 1, "a browser that two versions have counted is one"
        assert [toggle_like(liked, reader), liked.likes] == [False, 0]


def test_machines_are_told_a_number_or_nothing(client, comment):
    page = comment.article.get_absolute_url()
    assert "upvoteCount" not in client.get(page).content.decode()
    browser().post(f"/comments/like/{comment.pk}/")
    assert 'itemprop="upvoteCount">1<' in client.get(page).content.decode()


def test_a_script_is_answered_with_the_number(comment):
    response = browser().post(f"/comments/like/{comment.pk}/", headers={"accept": "application/json"})
    assert response.json() == {"likes": 1, "liked": True}


def test_a_like_from_elsewhere_asks_first(comment):
    reader = Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "cross-site"})
    page = reader.post(f"/comments/like/{comment.pk}/")
    assert "Yes, I like it" in page.content.decode()
    assert not Like.objects.exists()


def test_a_program_that_throws_its_cookie_away_is_stopped(comment):
    url, network = f"/comments/like/{comment.pk}/", "192.0.2.99"
    codes = [browser().post(url, REMOTE_ADDR=network).status_code for _ in range(101)]
    assert codes[-1] == 429
    assert set(codes[:-1]) == {302}


# --- Picks ---


def test_an_editor_picks_a_comment_out(client, comment, administrator):
    pick(comment, by=administrator, picked=True)
    assert "Editor’s pick" in client.get(comment.article.get_absolute_url()).content.decode()
    pick(comment, by=administrator, picked=False)
    assert "Editor’s pick" not in client.get(comment.article.get_absolute_url()).content.decode()


def test_others_pick_nothing(comment, reporter):
    with pytest.raises(PermissionDenied):
        pick(comment, by=reporter, picked=True)


def test_reports_and_likes_do_not_change_who_reads_what(comment):
    reader, url = browser(), comment.article.get_absolute_url()
    strangers = Client().get(url).content
    press(reader, f"/comments/report/{comment.pk}/", why="abuse")
    assert reader.get(url).content == strangers
    reader.post(f"/comments/like/{comment.pk}/")
    assert Flag.objects.count() == Like.objects.count() == 1
    liked = reader.get(url)
    assert liked.content == Client().get(url).content != strangers, "everyone sees the number, and nobody more"
    assert not liked.cookies and "Cookie" not in liked.get("Vary", "")


def test_of_one_line_the_strongest_report_counts_and_not_their_sum():
    comment = make_comment(status=Status.PUBLISHED)
    for number in range(5):
        reader = make_reader(email=f"flat{number}@example.org", network="one flat")
        Commenter.objects.filter(pk=reader.commenter.pk).update(flags_dismissed=2)
        reader.commenter.refresh_from_db()
        flag(comment, reader, why="abuse")
    for _ in range(2):
        flag(comment, make_reader(), why="abuse")
    comment.refresh_from_db()
    assert comment.status == Status.PUBLISHED
