"""Terms and policies in the admin: tried before they are kept, and said where they belong."""

import pytest

from articles.tests.factories import make_article, make_section
from comments.models import Mode, Policy, Term
from comments.tests.factories import make_comment
from newsportal.tests.browsing import opened_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, moderator):
    client.force_login(moderator)
    return client


# --- Terms ---

NEW = {"phrase": "miracle cure", "whole_words": "on", "action": "hold", "note": ""}


def test_trying_a_term_shows_what_it_would_have_caught_and_saves_nothing(desk):
    make_comment(name="Quack", body="My <i>miracle  cure</i> and a miracle cure.")
    make_comment(body="An honest remedy.")
    text = desk.post("/admin/comments/term/add/", NEW | {"_try": "1", "note": "kept"}).content.decode()
    assert "would have caught 1 of 2 comments" in text
    assert "<mark>miracle cure</mark>" in text
    assert "&lt;i&gt;" in text
    assert "honest remedy" not in text
    assert 'value="miracle cure"' in text and 'value="kept"' in text
    assert not Term.objects.exists()


def test_trying_stops_in_time_and_says_how_many_it_has_looked_at(desk, monkeypatch):
    for number in range(6):
        make_comment(body=f"A miracle cure {number}.")
    url, more = "/admin/comments/term/add/", "there are more, which were not looked at"
    assert more not in desk.post(url, NEW | {"_try": "1"}).content.decode()
    monkeypatch.setattr("comments.admin.term.TRIED", 4)
    text = desk.post(url, NEW | {"_try": "1"}).content.decode()
    assert "would have caught 4 of 4 comments" in text and more in text
    monkeypatch.setattr("comments.admin.term.TRIED_FOR", 0.0)
    text = desk.post(url, NEW | {"_try": "1"}).content.decode()
    assert "would have caught 0 of 0 comments" in text and more in text


def test_a_changed_term_can_be_tried_before_it_is_saved(desk):
    make_comment(body="Try this casino.")
    term = Term.objects.create(phrase="tram")
    text = desk.post(
        f"/admin/comments/term/{term.pk}/change/", NEW | {"phrase": "casino", "_try": "1"}
    ).content.decode()
    assert "would have caught 1 of 1" in text
    term.refresh_from_db()
    assert term.phrase == "tram"


def test_a_term_too_short_to_try_is_told_so(desk):
    assert "at least two" in desk.post("/admin/comments/term/add/", NEW | {"phrase": "x", "_try": "1"}).content.decode()


def test_a_term_knows_who_made_it(desk, moderator):
    desk.post("/admin/comments/term/add/", NEW)
    assert Term.objects.get().made_by == moderator


def test_many_terms_are_added_and_those_that_are_refused_stay_in_the_box(desk):
    Term.objects.create(phrase="known")
    data = {"phrases": "one\n\nknown\ntwo words\nx\n", "action": "reject", "whole_words": "on"}
    text = desk.post("/admin/comments/term/many/", data).content.decode()
    assert set(Term.objects.values_list("phrase", flat=True)) == {"known", "one", "two words"}
    assert "known: " in text and "x: " in text
    assert "known\nx</textarea>" in text


# --- Policies ---


def inline(**said):
    fields = {
        "mode": "",
        "first_count": "",
        "close_after_days": "",
        "guests_allowed": "unknown",
        "link_limit": "",
    } | said
    management = {
        "TOTAL_FORMS": "1",
        "INITIAL_FORMS": said.pop("initial", "0"),
        "MIN_NUM_FORMS": "0",
        "MAX_NUM_FORMS": "1",
    }
    return {f"comment_policy-{name}": value for name, value in management.items()} | {
        f"comment_policy-0-{name}": value for name, value in fields.items() if name != "initial"
    }


def section_form(section, **said):
    return {"name": section.name, "slug": section.slug, "description": "", "colour": "ink"} | inline(**said)


def test_an_editor_says_on_a_sections_screen_how_its_stories_are_discussed(client, editor):
    client.force_login(editor)
    section = make_section()
    url = f"/admin/articles/section/{section.pk}/change/"
    assert "comment_policy-0-mode" in client.get(url).content.decode()
    client.post(url, section_form(section, mode="all") | opened_with(client, url))
    assert Policy.objects.rules_for(make_article(section=section)).mode == Mode.ALL


def test_a_section_is_deleted_with_its_policy_and_the_sites_policy_by_nobody(client, administrator):
    client.force_login(administrator)
    section, of_site = make_section(), Policy.objects.create(mode=Mode.OPEN)
    Policy.objects.create(section=section, mode=Mode.ALL)
    assert client.post(f"/admin/articles/section/{section.pk}/delete/", {"post": "yes"}).status_code == 302
    assert client.post(f"/admin/comments/policy/{of_site.pk}/delete/", {"post": "yes"}).status_code == 403
    assert list(Policy.objects.all()) == [of_site]


def test_a_policy_that_says_nothing_is_not_kept(client, editor):
    client.force_login(editor)
    section = make_section()
    url = f"/admin/articles/section/{section.pk}/change/"
    assert client.post(url, section_form(section) | opened_with(client, url)).status_code == 302
    assert not Policy.objects.exists()


def test_a_storys_screen_has_its_policy(client, editor):
    client.force_login(editor)
    assert (
        "comment_policy-0-mode" in client.get(f"/admin/articles/article/{make_article().pk}/change/").content.decode()
    )


@pytest.mark.parametrize("site", [False, True])
def test_the_screens_of_what_is_new_have_room_for_a_policy(client, editor, site):
    if site:
        Policy.objects.create(mode=Mode.OPEN)
    client.force_login(editor)
    for screen in ("article", "section"):
        text = client.get(f"/admin/articles/{screen}/add/").content.decode()
        assert 'name="comment_policy-0-mode"' in text and 'name="comment_policy-1-mode"' not in text


def test_a_reporter_sees_no_policy(client, reporter):
    client.force_login(reporter)
    assert "comment_policy" not in client.get("/admin/articles/article/add/").content.decode()


def test_the_sites_policy_shows_what_holds_and_is_there_as_soon_as_it_is_saved(desk):
    response = desk.get("/admin/comments/policy/", follow=True)
    assert response.status_code == 200
    assert '<option value="first" selected>' in response.content.decode()
    assert 'name="first_count" value="3"' in response.content.decode()
    assert not Policy.objects.exists()
    data = {"mode": "open", "first_count": "0", "close_after_days": "14", "guests_allowed": "true", "link_limit": "1"}
    for days in ("14", "7"):
        url = desk.get("/admin/comments/policy/")["Location"]
        desk.post(url, data | {"close_after_days": days} | opened_with(desk, url))
        assert Policy.objects.rules_for(make_article()).close_after_days == int(days)
    assert Policy.objects.count() == 1
    assert desk.get("/admin/comments/policy/add/").status_code == 403


def test_the_policy_of_a_story_is_not_reached_through_the_sites(desk):
    policy = Policy.objects.create(article=make_article(), mode=Mode.ALL)
    desk.post(f"/admin/comments/policy/{policy.pk}/change/", {"mode": "open"})
    policy.refresh_from_db()
    assert policy.mode == Mode.ALL
