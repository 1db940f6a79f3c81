"""Uploads are decoded in a process of their own (articles.apart): a picture that takes all memory, or a hole in a decoder, ends
there. What it sends back is believed no further than it can be seen.
"""  # fmt: skip

from __future__ import annotations

import hashlib
import json

from django.core.files import File
from django.core.files.base import ContentFile

from articles import apart
from articles.pictures.ingest import LONG_SIDE, IngestedPicture, PictureRefused, check_size, ingest

#: What the largest that is taken needs is 960 MB, a WebP that can be seen through. Beside the serving processes it is to stay below
#: what deploy/ gives their service.
LIMITS = apart.Limits(memory=1000 * 2**20, processor=20, time=60, turn=20)

#: How the files begin that `ingest` makes.
BEGINNINGS = {"jpg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}


def ingest_apart(upload: File) -> IngestedPicture:
    """As `ingest`, for what a stranger may have made. Raises PictureRefused."""
    check_size(upload)
    upload.seek(0)
    try:
        return _believed(apart.ask("articles.pictures.apart", upload.read(), LIMITS))
    except apart.TookTooMuch as error:
        raise _too_much() from error
    except apart.NoTurn as error:
        raise PictureRefused(
            "Other pictures are being opened just now, one after the other. Choose this one again in a minute."
        ) from error


def _believed(answer: bytes) -> IngestedPicture:
    head, _, content = answer.partition(b"\n")
    try:
        told = json.loads(head)
        if refused := told.get("refused"):
            raise PictureRefused(str(refused)[:300])
        extension, width, height = str(told["extension"]), int(told["width"]), int(told["height"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _too_much() from error
    is_one_of_ours = extension in BEGINNINGS and content.startswith(BEGINNINGS[extension])
    if not is_one_of_ours or not (0 < width <= LONG_SIDE and 0 < height <= LONG_SIDE):
        raise _too_much()
    return IngestedPicture(content, extension, width, height, hashlib.sha256(content).hexdigest())


def _too_much() -> PictureRefused:
    return PictureRefused(
        "This picture could not be opened: it takes too much memory or time. Save or export it again, smaller."
    )


def _answer(uploaded: bytes) -> bytes:
    try:
        picture = ingest(ContentFile(uploaded, name="upload"))
    except PictureRefused as refused:
        return json.dumps({"refused": refused.messages[0]}).encode() + b"\n"
    told = {"extension": picture.extension, "width": picture.width, "height": picture.height}
    return json.dumps(told).encode() + b"\n" + picture.content


if __name__ == "__main__":
    apart.answer(_answer)
