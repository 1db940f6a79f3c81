"""From whatever was uploaded to a picture that is safe to keep and to publish."""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.files import File
from django.template.defaultfilters import filesizeformat
from PIL import ExifTags, Image, ImageCms

MAX_BYTES = 25 * 2**20
MAX_PIXELS = 50_000_000
LONG_SIDE = 2560
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")

JPEG_OPTIONS = {"format": "JPEG", "quality": 88, "optimize": True, "progressive": True}
PNG_OPTIONS = {"format": "PNG"}

LANCZOS = Image.Resampling.LANCZOS

#: What Pillow raises over data that breaks the rules of its format.
UNREADABLE = (OSError, RuntimeError, SyntaxError, ValueError, struct.error)

#: EXIF orientation → what makes the picture upright. ImageOps.exif_transpose would also write the EXIF data anew, and
#: fails on data that is slightly wrong.
TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

SRGB = ImageCms.createProfile("sRGB")
#: Colour space of a profile → the modes of pictures for which it means something; it is applied to the first of them.
MODES_OF_COLOUR_SPACE = {
    "RGB": ("RGB", "RGBA", "L", "LA"),
    "GRAY": ("L", "LA"),
    "CMYK": ("CMYK",),
}


class PictureRefused(ValidationError):
    """The upload is not a picture that can be used; the message is one plain sentence for the person who sent it."""


@dataclass(frozen=True, slots=True)
class IngestedPicture:
    """A picture as it will be stored: upright, sRGB, without metadata, at most LONG_SIDE pixels on its long side."""

    content: bytes
    extension: str
    width: int
    height: int
    digest: str  # SHA-256 of the content, in hexadecimal


def ingest(upload: File) -> IngestedPicture:
    """Read an upload of any name into a picture. Raises PictureRefused; writes nothing.

    JPEG, PNG, WebP, AVIF and GIF are told by their content. Only still pictures are taken: publishing the first frame
    of an animation would show something other than what the editor chose.
    """
    check_size(upload)
    with _open(upload) as source:
        if source.width * source.height > MAX_PIXELS:
            raise _too_many_pixels()
        try:
            # A phone's JPEG may carry a second picture, such as a preview or a depth map. That is not an animation.
            if source.format != "MPO" and getattr(source, "is_animated", False):
                raise PictureRefused("This picture moves. Upload a still picture instead.")
            picture = _in_srgb(_upright(_decode(source)))
        except UNREADABLE as error:
            raise PictureRefused("This picture is damaged or incomplete. Save or export it again.") from error
    return _encode(picture)


def check_size(upload: File) -> None:
    if upload.size > MAX_BYTES:
        raise PictureRefused(
            f"This file has {filesizeformat(upload.size)}; a picture may have up to {MAX_BYTES // 2**20} MB."
        )


def _open(upload: File) -> Image.Image:
    """Read the header, no more."""
    upload.seek(0)
    try:
        return Image.open(upload, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UNREADABLE as error:
        raise PictureRefused("This is not a JPEG, PNG, WebP, AVIF or GIF picture.") from error


def _too_many_pixels() -> PictureRefused:
    return PictureRefused(
        f"This picture is too large: it may have up to {MAX_PIXELS // 10**6} million pixels (width times height)."
    )


def _decode(source: Image.Image) -> Image.Image:
    scale = min(1, LONG_SIDE / max(source.size))
    size = (max(1, round(source.width * scale)), max(1, round(source.height * scale)))
    # Lets the JPEG decoder halve a large picture while it decodes; other decoders take no notice.
    source.draft(None, size)
    source.load()
    if source.mode == "I;16":
        # A conversion of sixteen bits to eight would cut off what does not fit, not scale it.
        return source.point(lambda tone: tone * (1 / 257)).convert("L").resize(size, LANCZOS, reducing_gap=3)
    if source.mode in ("1", "P", "PA"):
        # Palette entries cannot be averaged.
        return source.convert("RGBA" if source.has_transparency_data else "RGB").resize(size, LANCZOS, reducing_gap=3)
    return source.resize(size, LANCZOS, reducing_gap=3)


def _upright(picture: Image.Image) -> Image.Image:
    turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation))
    return picture if turn is None else picture.transpose(turn)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """RGB, or RGBA when something can really be seen through, in the colours of the web."""
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    colours = _without_profile(picture).convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        colours.putalpha(alpha)
    return colours


def _without_profile(picture: Image.Image) -> Image.Image:
    """Apply the embedded colour profile; one that is broken or of another colour space is passed over."""
    if not (embedded := picture.info.get("icc_profile")):
        return picture
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
        modes = MODES_OF_COLOUR_SPACE.get(profile.profile.xcolor_space.strip(), ())
        if picture.mode not in modes:
            return picture
        return ImageCms.profileToProfile(picture.convert(modes[0]), profile, SRGB, outputMode="RGB") or picture
    except (ImageCms.PyCMSError, OSError):
        return picture


def _encode(picture: Image.Image) -> IngestedPicture:
    # Whatever is still here (comment, EXIF, XMP, profile) would be written along.
    picture.info.clear()
    transparent = picture.mode == "RGBA"
    buffer = io.BytesIO()
    picture.save(buffer, **(PNG_OPTIONS if transparent else JPEG_OPTIONS))
    content = buffer.getvalue()
    return IngestedPicture(
        content=content,
        extension="png" if transparent else "jpg",
        width=picture.width,
        height=picture.height,
        digest=hashlib.sha256(content).hexdigest(),
    )
