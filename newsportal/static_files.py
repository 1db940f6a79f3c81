"""Static files as published: one stylesheet, hashed names, compressed beforehand."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r'^@import\s+url\("(?P<path>[^"]+)"\)(?:\s+layer\((?P<layer>[\w.-]+)\))?;[ \t]*$', re.MULTILINE)

STYLESHEET = "css/site.css"


class PublishedStaticFiles(CompressedManifestStaticFilesStorage):
    """The site's stylesheet is written as many small files and read as one: its imports are put in their places.

    A slow phone would otherwise ask for each in turn before it shows the first word.
    """

    def post_process(self, paths, dry_run=False, **options):
        if STYLESHEET in paths and not dry_run:
            storage, path = paths[STYLESHEET]
            whole = inline_imports(path, lambda name: storage.open(name).read().decode("utf-8"))
            self.delete(STYLESHEET)
            self._save(STYLESHEET, ContentFile(whole.encode("utf-8")))
            paths = {**paths, STYLESHEET: (self, STYLESHEET)}
        yield from super().post_process(paths, dry_run, **options)


def inline_imports(path: str, read) -> str:
    """The text of a stylesheet with each top-level `@import url("…") layer(…);` replaced by what it names.

    `read`: path → text. Paths in imports are relative to the sheet; `url()` elsewhere must be rooted at the same folder.
    """
    folder = PurePosixPath(path).parent

    def replace(match: re.Match[str]) -> str:
        text = inline_imports(str(folder / match["path"]), read)
        return f"@layer {match['layer']} {{\n{text}\n}}" if match["layer"] else text

    return IMPORT.sub(replace, read(path))
