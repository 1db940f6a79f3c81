"""Pictures to upload, drawn by the tests themselves."""

import io
import struct
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def drawing(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Red on the left half, blue on the right, with a green band along the top: it shows which way up it is."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    picture.paste("green", (0, 0, width, height // 4))
    return picture.convert(mode)


def encoded(picture: Image.Image | None = None, format: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    (picture or drawing()).save(buffer, format, **options)
    return buffer.getvalue()


def upload(content: bytes | None = None, *, name: str = "picture.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, encoded() if content is None else content)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes whose header promises any number of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100_000))) + chunk(b"IEND", b"")
