"""Which sizes and formats of a picture there are, what their files are called, and the making of them.

Sizes and names follow from what a row of Image says (digest, width, height, focal point), so that a page can name
every file without asking the database or the storage.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from PIL import Image as Pillow

from articles.pictures.files import NewFiles, content_of
from articles.pictures.ingest import LONG_SIDE

if TYPE_CHECKING:
    from articles.models import Image

#: Browsers keep a rendition for ever: whoever changes how they are made makes them all again, in a new folder.
FOLDER = "renditions"

CROPS = ("16:9", "4:3", "1:1")
WHOLE = "whole"
#: Widths of the whole picture and of its crops, by the number that Image.size_set says. Each set holds the one before it: a process
#: of the last release finds the files that it names of a picture taken in by this one, and a picture that has been given
#: the sizes of a newer set is still shown where a page of before names it.
SIZE_SETS: dict[int, dict[str, tuple[int, ...]]] = {
    1: (_FIRST := {WHOLE: (480, 960, 1600), "16:9": (640, 1280), "4:3": (400, 800), "1:1": (160, 400)}),
    # A phone of two pixels to one shows a lead picture across 660 to 764 of them, and a desk of one to one across 730.
    2: _FIRST | {"16:9": (640, 768, 1280)},
}

#: The fields of Image that names and sizes of the whole picture follow from, and those of its crops.
SHOWN_BY = ("digest", "width", "height", "size_set")
CROPS_SHOWN_BY = (*SHOWN_BY, "focal_x", "focal_y")

WORKERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Format:
    extension: str
    media_type: str
    options: dict[str, Any]


# One thread an encoder: the pool keeps the processors busy already.
AVIF = Format("avif", "image/avif", {"format": "AVIF", "quality": 55, "speed": 9, "max_threads": 1})
WEBP = Format("webp", "image/webp", {"format": "WEBP", "quality": 78, "method": 2})
JPEG = Format("jpg", "image/jpeg", {"format": "JPEG", "quality": 80, "optimize": True, "progressive": True})
#: In the order in which a browser should choose. Every browser knows the last.
FORMATS = (AVIF, WEBP, JPEG)


@dataclass(frozen=True, slots=True)
class Size:
    """One size of one picture; a rendition is a size in a format."""

    stem: str
    box: tuple[int, int, int, int]  # what is shown, in pixels of the stored picture: left, top, right, bottom
    width: int
    height: int

    def name(self, format: Format) -> str:
        return f"{self.stem}.{format.extension}"

    def url(self, format: Format = JPEG) -> str:
        return default_storage.url(self.name(format))


def newest_set() -> int:
    return max(SIZE_SETS)


def sizes(image: Image, crop: str | None = None) -> list[Size]:
    """The sizes of the whole picture or of one of CROPS, smallest first. None is larger than the picture itself."""
    box = crop_box(image, crop) if crop else (0, 0, image.width, image.height)
    left, top, right, bottom = box
    stem = f"{FOLDER}/{image.digest[:2]}/{image.digest[2:4]}/{image.digest[4:20]}"
    if crop:
        stem += f"-{crop.replace(':', 'x')}-{_percent(image.focal_x)}-{_percent(image.focal_y)}"
    return [
        Size(f"{stem}-{width}", box, width, max(1, round((bottom - top) * width / (right - left))))
        for width in sorted({min(width, right - left) for width in SIZE_SETS[image.size_set][crop or WHOLE]})
    ]


def _percent(focal: float) -> int:
    """A focal coordinate as names and crops know it: finer steps than these would make new files that look the same."""
    return round(focal * 100)


def crop_box(image: Image, crop: str) -> tuple[int, int, int, int]:
    """The largest box of these proportions with the focal point in its middle, or as near to it as the edges allow."""
    across, down = map(int, crop.split(":"))
    width = max(1, min(image.width, round(image.height * across / down)))
    height = max(1, min(image.height, round(image.width * down / across)))
    left = _place(width, image.width, image.focal_x)
    top = _place(height, image.height, image.focal_y)
    return left, top, left + width, top + height


def _place(length: int, available: int, focal: float) -> int:
    return min(max(0, round(available * _percent(focal) / 100 - length / 2)), available - length)


def crop_sizes(image: Image) -> list[Size]:
    return [size for crop in CROPS for size in sizes(image, crop)]


def all_sizes(image: Image) -> list[Size]:
    return [*sizes(image), *crop_sizes(image)]


def names(image: Image) -> set[str]:
    """The names of all renditions of the picture as it is now."""
    return {size.name(format) for size in all_sizes(image) for format in FORMATS}


def make_renditions(image: Image, files: NewFiles, wanted: Iterable[Size], content: bytes | None = None) -> None:
    """Encode and store these sizes of a picture in all formats, from one decoding of its stored file, or of its `content`."""
    picture = read(image, content)
    # Pillow works outside the interpreter's lock, so threads share the processors. The largest first, to finish evenly.
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(partial(_make, picture, files), sorted(wanted, key=lambda size: -size.width)))


def read(image: Image, content: bytes | None = None) -> Pillow.Image:
    """The stored picture, decoded, in RGB. It was ingested, so it has LONG_SIDE pixels at most; a larger file is refused.

    `content`: what is stored, where it is at hand. Raises as `content_of` does.
    """
    stored = content if content is not None else content_of(str(image.file))
    with Pillow.open(io.BytesIO(stored), formats=["JPEG", "PNG"]) as picture:
        if max(picture.size) > LONG_SIDE:
            raise ValueError(f"{image.file} is larger than any picture that was taken in.")
        picture.load()
        if picture.mode != "RGBA":
            return picture
        # On white in every format: a black drawing on nothing could not be seen on the page's dark ground.
        paper = Pillow.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture)
        return paper.convert("RGB")


def encoded(picture: Pillow.Image, size: Size) -> list[bytes]:
    """A size of the picture as files, one for each of FORMATS."""
    rendition = picture.resize((size.width, size.height), Pillow.Resampling.LANCZOS, box=size.box, reducing_gap=2)
    rendition.info.clear()
    return [_file(rendition, format) for format in FORMATS]


def _file(rendition: Pillow.Image, format: Format) -> bytes:
    buffer = io.BytesIO()
    rendition.save(buffer, **format.options)
    return buffer.getvalue()


def _make(picture: Pillow.Image, files: NewFiles, size: Size) -> None:
    for format, content in zip(FORMATS, encoded(picture, size), strict=True):
        files.put(size.name(format), content)
