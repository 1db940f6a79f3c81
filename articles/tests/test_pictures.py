"""What becomes of an upload: taken in or refused, its files, and how a page shows it."""

import io
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from PIL import ExifTags, ImageCms
from PIL import Image as Pillow

from articles.models import Image
from articles.pictures.files import NewFiles, NotStored, content_of
from articles.pictures.ingest import MAX_BYTES, PictureRefused, ingest
from articles.pictures.markup import picture_html
from articles.pictures.renditions import AVIF, FORMATS, JPEG, WEBP, crop_box, make_renditions, names, sizes
from articles.tests.sample_pictures import drawing, encoded, png_claiming, upload

GPS_TEXT = b"48.148596"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def media(settings) -> Path:
    return Path(settings.MEDIA_ROOT)


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def stored(content: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(content))


def colour_at(picture: Pillow.Image, across: float, down: float) -> str:
    pixel = picture.convert("RGB").getpixel((int(picture.width * across), int(picture.height * down)))
    return ("red", "green", "blue")[pixel.index(max(pixel))]


def refusal(content: bytes, *, name: str = "picture.jpg") -> str:
    with pytest.raises(PictureRefused) as refused:
        ingest(upload(content, name=name))
    (sentence,) = refused.value.messages
    return sentence


def take_in(content: bytes | None = None, **words) -> Image:
    return Image.ingest(upload(content), **{"title": "A view", "alt": "Red and blue under green"} | words)


# --- Taken in ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "RGB"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("PNG", "I;16"),
        ("PNG", "1"),
        ("WEBP", "RGB"),
        ("AVIF", "RGB"),
        ("GIF", "P"),
    ],
)
def test_a_still_picture_of_a_known_format_is_stored_as_jpeg_whatever_its_name(format, mode):
    picture = ingest(upload(encoded(drawing(mode=mode), format), name="notes.txt"))

    assert (picture.extension, picture.width, picture.height) == ("jpg", 64, 48)
    assert (stored(picture.content).format, stored(picture.content).mode) == ("JPEG", "RGB")


@pytest.mark.parametrize(("format", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA"), ("AVIF", "RGBA")])
def test_a_picture_that_can_be_seen_through_is_stored_as_png(format, mode):
    seen_through = drawing(mode=mode)
    seen_through.putalpha(Pillow.linear_gradient("L").resize(seen_through.size))

    picture = ingest(upload(encoded(seen_through, format)))

    assert picture.extension == "png"
    assert stored(picture.content).mode == "RGBA"


def test_a_transparent_palette_entry_stays_transparent():
    drawn = drawing(mode="RGB").quantize(4)
    nothing = drawn.getpixel((60, 40))

    picture = ingest(upload(encoded(drawn, "GIF", transparency=nothing)))

    assert stored(picture.content).getpixel((60, 40))[3] == 0
    assert stored(picture.content).getpixel((2, 40)) == (255, 0, 0, 255)


def test_sixteen_bits_of_grey_keep_their_tones():
    grey = Pillow.new("I;16", (20, 20), 32768)

    picture = ingest(upload(encoded(grey, "PNG")))

    assert stored(picture.content).getpixel((10, 10)) == pytest.approx((128, 128, 128), abs=2)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_turned_picture_is_stored_upright(orientation, format):
    turn_back = {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT,
        3: Pillow.Transpose.ROTATE_180,
        4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE,
        6: Pillow.Transpose.ROTATE_90,
        7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_270,
    }
    as_taken = drawing().transpose(turn_back[orientation]) if orientation > 1 else drawing()
    exif = Pillow.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    picture = ingest(upload(encoded(as_taken, format, exif=exif)))

    assert (picture.width, picture.height) == (64, 48)
    upright = stored(picture.content)
    assert [colour_at(upright, *place) for place in ((0.5, 0.1), (0.2, 0.8), (0.8, 0.8))] == ["green", "red", "blue"]
    assert not upright.getexif()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_nothing_is_kept_of_where_and_with_what_it_was_taken(format):
    exif = Pillow.Exif()
    exif[ExifTags.Base.Make] = "Camera of a source"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSProcessingMethod] = GPS_TEXT
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + GPS_TEXT + b"</x:xmpmeta>"
    options = {
        "exif": exif,
        "xmp": xmp,
        "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    }
    if format == "JPEG":
        options["comment"] = GPS_TEXT
    content = encoded(format=format, **options)
    assert GPS_TEXT in content

    picture = ingest(upload(content))

    assert GPS_TEXT not in picture.content
    assert b"Camera of a source" not in picture.content
    left = stored(picture.content)
    assert not left.getexif()
    assert not {"xmp", "comment", "icc_profile", "exif"} & set(left.info)


def test_nothing_rides_along_behind_the_picture():
    picture = ingest(upload(encoded() + b"<?php system($_GET['c']); ?>"))

    assert b"<?php" not in picture.content


def test_the_colours_of_an_embedded_profile_are_kept_without_the_profile():
    # Seen through the profile of a display with exchanged red and blue, the blue that is stored here is a red.
    exchanged = _profile_with_red_and_blue_exchanged()
    picture = ingest(upload(encoded(Pillow.new("RGB", (16, 16), "blue"), icc_profile=exchanged)))

    assert colour_at(stored(picture.content), 0.5, 0.5) == "red"
    assert "icc_profile" not in stored(picture.content).info


def _profile_with_red_and_blue_exchanged() -> bytes:
    profile = bytearray(SRGB)
    at = {tag: profile.index(tag) for tag in (b"rXYZ", b"bXYZ")}
    red, blue = (bytes(profile[at[tag] + 4 : at[tag] + 12]) for tag in (b"rXYZ", b"bXYZ"))
    profile[at[b"rXYZ"] + 4 : at[b"rXYZ"] + 12] = blue
    profile[at[b"bXYZ"] + 4 : at[b"bXYZ"] + 12] = red
    return bytes(profile)


@pytest.mark.parametrize("profile", [b"not a profile", _profile_with_red_and_blue_exchanged()[:200]])
def test_a_broken_profile_is_passed_over(profile):
    picture = ingest(upload(encoded(icc_profile=profile)))

    assert colour_at(stored(picture.content), 0.2, 0.8) == "red"


def test_a_large_original_is_capped_on_its_long_side():
    lying = ingest(upload(encoded(drawing(4000, 1000))))
    standing = ingest(upload(encoded(drawing(1000, 4001), "PNG")))

    assert (lying.width, lying.height) == (2560, 640)
    assert (standing.width, standing.height) == (640, 2560)


def test_a_line_of_pixels_is_a_picture():
    picture = ingest(upload(encoded(drawing(9000, 1))))

    assert (picture.width, picture.height) == (2560, 1)


def test_the_second_picture_in_a_phones_jpeg_is_no_animation():
    two = encoded(drawing(), "MPO", save_all=True, append_images=[Pillow.new("RGB", (32, 24))])
    assert stored(two).n_frames == 2

    picture = ingest(upload(two))

    assert (picture.width, picture.height) == (64, 48)
    assert stored(picture.content).format == "JPEG"


def test_the_same_upload_gives_the_same_digest():
    assert ingest(upload()) == ingest(upload())
    assert ingest(upload()).digest != ingest(upload(encoded(drawing(65, 48)))).digest


# --- Refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"Just some text.\n" * 50,
        b"",
        SVG,
        b"%PDF-1.7\n",
        b"\xff\xd8\xff",
        encoded(format="TIFF"),
        encoded(format="BMP"),
    ],
    ids=["text", "empty", "svg", "pdf", "first bytes", "tiff", "bmp"],
)
def test_what_is_no_picture_for_the_web_is_refused_whatever_its_name(content):
    assert refusal(content, name="holiday.jpg") == "This is not a JPEG, PNG, WebP, AVIF or GIF picture."


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_a_truncated_picture_is_refused(format):
    whole = encoded(Pillow.effect_noise((200, 150), 90).convert("RGB"), format)

    assert refusal(whole[: len(whole) * 2 // 3]) in {
        "This picture is damaged or incomplete. Save or export it again.",
        "This is not a JPEG, PNG, WebP, AVIF or GIF picture.",
    }


def test_a_truncated_jpeg_is_told_to_be_damaged():
    whole = encoded(drawing(400, 300))

    assert refusal(whole[:-200]) == "This picture is damaged or incomplete. Save or export it again."


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF", "GIF"])
def test_a_moving_picture_is_refused(format):
    frames = [drawing(), drawing().rotate(180)]
    moving = encoded(frames[0], format, save_all=True, append_images=frames[1:])

    assert refusal(moving) == "This picture moves. Upload a still picture instead."


@pytest.mark.parametrize("size", [(10_000, 5_001), (13_000, 13_000), (60_000, 60_000), (2_000_000_000, 2_000_000_000)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_decompression_bomb_is_refused_by_its_header(size):
    begun = time.perf_counter()

    assert "50 million pixels" in refusal(png_claiming(*size))
    assert time.perf_counter() - begun < 0.5


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_refused_alike_where_warnings_are_errors():
    assert "50 million pixels" in refusal(png_claiming(10_000, 10_000))


def test_an_upload_over_the_limit_is_refused_unread():
    class Unreadable(ContentFile):
        def read(self, *args):
            raise AssertionError("The upload was read.")

    heavy = Unreadable(b"", name="heavy.jpg")
    heavy.size = 60 * 2**20

    with pytest.raises(PictureRefused) as refused:
        ingest(heavy)
    assert refused.value.message == "This file has 60.0\xa0MB; a picture may have up to 25 MB."


def test_an_upload_at_the_limit_is_taken():
    content = encoded()

    assert ingest(upload(content + bytes(MAX_BYTES - len(content)))).width == 64


# --- Files ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_image_and_all_its_renditions_are_stored_under_names_that_its_row_tells(media):
    image = take_in(encoded(drawing(2000, 1500)), focal_x=0.25, focal_y=0.75)

    digest = image.digest
    assert image.file.name == f"pictures/{digest[:2]}/{digest[2:]}.jpg"
    assert files_in(media) == {image.file.name, *names(image)} == image.file_names()
    assert f"renditions/{digest[:2]}/{digest[2:4]}/{digest[4:20]}-16x9-25-75-1280.avif" in names(image)
    assert len(names(image)) == 30


@pytest.mark.django_db
def test_every_rendition_has_the_size_and_the_format_of_its_name():
    image = take_in(encoded(drawing(1700, 1100)))

    for crop in (None, "16:9", "4:3", "1:1"):
        for size in sizes(image, crop):
            for format, expected in ((AVIF, "AVIF"), (WEBP, "WEBP"), (JPEG, "JPEG")):
                with default_storage.open(size.name(format)) as file, Pillow.open(file) as rendition:
                    assert (rendition.format, rendition.size) == (expected, (size.width, size.height))
                    assert not {"exif", "xmp", "comment", "icc_profile"} & set(rendition.info)


@pytest.mark.parametrize(
    ("width", "expected"),
    [(2560, [480, 960, 1600]), (1600, [480, 960, 1600]), (1200, [480, 960, 1200]), (480, [480]), (300, [300])],
)
def test_no_rendition_is_larger_than_the_picture(width, expected):
    image = Image(digest="0" * 64, width=width, height=1000)

    assert [size.width for size in sizes(image)] == expected


def test_crops_keep_their_proportions_and_stay_within_the_picture():
    image = Image(digest="0" * 64, width=1600, height=1067)

    assert [(size.width, size.height) for size in sizes(image, "16:9")] == [(640, 360), (768, 432), (1280, 720)]
    assert [(size.width, size.height) for size in sizes(image, "4:3")] == [(400, 300), (800, 600)]
    assert [(size.width, size.height) for size in sizes(image, "1:1")] == [(160, 160), (400, 400)]


@pytest.mark.parametrize(
    ("focal_x", "expected"), [(0, (0, 0, 1000, 1000)), (0.4, (300, 0, 1300, 1000)), (1, (1000, 0, 2000, 1000))]
)
def test_a_crop_has_the_focal_point_in_its_middle_or_as_near_as_the_edge_allows(focal_x, expected):
    assert crop_box(Image(width=2000, height=1000, focal_x=focal_x), "1:1") == expected


def test_the_smallest_pictures_have_crops_too():
    image = Image(digest="0" * 64, width=1, height=1)

    assert all(sizes(image, crop)[0].height == 1 for crop in (None, "16:9", "4:3", "1:1"))


@pytest.mark.django_db
def test_a_crop_shows_what_the_focal_point_is_on():
    image = take_in(encoded(drawing(800, 200)), focal_x=0.95)

    with default_storage.open(sizes(image, "1:1")[0].name(JPEG)) as file, Pillow.open(file) as crop:
        assert {colour_at(crop, 0.1, 0.9), colour_at(crop, 0.9, 0.9)} == {"blue"}


@pytest.mark.django_db
def test_a_transparent_picture_is_shown_on_white_in_every_format():
    image = take_in(encoded(Pillow.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))

    for format in FORMATS:
        with default_storage.open(sizes(image)[0].name(format)) as file, Pillow.open(file) as rendition:
            assert rendition.mode == "RGB"
            assert rendition.getpixel((25, 25)) == pytest.approx((255, 255, 255), abs=3)


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"text", SVG, encoded()[:300], png_claiming(9000, 9000)])
def test_a_refusal_leaves_no_file_and_no_row(media, content):
    with pytest.raises(PictureRefused):
        take_in(content)

    assert not files_in(media)
    assert not Image.objects.exists()


@pytest.mark.django_db
def test_a_row_that_cannot_be_saved_leaves_no_file(media):
    with pytest.raises(DatabaseError), transaction.atomic():
        take_in(focal_x=2)

    assert not files_in(media)


@pytest.mark.django_db
def test_a_failed_second_upload_leaves_the_files_of_the_first(media):
    first = take_in()

    with pytest.raises(DatabaseError), transaction.atomic():
        take_in(title=None)

    assert files_in(media) == first.file_names()


@pytest.mark.django_db
def test_a_file_that_cannot_be_written_leaves_neither_the_others_nor_a_row(media):
    picture = ingest(upload())
    blocked = Image(digest=picture.digest, width=picture.width, height=picture.height)
    # A folder stands where the last rendition should go.
    in_the_way = media / sizes(blocked, "1:1")[-1].name(JPEG) / "in the way"
    in_the_way.mkdir(parents=True)

    with pytest.raises(NotStored):
        take_in()

    assert not files_in(media)
    assert not Image.objects.exists()


@pytest.mark.django_db
def test_a_file_left_half_written_is_written_again(media):
    image = Image(digest=ingest(upload()).digest, width=64, height=48)
    rendition = media / sizes(image)[0].name(AVIF)
    rendition.parent.mkdir(parents=True)
    rendition.write_bytes(b"half a pict")

    take_in()

    assert Pillow.open(rendition).size == (64, 48)


def test_files_put_together_go_together(media):
    default_storage.save("kept", ContentFile(b"old"))

    with pytest.raises(ZeroDivisionError), NewFiles() as new_files:
        new_files.put("kept", b"old")
        new_files.put("folder/new", b"new")
        raise ZeroDivisionError

    assert files_in(media) == {"kept"}


@pytest.mark.django_db
def test_deleting_an_image_removes_its_files_once_that_is_committed(media, django_capture_on_commit_callbacks):
    image = take_in()

    with django_capture_on_commit_callbacks() as committed:
        image.delete()
        assert files_in(media)
    committed[0]()

    assert not files_in(media)


@pytest.mark.django_db
def test_images_of_the_same_picture_share_files_until_the_last_is_deleted(media, django_capture_on_commit_callbacks):
    first, second = take_in(), take_in(title="Again", focal_x=0.1)
    assert first.file.name == second.file.name

    with django_capture_on_commit_callbacks(execute=True):
        Image.objects.filter(pk=first.pk).delete()
    assert files_in(media) == second.file_names()

    with django_capture_on_commit_callbacks(execute=True):
        second.delete()
    assert not files_in(media)


@pytest.mark.django_db
@pytest.mark.parametrize("early", [True, False], ids=["before its sizes are made", "after that"])
def test_a_picture_that_comes_again_while_its_last_row_goes_has_all_its_files(
    media, monkeypatch, django_capture_on_commit_callbacks, early
):
    first = take_in()

    def made(*args) -> None:
        if not early:
            make_renditions(*args)
        with django_capture_on_commit_callbacks(execute=True):
            Image.objects.filter(pk=first.pk).delete()
        if early:
            make_renditions(*args)

    monkeypatch.setattr("articles.models.image.make_renditions", made)
    second = take_in(title="Again", focal_x=0.1)
    assert files_in(media) == second.file_names()


@pytest.mark.django_db
def test_where_what_went_cannot_be_stored_again_nothing_is_kept(media, monkeypatch, django_capture_on_commit_callbacks):
    first = take_in()

    def made(*args) -> None:
        make_renditions(*args)
        with django_capture_on_commit_callbacks(execute=True):
            Image.objects.filter(pk=first.pk).delete()
        # A folder stands where one of them was.
        (media / sizes(first)[0].name(JPEG) / "in the way").mkdir(parents=True)

    monkeypatch.setattr("articles.models.image.make_renditions", made)
    with pytest.raises(NotStored):
        take_in(title="Again")
    assert not Image.objects.exists()


@pytest.mark.django_db
def test_any_storage_will_do_also_one_without_a_disk(settings, media, django_capture_on_commit_callbacks):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}

    image = take_in()
    with django_capture_on_commit_callbacks(execute=True):
        image.refocus(0.1, 0.1)
    assert all(default_storage.exists(name) for name in image.file_names())

    needed = image.file_names()
    with django_capture_on_commit_callbacks(execute=True):
        image.delete()
    assert not any(default_storage.exists(name) for name in needed)
    assert not files_in(media)


@pytest.mark.django_db
def test_moving_the_focal_point_makes_new_crops_and_removes_the_old(media, django_capture_on_commit_callbacks):
    image = take_in()
    before = {name: (media / name).stat().st_mtime_ns for name in files_in(media)}

    with django_capture_on_commit_callbacks(execute=True):
        image.refocus(0.2, 0.9)

    image.refresh_from_db()
    assert (image.focal_x, image.focal_y) == (0.2, 0.9)
    assert files_in(media) == image.file_names()
    kept = files_in(media) & set(before)
    assert len(kept) == 1 + 3 * len(sizes(image))
    assert all((media / name).stat().st_mtime_ns == before[name] for name in kept)


@pytest.mark.django_db
def test_crops_that_were_there_stay_though_the_other_row_that_had_them_goes_meanwhile(
    media, django_capture_on_commit_callbacks
):
    first, second = take_in(focal_x=0.1), take_in(title="Again")
    second.focal_x = 0.1
    with second.crops_made() as made:
        with django_capture_on_commit_callbacks(execute=True):
            first.delete()
        with django_capture_on_commit_callbacks(execute=True):
            second.refocus(0.1, 0.5, made=made)
    assert files_in(media) == second.file_names()


def test_why_a_picture_cannot_be_read_is_in_the_log(media, monkeypatch, caplog):
    def away(name, mode="rb"):
        raise TimeoutError("The storage says nothing.")

    monkeypatch.setattr(default_storage, "open", away)
    with pytest.raises(NotStored):
        content_of("pictures/ab/cd.jpg")
    assert "pictures/ab/cd.jpg could not be read." in caplog.text
    assert "The storage says nothing." in caplog.text


@pytest.mark.django_db
def test_crops_that_cannot_be_tidied_up_take_back_nothing_that_is_saved(media, monkeypatch, caplog):
    image = take_in()
    image.focal_x = 0.1
    with image.crops_made():
        monkeypatch.setattr(default_storage, "delete", broken)
    assert "could not be removed" in caplog.text


def broken(name: str) -> None:
    raise OSError("The storage is away.")


@pytest.mark.django_db
def test_a_focal_point_that_cannot_be_saved_leaves_the_crops_as_they_were(media):
    image = take_in()
    before = files_in(media)

    with pytest.raises(DatabaseError), transaction.atomic():
        image.refocus(0.2, 1.5)

    assert files_in(media) == before


@pytest.mark.django_db
def test_moving_the_focal_point_by_a_hair_changes_no_file(media, django_capture_on_commit_callbacks):
    image = take_in()
    before = files_in(media)

    with django_capture_on_commit_callbacks(execute=True):
        image.refocus(0.501, 0.5)

    assert files_in(media) == before


# --- On the page ------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self, html: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def shown(image: Image, **options) -> Tags:
    return Tags(picture_html(image, **{"sizes": "100vw"} | options))


def an_image(**values) -> Image:
    return Image(**{"digest": "ab" * 32, "width": 1600, "height": 1067, "alt": 'The "Bell" & tower'} | values)


def test_a_page_offers_avif_then_webp_then_jpeg():
    tags = shown(an_image(), sizes="(min-width: 60em) 40rem, 100vw").found

    assert [tag for tag, _ in tags] == ["picture", "source", "source", "img"]
    assert [attrs["type"] for tag, attrs in tags if tag == "source"] == ["image/avif", "image/webp"]
    for (_, attrs), extension in zip(tags[1:], ["avif", "webp", "jpg"], strict=True):
        assert attrs["sizes"] == "(min-width: 60em) 40rem, 100vw"
        assert re.findall(r"\.(\w+) (\d+)w", attrs["srcset"]) == [(extension, w) for w in ("480", "960", "1600")]


def test_width_height_and_alternative_text_are_always_there():
    _, whole = shown(an_image()).found[-1]
    _, crop = shown(an_image(), crop="16:9", alt="").found[-1]

    assert (whole["width"], whole["height"], whole["alt"]) == ("1600", "1067", 'The "Bell" & tower')
    assert (crop["width"], crop["height"], crop["alt"]) == ("1280", "720", "")


def test_pictures_wait_until_they_are_near_but_for_the_eager_one():
    _, lazy = shown(an_image()).found[-1]
    _, eager = shown(an_image(), eager=True, css_class="lead").found[-1]

    assert (lazy["loading"], lazy["decoding"], lazy.get("fetchpriority"), lazy.get("class")) == (
        "lazy",
        "async",
        None,
        None,
    )
    assert (eager.get("loading"), eager["fetchpriority"], eager["class"]) == (None, "high", "lead")


@pytest.mark.django_db
def test_every_address_on_the_page_is_a_file(media):
    image = take_in(encoded(drawing(700, 500)))

    for crop in (None, "16:9", "4:3", "1:1"):
        addresses = re.findall(r"/media/(\S+?)[ \"]", picture_html(image, sizes="100vw", crop=crop))
        assert addresses
        assert set(addresses) <= files_in(media)


@pytest.mark.django_db
def test_showing_a_picture_asks_neither_the_database_nor_the_storage(media, django_assert_num_queries):
    pk = take_in().pk
    for path in media.rglob("*.*"):
        path.unlink()

    with django_assert_num_queries(1):
        image = Image.objects.get(pk=pk)
        assert "<picture>" in picture_html(image, sizes="100vw", crop="4:3")


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_files_go_with_the_row(media):
    image = take_in()
    assert not connection.in_atomic_block

    image.refocus(0, 0)
    assert files_in(media) == image.file_names()

    image.delete()
    assert not files_in(media)
