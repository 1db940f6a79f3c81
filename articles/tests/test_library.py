"""The picture library is searched by words, as stories are: accents, endings and cases aside, and over an index."""

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection

from articles import search
from articles.models import Image, PictureEntry, SearchWord
from articles.search import library
from articles.tests.factories import make_image

pytestmark = pytest.mark.django_db


def found(text: str) -> list[str]:
    return [image.title for image in search.among_pictures(Image.objects.all(), text)]


@pytest.mark.parametrize("field", library.SEARCHED)
def test_a_picture_is_found_by_each_of_its_texts(field):
    make_image(title="Another")
    make_image(**{"title": "Wanted", "alt": "x"} | {field: "Vladimír Kovařík at the ferries"})
    [wanted] = search.among_pictures(Image.objects.all(), "vladimir ferry")
    assert wanted == Image.objects.latest("pk")


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("harb", ["Stormy harbour", "Old harbour"]),
        ("harbour stormy", ["Stormy harbour"]),
        ("harbour -stormy", ["Old harbour"]),
        ("“old harbour”", ["Old harbour"]),
        ("harb stormy", []),
        ("arbour", []),
        ("…", []),
        ("harbour at", []),
    ],
)
def test_words_are_asked_for_as_they_are_of_stories(typed, titles):
    for title in ("Old harbour", "Bridge", "Stormy harbour"):
        make_image(title=title)
    assert found(typed) == titles


def test_other_words_are_found_at_once_and_a_picture_that_is_gone_is_not():
    image = make_image(title="Harbor")
    image.title = "Harbour"
    image.save()
    assert found("harbour") == ["Harbour"] and found("harbor") == []
    number = image.pk
    image.delete()
    assert found("harbour") == [] and not PictureEntry.objects.filter(pk=number).exists()


def test_another_cut_writes_no_words(django_assert_num_queries, monkeypatch):
    image = make_image()
    written = []
    monkeypatch.setattr(library, "index", written.append)
    image.refocus(0.2, 0.3)
    assert written == []
    image.save()
    assert written == [[image.pk]]


def test_a_list_that_is_narrowed_already_stays_so(client, administrator):
    make_image(title="Harbour by day", credit="Somebody")
    make_image(title="Harbour by night")
    client.force_login(administrator)
    page = client.get("/admin/articles/image/?q=harb&credit__isempty=1").content.decode()
    assert "Harbour by night" in page and "Harbour by day" not in page


def test_the_editors_picker_finds_them_and_pages_on(client, editor):
    for number in range(30):
        make_image(title=f"Harbour {number}")
    make_image(title="Bridge")
    client.force_login(editor)
    first = client.get("/admin/pictures/?q=HARB").json()
    then = client.get(f"/admin/pictures/?q=HARB&before={first['next']}").json()
    titles = [picture["title"] for page in (first, then) for picture in page["pictures"]]
    assert titles == [f"Harbour {number}" for number in reversed(range(30))]
    assert then["next"] is None


def test_the_editors_picker_leads_to_the_form_for_a_new_one_who_may_add_any(client, editor):
    client.force_login(editor)
    assert client.get("/admin/pictures/").json()["add"] == "/admin/articles/image/add/?_popup=1"
    editor.groups.clear()
    editor.user_permissions.set(Permission.objects.filter(codename__in=["view_image", "change_article"]))
    assert client.get("/admin/pictures/").json()["add"] == ""


def test_what_a_version_before_has_added_is_found_within_the_hour():
    image = make_image(title="Harbour")
    PictureEntry.objects.all().delete()
    assert found("harbour") == []
    library.index_missing()
    assert found("harbour") == [image.title]


def test_reindex_makes_all_anew(capsys):
    make_image(title="Harbour")
    PictureEntry.objects.update(rules="of before")
    SearchWord.objects.all().delete()
    call_command("reindex")
    assert "0 stories and 1 picture done" in capsys.readouterr().out
    assert SearchWord.objects.filter(word="harbour").exists()
    call_command("reindex", "--all")
    assert "0 stories and 1 picture done" in capsys.readouterr().out
    assert found("harbour") == ["Harbour"]


def test_pictures_that_were_there_before_are_found(history, monkeypatch):
    apps = history.at(("articles", "0031_sent_forms"))
    old = apps.get_model("articles", "Image")
    for number in range(5):
        old.objects.create(title=f"Harbour {number}", alt="x", width=1, height=1, digest=f"{number:064}")
    history.today()
    assert found("harb") == [f"Harbour {number}" for number in reversed(range(5))]
    assert not library.outdated().exists()


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="Only SQLite has a full text beside the rows that could differ from them"
)
def test_the_full_text_is_what_the_entries_say():
    image = make_image(title="Harbour")
    image.title = "Bridge"
    image.save()
    make_image(title="Ferry")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO articles_picturetext (articles_picturetext, rank) VALUES ('integrity-check', 1)")
