"""Each check says what it has seen; the strictest word counts; what is refused is told, what is held is explained."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from articles.tests.factories import make_article, make_section
from comments.checks import Finding, Submission, Verdict, run
from comments.checks.timing import timing
from comments.decide import decide
from comments.folding import plain
from comments.forms import new_stamp, read_stamp
from comments.models import Comment, Commenter, Mode, Policy, Rules, Sanction, Status
from comments.post import PostRefused
from comments.reactions import flag
from comments.sanctions import sanction as lay
from comments.tests.browsers import browser, post, trusted
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db


def trusted_reader(number: int = 1, **fields):
    return make_reader(email=f"trusted{number}@example.org", approved=5, **fields)


def findings(comment) -> dict[str, str]:
    return {finding["check"]: finding["sentence"] for finding in comment.findings}


# --- Policy ---


def test_without_a_word_of_anyone_the_first_three_of_a_confirmed_guest_are_read():
    new, known = make_reader(email="new@example.org", approved=2), make_reader(email="known@example.org", approved=3)
    assert make_comment(reader=new).status == Status.PENDING
    assert make_comment(reader=known).status == Status.PUBLISHED


@pytest.mark.parametrize(
    ("site", "section", "story", "mode"),
    [
        ("", "", "", Mode.FIRST),
        (Mode.OPEN, "", "", Mode.OPEN),
        (Mode.OPEN, Mode.ALL, "", Mode.ALL),
        (Mode.OPEN, Mode.ALL, Mode.CLOSED, Mode.CLOSED),
        ("", "", Mode.ALL, Mode.ALL),
        (Mode.CLOSED, Mode.OPEN, "", Mode.OPEN),
    ],
)
def test_the_most_particular_word_holds(site, section, story, mode):
    article = make_article(section=make_section())
    for said, scope in ((site, {}), (section, {"section": article.section}), (story, {"article": article})):
        if said:
            Policy.objects.create(mode=said, **scope)
    Policy.objects.create(mode=Mode.CLOSED, section=make_section())
    assert Policy.objects.rules_for(article).mode == mode


def test_what_one_leaves_empty_is_taken_from_the_wider_one():
    article = make_article()
    Policy.objects.create(mode=Mode.OPEN, link_limit=5, close_after_days=30)
    Policy.objects.create(article=article, link_limit=0)
    assert Policy.objects.rules_for(article) == Rules(mode=Mode.OPEN, link_limit=0, close_after_days=30)


def test_hold_all_holds_whomever():
    article = make_article()
    Policy.objects.create(article=article, mode=Mode.ALL)
    comment = make_comment(article=article, reader=trusted_reader())
    assert comment.status == Status.PENDING
    assert "reads every comment" in findings(comment)["policy"]


def test_a_closed_story_takes_nothing_and_says_so(client):
    article = make_article()
    Policy.objects.create(article=article, mode=Mode.CLOSED)
    page = client.get(article.get_absolute_url()).content.decode()
    assert "are closed" in page
    assert "comment-form" not in page
    response = post(browser(), article, body="I had written so much.")
    assert response.status_code == 400
    assert "are closed" in response.content.decode()
    assert "I had written so much." in response.content.decode()
    assert not Comment.objects.exists()


def test_a_story_closes_by_itself_some_days_after_publication(time_machine):
    article = make_article()
    Policy.objects.create(close_after_days=7)
    make_comment(article=article)
    time_machine.move_to(article.publish_at + datetime.timedelta(days=7))
    with pytest.raises(PostRefused, match="closed"):
        make_comment(article=article)


def test_staff_answer_under_a_closed_story(editor):
    article = make_article()
    Policy.objects.create(article=article, mode=Mode.CLOSED)
    assert make_comment(article=article, reader=make_reader(user=editor)).status == Status.PUBLISHED


def test_a_story_for_confirmed_guests_alone():
    article = make_article()
    Policy.objects.create(article=article, guests_allowed=False)
    with pytest.raises(PostRefused, match="confirmed"):
        make_comment(article=article)
    assert make_comment(article=article, reader=trusted_reader()).status == Status.PUBLISHED


def test_the_number_of_links_is_a_matter_of_policy():
    article = make_article()
    Policy.objects.create(article=article, link_limit=0)
    comment = make_comment(article=article, reader=trusted_reader(), body="See http://example.org/")
    assert findings(comment)["links"] == "It has 1 links; 0 are allowed."


@pytest.mark.parametrize(
    "body",
    [
        "Try pills.com, shop.net and casino.org/x", "Write to a@pills.com, b@pills.com, c@pills.com",
        "ftp://pills.com ftp://shop.net ftp://casino.org", "ｈttps://a.example ｈttps://b.example ｈttps://c.example",
        "ht\u200btps://a.example ht\u200btps://b.example ht\u200btps://c.example", "https://a.com,https://b.com,https://c.com",
    ],
)  # fmt: skip
def test_whatever_readers_can_press_or_read_as_an_address_is_a_link(body):
    comment = make_comment(reader=trusted_reader(), body=body)
    assert findings(comment)["links"] == "It has 3 links; 2 are allowed."


@pytest.mark.parametrize(
    "body",
    ["It cost 3.50 at 12.30, e.g. on p.5 and/or p.6.", "Look: https://a.example/ and www.b.com.", '<a href="x"> ' * 3],
)
def test_what_is_no_address_is_no_link(body):
    assert "links" not in findings(make_comment(reader=trusted_reader(), body=body))


# --- Sanctions ---


def sanction(measure, **target):
    return Sanction.objects.create(measure=measure, reason="Threats.", **target)


def test_a_banned_guest_is_told_why():
    reader = trusted_reader()
    sanction("ban", commenter=reader.commenter)
    with pytest.raises(PostRefused, match="You cannot comment here: Threats"):
        make_comment(reader=reader)


def test_a_suspension_ends_by_itself(time_machine):
    reader = trusted_reader()
    sanction("suspend", commenter=reader.commenter, until=timezone.now() + datetime.timedelta(days=3))
    with pytest.raises(PostRefused, match="until"):
        make_comment(reader=reader)
    time_machine.move_to(timezone.now() + datetime.timedelta(days=3, seconds=1))
    assert make_comment(reader=reader).status == Status.PUBLISHED


def test_the_end_of_a_ban_is_told_in_the_newsrooms_time(client):
    reader = trusted_reader()
    sanction("ban", commenter=reader.commenter, until=datetime.datetime(2099, 7, 3, 22, 30, tzinfo=datetime.UTC))
    with timezone.override("Europe/Prague"), pytest.raises(PostRefused, match="until 4 July 2099: Threats"):
        make_comment(reader=reader)


def test_a_lifted_sanction_is_over(moderator):
    reader = trusted_reader()
    sanction("ban", commenter=reader.commenter).lift(moderator)
    assert make_comment(reader=reader).status == Status.PUBLISHED


def test_the_typed_address_of_a_banned_guest_is_turned_away_without_a_word():
    reader = trusted_reader()
    sanction("ban", commenter=reader.commenter)
    comment = make_comment(email=reader.commenter.email)
    assert comment.status == Status.REJECTED
    assert comment.state_for_its_author == "Waits for a moderator"


@pytest.mark.parametrize(("asked", "given"), [(None, 30), (90, 30), (7, 7)])
def test_a_whole_network_is_sanctioned_for_thirty_days_at_most(moderator, asked, given):
    until = asked and timezone.now() + datetime.timedelta(days=asked)
    laid = lay(make_comment(), by=moderator, measure="ban", reason="Threats.", target="network", until=until)
    assert round((laid.until - timezone.now()) / datetime.timedelta(days=1)) == given


def test_what_a_stranger_has_done_under_an_address_is_not_laid_on_its_owner(moderator):
    owner, other = trusted_reader(), trusted_reader(2)
    rude = make_comment(email=owner.commenter.email)
    laid = lay(rude, by=moderator, measure="ban", reason="Threats.")
    assert str(laid) == f"Ban: {owner.commenter}, while unconfirmed"
    assert make_comment(reader=owner).status == Status.PUBLISHED
    assert make_comment(reader=owner, email="somebody.else@example.org").status == Status.PENDING
    for stranger in (make_reader(), other):
        assert make_comment(reader=stranger, email=owner.commenter.email).status == Status.REJECTED
    flag(rude, owner, why="abuse")
    assert not Sanction.objects.against(proved=owner.commenter)


def test_a_measure_on_what_was_proved_holds_for_both(moderator):
    reader = trusted_reader()
    laid = lay(make_comment(reader=reader), by=moderator, measure="ban", reason="Threats.")
    assert str(laid) == f"Ban: {reader.commenter}"
    with pytest.raises(PostRefused):
        make_comment(reader=reader)
    assert make_comment(email=reader.commenter.email).status == Status.REJECTED


def test_a_banned_guest_who_types_another_address_is_still_banned():
    reader = trusted_reader()
    sanction("ban", commenter=reader.commenter)
    with pytest.raises(PostRefused, match="You cannot comment here: Threats"):
        make_comment(reader=reader, email="somebody.else@example.org")
    assert not Comment.objects.exists()


def test_a_guest_whose_mail_domain_is_banned_is_told(client):
    sanction("ban", mail_domain="example.org")
    with pytest.raises(PostRefused, match="Threats"):
        make_comment(reader=trusted_reader())


def test_a_network_is_banned_whoever_writes_from_it():
    reader = trusted_reader(network="f" * 32)
    sanction("ban", network="f" * 32)
    with pytest.raises(PostRefused):
        make_comment(reader=reader)
    make_comment(reader=make_reader(network="e" * 32))


def test_a_mail_domain_can_be_held():
    sanction("premoderate", mail_domain="example.org")
    comment = make_comment(reader=trusted_reader())
    assert comment.status == Status.PENDING
    assert "Hold everything" in findings(comment)["sanctioned"]


def test_a_banned_account_of_the_staff_is_banned(editor):
    sanction("ban", user=editor)
    with pytest.raises(PostRefused):
        make_comment(reader=make_reader(user=editor))


# --- Rate, time, repetition ---


def test_nobody_writes_that_fast():
    reader = trusted_reader()
    for _ in range(4):
        make_comment(reader=reader)
    with pytest.raises(PostRefused, match="wait a minute"):
        make_comment(reader=reader)


def test_typing_somebodys_address_a_lot_does_not_silence_its_owner():
    owner = trusted_reader()
    for _ in range(40):
        make_comment(email=owner.commenter.email)
    assert make_comment(reader=owner).status == Status.PUBLISHED


def test_a_network_has_its_limit_whatever_names_are_used():
    for _ in range(15):
        make_comment(reader=make_reader(network="a" * 32))
    with pytest.raises(PostRefused, match="wait"):
        make_comment(reader=make_reader(network="a" * 32))
    make_comment(reader=make_reader(network="b" * 32))


def test_an_unknown_network_is_not_one_network():
    for _ in range(20):
        reader = make_reader()
        make_comment(reader=type(reader)(reader.browser_id, ""))


def test_a_minute_later_it_goes_on(time_machine):
    reader = trusted_reader()
    for _ in range(4):
        make_comment(reader=reader)
    time_machine.move_to(timezone.now() + datetime.timedelta(seconds=61))
    make_comment(reader=reader)


@pytest.mark.parametrize(("seconds", "held"), [(1, True), (4, False), (3600, False), (25 * 3600, True)])
def test_people_need_some_seconds_and_not_days(seconds, held):
    now = timezone.now()
    finding = timing(Comment(), Submission(form_made_at=now - datetime.timedelta(seconds=seconds), now=now))
    assert bool(finding) is held
    assert finding is None or finding.verdict == Verdict.HOLD


def test_a_stamp_is_ours_or_counts_as_too_fast():
    assert abs(read_stamp(new_stamp()) - timezone.now()) < datetime.timedelta(seconds=2)
    assert timezone.now() - read_stamp("forged") < datetime.timedelta(seconds=2)
    assert read_stamp("") is None


def test_the_page_that_asks_once_more_says_since_when_it_was_shown(time_machine):
    time_machine.move_to("2026-11-24 12:00Z", tick=False)
    article, reader = make_article(), Client(enforce_csrf_checks=True)
    for seconds, held in ((1, True), (4, False)):
        page = post(reader, article, body=f"Sent after {seconds} seconds.").content.decode()
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        time_machine.shift(seconds)
        response = post(reader, article, body=f"Sent after {seconds} seconds.", **hidden)
        assert response.status_code == 302
        assert ("timing" in findings(Comment.objects.latest("pk"))) is held


def test_the_same_words_by_the_same_guest_elsewhere_are_held():
    reader = trusted_reader()
    make_comment(reader=reader, body="Read my blog about trams.")
    comment = make_comment(reader=reader, body="Read my  blog about trams.")
    assert "same author" in findings(comment)["duplicate"]


@pytest.mark.parametrize(
    "again",
    [
        "read my blog about Trams",
        "Read my blog about trams!!",
        "Read my blog ab\u200bout trams.",
        "Read my blog, about trams 👍",
        "Reаd my blоg about trams.",
    ],
)
def test_words_are_the_same_in_other_signs_and_cases(again):
    reader = trusted_reader()
    make_comment(reader=reader, body="Read my blog about trams.")
    assert "same author" in findings(make_comment(reader=reader, body=again))["duplicate"]


def test_signs_alone_are_compared_as_signs():
    reader = trusted_reader()
    make_comment(reader=reader, body="👍👍")
    assert make_comment(reader=reader, body="😡😡").status == Status.PUBLISHED
    assert "same author" in findings(make_comment(reader=reader, body="👍👍"))["duplicate"]


def test_who_repeats_short_words_is_held_whoever_else_has_said_them():
    for _ in range(6):
        make_comment(body="Buy my pills")
    reader = trusted_reader()
    assert make_comment(reader=reader, body="Buy my pills").status == Status.PUBLISHED
    assert "same author" in findings(make_comment(reader=reader, body="Buy my pills"))["duplicate"]


def test_the_same_words_by_many_are_a_campaign():
    words = "I have worked from home since May and earn a fortune."
    for number in range(5):
        make_comment(reader=trusted_reader(number), body=words)
    comment = make_comment(reader=trusted_reader(9), body=words)
    assert comment.status == Status.PENDING
    assert "5 times" in findings(comment)["duplicate"]


def test_many_may_say_well_said():
    for number in range(6):
        comment = make_comment(reader=trusted_reader(number), body="Well said!")
    assert comment.status == Status.PUBLISHED


def test_a_guest_whose_comments_are_often_turned_away_is_read_first(moderator, time_machine):
    reader, article = trusted_reader(), make_article()
    began = timezone.now()
    for number in range(7):
        time_machine.move_to(began + datetime.timedelta(minutes=number))
        comment = make_comment(article=article, reader=reader)
        decide(comment, Status.REJECTED, by=moderator)
        if number > 3:
            decide(comment, Status.PUBLISHED, by=moderator)
    reader.commenter.refresh_from_db()
    told = findings(make_comment(article=article, reader=reader))["standing"]
    assert told == "4 of this guest's 7 comments of the last 90 days were turned away."
    time_machine.move_to(began + datetime.timedelta(days=91))
    assert make_comment(article=article, reader=reader).status == Status.PUBLISHED


def test_every_finding_is_kept_and_the_strictest_decides():
    sanction("ban", mail_domain="example.org")
    comment = make_comment(body="http://a.example http://b.example http://c.example", honeypot="x")
    assert comment.status == Status.REJECTED
    assert {"sanctioned", "links", "honeypot", "unconfirmed"} <= set(findings(comment))
    assert list(comment.decisions.values_list("from_status", "to_status")) == [("pending", "rejected")]


def test_trusted_guests_are_not_held_by_their_name(client):
    article = make_article()
    post(trusted(article), article)
    assert Comment.objects.get().findings == []


# --- What it costs, and spellings ---


def test_once_it_is_refused_nothing_more_is_asked():
    asked = []

    def closes(comment, submission):
        return Finding(Verdict.REFUSE, "closes", "It is closed.")

    comment = make_comment(reader=make_reader())
    found = run(comment, Submission(rules=Rules()), [closes, lambda *given: asked.append(given)])
    assert [finding.check for finding in found] == ["closes"] and not asked


def test_no_letter_makes_a_text_many_times_as_long():
    longest = max(range(0x110000), key=lambda code: 0 if 0xD800 <= code < 0xE000 else len(plain(chr(code))))
    assert len(plain(chr(longest))) <= 8


@pytest.mark.parametrize(
    "spelt",
    [
        "\uff4dailinator.com",
        "mailinator\u3002com",
        "mail\u00adinator.com",
        "MAILINATOR\uff0ecom",
        "mail\u200binator.com",
    ],
)
def test_a_mail_domain_is_one_however_it_is_spelt(spelt):
    sanction = Sanction(measure=Sanction.Measure.BAN, reason="Throwaway.", mail_domain=spelt)
    sanction.full_clean()
    assert sanction.mail_domain == "mailinator.com"
    sanction.save()
    answer = post(browser(), make_article(), email=f"user@{spelt}", body="Hello from a banned domain.")
    assert answer.status_code == 400 or Comment.objects.get().status == Status.REJECTED


def test_a_domain_of_other_letters_keeps_them():
    spellings = ("bücher.example", "BÜCHER.example", "xn--bcher-kva.example")
    guests = {Commenter.objects.by_email(f"jana@{domain}").pk for domain in spellings}
    assert len(guests) == 1 and Commenter.objects.get().email == "jana@bücher.example"
