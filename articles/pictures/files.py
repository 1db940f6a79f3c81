"""Writing picture files that are named by their content."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from types import TracebackType

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

logger = logging.getLogger(__name__)

#: For whoever has sent the picture.
NOT_STORED = "The place where pictures are kept is full, or cannot be reached. Nothing was saved; try again."


class NotStored(Exception):
    """The storage could not take a file, or give one that it may well have: it is full, or away. Nothing was kept."""


class NewFiles:
    """Files that are kept together or not at all: a `with` block left by an exception removes those that it added.

    Several threads may use it at once. A transaction of the caller's that is rolled back afterwards leaves the files.
    """

    def __init__(self) -> None:
        #: Names of those that were not there before.
        self.added: list[str] = []
        self._found: dict[str, bytes] = {}

    def __enter__(self) -> NewFiles:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not exc_type:
            return
        try:
            remove(self.added)
        except Exception:  # each back end has its own
            # What is left over is named by its content: it is found and used when the same picture comes again.
            logger.exception("Files of a picture that was not kept could not be removed.")

    def put(self, name: str, content: bytes) -> None:
        """Store the content under exactly this name. A name tells its content: what is there already is left alone.

        Raises NotStored.
        """
        try:
            self._put(name, content)
        except Exception as error:  # each back end has its own
            logger.exception("%s could not be stored.", name)
            raise NotStored from error

    def put_again(self) -> None:
        """Store what was there already, and has been removed since. Raises NotStored."""
        for name, content in self._found.items():
            self.put(name, content)

    def _put(self, name: str, content: bytes) -> None:
        if default_storage.exists(name):
            if default_storage.size(name) == len(content):
                self._found[name] = content
                return
            # Half a file, of a process that was killed while it wrote.
            default_storage.delete(name)
        self.added.append(name)
        stored = default_storage.save(name, ContentFile(content))
        if stored != name:
            # Somebody else stored the same picture in the same moment, and this copy was given another name.
            default_storage.delete(stored)


def content_of(name: str) -> bytes:
    """What is stored under this name. Raises FileNotFoundError where it is lost, and NotStored where nobody can say."""
    try:
        with default_storage.open(name) as file:
            return file.read()
    except FileNotFoundError:
        raise
    except Exception as error:  # each back end has its own
        logger.exception("%s could not be read.", name)
        raise NotStored from error


def remove(names: Iterable[str]) -> None:
    """Delete files; those that are not there are not missed."""
    for name in names:
        default_storage.delete(name)
