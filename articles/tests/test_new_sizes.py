"""Pictures taken in before there were the sizes of today: shown as they are, and given what they lack."""

import re
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image as Pillow

from articles.models import Image
from articles.pictures.files import NotStored
from articles.pictures.ingest import ingest
from articles.pictures.markup import picture_html
from articles.pictures.renditions import AVIF, SIZE_SETS, newest_set, sizes
from articles.tests.factories import make_article
from articles.tests.sample_pictures import drawing, encoded, upload


@pytest.fixture
def media(settings) -> Path:
    return Path(settings.MEDIA_ROOT)


def from_before(**values) -> Image:
    image = Image(**{"title": "A view", "alt": "Hills", "size_set": 1} | values)
    image.keep(ingest(upload(encoded(drawing(1400, 900)))))
    return image


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def widths(html: str) -> list[int]:
    return [int(width) for width in re.findall(r" (\d+)w", re.search(r'srcset="([^"]+)"', html)[1])]


def test_a_set_holds_the_one_before_it():
    for before, after in zip(SIZE_SETS, list(SIZE_SETS)[1:], strict=False):
        assert all(set(of_before) <= set(SIZE_SETS[after][crop]) for crop, of_before in SIZE_SETS[before].items())


@pytest.mark.django_db
def test_a_picture_from_before_offers_the_sizes_that_it_has(media):
    image = from_before()

    assert widths(picture_html(image, sizes="100vw", crop="16:9")) == [640, 1280]
    assert files_in(media) == image.file_names()


@pytest.mark.django_db
def test_the_command_gives_it_those_of_today(media, capsys):
    image, new = from_before(), Image.ingest(upload(encoded(drawing(1300, 900))), title="New", alt="Hills")
    written = {name: (media / name).stat().st_mtime_ns for name in files_in(media)}

    call_command("make_renditions")

    assert capsys.readouterr().out == "1 pictures have the newest sizes now.\n"
    image.refresh_from_db()
    assert widths(picture_html(image, sizes="100vw", crop="16:9")) == [640, 768, 1280]
    assert files_in(media) == image.file_names() | new.file_names()
    assert all((media / name).stat().st_mtime_ns == before for name, before in written.items())
    middle = sizes(image, "16:9")[1]
    with default_storage.open(middle.name(AVIF)) as file, Pillow.open(file) as rendition:
        assert rendition.size == (768, 432) == (middle.width, middle.height)


@pytest.mark.django_db
def test_a_list_that_is_made_from_then_on_shows_them(client):
    image = from_before()
    make_article(lead_image=image)
    assert "-768." not in client.get("/").content.decode()

    image.add_newest_sizes()

    assert "-768.avif 768w" in client.get("/").content.decode()


@pytest.mark.django_db
def test_one_whose_file_is_lost_keeps_no_other_from_them(media, capsys, caplog):
    image, lost = from_before(), from_before(title="Lost", focal_x=0.1)
    lost.file = "pictures/00/lost.jpg"
    lost.save(update_fields=["file"])

    with pytest.raises(CommandError, match="1 failed and are shown as before"):
        call_command("make_renditions")

    assert capsys.readouterr().out == "1 pictures have the newest sizes now.\n"
    assert f"picture {lost.pk}" in caplog.text
    assert dict(Image.objects.values_list("pk", "size_set")) == {image.pk: newest_set(), lost.pk: 1}


@pytest.mark.django_db
def test_a_size_that_cannot_be_written_leaves_it_as_it_was(media):
    image = from_before()
    before = files_in(media)
    (
        media / "renditions" / image.digest[:2] / image.digest[2:4] / f"{image.digest[4:20]}-16x9-50-50-768.jpg" / "x"
    ).mkdir(parents=True)

    with pytest.raises(NotStored):
        image.add_newest_sizes()

    image.refresh_from_db()
    assert image.size_set == 1
    assert files_in(media) == before


@pytest.mark.django_db
def test_one_whose_focal_point_was_moved_meanwhile_is_left_for_the_next_time(media, django_capture_on_commit_callbacks):
    image = from_before()
    meanwhile = Image.objects.get(pk=image.pk)
    with django_capture_on_commit_callbacks(execute=True):
        meanwhile.refocus(0.1, 0.1)

    assert not image.add_newest_sizes()

    assert files_in(media) == meanwhile.file_names()
    meanwhile.refresh_from_db()
    assert meanwhile.size_set == 1
    assert meanwhile.add_newest_sizes()
    assert files_in(media) == meanwhile.file_names()


@pytest.mark.django_db
def test_an_editor_who_moves_the_focal_point_meanwhile_leaves_no_size_without_its_file(
    media, django_capture_on_commit_callbacks
):
    image = from_before()
    opened = Image.objects.get(pk=image.pk)
    image.add_newest_sizes()

    with django_capture_on_commit_callbacks(execute=True):
        opened.refocus(0.1, 0.1)

    assert files_in(media) == Image.objects.get(pk=image.pk).file_names()


def test_after_the_upgrade_a_picture_has_the_sizes_that_it_had(history):
    old = history.at(("articles", "0027_texts_last")).get_model("articles", "Image").objects
    old.create(title="A view", alt="Hills", file="pictures/aa/b.jpg", width=1400, height=900, digest="a" * 64)

    history.today()

    assert Image.objects.get().size_set == 1
    assert Image(title="New").size_set == newest_set()
