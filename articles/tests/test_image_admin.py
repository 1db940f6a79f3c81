"""The picture library on the desk."""

import datetime
import errno
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import PIL.Image
import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.editing.next_version import keep_next
from articles.editing.snapshot import take
from articles.models import Article, Image
from articles.pictures.files import NOT_STORED
from articles.pictures.renditions import JPEG, make_renditions, sizes
from articles.tests.factories import make_article, make_contributor, make_image
from articles.tests.sample_pictures import drawing, encoded, png_claiming, upload
from articles.workflow import Status
from newsportal.background import drain
from newsportal.models import Page
from newsportal.tests.browsing import opened_with

LIBRARY = "admin:articles_image_changelist"
ADD = "admin:articles_image_add"
CHANGE = "admin:articles_image_change"
DELETE = "admin:articles_image_delete"

WORDS = {
    "title": "The bell tower",
    "alt": "A tower above roofs",
    "caption": "The tower of Vladimír's church",
    "credit": "Ana Ñandú",
    "licence": "CC BY 4.0",
    "focal_x": "0.3",
    "focal_y": "0.7",
}


@pytest.fixture
def desk(client: Client, administrator) -> Client:
    client.force_login(administrator)
    return client


def stored_files(settings) -> list[str]:
    return [path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_an_upload_becomes_an_image_with_its_words_and_renditions(desk, administrator):
    response = desk.post(reverse(ADD), WORDS | {"upload": upload(encoded(drawing(900, 600)))})

    assert response.status_code == 302
    image = Image.objects.get()
    assert {field: getattr(image, field) for field in WORDS} == WORDS | {"focal_x": 0.3, "focal_y": 0.7}
    assert (image.width, image.height, image.uploaded_by) == (900, 600, administrator)
    assert all(default_storage.exists(name) for name in image.file_names())


def test_what_is_sent_twice_is_there_once_and_other_words_make_another_one(desk):
    sent = [desk.post(reverse(ADD), WORDS | {"upload": upload()}) for _ in range(2)]

    assert [response.status_code for response in sent] == [302, 302]
    image = Image.objects.get()
    desk.post(reverse(ADD), WORDS | {"alt": "A tower in the rain", "upload": upload()})
    assert [other.alt for other in Image.objects.exclude(pk=image.pk)] == ["A tower in the rain"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"Dear editor,\n", "This is not a JPEG, PNG, WebP, AVIF or GIF picture."),
        (b"<svg><script>alert(1)</script></svg>", "This is not a JPEG, PNG, WebP, AVIF or GIF picture."),
        (encoded(drawing(400, 300))[:-300], "This picture is damaged or incomplete. Save or export it again."),
        (png_claiming(8_000, 8_000), "This picture is too large: it may have up to 50 million pixels"),
        (b"", "The submitted file is empty."),
    ],
    ids=["text", "svg", "truncated", "bomb", "empty"],
)
def test_a_refusal_stands_beside_the_file_and_keeps_what_was_typed(desk, settings, content, sentence):
    response = desk.post(reverse(ADD), WORDS | {"upload": upload(content, name="holiday.jpg")})

    form = response.context["adminform"].form
    assert set(form.errors) == {"upload"}
    assert form.errors["upload"][0].startswith(sentence)
    page = response.content.decode()
    assert re.search(r'field-upload">\s*<ul class="errorlist', page)
    assert 'value="The bell tower"' in page
    assert "The tower of Vladimír&#x27;s church</textarea>" in page
    assert 'value="0.3"' in page
    assert not Image.objects.exists()
    assert not stored_files(settings)


def test_an_upload_of_60_megabytes_is_refused_and_left_nowhere(desk, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir()

    response = desk.post(reverse(ADD), WORDS | {"upload": upload(encoded() + bytes(60 * 2**20))})

    assert response.context["adminform"].form.errors["upload"] == [
        "This file has 60.0\xa0MB; a picture may have up to 25 MB."
    ]
    response.close()
    assert not stored_files(settings)
    assert not list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())


def test_words_that_are_missing_are_asked_for_and_nothing_is_stored_yet(desk, settings):
    response = desk.post(reverse(ADD), WORDS | {"alt": "", "focal_x": "7", "upload": upload()})

    assert set(response.context["adminform"].form.errors) == {"alt", "focal_x", "upload"}
    assert not stored_files(settings)


def test_a_file_that_a_browser_does_not_keep_is_asked_for_again(desk):
    again = "Please choose the file again"
    for sent, said in (({"upload": upload()}, True), ({}, False), ({"upload": upload(b"x")}, False)):
        answer = desk.post(reverse(ADD), WORDS | {"alt": ""} | sent)
        assert any(error.startswith(again) for error in answer.context["adminform"].form.errors["upload"]) == said
        assert 'value="The bell tower"' in answer.content.decode()


def test_moving_the_focal_point_moves_the_crops(desk, django_capture_on_commit_callbacks):
    image = make_image(picture=drawing(800, 200))
    before = image.file_names()

    with django_capture_on_commit_callbacks(execute=True):
        url = reverse(CHANGE, args=[image.pk])
        response = desk.post(url, WORDS | {"focal_x": "0.95"} | opened_with(desk, url))

    assert response.status_code == 302
    image.refresh_from_db()
    assert (image.focal_x, image.focal_y, image.title) == (0.95, 0.7, "The bell tower")
    assert all(default_storage.exists(name) for name in image.file_names())
    assert not any(default_storage.exists(name) for name in before - image.file_names())


def test_new_words_alone_touch_no_file(desk, settings):
    image = make_image(focal_x=0.3, focal_y=0.7)
    files = sorted(stored_files(settings))

    url = reverse(CHANGE, args=[image.pk])
    desk.post(url, WORDS | opened_with(desk, url))

    image.refresh_from_db()
    assert image.caption == WORDS["caption"]
    assert sorted(stored_files(settings)) == files


def test_new_words_reach_the_text_of_stories_that_show_the_picture(desk):
    image = make_image()
    story = make_article(body=f'<p>See.</p><figure data-image="{image.pk}"><figcaption></figcaption></figure>')

    url = reverse(CHANGE, args=[image.pk])
    desk.post(url, WORDS | opened_with(desk, url))

    story.refresh_from_db()
    assert "A tower above roofs" in story.body_html


@pytest.mark.django_db(transaction=True)
def test_a_picture_in_many_stories_reaches_them_in_the_background_a_batch_at_a_time(desk, monkeypatch):
    monkeypatch.setattr("articles.models.image.BATCH", 2)
    image = make_image()
    text = f'<p>See.</p><figure data-image="{image.pk}"><figcaption></figcaption></figure>'
    stories = [make_article(body=text) for _ in range(5)]
    drain()

    url = reverse(CHANGE, args=[image.pk])
    desk.post(url, WORDS | opened_with(desk, url))

    def told() -> list[str]:
        shown = Article.objects.filter(body_html__contains="A tower above roofs")
        return list(shown.order_by("pk").values_list("headline", flat=True))

    assert told() == [story.headline for story in stories[3:]]
    drain()
    assert told() == [story.headline for story in stories]


def test_only_what_a_text_repeats_of_a_picture_and_only_where_it_is_in_the_text_is_rendered_again(desk, monkeypatch):
    image = make_image(**{name: WORDS[name] for name in ("alt", "caption", "credit")})
    text = f'<p>See.</p><figure data-image="{image.pk}"><figcaption></figcaption></figure>'
    shown, _ = make_article(body=text), make_article(lead_image=image)
    rendered = []
    monkeypatch.setattr(Article, "render_again", lambda article: rendered.append(article.pk))

    url = reverse(CHANGE, args=[image.pk])
    assert desk.post(url, WORDS | opened_with(desk, url)).status_code == 302
    image.refresh_from_db()
    assert (image.title, image.focal_x, rendered) == (WORDS["title"], 0.3, [])

    desk.post(url, WORDS | {"caption": "Another"} | opened_with(desk, url))
    assert rendered == [shown.pk]


def test_the_form_shows_the_picture_its_focal_point_and_its_crops_without_inline_style(desk):
    image = make_image(picture=drawing(800, 600), focal_x=0.25, focal_y=0.5)

    page = desk.get(reverse(CHANGE, args=[image.pk])).content.decode()

    assert sizes(image)[-1].url(JPEG) in page
    assert 'x="25%" y="50%"' in page
    assert 'data-focal-point-crop="1:1" viewBox="0 0 600 600"' in page
    assert page.count('type="range"') == 2
    assert " style=" not in page
    assert 'type="file"' not in page


def test_the_form_says_where_the_picture_is_used(desk):
    image = make_image()
    lead = make_article(headline="Storm over the harbour", lead_image=image)
    shown = make_article(headline="After the storm", body=f'<p>See.</p><figure data-image="{image.pk}"></figure>')
    person = make_contributor(name="Ana Ñandú", photo=image)

    page = desk.get(reverse(CHANGE, args=[image.pk])).content.decode()

    for used_by in (lead, shown):
        assert f'<a href="{reverse("admin:articles_article_change", args=[used_by.pk])}">{used_by.headline}</a>' in page
    assert f'<a href="{reverse("admin:articles_contributor_change", args=[person.pk])}">{person.name}</a>' in page


def test_an_unused_picture_says_so(desk):
    assert "Nowhere yet." in desk.get(reverse(CHANGE, args=[make_image().pk])).content.decode()


@pytest.mark.parametrize("place", ["static page", "next version"])
def test_the_words_of_a_picture_that_readers_see_are_no_reporters(client, reporter, editor, place):
    image = make_image(uploaded_by=reporter, alt="A ferry")
    figure = f'<figure data-image="{image.pk}"></figure>'
    draft = make_article(status=Status.DRAFT, created_by=reporter, body=f"<p>See.</p>{figure}")
    url = reverse(CHANGE, args=[image.pk])
    client.force_login(reporter)
    sent = WORDS | opened_with(client, url) | {"alt": "Words for readers"}
    if place == "static page":
        Page.objects.create(title="About us", slug="about", body=figure)
    else:
        public = make_article()
        public.record(editor)
        content = take(public) | {"body": draft.body}
        keep_next(public, content, editor, seen=public.version, live=public.version)

    assert client.post(url, sent).status_code == 403
    image.refresh_from_db()
    assert image.alt == "A ferry"


@pytest.mark.parametrize("place", ["lead", "body"])
def test_a_picture_that_a_story_shows_is_not_deleted(desk, place):
    image = make_image()
    if place == "lead":
        make_article(headline="Storm over the harbour", lead_image=image)
    else:
        make_article(headline="Storm over the harbour", body=f'<p>See.</p><figure data-image="{image.pk}"></figure>')

    for response in (
        desk.post(reverse(DELETE, args=[image.pk]), {"post": "yes"}),
        desk.post(reverse(LIBRARY), {"action": "delete_selected", "_selected_action": [image.pk], "post": "yes"}),
    ):
        assert "Storm over the harbour" in response.content.decode()
    assert Image.objects.filter(pk=image.pk).exists()
    assert all(default_storage.exists(name) for name in image.file_names())


def test_a_picture_that_nobody_uses_is_deleted_with_its_files(desk, settings, django_capture_on_commit_callbacks):
    image = make_image()

    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse(DELETE, args=[image.pk]), {"post": "yes"})

    assert not Image.objects.exists()
    assert not stored_files(settings)


def test_the_library_lists_thumbnails_in_a_fixed_number_of_queries(desk, django_assert_max_num_queries):
    for number in range(12):
        make_image(picture=drawing(40 + number, 40))

    with django_assert_max_num_queries(8):
        page = desk.get(reverse(LIBRARY)).content.decode()

    assert page.count('class="image-thumbnail"') == 12


@pytest.mark.parametrize("word", ["tower", "roofs", "Vladimír", "Ñandú"])
def test_the_library_is_searched_by_title_alternative_text_caption_and_credit(desk, word):
    make_image(**{field: WORDS[field] for field in ("title", "alt", "caption", "credit")})
    make_image(title="Another")

    page = desk.get(reverse(LIBRARY), {"q": word}).content.decode()

    assert page.count('class="image-thumbnail"') == 1
    assert "The bell tower" in page


def test_the_library_finds_pictures_without_a_credit(desk):
    make_image(title="Named", credit="Ana Ñandú")
    make_image(title="Nameless")

    page = desk.get(reverse(LIBRARY), {"credit__isempty": "1"}).content.decode()

    assert "Nameless" in page
    assert "Named" not in page


def test_the_library_says_where_pictures_are_from_and_which_rights_end(desk):
    today, day = timezone.localdate(), datetime.timedelta(days=1)
    ended = make_image(title="Ended", rights_until=today - day, source="Harbour archive", licence="One print")
    last_day, soon = (
        make_image(title="Last day", rights_until=today),
        make_image(title="Soon", rights_until=today + 6 * day),
    )
    later, never = make_image(title="Later", rights_until=today + 300 * day), make_image(title="Never")
    page = desk.get(reverse(LIBRARY)).content.decode()
    assert "Harbour archive" in page and "One print" in page and "Ended: " in page
    for value, found in (("ended", {ended}), ("soon", {last_day, soon}), ("end", {ended, last_day, soon, later})):
        listed = desk.get(reverse(LIBRARY), {"rights": value}).context["cl"].result_list
        assert set(listed) == found
    assert never in desk.get(reverse(LIBRARY)).context["cl"].result_list
    form = desk.get(reverse(CHANGE, args=[ended.pk])).content.decode()
    assert 'value="Harbour archive"' in form


def test_a_reporter_reads_no_headline_of_a_colleagues_draft_beside_a_picture(client, reporter, editor):
    image = make_image()
    figure = f'<figure data-image="{image.pk}"><figcaption></figcaption></figure>'
    make_article(headline="Out already", lead_image=image)
    make_article(headline="My own", status=Status.DRAFT, lead_image=image, created_by=reporter)
    make_article(headline="The secret merger", status=Status.DRAFT, lead_image=image, created_by=editor)
    make_article(headline="The other merger", status=Status.DRAFT, body=f"<p>x</p>{figure}", created_by=editor)
    address = reverse(CHANGE, args=[image.pk])
    client.force_login(reporter)
    page = client.get(address).content.decode()
    assert "Out already" in page and "My own" in page
    assert "merger" not in page
    assert page.count("1 story of colleagues, not public yet") == 2
    reporter.user_permissions.add(Permission.objects.get(codename="delete_image"))
    assert "merger" not in client.get(reverse("admin:articles_image_delete", args=[image.pk])).content.decode()
    client.force_login(editor)
    assert "The secret merger" in client.get(address).content.decode()


def test_a_reader_with_an_account_is_kept_out(client, outsider):
    client.force_login(outsider)

    assert client.get(reverse(LIBRARY)).status_code == 302
    assert client.post(reverse(ADD), WORDS | {"upload": upload()}).status_code == 302
    assert not Image.objects.exists()


def test_who_may_look_but_not_change_sees_the_picture_without_sliders(client, django_user_model, db):
    looker = django_user_model.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_image"))
    client.force_login(looker)
    image = make_image()

    page = client.get(reverse(CHANGE, args=[image.pk])).content.decode()

    assert "data-focal-point-cross" in page
    assert 'type="range"' not in page
    assert client.post(reverse(CHANGE, args=[image.pk]), WORDS).status_code == 403


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_focal_point_is_set_by_pressing_on_the_picture_and_by_keyboard(page, live_server, desk, tmp_path):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    page.context.add_cookies(
        [{"name": cookie.key, "value": cookie.value, "url": live_server.url} for cookie in desk.cookies.values()]
    )
    chosen = tmp_path / "view.jpg"
    chosen.write_bytes(encoded(drawing(800, 400)))

    page.goto(live_server.url + reverse(ADD))
    page.set_input_files("[name=upload]", chosen)
    picture = page.locator("[data-focal-point-picture]")
    picture.wait_for()
    shown = picture.bounding_box()
    picture.click(position={"x": shown["width"] * 0.75, "y": shown["height"] * 0.5})
    page.focus("[name=focal_y]")
    page.keyboard.press("ArrowRight")

    assert page.get_attribute("[data-focal-point-cross]", "x") == "75%"
    assert page.get_attribute("[data-focal-point-cross]", "y") == "51%"
    assert page.get_attribute("[data-focal-point-crop='1:1']", "viewBox") == "400 0 400 400"

    page.fill("[name=title]", "A view")
    page.fill("[name=alt]", "Red and blue under green")
    page.click("[name=_continue]")
    page.wait_for_url("**/change/")
    assert page.get_attribute("[data-focal-point-cross]", "x") == "75%"
    image = Image.objects.get()
    assert (image.focal_x, image.focal_y) == (0.75, 0.51)
    assert not complaints


@contextmanager
def small_disk(folder: Path):
    mounts = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounts.returncode:
        pytest.skip("only root may mount a disk that is soon full")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture(params=["away", "full"])
def broken_storage(request, settings, tmp_path):
    if request.param == "away":
        (tmp_path / "file").write_text("where a folder should be")
        settings.MEDIA_ROOT = str(tmp_path / "file" / "media")
        yield
        return
    small = tmp_path / "small"
    small.mkdir()
    settings.MEDIA_ROOT = str(small)
    with small_disk(small):
        yield


def test_a_storage_that_is_away_or_full_loses_nothing_that_was_typed(desk, broken_storage):
    noisy = PIL.Image.effect_noise((900, 600), 80).convert("RGB")
    response = desk.post(reverse(ADD), WORDS | {"upload": upload(encoded(noisy))})
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert set(errors) == {"upload"}
    assert "full, or cannot be reached" in errors["upload"][0]
    assert "The tower of Vladimír&#x27;s church" in response.content.decode()
    assert not Image.objects.exists()


def failing(monkeypatch, method: str, number: int) -> None:
    """Temporary files whose method fails as on a full disk."""

    def made(**options):
        file = NamedTemporaryFile(**options)  # noqa: SIM115  (Django closes it)

        def fails(*args):
            raise OSError(number, "No room")

        setattr(file, method, fails)
        return file

    monkeypatch.setattr("django.core.files.temp.NamedTemporaryFile", made)


@pytest.fixture(params=["none", "full", "write", "quota", "seek"])
def no_room_for_uploads(request, settings, tmp_path, monkeypatch):
    """No folder, one that is full, one that is full at the first or the last bytes, or in which this user has had his share."""
    folder = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    if request.param == "none":
        yield folder
        return
    folder.mkdir()
    if request.param == "full":
        with small_disk(folder):
            yield folder
            return
    method = "seek" if request.param == "seek" else "write"
    failing(monkeypatch, method, errno.EDQUOT if request.param == "quota" else errno.ENOSPC)
    yield folder


def test_a_disk_that_has_no_room_for_an_upload_loses_nothing_that_was_typed(desk, settings, no_room_for_uploads):
    content = encoded() + bytes(settings.FILE_UPLOAD_MAX_MEMORY_SIZE)
    # The file first: what was typed comes after it.
    response = desk.post(reverse(ADD), {"upload": upload(content)} | WORDS)
    assert response.status_code == 200
    form = response.context["adminform"].form
    assert form.errors == {"upload": [NOT_STORED]}
    assert {name: form[name].value() for name in WORDS} == WORDS
    assert "The tower of Vladimír&#x27;s church</textarea>" in response.content.decode()
    assert not Image.objects.exists()
    assert not no_room_for_uploads.exists() or not list(no_room_for_uploads.iterdir()), "and leaves nothing there"


def test_a_focal_point_stays_when_its_crops_cannot_be_stored(desk, settings, tmp_path):
    image = make_image(focal_x=0.5)
    original = settings.MEDIA_ROOT
    page = reverse(CHANGE, args=[image.pk])
    sent = WORDS | opened_with(desk, page) | {"title": "Another title"}
    folder = Path(original) / "renditions"
    folder.rename(tmp_path / "aside")
    folder.write_text("where a folder should be")
    response = desk.post(page, sent)
    assert "full, or cannot be reached" in response.content.decode()
    assert 'value="Another title"' in response.content.decode()
    image.refresh_from_db()
    assert (image.focal_x, image.title) != (0.3, "Another title")


def test_a_focal_point_stays_when_the_picture_cannot_be_read(desk, settings, tmp_path):
    image = make_image(focal_x=0.5)
    page = reverse(CHANGE, args=[image.pk])
    sent = WORDS | opened_with(desk, page) | {"title": "Another title"}
    (tmp_path / "file").write_text("where a folder should be")
    settings.MEDIA_ROOT = str(tmp_path / "file" / "media")
    response = desk.post(page, sent)
    assert "full, or cannot be reached" in response.content.decode()
    assert 'value="Another title"' in response.content.decode()


def test_while_a_picture_is_made_others_can_write(desk, monkeypatch):
    """SQLite has one writer at a time, who would be this one for as long as decoding and storing take."""
    before, seen, keep = len(connection.savepoint_ids), [], Image.keep

    def kept(image: Image, picture) -> None:
        seen.append(len(connection.savepoint_ids))
        keep(image, picture)

    monkeypatch.setattr(Image, "keep", kept)
    desk.post(reverse(ADD), WORDS | {"upload": upload()})
    # Tests stand in a transaction of their own: within it there is no other.
    assert seen == [before] and Image.objects.exists()


def test_while_crops_around_a_new_focal_point_are_made_others_can_write(desk, monkeypatch):
    image = make_image(picture=drawing(800, 200))
    before, seen = len(connection.savepoint_ids), []
    url = reverse(CHANGE, args=[image.pk])
    sent = WORDS | opened_with(desk, url)

    def made(*args) -> None:
        seen.append(len(connection.savepoint_ids))
        make_renditions(*args)

    monkeypatch.setattr("articles.models.image.make_renditions", made)
    assert desk.post(url, sent).status_code == 302
    assert seen == [before]
    image.refresh_from_db()
    assert image.focal_x == 0.3
    assert all(default_storage.exists(name) for name in image.file_names())


def test_crops_that_somebody_else_s_save_made_needless_are_not_left_behind(desk, settings, monkeypatch):
    image = make_image(picture=drawing(800, 200))
    url = reverse(CHANGE, args=[image.pk])
    sent = WORDS | opened_with(desk, url)
    files = sorted(stored_files(settings))

    def made(*args) -> None:
        make_renditions(*args)
        Image.objects.filter(pk=image.pk).update(title="Saved meanwhile")

    monkeypatch.setattr("articles.models.image.make_renditions", made)
    response = desk.post(url, sent)
    assert "Somebody else saved this while you had it open" in response.content.decode()
    image.refresh_from_db()
    assert (image.focal_x, image.title) == (0.5, "Saved meanwhile")
    assert sorted(stored_files(settings)) == files
