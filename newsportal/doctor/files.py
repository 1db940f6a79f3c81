"""Pictures, static files and the disk."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection

from articles.models import Article, Image
from newsportal.doctor.finding import Finding, fine, odd, wrong
from newsportal.security import may_show, origin_of
from newsportal.watching.health import takes_files

GIGABYTE = 2**30
#: Less than this is odd, and this is wrong: SQLite and PostgreSQL refuse all writes on a full disk.
LITTLE, ALMOST_NONE = 5 * GIGABYTE, GIGABYTE // 2
MEND_DISK = "Make room (old backups, logs), or give the machine a larger disk."
#: Of the stories with pictures in their text, so many of the first and of the last are looked at.
SOME = 50
PICTURE = re.compile(r'<img src="([^"]+)"')


def pictures_can_be_written() -> list[Finding]:
    if not takes_files():
        return [
            wrong(
                "Pictures cannot be saved: the folder for them may not be written to.",
                "Give MEDIA_ROOT to the user that the site runs as, and under systemd name it in ReadWritePaths=.",
            )
        ]
    return [fine("Pictures can be saved.")]


def pictures_round_trip() -> list[Finding]:
    """Write, read and delete a small file where pictures are kept; on S3, too."""
    name, content = f"doctor-{secrets.token_hex(8)}.txt", secrets.token_bytes(32)
    where = "the folder for pictures" if isinstance(default_storage, FileSystemStorage) else "the storage for pictures"
    step = "written"
    try:
        stored = default_storage.save(name, ContentFile(content))
        step = "read"
        with default_storage.open(stored) as file:
            is_same = file.read() == content
        step = "deleted"
        default_storage.delete(stored)
    except Exception as problem:  # each storage has exceptions of its own
        return [
            wrong(
                f"A file in {where} could not be {step} ({type(problem).__name__}).",
                "Look at MEDIA_ROOT and its owner, or at S3_BUCKET, its keys and what they may do.",
            )
        ]
    if not is_same:
        return [wrong(f"What was written to {where} came back as something else.", "Look at what stands between.")]
    return [fine(f"A file in {where} was written, read and deleted.")]


def pictures_are_shown() -> list[Finding]:
    """Whether browsers may show pictures where they are: as the storage says now, and as texts say, which are rendered when a
    story is saved."""
    now = origin_of(default_storage.url("picture"))
    # Of these the policy is made.
    found = [fine(f"Pictures are at {now or settings.SITE_URL}, where browsers may show them.")]
    for origin in sorted(_origins_in_texts() - {now}):
        told = f"Texts of stories have pictures at {origin or settings.SITE_URL}, as it was when they were saved"
        mend = "Run manage.py render_again, then manage.py forget_pages."
        found.append(
            odd(f"{told}.", mend) if may_show(origin) else wrong(f"{told}: browsers may not show them any more.", mend)
        )
    return found


def _origins_in_texts() -> set[str]:
    uses = Article.body_images.through.objects.values_list("article_id", flat=True)
    stories = {*uses.order_by("pk")[:SOME], *uses.order_by("-pk")[:SOME]}
    texts = Article.objects.filter(pk__in=stories).values_list("body_html", flat=True)
    return {origin_of(address) for text in texts for address in PICTURE.findall(text)}


def picture_sizes() -> list[Finding]:
    """Whether pictures of before a release have the sizes that it brought."""
    if Image.objects.without_newest_sizes().exists():
        return [
            odd(
                "Some pictures have no sizes that came with a release: phones load larger ones than they need.",
                "Run manage.py make_renditions.",
            )
        ]
    return [fine("All pictures have all sizes.")]


def static_files_are_collected() -> list[Finding]:
    if not isinstance(staticfiles_storage, ManifestFilesMixin):
        return [fine("Static files are served as they are written.")]
    mend = "Run manage.py collectstatic --no-input, then restart."
    # Read anew: a process that has begun without it does not know of it.
    known = staticfiles_storage.load_manifest()[0]
    if not known:
        return [wrong("Static files have not been collected: pages cannot be made.", mend)]
    root = Path(settings.STATIC_ROOT)
    missing = [name for name in known.values() if not (root / name).is_file()]
    if missing:
        return [wrong(f"{len(missing)} static files are gone, such as {missing[0]}.", mend)]
    return [fine(f"{len(known)} static files have been collected.")]


def disk() -> list[Finding]:
    """Of the disks that this machine writes to."""
    return room_in(written_to())


def room_in(folders: list[Path], *, beside: Iterable[Path] = ()) -> list[Finding]:
    """Once for each disk that these folders are on, without those of the folders `beside`."""
    found, seen = [], {folder.stat().st_dev for folder in beside}
    for folder in folders:
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        usage = shutil.disk_usage(folder)
        words = f"{usage.free / GIGABYTE:.1f} GB of {usage.total / GIGABYTE:.0f} GB are free where {folder.name or folder} is."
        if usage.free < ALMOST_NONE:
            found.append(wrong(f"The disk is full: {words}", f"{MEND_DISK} At 0 nothing can be saved any more."))
        elif usage.free < LITTLE and usage.free < usage.total / 10:
            found.append(odd(f"The disk is nearly full: {words}", MEND_DISK))
        else:
            found.append(fine(words))
    return found


def written_to() -> list[Path]:
    folders = []
    if isinstance(default_storage, FileSystemStorage):
        folders.append(Path(default_storage.location))
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        folders.append(Path(urlsplit(name).path if name.startswith("file:") else name).parent)
    found = []
    for folder in folders:
        while not folder.exists():
            folder = folder.parent
        found.append(folder)
    return found
