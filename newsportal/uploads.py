"""Uploads for which there is no room: the form comes back with what was typed, and a sentence beside the file.

Django keeps what is larger than FILE_UPLOAD_MAX_MEMORY_SIZE on the disk (TMPDIR) while it comes in. Where that is full, its own
handler breaks off whoever looks at the form first, and none of its fields is ever read. Ours gives up the file, and reads on.
"""

from __future__ import annotations

import io
import logging
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from articles.pictures.files import NOT_STORED

logger = logging.getLogger(__name__)


class NotKept(File):
    """What a form gets in place of the file: each field for files asks for the size, and is told why there is none."""

    def __init__(self, name: str) -> None:
        super().__init__(io.BytesIO(), name)

    @property
    def size(self) -> int:
        raise ValidationError(NOT_STORED, code="not_stored")


class OnDiskUploadHandler(TemporaryFileUploadHandler):
    """Django's, which puts a NotKept into `request.FILES` for a file that the disk does not take."""

    file: Any

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.file = None
        try:
            super().new_file(*args, **kwargs)
        except OSError:
            # Python, too, says of a full disk that there is no folder for temporary files.
            self._give_up()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if isinstance(self.file, NotKept):
            return
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError:
            self._give_up()

    def file_complete(self, file_size: int) -> Any:
        if isinstance(self.file, NotKept):
            return self.file
        try:
            # Which also writes what was still waiting to be written.
            return super().file_complete(file_size)
        except OSError:
            self._give_up()
            return self.file

    def upload_interrupted(self) -> None:
        if not isinstance(getattr(self, "file", None), NotKept):
            super().upload_interrupted()

    def _give_up(self) -> None:
        logger.exception("A file that was uploaded could not be kept.")
        if self.file is not None:
            # It tries once more to write what waits, and is deleted all the same.
            with suppress(OSError):
                self.file.close()
        self.file = NotKept(str(self.file_name))
