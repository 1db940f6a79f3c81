"""Uploads are decoded in a process of their own: a picture that takes all memory, or a hole in a decoder, ends there.

The process has no secrets in its environment, may write no file, and has so much memory and time. What it sends back is believed
no further than it can be seen.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys

from django.core.files import File
from django.core.files.base import ContentFile

from articles.pictures.ingest import LONG_SIDE, IngestedPicture, PictureRefused, check_size, ingest

#: Bytes of memory; the largest picture that is taken needs about half. Seconds of processor, and by the clock.
MEMORY, PROCESSOR, TIME = 2 * 2**30, 20, 60

#: How the files begin that `ingest` makes.
BEGINNINGS = {"jpg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}


def ingest_apart(upload: File) -> IngestedPicture:
    """As `ingest`, for what a stranger may have made. Raises PictureRefused."""
    check_size(upload)
    upload.seek(0)
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "articles.pictures.apart", str(MEMORY), str(PROCESSOR)],
            input=upload.read(),
            capture_output=True,
            timeout=TIME,
            env={"PYTHONPATH": ":".join(sys.path), "PYTHONUTF8": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _too_much() from error
    if done.returncode != 0:
        raise _too_much()
    return _believed(done.stdout)


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


def _main(memory: int, processor: int) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        picture = ingest(ContentFile(sys.stdin.buffer.read(), name="upload"))
    except PictureRefused as refused:
        sys.stdout.buffer.write(json.dumps({"refused": refused.messages[0]}).encode() + b"\n")
        return 0
    told = {"extension": picture.extension, "width": picture.width, "height": picture.height}
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + picture.content)
    return 0


if __name__ == "__main__":
    sys.exit(_main(*map(int, sys.argv[1:])))
